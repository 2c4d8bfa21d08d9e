"""What single sentences of a field say: how many values, which, who fills it in, and when."""

import pytest
from fields import field_of

from bot.schema.changes import FieldRename, StatusChange
from bot.schema.field_summary import (
    enumeration,
    in_short,
    is_always_there,
    is_demanded,
    says_presence,
    summary,
)
from bot.schema.field_table import field_name, requirement, unconditional
from bot.schema.field_values import allowed_values, cardinality, forbidden, values_of_new
from bot.schema.spec import GeneReference, Lines

JOINED = 'Terms separated by the delimiter `" || "`'


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        (f"{JOINED}.", {"many", "delimiter ' || '"}),
        ("Names are comma-separated.", {"many", "delimiter ','"}),
        ("Names are semicolon-separated.", {"many", "delimiter ';'"}),
        ('`" | "` MUST be used as the separator.', {"many", "delimiter ' | '"}),
        (f"{JOINED} in ascending order.", {"many", "delimiter ' || '", "sorted"}),
        (f"{JOINED} in lexical order.", {"many", "delimiter ' || '", "sorted"}),
        (f"{JOINED}, sorted.", {"many", "delimiter ' || '", "sorted"}),
        (f"{JOINED} in descending order.", {"many", "delimiter ' || '", "sorted descending"}),
        (
            f"{JOINED} in descending lexical order.",
            {"many", "delimiter ' || '", "sorted descending"},
        ),
        (
            f"{JOINED} in the same order as `b`.",
            {"many", "delimiter ' || '", "in the order of its terms"},
        ),
        (f"{JOINED} without duplicates.", {"many", "delimiter ' || '", "unique"}),
        (f"{JOINED}. One or more unique terms.", {"many", "delimiter ' || '", "unique"}),
        (f"{JOINED}. They MUST NOT be duplicated.", {"many", "delimiter ' || '", "unique"}),
        ("It is sorted in ascending order, with no duplicates.", set()),
    ],
)
def test_how_many_values_stand_in_one_and_in_which_form(value: str, facts: set[str]) -> None:
    assert cardinality(field_of(value)) == facts


@pytest.mark.parametrize(
    ("component", "type_", "facts"),
    [
        ("obs", "str", set()),
        ("obs", "list[str]", {"list"}),
        ("obs", "numpy list", set()),
        ("var", "str", set()),
        ("obsm", "numpy.ndarray", set()),
        ("uns", "str", {"per dataset"}),
        ("uns", "list", {"list", "per dataset"}),
        ("uns", "categorical with str categories", set()),
    ],
)
def test_what_a_place_and_a_type_say_of_the_number_of_values(
    component: str, type_: str, facts: set[str]
) -> None:
    assert cardinality(field_of("x", component=component, type_=type_)) == facts


