"""From a document to the rules of its version: every way of saying what a column may hold."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from schema_documents import ONTOLOGIES, document

from bot.schema.document import parse_document
from bot.schema.rules import Rules, rules_of, to_json, to_text
from bot.schema.rules.conditions import TermPhrase, term_phrases
from bot.schema.rules.model import Case, Circumstance, Column
from runners import rules as read
from runners.contract import ContractError

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("CORPUS") or ROOT.parent / "shared" / "corpus")
VERSIONS = sorted(path.stem for path in (CORPUS / "specs").glob("*.md"))
COMMITTED = ("6.0.0", "7.0.0")
MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
CELL_TYPE, TISSUE = "cell_type_ontology_term_id", "tissue_ontology_term_id"


def of(name: str, value: str, annotator: str = MUST, typed: str = STR) -> Rules:
    pins = [*ONTOLOGIES, ("PATO", "PATO:", "2")]
    obs = [(name, annotator, typed + value)]
    return rules_of(parse_document(document(obs=obs, ontologies=pins)))


def column(name: str, value: str) -> Column:
    return of(name, value).columns[name]


def judged(rules: Rules) -> list[str]:
    """The judgements but those that every small document leaves open: the wheels' versions."""
    return [
        judgement.text
        for judgement in rules.judgements
        if not judgement.place.startswith("cellxgene-")
    ]


@pytest.mark.parametrize("version", COMMITTED)
def test_the_committed_rules_are_what_the_document_gives(version: str) -> None:
    source = CORPUS / "specs" / f"{version}.md"
    if not source.is_file():
        pytest.skip(f"no corpus at {CORPUS}: set CORPUS")
    text = to_text(rules_of(parse_document(source.read_text())))
    assert text == (ROOT / "runners" / "rules" / f"{version}.json").read_text()


@pytest.mark.skipif(not VERSIONS, reason=f"no corpus at {CORPUS}: set CORPUS")
@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_gives_rules_that_the_machine_can_read(version: str) -> None:
    rules = rules_of(parse_document((CORPUS / "specs" / f"{version}.md").read_text()))
    found = read.Rules.from_json(json.dumps(to_json(rules)), source=version)
    assert set(found.columns) >= {CELL_TYPE, "assay_ontology_term_id", TISSUE}
    assert bool(found.judgements) == (version not in COMMITTED)


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


def test_literals_alone_are_an_enumeration() -> None:
    found = column("tissue_type", 'This MUST be <code>"tissue"</code> or <code>"organoid"</code>.')
    assert (found.values, found.special) == (("tissue", "organoid"), ())


def test_a_flag_has_the_two_values_of_its_type() -> None:
    found = of("is_primary_data", "This MUST be <code>True</code>.", typed="<code>bool</code>. ")
    assert found.columns["is_primary_data"].values == ("False", "True")
    assert [one.text for one in found.unchecked] == ["This MUST be `True`."]


def test_a_mistyped_term_is_read_as_its_link_where_the_document_says_so() -> None:
    link = '<a href="https://x/CL_0000001"><code>CL:00000001</code></a>'
    value = f"This MUST be <code>CL:0000001</code> or a descendant of {link}."
    (entry,) = column(CELL_TYPE, value).terms["*"]
    assert entry.under == ("CL:0000001",)


@pytest.mark.parametrize(
    ("name", "value", "annotator", "expected"),
    [
        (
            "new_field",
            "This MUST be a CL term.",
            MUST,
            "in which registry of LaminDB its values stand, or that in none",
        ),
        (
            CELL_TYPE,
            "This MUST be a CL term.",
            "Curator MUST annotate if it rains.",
            "in which datasets the column must stand: Curator MUST annotate if it rains.",
        ),
        (
            CELL_TYPE,
            "This MUST be a XYZ term or a CL term.",
            MUST,
            "which pinned ontology has XYZ: This MUST be a XYZ term or a CL term.",
        ),
        (
            TISSUE,
            'This MUST be a CL term appended with <code>" (organoid)"</code>.',
            MUST,
            "how to check values of this form: This MUST be a CL term appended with "
            '`" (organoid)"`.',
        ),
        (
            CELL_TYPE,
            "This MUST be comma-separated CL terms.",
            MUST,
            "whether terms must stand in ascending order, each once",
        ),
        (
            CELL_TYPE,
            'If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:9606"</code> for '
            "<i>Homo sapiens</i>, this MUST be a CL term.",
            MUST,
            "which terms are allowed for all other organisms",
        ),
    ],
)
def test_what_can_t_be_decided_is_left_to_a_person(
    name: str, value: str, annotator: str, expected: str
) -> None:
    assert f"a person must say {expected}" in judged(of(name, value, annotator))


