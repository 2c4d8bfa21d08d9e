"""What a column must hold where another has a value."""

from typing import Any

import pytest
from ruled import (
    A_OR_B,
    CELL_TYPE,
    IF_LINE,
    IS_LINE,
    LINE,
    MUST,
    SEX,
    STR,
    TISSUE_TYPE,
    beside_tissue_type,
    beside_two,
    of,
    of_mood,
)
from schema_documents import OBS, ONTOLOGIES, UNS, document

from bot.schema.document import parse_document
from bot.schema.rules import Rules, rules_of
from runners.contract.rules import Case, Circumstance

IS_TISSUE = '<code>tissue_type</code> is <code>"tissue"</code>'
TISSUE_ALONE = Circumstance(column="tissue_type", among=("tissue",))
TISSUE_OR_ORGANOID = Circumstance(column="tissue_type", among=("tissue", "organoid"))
NO_ORGANOID = Circumstance(column="tissue_type", among=("organoid",), otherwise=True)
CELL_TYPE_NA = Circumstance(column=CELL_TYPE, among=("na",))
IS_HUMAN = '<code>organism_ontology_term_id</code> is <code>"NCBITaxon:9606"</code>'


def test_what_is_asked_where_another_column_has_a_value_is_a_case() -> None:
    rules = beside_tissue_type(
        CELL_TYPE, f'This MUST be a CL term. {IF_LINE}this MUST be <code>"na"</code>.'
    )
    line = Circumstance(column="tissue_type", among=("cell line",))
    assert rules.columns[CELL_TYPE].cases == (
        Case(where=(line,), values=("na",)),
        # It is told only there, so it stands nowhere else.
        Case(where=(line.negated(),), refused=("na",)),
    )
    assert rules.unchecked == ()


@pytest.mark.parametrize(
    ("condition", "other"),
    [
        (f'{IS_TISSUE} and <code>{CELL_TYPE}</code> is <code>"na"</code>', {"among": ("na",)}),
        (
            f"{IS_TISSUE}, and if the corresponding value of <code>{CELL_TYPE}</code> is "
            '<code>"na"</code> or <code>"no"</code>',
            {"among": ("na", "no")},
        ),
        (f"{IS_TISSUE} and <code>{CELL_TYPE}</code> is present", {"present": True}),
        (
            f"{IS_TISSUE} and <code>{CELL_TYPE}</code> is a descendant of "
            '<code>"CL:0000540"</code>',
            {"under": ("CL:0000540",)},
        ),
    ],
)
def test_a_condition_on_two_columns_is_a_case_of_both(
    condition: str, other: dict[str, Any]
) -> None:
    """And what the second must be is no value of the field."""
    value = f'If {condition}, this MUST be <code>"low"</code>; otherwise, this MUST be a PATO term.'
    rules = beside_two(value)
    found = rules.columns[SEX]
    where = (TISSUE_ALONE, Circumstance(column=CELL_TYPE, **other))
    assert found.cases == (Case(where=where, values=("low",)),)
    assert found.special == ("low",)
    assert [one.text for one in rules.unchecked] == ['"low" stands only where the document says so']


@pytest.mark.parametrize(
    ("condition", "circumstances"),
    [
        (f'<code>{CELL_TYPE}</code> is <code>"na"</code>', [CELL_TYPE_NA]),
        ('<code>tissue_type</code> is NOT <code>"organoid"</code>', [NO_ORGANOID]),
        ('<code>tissue_type</code> is <code>"organoid"</code>', []),
    ],
)
def test_two_cases_that_ask_the_same_are_one_where_they_look_for_values_of_one_column(
    condition: str, circumstances: list[Circumstance]
) -> None:
    low = 'this MUST be <code>"low"</code>.'
    value = f"This MUST be a PATO term. If {IS_TISSUE}, {low} If {condition}, {low}"
    found = [case for case in beside_two(value).columns[SEX].cases if case.values]
    first = TISSUE_ALONE if circumstances else TISSUE_OR_ORGANOID
    assert found == [Case(where=(one,), values=("low",)) for one in (first, *circumstances)]