TABLE = "| For | Use |\n"


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ('MUST be one of:\n- `"a"` if so\n- `"b"`', {"a", "b"}),
        ('If `x` is `"q"`, this MUST be `"a"`.', {"a"}),
        ('When so, when thus, if `x` is `"q"`, this MUST be `"a"`.', {"a"}),
        ('This MUST be `"a"` if `x` is `"q"`.', {"a"}),
        ('This MUST be `"a"` such as `"b"`.', {"a"}),
        ('This MUST be `"a"`; it prints \'`["q"]`\'.', {"a"}),
        ('This MUST be `"a"`, which MUST start with `"x"`.', {"a"}),
        ('The value of `b` MUST be `"a"`.', set()),
        ('`a` MUST be `"x"`.', {"x"}),
        ('All observations MUST be `"a"`.', set()),
        ('SYMBOL MUST be `"a"`.', set()),
        ('The old name MUST be updated to `"a"`.', set()),
        ('It MUST be a `str` of `"a"`.', set()),
        ('It is near `"a"`.', set()),
        ("It MUST be a CL term, which prints 'CL:0000001'.", {"CL terms"}),
        ("It MUST be in the range `0` to `5`.", {"0 to 5"}),
        ("It MUST be `0` or `5`.", set()),
        ("This MUST be a CL, UBERON or PATO term.", {"CL terms", "UBERON terms", "PATO terms"}),
        ('This MUST be a CL term. It MUST be `"CL:0000001"`.', {"CL:0000001"}),
        ('This MUST be a CL term. It MAY be `"CL:0000001"`.', {"CL terms", "CL:0000001"}),
        (
            'This MUST be a CL term. It MUST NOT be `"CL:0000001"`.',
            {"CL terms", "not CL:0000001"},
        ),
        ('It MAY be a CL term with the prefix `"p:"`.', {"CL terms prefixed with 'p:'"}),
        ('It MAY be a CL term appended with `"p:"`.', {"CL terms appended with 'p:'"}),
        ('MUST be used if:\n- `"x"`\n- `"y"`', set()),
        ('MUST be:\n- if z, `"x"`\n- `x` is `"y"`\n- `"w"`', {"w"}),
        ('MUST NOT be one of:\n- `"x"`\n- `"y"`', {'not "x"', 'not "y"'}),
        ('MUST NOT be one of:\n- `"x"`\nIt MUST be `"y"`.', {'not "x"', "y"}),
        ('It MUST be `"a"` and MUST NOT be `"b"`.', {"a", 'not "b"'}),
        ('Otherwise, it MUST be `"a"` and MUST NOT be `"b"`.', {"a", 'not "b"'}),
        (
            'If `x` is `"q"`, it MUST be `"b"`; otherwise, it MUST NOT be `"b"`, but MUST be text.',
            {"b"},
        ),
        ('It is one of what `b` has: `"a"`.', {"a"}),
        (
            "MUST NOT be a descendant of `CL:0000001` excluding `CL:0000003`.",
            {"not descendant of CL:0000001", "CL:0000003"},
        ),
        (
            "MUST be a descendant of `CL:0000001` or `UBERON:0000003`.",
            {"descendant of CL:0000001", "descendant of UBERON:0000003"},
        ),
        (
            "MUST be a descendant of `CL:0000001`, or be `UBERON:0000003`.",
            {"descendant of CL:0000001", "UBERON:0000003"},
        ),
        ("MUST be `CL:0000001` or one of its descendants.", {"CL:0000001 and its descendants"}),
        (f'{TABLE}| `"x"` | `"y"` |\n| `"z"` | w |', {"x -> y"}),
        (f'{TABLE}| `"x"` | `1` to `3` |', {"x -> 1 to 3"}),
        (f'{TABLE}| `1` | `"y"` |', {"1 -> y"}),
        (f'{TABLE}| `"x"` | MUST be a CL term |', {"CL terms"}),
        (f"{TABLE}| MUST be | `CL:0000001` |", {"CL:0000001"}),
        (f"{TABLE}| is | `CL:0000001` |", {"is -> CL:0000001"}),
    ],
)
def test_the_values_that_a_sentence_names(value: str, values: set[str]) -> None:
    assert {text for _, text in allowed_values(field_of(value))} == values


@pytest.mark.parametrize(
    ("name", "values"), [("uns['a']['b']", {"x"}), ("uns['b']['a']", set()), ("b", {"x"})]
)
def test_a_key_within_a_key_is_called_by_its_own_name(name: str, values: set[str]) -> None:
    found = allowed_values(field_of('`b` MUST be `"x"`.', name=name))
    assert {text for _, text in found} == values


def test_the_genes_that_a_feature_may_name_are_no_values_of_it() -> None:
    text = 'It MUST be a CL term.\nIt MUST be `"x"`.\n| For | Use |\n| `"NCBITaxon:1"` | `"y"` |'
    assert {text for _, text in allowed_values(field_of(text, component="var"))} == {"x"}


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ('This MUST be `"a"`.', {"a"}),
        ('If `x` is `"q"`, this MUST be `"a"`.', set()),
        ('If `x` is `"q"`, this MUST be `"a"`; otherwise, this MUST be `"b"`.', {"a", "b"}),
        ("If `x` is `1`, this MUST be a CL term.", {"CL terms"}),
        ("It MUST be in the range `0` to `5`.", set()),
        ('It is so; otherwise, if `x` is `1`, this MUST be `"a"`.', {"a"}),
        (f'{TABLE}| `"x"` | `"y"` |', {"x -> y"}),
        (f'{TABLE}| `"x"` | MUST be `"y"` |', set()),
    ],
)
def test_the_values_of_a_field_that_is_new(value: str, values: set[str]) -> None:
    assert {text for _, text in values_of_new(field_of(value))} == values


