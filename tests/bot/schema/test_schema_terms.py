"""Which terms a sentence allows and refuses, in whatever words, and to which organisms."""

import pytest
from ruled import (
    CELL_TYPE,
    HUMAN,
    IF_LINE,
    MUST,
    STR,
    TISSUE,
    beside_tissue_type,
    column,
    judged,
    of,
)
from schema_documents import OBS, ONTOLOGIES, document

from bot.schema.document import parse_document
from bot.schema.field_values import Kind, allowed_values
from bot.schema.rules import rules_of
from bot.schema.rules.conditions import TermPhrase, term_phrases
from bot.schema.rules.document_terms import corrections
from runners.contract.rules import Case, Circumstance


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This MUST be a CL term.", [("all", "CL")]),
        ("MUST be `CL:0001` for cell", [("only", "CL:0001")]),
        ("the most accurate child of `CL:0001`", [("under", "CL:0001")]),
        ("descendant / of / `CL:0001` for cell", [("under", "CL:0001")]),
        (
            '`"CL:0001"` for a or preferably its most accurate descendant',
            [("only", "CL:0001"), ("under", "CL:0001")],
        ),
        (
            "a descendant of `CL:0001` for a thing or `CL:0002` for another",
            [("under", "CL:0001"), ("under", "CL:0002")],
        ),
        (
            "a descendant of `CL:0001` excluding `CL:0002` for x while allowing its descendants",
            [("under", "CL:0001"), ("without", "CL:0002")],
        ),
        (
            "descendant of `CL:0001` excluding `CL:0002` for x, `CL:0003` for y and its "
            "descendants, and `CL:0004` for z",
            [
                ("under", "CL:0001"),
                ("without", "CL:0002"),
                ("without", "CL:0003"),
                ("without_under", "CL:0003"),
                ("without", "CL:0004"),
            ],
        ),
        (
            "a descendant of `CL:0001` excluding `CL:0002`, or a descendant of `CL:0003`",
            [("under", "CL:0001"), ("without", "CL:0002"), ("under", "CL:0003")],
        ),
        (
            "a descendant of `CL:0001` excluding `CL:0002` while allowing `CL:0003`",
            [("under", "CL:0001"), ("without", "CL:0002"), ("only", "CL:0003")],
        ),
        (
            "`CL:0001` for egg, / the most accurate descendant of `CL:0002`, or the most accurate "
            "descendant of `CL:0003`",
            [("only", "CL:0001"), ("under", "CL:0002"), ("under", "CL:0003")],
        ),
    ],
)
def test_what_a_phrase_says_of_terms(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(term_phrases(text)) == [TermPhrase(*one) for one in expected]


def test_a_forbidden_term_may_take_those_below_it_along() -> None:
    found = column(
        CELL_TYPE,
        "This MUST be a CL term. The following terms MUST NOT be used:<ul>"
        '<li><code>"CL:0001"</code> for x</li>'
        '<li><code>"CL:0002"</code> for y and its descendants</li></ul>',
    )
    (entry,) = found.terms["*"]
    assert (entry.ontology, entry.registry) == ("CL", "CellType")
    assert (entry.without, entry.without_under) == (("CL:0001", "CL:0002"), ("CL:0002",))


def test_a_relation_above_a_list_holds_for_its_items() -> None:
    found = column(
        CELL_TYPE,
        "This MUST be a CL term and the most accurate descendant of either:<ul>"
        '<li><code>"CL:0001"</code> for x</li><li><code>"CL:0002"</code> for y</li></ul>'
        'excluding <code>"CL:0003"</code> for z.',
    )
    (entry,) = found.terms["*"]
    assert (entry.under, entry.only) == (("CL:0001", "CL:0002"), ())
    assert entry.without == ("CL:0003",)


def test_otherwise_after_all_but_one_organism_is_that_organism() -> None:
    value = (
        'If <code>organism_ontology_term_id</code> is NOT <code>"NCBITaxon:9606"</code> for '
        '<i>Homo sapiens</i>, this MUST be <code>"na"</code>.<br>Otherwise, this MUST be '
        '<code>"unknown"</code> if unavailable; otherwise, this MUST be one or more CL terms.'
    )
    organism = ("organism_ontology_term_id", MUST, f"<code>str</code>. This MUST be {HUMAN}.")
    obs = [("sex_ontology_term_id", MUST, STR + value)]
    rules = rules_of(parse_document(document(obs=obs, uns=[organism])))
    found = rules.columns["sex_ontology_term_id"]
    assert {taxon: len(entries) for taxon, entries in found.terms.items()} == {
        "NCBITaxon:9606": 1,
        "*": 0,
    }
    human = Circumstance(column="organism_ontology_term_id", among=("NCBITaxon:9606",))
    assert found.cases == (
        Case(where=(human,), refused=("na",)),
        Case(where=(human.negated(),), refused=("unknown",)),
    )


def test_named_terms_narrow_the_whole_ontology() -> None:
    found = column(
        "disease_ontology_term_id",
        "This MUST be one of:<ul><li>one or more CL terms in ascending lexical order separated by "
        'the delimiter <code>" || "</code> with no duplication of terms</li></ul>'
        'CL terms MUST be a descendant of <code>"CL:0001"</code> for x.',
    )
    assert [entry.under for entry in found.terms["*"]] == [("CL:0001",)]
    assert found.delimiter == " || "


def test_organisms_have_their_own_terms_and_all_others_the_rest() -> None:
    found = column(
        "sex_ontology_term_id",
        'If unavailable, this MUST be <code>"unknown"</code>. If '
        '<code>organism_ontology_term_id</code> is <code>"NCBITaxon:9606"</code> for '
        '<i>Homo sapiens</i>, this MUST be <code>"PATO:0001"</code> for a; otherwise, this MUST '
        'be one of:<ul><li><code>"PATO:0002"</code> for b</li></ul>',
    )
    assert {taxon: [e.only for e in some] for taxon, some in found.terms.items()} == {
        "NCBITaxon:9606": [("PATO:0001",)],
        "*": [("PATO:0002",)],
    }
    assert found.special == ("unknown",)


def test_a_field_may_follow_another_with_its_registry() -> None:
    obs = [
        (CELL_TYPE, MUST, f"{STR}This MUST be a CL term."),
        (
            TISSUE,
            MUST,
            f'{STR}If <code>tissue_type</code> is <code>"cell line"</code>, this MUST be a '
            'Cellosaurus term. If <code>tissue_type</code> is <code>"cell culture"</code> this '
            f"MUST follow the requirements for <code>{CELL_TYPE}</code>.",
        ),
    ]
    rules = rules_of(parse_document(document(obs=obs)))
    entries = rules.columns[TISSUE].terms["*"]
    assert [(e.ontology, e.registry) for e in entries] == [("CVCL", "CellLine"), ("CL", "CellType")]
    assert len(rules.unchecked) == 2
    assert judged(rules) == []


def test_a_mistyped_term_is_read_as_its_link_where_the_document_says_so() -> None:
    link = '<a href="https://x/CL_0000001"><code>CL:00000001</code></a>'
    value = f"This MUST be <code>CL:0000001</code> or a descendant of {link}."
    (entry,) = column(CELL_TYPE, value).terms["*"]
    assert entry.under == ("CL:0000001",)


PRINTED, LINKED = "CL:00000001", "CL:0000001"


@pytest.mark.parametrize(
    ("beside", "meant"),
    [
        ([], None),
        ([LINKED], LINKED),
        ([PRINTED], PRINTED),
        ([PRINTED, LINKED], None),  # either may be the slip
    ],
)
def test_which_of_two_terms_is_meant_says_where_else_they_stand(
    beside: list[str], meant: str | None
) -> None:
    link = f'<a href="https://x/CL_0000001"><code>{PRINTED}</code></a>'
    others = "".join(f" It is not <code>{term}</code>." for term in beside)
    text = document(obs=[(CELL_TYPE, MUST, f"{STR}This MUST be a descendant of {link}.{others}")])
    assert corrections(parse_document(text)) == {PRINTED: meant}


FORBIDDEN = '<ul><li><code>"CL:0001"</code> for x</li><li><code>"CL:0002"</code> for y</li></ul>'


@pytest.mark.parametrize(
    ("value", "without", "below"),
    [
        (f"The following terms and their descendants MUST NOT be used:{FORBIDDEN}", 2, 2),
        ('This MUST NOT be a descendant of <code>"CL:0001"</code>.', 0, 1),
        ('This MUST NOT be <code>"CL:0001"</code> or any of its descendants.', 1, 1),
        ('This MUST NOT be <code>"CL:0001"</code> nor its descendants.', 1, 1),
        ('This MUST NOT be <code>"CL:0001"</code> and all of its descendants.', 1, 1),
    ],
)
def test_forbidden_descendants_in_other_words(value: str, without: int, below: int) -> None:
    (entry,) = column(CELL_TYPE, f"This MUST be a CL term. {value}").terms["*"]
    assert (len(entry.without), len(entry.without_under)) == (without, below)


@pytest.mark.parametrize(
    ("value", "under", "only", "without", "below"),
    [
        ("a CL term other than <code>CL:0001</code>", 0, 0, 1, 0),
        ("a descendant of <code>CL:0001</code> but not <code>CL:0002</code>", 1, 0, 1, 0),
        (
            "a descendant of <code>CL:0001</code> but not <code>CL:0002</code> or its descendants",
            1,
            0,
            1,
            1,
        ),
        (
            "a descendant of <code>CL:0001</code> excluding descendants of <code>CL:0002</code>",
            1,
            0,
            0,
            1,
        ),
    ],
)
def test_exclusions_in_other_words(
    value: str, under: int, only: int, without: int, below: int
) -> None:
    (entry,) = column(CELL_TYPE, f"This MUST be {value}.").terms["*"]
    counts = [len(getattr(entry, n)) for n in ("under", "only", "without", "without_under")]
    assert counts == [under, only, without, below]


def test_a_value_that_is_forbidden_before_another_demand_is_not_allowed() -> None:
    found = column(CELL_TYPE, 'This MUST NOT be <code>"unknown"</code>, but MUST be a CL term.')
    assert found.special == ()
    assert found.cases == (Case(where=(), refused=("unknown",)),)


TWO = '<code>"CL:0000255"</code> or <code>"unknown"</code>'


@pytest.mark.parametrize(
    ("joined", "first", "second"),
    [
        (", and MUST NOT be", "This MUST be a CL term.", f"This MUST NOT be {TWO}."),
        (" and MUST NOT be", "This MUST be a CL term.", f"This MUST NOT be {TWO}."),
        (" but it MUST NOT equal", "This MUST be a CL term.", f"This MUST NOT equal {TWO}."),
        (", but MUST be", f"This MUST NOT be {TWO}.", "This MUST be a CL term."),
        (" and MUST be", f"This MUST NOT be {TWO}.", "This MUST be a CL term."),
    ],
)
@pytest.mark.parametrize("condition", ["", IF_LINE])
def test_a_sentence_that_demands_and_refuses_says_what_two_say(
    condition: str, joined: str, first: str, second: str
) -> None:
    """Each of them holds where the sentence does."""
    of_two = [f"{condition}{'this' if condition else 'This'}{said[4:]}" for said in (first, second)]
    rest = second.partition(joined.split("MUST")[-1])[2]
    as_one = beside_tissue_type(CELL_TYPE, f"{of_two[0][:-1]}{joined}{rest}")
    as_two = beside_tissue_type(CELL_TYPE, " ".join(of_two))
    column = as_one.columns[CELL_TYPE]
    assert column == as_two.columns[CELL_TYPE]
    (case,) = column.cases
    assert case.refused == (("CL:0000255", "unknown") if condition else ("unknown",))
    assert column.terms["*"][0].without == (() if condition else ("CL:0000255",))


@pytest.mark.parametrize(
    ("order", "ordered"),
    [
        (" in ascending lexical order", True),
        (" in lexical order", True),
        (", sorted,", True),
        (" in descending lexical order", False),
        (" in descending order", False),
        (" in the same order as the cell types", False),
        ("", False),
    ],
)
@pytest.mark.parametrize(
    ("doubles", "distinct"), [("", False), (" with no duplication of terms", True)]
)
def test_terms_of_one_value_stand_in_ascending_order_and_once_only_where_it_is_said(
    order: str, ordered: bool, doubles: str, distinct: bool
) -> None:
    said = f'one or more CL terms{order} separated by the delimiter <code>";"</code>{doubles}'
    found = column(CELL_TYPE, f"This MUST be {said}.")
    assert (found.delimiter, found.ordered, found.distinct) == (";", ordered, distinct)


@pytest.mark.parametrize(
    ("value", "delimiter"),
    [
        ('one or more CL terms separated with <code>" ; "</code>', " ; "),
        ('one or more CL terms separated by a comma (<code>","</code>)', ","),
        ('one or more CL terms joined by <code>"|"</code>', "|"),
        ('one or more CL terms. <code>"; "</code> MUST be used as the delimiter', "; "),
        ("semicolon-separated CL terms", ";"),
    ],
)
def test_delimiters_in_other_words(value: str, delimiter: str) -> None:
    found = column(CELL_TYPE, f"This MUST be {value}.")
    assert (found.delimiter, found.special) == (delimiter, ())


@pytest.mark.parametrize(
    "value",
    [
        'a CL term prefixed with <code>"anti-"</code>',
        'one or more CL terms prefixed with <code>"anti-"</code>',
        'one or more CL terms with the prefix <code>"anti-"</code>',
    ],
)
def test_prefixes_in_other_words(value: str) -> None:
    (entry,) = column("mood_id", f"This MUST be {value}.").terms["*"]
    assert (entry.ontology, entry.prefix, entry.registry) == ("CL", "anti-", "ULabel")


def test_an_inline_list_behind_a_colon_is_read() -> None:
    found = column("mood", 'This MUST be one of: <code>"a"</code>, <code>"b"</code>.')
    assert found.values == ("a", "b")


@pytest.mark.parametrize(
    ("alternative", "alone"),
    [
        ('one or more CL terms with the delimiter <code>" || "</code>', True),
        (
            'one or more of <code>"PATO:0000001"</code> or <code>"PATO:0000002"</code> with the '
            'delimiter <code>" || "</code>',
            False,  # of one ontology, some stand alone and others don't
        ),
        ("a CL term", False),
    ],
)
def test_a_term_beside_one_or_more_others_in_a_list_stands_alone(
    alternative: str, alone: bool
) -> None:
    found = column(
        CELL_TYPE,
        f'This MUST be one of:<ul><li><code>"PATO:0000461"</code> for normal</li>'
        f"<li>{alternative}</li></ul>",
    )
    is_alone = {entry.ontology: entry.alone for entry in found.terms["*"]}
    assert (is_alone["PATO"], is_alone.get("CL", False)) == (alone, False)


@pytest.mark.parametrize(
    ("others", "only"),
    [
        ('of <code>"CL:0000002"</code> or <code>"CL:0000003"</code>', 3),
        ('of the most accurate descendant of <code>"CL:0000002"</code>', 1),
        ("CL terms", 0),  # which it is one of
        ('CL terms, each a descendant of <code>"CL:0000002"</code>', 1),
    ],
)
def test_a_term_that_stands_alone_among_others_of_its_ontology_is_noted(
    others: str, only: int
) -> None:
    rules = of(
        CELL_TYPE,
        'This MUST be one of:<ul><li><code>"CL:0000001"</code> for x</li>'
        f'<li>one or more {others} with the delimiter <code>" || "</code></li></ul>',
    )
    (entry,) = rules.columns[CELL_TYPE].terms["*"]
    assert (entry.alone, len(entry.only)) == (False, only)
    assert [one.text for one in rules.unchecked] == ["CL:0000001 stands beside no other term"]


def test_alternatives_keep_their_value_whatever_is_said_behind_it() -> None:
    found = beside_tissue_type(
        "mood",
        'This MUST be one of:<ul><li><code>"a"</code> if <code>tissue_type</code> is '
        '<code>"tissue"</code></li><li><code>"b"</code> when known</li>'
        '<li><code>"c"</code></li></ul>',
    ).columns["mood"]
    assert found.values == ("a", "b", "c")


def test_two_organisms_in_one_condition_have_both_what_it_says() -> None:
    mouse = '<code>"NCBITaxon:10090"</code> for <i>Mus musculus</i>'
    found = column(
        "sex_ontology_term_id",
        f"If <code>organism_ontology_term_id</code> is {HUMAN} or {mouse}, this MUST be a CL term. "
        "For all other organisms, this MUST be a PATO term.",
    )
    assert {taxon: [e.ontology for e in some] for taxon, some in found.terms.items()} == {
        "NCBITaxon:9606": ["CL"],
        "NCBITaxon:10090": ["CL"],
        "*": ["PATO"],
    }


def test_an_organism_that_all_others_stand_for_is_refused_what_they_are() -> None:
    tissue = (
        f'{STR}If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:6239"</code>, this '
        "MUST be a CL term. For all other organisms, this MUST be a UBERON term. For all other "
        'organisms, this MUST NOT be <code>"UBERON:0000922"</code>. This MAY follow the '
        "requirements for <code>other</code>."
    )
    other = (
        f'{STR}If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:7955"</code>, this '
        "MUST be a CL term. For all other organisms, this MUST be a CL term."
    )
    obs = [*OBS, ("mood", MUST, tissue), ("other", MUST, other)]
    pins = [*ONTOLOGIES, ("UBERON", "UBERON:", "2025-05-14")]
    found = rules_of(parse_document(document(obs=obs, ontologies=pins))).columns["mood"].terms
    of_uberon = {
        taxon: [entry.without for entry in some if entry.ontology == "UBERON"]
        for taxon, some in found.items()
    }
    refused = [("UBERON:0000922",)]
    assert of_uberon == {"NCBITaxon:6239": [], "NCBITaxon:7955": refused, "*": refused}


@pytest.mark.parametrize(
    ("said", "ontologies"),
    [
        ("a CL term", ["CL"]),
        ("a CL or PATO term", ["CL", "PATO"]),
        ("a CL or a PATO term", ["CL", "PATO"]),
        ("a CL, CVCL, or PATO term", ["CL", "CVCL", "PATO"]),
        ("a CL, CVCL or PATO term", ["CL", "CVCL", "PATO"]),
        ("a CL or CVCL or PATO term", ["CL", "CVCL", "PATO"]),
        ("one or more CL or Cellosaurus or PATO terms", ["CL", "CVCL", "PATO"]),
        ('<code>"na"</code>. Otherwise, CL terms MUST be used', ["CL"]),
        ('<code>"na"</code>. For Drosophila, CL terms MUST be used', ["CL"]),
        ('<code>"na"</code>. In Discover, CL or PATO terms MUST be used', ["CL", "PATO"]),
    ],
)
def test_each_ontology_of_a_list_is_allowed(said: str, ontologies: list[str]) -> None:
    rules = of(CELL_TYPE, f"This MUST be {said}.")
    found = [entry.ontology for entry in rules.columns[CELL_TYPE].terms["*"]]
    assert sorted(found) == sorted(ontologies)
    assert judged(rules) == []
    spec = parse_document(
        document(
            obs=[(CELL_TYPE, MUST, f"{STR}This MUST be {said}.")],
            ontologies=[*ONTOLOGIES, ("PATO", "PATO:", "2025-05-14")],
        )
    )
    (told,) = (allowed_values(one) for one in spec.fields() if one.name == CELL_TYPE)
    kinds = {text for kind, text in told if kind is Kind.ALLOWED_TERMS}
    assert len(kinds) == len(ontologies)


def test_a_term_that_is_refused_with_a_prefix_is_not_allowed_with_it() -> None:
    plain = of(CELL_TYPE, "This MUST be a CL term.")
    said = 'This MUST NOT be a PATO term prefixed with <code>"x:"</code>.'
    found = of(CELL_TYPE, f"This MUST be a CL term. {said}")
    assert found.columns == plain.columns
    noted = 'This MUST NOT be a PATO term prefixed with `"x:"`.'
    assert [one.text for one in found.unchecked] == [noted]


def test_a_wrong_link_that_the_changelog_repeats_decides_nothing() -> None:
    link = f'<a href="https://x/CL_0000001"><code>{PRINTED}</code></a>'
    said = f"{STR}This MUST be a descendant of {link}. It is not <code>{PRINTED}</code>."
    text = document(obs=[(CELL_TYPE, MUST, said)])
    before = corrections(parse_document(text))
    changelog = f"## Appendix A. Changelog\n\n### schema v1.0.0\n\n* obs\n  * Added {link}\n"
    assert corrections(parse_document(text + changelog)) == before == {PRINTED: PRINTED}


def test_a_row_that_forbids_and_then_demands_is_its_organisms_alone() -> None:
    rows = (
        '<tr><td><code>"NCBITaxon:9606"</code> for <i>Homo sapiens</i></td><td>MUST NOT be '
        '<code>"CL:0000255"</code>, but MUST be a descendant of <code>"CL:0000003"</code></td></tr>'
        "<tr><td>All other organisms</td><td>MUST be a PATO term</td></tr>"
    )
    table = (
        "<table><tr><th>For <code>organism_ontology_term_id</code></th><th>Value</th></tr>"
        f"{rows}</table>"
    )
    found = column(CELL_TYPE, f"The value:{table}")
    told = {
        taxon: [(one.ontology, one.under, one.only, one.without) for one in some]
        for taxon, some in found.terms.items()
    }
    assert told == {
        "NCBITaxon:9606": [("CL", ("CL:0000003",), (), ("CL:0000255",))],
        "*": [("PATO", (), (), ())],
    }


@pytest.mark.parametrize(
    ("said", "without", "noted"),
    [
        ('This MUST NOT be <code>"na"</code> or <code>"CL:0000255"</code>.', ("CL:0000255",), 0),
        ('This MUST NOT be <code>"na"</code> if available.', (), 1),
    ],
)
def test_what_stands_beside_a_refused_value_is_not_lost(
    said: str, without: tuple[str, ...], noted: int
) -> None:
    rules = of(CELL_TYPE, f'This MUST be a CL term or <code>"na"</code>. {said}')
    (entry,) = rules.columns[CELL_TYPE].terms["*"]
    assert entry.without == without
    assert len([one for one in rules.unchecked if "MUST NOT" in one.text]) == noted


MACAQUE = (
    'If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:9544"</code> for <i>Macaca '
    "mulatta</i>, this "
)
BY_TABLE = (
    "<table><tr><th>For <code>organism_ontology_term_id</code></th><th>Value</th></tr>"
    '<tr><td><code>"NCBITaxon:9606"</code> for <i>Homo sapiens</i></td><td>MUST be a CL term</td>'
    "</tr><tr><td>For all other organisms</td><td>MUST be a PATO term</td></tr></table>"
)
IF_HUMAN = f"If <code>organism_ontology_term_id</code> is {HUMAN}, this MUST be a CL term"
BY_OTHERWISE = f"{IF_HUMAN}; otherwise, this MUST be a PATO term."
PATO = [("PATO", (), ())]


def of_macaques(value: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    terms = column(CELL_TYPE, value).terms
    found = terms.get("NCBITaxon:9544", terms["*"])
    return [(one.ontology, one.only, one.without) for one in found]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('MAY be <code>"na"</code>.', PATO),
        ('MUST NOT be <code>"na"</code>.', PATO),
        ('MUST NOT be <code>"PATO:0000003"</code>.', [("PATO", (), ("PATO:0000003",))]),
        (
            'MAY be <code>"PATO:0000003"</code> or <code>"CL:0000003"</code>.',
            [*PATO, ("PATO", ("PATO:0000003",), ()), ("CL", ("CL:0000003",), ())],
        ),
        ('MUST be <code>"unknown"</code> if unavailable.', PATO),
        ('MUST be <code>"na"</code>.', []),
        ("MUST be a CL term.", [("CL", (), ())]),
    ],
)
@pytest.mark.parametrize("others", [BY_TABLE, BY_OTHERWISE])
@pytest.mark.parametrize("is_before", [True, False])
def test_an_organism_has_what_all_others_have_unless_something_is_demanded_of_it(
    said: str, expected: object, others: str, *, is_before: bool
) -> None:
    sentences = [MACAQUE + said, others]
    assert of_macaques("<br>".join(sentences if is_before else sentences[::-1])) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('MAY be <code>"na"</code>', []),
        ("MAY be a CL term", [("CL", (), ())]),
        ('MUST NOT be <code>"PATO:0000003"</code>', [("PATO", (), ("PATO:0000003",))]),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "{macaque}{told}. {human}. For all other organisms, this MUST be a PATO term.",
        "{human}. {macaque}{told}. Otherwise, for all other organisms, this MUST be a PATO term.",
        "{macaque}{told}; otherwise, this MUST be a PATO term.",
        "This is so: {table}",
    ],
)
def test_all_other_organisms_are_others_than_those_named_before_them(
    value: str, told: str, expected: object
) -> None:
    """And of one that is refused something alone, nobody has said what it may have."""
    row = f'<tr><td><code>"NCBITaxon:9544"</code> for <i>M. mulatta</i></td><td>{told}</td></tr>'
    table = BY_TABLE.replace("<tr><td>For", f"{row}<tr><td>For")
    text = value.format(macaque=MACAQUE, told=told, human=IF_HUMAN, table=table)
    assert of_macaques(text) == expected
    asked = [one for one in judged(of(CELL_TYPE, text)) if "for NCBITaxon:9544: " in one]
    assert len(asked) == ("NOT" in told)