@pytest.mark.parametrize("second", [f"{IS_HUMAN}", f"{IS_HUMAN} for <i>Homo sapiens</i>"])
@pytest.mark.parametrize("turned", [False, True])
def test_one_of_two_columns_may_be_the_organisms(second: str, turned: bool) -> None:
    both = [second, IS_TISSUE] if turned else [IS_TISSUE, second]
    value = f'This MUST be a PATO term. If {" and ".join(both)}, this MUST be <code>"low"</code>.'
    (case,) = beside_two(value).columns[SEX].cases
    human = Circumstance(column="organism_ontology_term_id", among=("NCBITaxon:9606",))
    assert set(case.where) == {TISSUE_ALONE, human}
    assert case.values == ("low",)


@pytest.mark.parametrize(
    "condition",
    [
        f"{IS_TISSUE} and the moon is full",
        f'{IS_TISSUE} or <code>{CELL_TYPE}</code> is <code>"na"</code>',
        f'{IS_TISSUE} and <code>missing</code> is <code>"na"</code>',
    ],
)
def test_a_condition_that_is_understood_in_part_is_left_whole(condition: str) -> None:
    value = f'This MUST be a PATO term. If {condition}, this MUST be <code>"low"</code>.'
    rules = beside_two(value)
    assert (rules.columns[SEX].cases, rules.columns[SEX].special) == ((), ("low",))
    (left,) = rules.unchecked
    assert left.text.endswith('this MUST be `"low"`.')


def test_what_may_stand_in_a_case_may_have_to_stand_alone() -> None:
    rules = beside_tissue_type(
        CELL_TYPE,
        f'This MUST be a CL term. {IF_LINE}this MAY be <code>"na"</code>, but then all '
        'observations where <code>tissue_type</code> is <code>"cell line"</code> MUST be '
        '<code>"na"</code>.',
    )
    (alone, _) = rules.columns[CELL_TYPE].cases
    assert (alone.alone, alone.values, alone.terms) == (("na",), (), {})


def test_a_condition_on_a_column_that_there_is_not_stays_unchecked() -> None:
    rules = of(CELL_TYPE, f'This MUST be a CL term. {IF_LINE}this MUST be <code>"na"</code>.')
    assert len(rules.unchecked) == 1
    assert rules.columns[CELL_TYPE].cases == ()


def test_a_case_pulls_in_the_column_that_it_looks_at() -> None:
    label = ("assay", "CELLxGENE Discover MUST annotate.", f"{STR}The name.")
    value = (
        f'{STR}This MUST be <code>"a"</code> or <code>"b"</code>. If <code>assay</code> is '
        '<code>"10x"</code>, this MUST be <code>"a"</code>.'
    )
    rules = rules_of(parse_document(document(obs=[label, ("mood", MUST, value)])))
    assert "assay" in rules.columns
    assert rules.columns["mood"].cases == (
        Case(where=(Circumstance(column="assay", among=("10x",)),), values=("a",)),
    )


LOW = 'this MUST be <code>"a"</code>.'


def test_two_refusals_of_a_circumstance_are_not_one_of_both() -> None:
    """Each dataset is of one of them at least: together they hold for all."""
    found = of_mood(
        MUST,
        f'{A_OR_B} If <code>tissue_type</code> is NOT <code>"tissue"</code>, {LOW} '
        f'If <code>tissue_type</code> is NOT <code>"organoid"</code>, {LOW}',
    )
    where = [
        Circumstance(column="tissue_type", among=(name,), otherwise=True)
        for name in ("tissue", "organoid")
    ]
    assert found.columns["mood"].cases == tuple(Case(where=(w,), values=("a",)) for w in where)


@pytest.mark.parametrize(
    ("rest", "kept"),
    [
        ("all observations MUST contain the same value", {"single": True}),
        (
            'this MAY be <code>"a"</code>, but then all observations where '
            '<code>tissue_type</code> is {} MUST be <code>"a"</code>',
            {"alone": ("a",)},
        ),
    ],
)
def test_what_all_observations_of_a_case_share_those_of_another_need_not(
    rest: str, kept: dict[str, Any]
) -> None:
    said = " ".join(
        f"If <code>tissue_type</code> is {name}, {rest.format(name)}."
        for name in ('<code>"tissue"</code>', '<code>"organoid"</code>')
    )
    cases = [
        c for c in of_mood(MUST, f"{A_OR_B} {said}").columns["mood"].cases if c.single or c.alone
    ]
    where = [Circumstance(column="tissue_type", among=(name,)) for name in ("tissue", "organoid")]
    assert cases == [Case(where=(one,), **kept) for one in where]