def test_an_unknown_type_or_nothing_allowed_is_left_to_a_person() -> None:
    found = judged(of("tissue_type", "Anything.", typed="<code>dict</code>. "))
    assert found == [
        "a person must say which type the column has: dict",
        "a person must say which values are allowed: the document names none",
    ]


def test_what_the_table_of_names_lacks_is_left_to_a_person() -> None:
    pins = [*ONTOLOGIES, ("New Things", "NT:", "1")]
    genes = (("NCBITaxon:1", "Homo novus", "x"),)
    rules = rules_of(parse_document(document("9.0.0", ontologies=pins, genes=genes)))
    told = [
        (judgement.place, judgement.text.removeprefix("a person must say "))
        for judgement in rules.judgements
    ]
    assert told[:4] == [
        ("Required Ontologies", "which source bionty has for NT (New Things)"),
        (
            "cellxgene-ontology-guide",
            "which cellxgene-ontology-guide has what 9.0.0 pins, and its sha256",
        ),
        ("cellxgene-schema", "which cellxgene-schema has what 9.0.0 pins, and its sha256"),
        ("organisms: NCBITaxon:1", "LaminDB's name and the gene table of Homo novus"),
    ]


def test_rules_with_an_open_judgement_are_refused_until_it_has_an_answer() -> None:
    found = to_json(of(CELL_TYPE, "This MUST be a XYZ term or a CL term."))
    rules = read.Rules.from_json(json.dumps(found), source="x.json")
    with pytest.raises(ContractError) as refused:
        read.check_decided(rules, "x.json")
    assert str(refused.value) == (
        "x.json: judgement on cellxgene-ontology-guide is open, lines 15-17 of the schema "
        "document: a person must say which cellxgene-ontology-guide has what 1.0.0 pins, and its "
        "sha256 (2 more); mend the rule, then give it an answer."
    )
    answered = [{**one, "answer": "decided"} for one in found["judgements"]]
    decided = json.dumps({**found, "judgements": answered})
    read.check_decided(read.Rules.from_json(decided, source="x.json"), "x.json")


TISSUE_TYPE = (
    "tissue_type",
    MUST,
    f'{STR}This MUST be <code>"cell line"</code>, <code>"organoid"</code> or '
    '<code>"tissue"</code>.',
)
IF_LINE = 'If <code>tissue_type</code> is <code>"cell line"</code>, '


def beside_tissue_type(name: str, value: str) -> Rules:
    return rules_of(parse_document(document(obs=[TISSUE_TYPE, (name, MUST, STR + value)])))


def test_what_is_asked_where_another_column_has_a_value_is_a_case() -> None:
    rules = beside_tissue_type(
        CELL_TYPE, f'This MUST be a CL term. {IF_LINE}this MUST be <code>"na"</code>.'
    )
    line = Circumstance("tissue_type", ("cell line",))
    assert rules.columns[CELL_TYPE].cases == (
        Case((line,), values=("na",)),
        # It is told only there, so it stands nowhere else.
        Case((replace(line, otherwise=True),), refused=("na",)),
    )
    assert rules.unchecked == ()


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


def test_a_column_that_some_datasets_must_have_and_others_must_not() -> None:
    annotator = (
        'Curator MUST annotate if <code>tissue_type</code> is <code>"organoid"</code>; otherwise, '
        "this key MUST NOT be present."
    )
    value = "<code>int</code>. Either <code>0</code> if out or <code>1</code> if in."
    obs = [TISSUE_TYPE, ("in_dish", annotator, value)]
    found = rules_of(parse_document(document(obs=obs))).conditional["in_dish"]
    assert found.present_where == (Circumstance("tissue_type", ("organoid",)),)
    assert (found.dtype, found.registry) == ("int", None)