def test_what_is_forbidden_is_told_from_values_that_begin_alike() -> None:
    said = 'It MUST be `"not known"`. It MUST NOT be `"x"` or `"CL:0000001"`.'
    found = {value[1]: forbidden(value) for value in allowed_values(field_of(said))}
    assert found == {"not known": None, 'not "x"': "x", "not CL:0000001": "CL:0000001"}


@pytest.mark.parametrize(
    ("annotation", "stated", "before_its_condition"),
    [
        ("Curator MUST annotate.", "MUST", "Curator MUST annotate."),
        ("Curator MAY annotate.", "MAY", "Curator MAY annotate."),
        ("Curator SHOULD annotate if x.", "SHOULD", "Curator SHOULD annotate"),
        ("Curator", "unstated", "Curator"),
        ("Curator MUST annotate if x.", "conditional MUST", "Curator MUST annotate"),
        ("Curator MAY annotate when x.", "conditional MAY", "Curator MAY annotate"),
        (
            "Curator MAY annotate if x; otherwise, this key MUST NOT be present.",
            "conditional MAY (else MUST NOT)",
            "Curator MAY annotate",
        ),
        (
            "This key MUST NOT be present if x; otherwise, Curator MUST annotate.",
            "conditional MUST (else MUST NOT)",
            "Curator MUST annotate.",
        ),
        ("This MUST NOT be present if x.", "MUST NOT", "This MUST NOT be present"),
        (
            "Curator MUST annotate; otherwise, it is empty.",
            "conditional MUST",
            "Curator MUST annotate; otherwise, it is empty.",
        ),
        (
            "Curator MUST annotate. It MUST NOT be present twice.",
            "MUST",
            "Curator MUST annotate. It MUST NOT be present twice.",
        ),
    ],
)
def test_how_far_a_curator_is_bound(
    annotation: str, stated: str, before_its_condition: str
) -> None:
    assert requirement(annotation) == stated
    assert unconditional(annotation) == before_its_condition


@pytest.mark.parametrize(
    ("annotation", "demanded", "always"),
    [
        ("Curator MUST annotate.", True, True),
        ("Curator", True, True),
        ("Curator MUST annotate if x.", True, False),
        ("Curator MUST annotate if x; otherwise, it MUST NOT be present.", True, False),
        ("Curator MAY annotate.", False, False),
        ("Curator SHOULD annotate.", False, False),
        ("Curator MAY annotate if x.", False, False),
        ("Curator MAY annotate if x; otherwise, it MUST NOT be present.", False, False),
        ("Curator MUST NOT annotate.", False, False),
    ],
)
def test_what_is_demanded_of_curators_and_what_is_always_there(
    annotation: str, demanded: bool, always: bool
) -> None:
    one = field_of("x", annotation=annotation)
    assert (is_demanded(one), is_always_there(one)) == (demanded, always)


def test_what_another_fills_in_is_not_demanded_of_curators() -> None:
    assert not is_demanded(field_of("x", annotator="discover"))


@pytest.mark.parametrize(
    ("sentence", "there"),
    [
        ("This field MUST be present.", True),
        ("this key must be absent", False),
        ("The column MUST NOT be omitted.", True),
        ("`a` MUST be included.", True),
        ("`a` MUST NOT be annotated.", False),
        ("The column MUST be annotated.", True),
        ("`b` MUST be present.", None),
        ("The field MAY be present.", None),
    ],
)
def test_whether_a_sentence_says_that_the_field_is_there(sentence: str, there: bool | None) -> None:
    assert says_presence(field_of("x"), sentence) is there