CONDITIONS = {
    IS_LINE: (LINE,),
    f'{IS_LINE} or <code>"organoid"</code>': (
        Circumstance(column="tissue_type", among=("cell line", "organoid")),
    ),
    '<code>tissue_type</code> is NOT <code>"cell line"</code>': (LINE.negated(),),
    f"the corresponding value of {IS_LINE}": (LINE,),
    f'{IS_LINE} and <code>{CELL_TYPE}</code> is a descendant of <code>"CL:0000003"</code>': (
        LINE,
        Circumstance(column=CELL_TYPE, under=("CL:0000003",)),
    ),
}


FORMS = (
    "If {condition}, this MUST be {first} or {second}.",
    "If {condition}, then this MUST be either {first} or {second}.",
    "This MUST be {first} or {second} if {condition}.",
    "If {condition}, this MUST be one of:<ul><li>{first}</li><li>{second}</li></ul>",
)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["values", "terms"])
def test_a_demand_is_the_same_case_in_each_of_its_forms(
    condition: str, form: str, kind: str
) -> None:
    texts = {
        "values": ('<code>"a"</code>', '<code>"b"</code>'),
        "terms": ('<code>"CL:0000001"</code> for x', '<code>"CL:0000002"</code> for y'),
    }
    first, second = texts[kind]
    said = form.format(condition=condition, first=first, second=second)
    everywhere = {"values": A_OR_B, "terms": f"{STR}This MUST be a CL term."}[kind]
    found = of_mood(MUST, f"{everywhere.removesuffix('.')}. {said}")
    where = CONDITIONS[condition]
    (case,) = (case for case in found.columns["mood"].cases if case.where == where)
    only = [entry.only for some in case.terms.values() for entry in some]
    assert (case.values, only) == (
        (("a", "b"), []) if kind == "values" else ((), [("CL:0000001", "CL:0000002")])
    )
    assert not [one for one in found.unchecked if one.place == "obs: mood"]
    assert found.columns["mood"].values == (("a", "b") if kind == "values" else ())