@pytest.mark.parametrize(
    ("value", "type_", "number", "allowed"),
    [
        ("This is `True` or `False`; `True` if x.", "bool", (), ("False", "True")),
        ("This MUST be either `0` for x, or `1`.", "int", (), ("0", "1")),
        ("This MUST be either `0` for x, or `1`.", "uint", (), ("0", "1")),
        ("This MUST be either `0` for x, or `1`.", "str", (), ()),
        ("x", "list[str]", ("a list",), ()),
        (
            "One or more ids of genes separated by the delimiter `,` in ascending order.",
            "str",
            ("one or more ids of genes", "delimiter ','", "ascending"),
            (),
        ),
        (
            "Terms separated by the delimiter `,` in descending order without duplicates.",
            "str",
            ("one or more", "delimiter ','", "descending", "no doubles"),
            (),
        ),
        ('It MUST be `"b"` or in the range `1` to `2`.', "str", (), ("b", "1 to 2")),
        ('It MUST be `"b"` or `"a"`.', "str", (), ("a", "b")),
    ],
)
def test_a_summary_says_how_many_values_and_which(
    value: str, type_: str, number: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    known = summary(field_of(value, type_=type_))
    assert (known.number, known.allowed) == (number, allowed)


def test_a_summary_of_a_field_of_uns_doesnt_say_that_it_is_one_for_the_dataset() -> None:
    known = summary(field_of(f"{JOINED}.", component="uns"))
    assert known.number == ("one or more", "delimiter ' || '")


def test_a_summary_keeps_what_values_and_numbers_dont_hold() -> None:
    annotation = "Curator MUST annotate. It MUST be typed by hand. It MUST NOT annotate twice."
    value = (
        'It MUST be `"a"` or `"b"`.\nIf x, it MUST be `"a"`.\nOtherwise, it is known.\n'
        "It MUST be short.\nIt is nice.\nOtherwise, it is known.\nThis field MUST be present.\n"
        "Names MUST be comma-separated.\nIt MUST be so:\n- it MAY be thus"
    )
    one = field_of(value, annotation=annotation, key="x MUST be told.")
    known = summary(one)
    presence = "Curator MUST annotate. It MUST NOT annotate twice. This field MUST be present."
    assert known.presence == presence
    assert known.demands == (
        "It MUST be typed by hand.",
        "x MUST be told.",
        'If x, it MUST be `"a"`.',
        "Otherwise, it is known.",
        "It MUST be short.",
        "It MUST be so: it MAY be thus",
    )


@pytest.mark.parametrize(
    ("count", "told"), [(1, "a"), (5, "a, b, c, d, e"), (7, "a, b, c, d, e and 2 more")]
)
def test_of_many_forbidden_values_a_line_names_five(count: int, told: str) -> None:
    listed = "".join(f'\n- `"{letter}"`' for letter in "abcdefg"[:count])
    line = in_short(summary(field_of(f"This MUST NOT be one of:{listed}")))
    assert line == f"Curator MUST annotate; forbidden: {told}"


def test_one_value_or_several_in_one_are_no_enumeration() -> None:
    assert enumeration(field_of('It MUST be `"a"`.')) == ()
    assert enumeration(field_of('It MUST be `"a"` or `"b"`.')) == ("a", "b")
    assert enumeration(field_of(f'It MUST be `"a"` or `"b"`. {JOINED}.')) == ()
    assert enumeration(field_of('It MUST be `"a"`. It MUST NOT be `"b"`.')) == ()


@pytest.mark.parametrize(
    ("status", "is_draft"),
    [
        ("", False),
        ("Approved", False),
        ("approved (2024)", False),
        ("Approved (draft of 2023)", False),
        ("Draft", True),
        ("Not approved", True),
        ("Approved draft", True),
        ("Approved, but not yet", True),
        ("Approved, pending", True),
        ("Pending approved", True),
        ("In review, approved by one", True),
    ],
)
def test_what_isnt_approved_without_a_but_is_a_draft(status: str, is_draft: bool) -> None:
    assert StatusChange("Approved", status).is_draft is is_draft


def test_a_field_of_another_name_is_renamed_wherever_it_stands() -> None:
    old = field_of("x", name="a", component="obs")
    kinds = [("a", "uns", "move"), ("b", "obs", "rename"), ("b", "uns", "rename")]
    for name, component, kind in kinds:
        assert FieldRename(old, field_of("x", name=name, component=component)).kind == kind


def test_a_place_of_one_line_is_a_number_and_a_gene_reference_has_a_title() -> None:
    assert [str(Lines(3, 3)), str(Lines(3, 4))] == ["3", "3-4"]
    taxon = "NCBITaxon:32630"
    assert GeneReference(taxon, "", "v1", 1).title == taxon
    assert GeneReference(taxon, "ERCC", "v1", 1).title == "ERCC"


@pytest.mark.parametrize(
    ("heading", "name"),
    [("index of pandas.DataFrame", "index"), ("`a`", "a"), ("reindex of x", "reindex of x")],
)
def test_the_index_is_named_so(heading: str, name: str) -> None:
    assert field_name(heading) == name