@pytest.mark.parametrize(
    "half",
    [
        f"<code>{CELL_TYPE}</code> is large",
        f"<code>{CELL_TYPE}</code> is a CL term",
        "the moon is full",
        '<code>weather</code> is <code>"dry"</code>',
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_of_a_condition_that_is_understood_by_half_nothing_is_kept(half: str, turned: bool) -> None:
    first, second = (half, IS_LINE) if turned else (IS_LINE, half)
    found = of_mood(MUST, f"{A_OR_B} If {first} and {second}, {LOW}")
    assert found.columns["mood"].cases == ()
    (noted,) = (one.text for one in found.unchecked if one.place == "obs: mood")
    assert noted.startswith("If ")


@pytest.mark.parametrize(
    ("bounds", "between"),
    [
        ("<code>-5</code> to <code>5</code>", (-5, 5)),
        ("<code>1</code> to <code>5</code>", (1, 5)),
        ("<code>0.5</code> to <code>5</code>", ()),
        ("at least <code>5</code>", ()),
    ],
)
def test_a_range_has_both_its_bounds_or_is_noted(bounds: str, between: tuple[int, ...]) -> None:
    table = (
        "<table><tr><th>For Assay</th><th>MUST be in the range</th></tr>"
        f'<tr><td><code>"EFO:0008930"</code> for <i>x</i></td><td>{bounds}</td></tr></table>'
    )
    assay = ("assay_ontology_term_id", MUST, f"{STR}This MUST be an EFO term.")
    obs = [*OBS, assay, ("mood", MUST, f"<code>int</code>. {table}")]
    pins = [*ONTOLOGIES, ("EFO", "EFO:", "2025-05-14")]
    found = rules_of(parse_document(document(obs=obs, ontologies=pins)))
    assert [case.between for case in found.columns["mood"].cases if case.between] == (
        [between] if between else []
    )
    assert [one.text for one in found.unchecked if one.place == "obs: mood"] == (
        [] if between else [one.text for one in found.unchecked if "EFO:0008930" in one.text]
    )
    assert bool(between) is not any("EFO:0008930" in one.text for one in found.unchecked)


@pytest.mark.parametrize("turned", [False, True])
def test_a_value_that_is_told_of_one_column_and_of_two_is_refused_nowhere(turned: bool) -> None:
    conditions = [IS_TISSUE, f'<code>{CELL_TYPE}</code> is <code>"na"</code> and {IS_HUMAN}']
    said = [f'If {each}, this MUST be <code>"low"</code>.' for each in conditions]
    rules = beside_two(f"This MUST be a PATO term. {' '.join(said[::-1] if turned else said)}")
    assert [case.refused for case in rules.columns[SEX].cases if case.refused] == []
    assert [one.text for one in rules.unchecked] == ['"low" stands only where the document says so']


def test_rows_that_ask_the_same_are_one_case_of_all_that_they_are_for() -> None:
    first, second, third = (
        f'<tr><td><code>"EFO:000000{n}"</code> for <i>x</i>{below}</td><td>{value}</td></tr>'
        for n, below, value in (
            (1, " and its descendants", '<code>"a"</code>'),
            (2, " and its descendants", '<code>"a"</code>'),
            (3, "", '<code>"b"</code>'),
        )
    )
    table = f"<table><tr><th>For Assay</th><th>MUST Use</th></tr>{first}{second}{third}</table>"
    assay = ("assay_ontology_term_id", MUST, f"{STR}This MUST be an EFO term.")
    obs = [*OBS, assay, ("mood", MUST, f"{A_OR_B} {table}")]
    pins = [*ONTOLOGIES, ("EFO", "EFO:", "2025-05-14")]
    found = rules_of(parse_document(document(obs=obs, ontologies=pins))).columns["mood"].cases
    both, one = ("EFO:0000001", "EFO:0000002"), ("EFO:0000003",)
    assert found == (
        Case(
            where=(Circumstance(column=assay[0], among=both, under=both),),
            values=("a",),
        ),
        Case(where=(Circumstance(column=assay[0], among=one),), values=("b",)),
    )


ONE_OF_THREE = f'{STR}This MUST be a CL term, <code>"na"</code> or <code>"unknown"</code>.'
IS_FISH = '<code>organism_ontology_term_id</code> is <code>"NCBITaxon:7955"</code>'
FISH = Circumstance(column="organism_ontology_term_id", among=("NCBITaxon:7955",))


def beside_an_organism(value: str) -> Rules:
    """As `of_mood`, of a document that describes organisms, too."""
    organism = ("organism_ontology_term_id", MUST, 'This MUST be <code>"NCBITaxon:7955"</code>.')
    obs = [TISSUE_TYPE, ("mood", MUST, value), OBS[0]]
    return rules_of(parse_document(document(obs=obs, uns=[*UNS, organism])))


@pytest.mark.parametrize(
    ("said", "where", "refused"),
    [
        (f'If {IS_LINE}, this MUST NOT be <code>"unknown"</code>', (LINE,), ("unknown",)),
        (f'This MUST NOT be <code>"unknown"</code> if {IS_LINE}', (LINE,), ("unknown",)),
        (
            f'If {IS_LINE}, this MUST NOT be <code>"unknown"</code> or <code>"CL:0000003"</code>',
            (LINE,),
            ("CL:0000003", "unknown"),
        ),
        (f'If {IS_FISH}, this MUST NOT be <code>"unknown"</code>', (FISH,), ("unknown",)),
        ('This MUST NOT be <code>"unknown"</code>', (), ("unknown",)),
    ],
)
def test_a_value_is_refused_where_the_sentence_says(
    said: str, where: tuple[Circumstance, ...], refused: tuple[str, ...]
) -> None:
    found = beside_an_organism(f"{ONE_OF_THREE} {said}.")
    assert found.columns["mood"].cases == (Case(where=where, refused=refused),)
    assert [one for one in found.unchecked if one.place == "obs: mood"] == []


def test_a_value_that_two_circumstances_allow_is_refused_where_neither_holds() -> None:
    unknown = Circumstance(column=CELL_TYPE, among=("unknown",))
    allowed = (
        f'If {where}, this MAY be <code>"a"</code>.'
        for where in (IS_LINE, f'<code>{CELL_TYPE}</code> is <code>"unknown"</code>')
    )
    found = of_mood(MUST, f'{STR}This MUST be <code>"b"</code>. {" ".join(allowed)}')
    assert found.columns["mood"].cases == (
        Case(where=(LINE.negated(), unknown.negated()), refused=("a",)),
    )


@pytest.mark.parametrize(
    "said",
    [
        f'If {IS_LINE}, this MUST NOT be a descendant of <code>"CL:0000003"</code>.',
        f'If {IS_LINE}, this MUST be <code>"na"</code>; otherwise, this MUST NOT be '
        '<code>"na"</code>.',
        'For all other organisms, this MUST NOT be <code>"na"</code>.',
    ],
)
def test_a_refusal_that_rules_cannot_say_is_noted(said: str) -> None:
    found = beside_an_organism(f"{ONE_OF_THREE} {said}")
    assert [case for case in found.columns["mood"].cases if case.refused] == []
    (noted,) = (one.text for one in found.unchecked if one.place == "obs: mood")
    assert "MUST NOT be" in noted


def test_a_condition_of_a_term_and_a_value_holds_both() -> None:
    condition = f'<code>{CELL_TYPE}</code> is <code>"na"</code> or <code>"CL:0000540"</code>'
    found = beside_two(
        f'This MUST be a PATO term. If {condition}, this MUST be <code>"low"</code>.'
    )
    (case,) = (case for case in found.columns[SEX].cases if case.values)
    (where,) = case.where
    assert (set(where.among), where.under) == ({"na", "CL:0000540"}, ())


AS_SEX = f"follow the requirements for <code>{SEX}</code>"
FREE = "this MUST be free-text that names it"


@pytest.mark.parametrize(
    ("value", "asked", "is_free"),
    [
        ("This {free}.", 0, True),
        ("If {line}, {free}.", 0, True),
        ('If {line}, this MUST be <code>"na"</code>. If {tissue}, {free}.', 0, True),
        ("This MUST be a CL term. If {line}, {free}.", 1, False),
        ("If {line}, {free}. This MUST be a CL term.", 1, False),
        ("If {line}, {free}; otherwise, this MUST be a CL term.", 1, False),
        (f"If {IS_HUMAN}, {{free}}. For all other organisms, this MUST be a CL term.", 1, False),
        ('This MUST be <code>"a"</code> or <code>"b"</code>. If {line}, {free}.', 1, False),
        ("If unknown, {free}. This MUST be a CL term.", 1, False),
        (f"If {{line}}, {{free}}. This MUST {AS_SEX}.", 1, False),
    ],
)
def test_what_is_free_in_some_case_frees_no_terms_and_values(
    value: str, asked: int, *, is_free: bool
) -> None:
    said = value.format(free=FREE, line=IS_LINE, tissue=IS_TISSUE)
    sex = (SEX, MUST, f"{STR}This MUST be a PATO term.")
    pins = [*ONTOLOGIES, ("PATO", "PATO:", "2025-05-14")]
    obs = [*OBS, sex, ("mood", MUST, STR + said)]
    rules = rules_of(parse_document(document(obs=obs, ontologies=pins)))
    found = rules.columns["mood"]
    assert (not found.terms and not found.values) is is_free
    free = [one for one in rules.judgements if one.id.startswith("obs.mood: free text")]
    assert len(free) == asked


@pytest.mark.parametrize(
    "refusal",
    [
        "This MUST NOT be free-text.",
        f"This MUST NOT follow the requirements for <code>{CELL_TYPE}</code>.",
        "This MUST NOT match a key in <code>uns['title']</code>.",
        f"If {IS_LINE}, this MUST NOT be free-text.",
        f"If {IS_LINE}, this MUST NOT follow the requirements for <code>{CELL_TYPE}</code>.",
    ],
)
def test_a_refusal_of_what_is_no_value_allows_nothing(refusal: str) -> None:
    plain = of_mood(MUST, A_OR_B)
    found = of_mood(MUST, f"{A_OR_B} {refusal}")
    assert found.columns == plain.columns
    (noted,) = found.unchecked
    assert "MUST NOT" in noted.text
