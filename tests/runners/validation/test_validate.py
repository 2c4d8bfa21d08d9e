"""Validation against the pinned ontologies: each reason on its own, from profiles made by hand."""

from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from profiles import (
    ASSAY,
    CELL_TYPE,
    DISEASE,
    ETHNICITY,
    GENES,
    GOOD,
    HUMAN,
    MACAQUE,
    MOUSE,
    ORGANISM,
    SEX,
    STAGE,
    TISSUE,
    VALUES,
    having,
    keys,
    of,
    validate,
)

from runners import rules
from runners.contract import Finding, Reason
from runners.h5ad.profile import ColumnProfile, DatasetProfile
from runners.rules.explanation import Explanation
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.settings import from_environment
from runners.validation.cases import SHOWN
from runners.validation.validate import Annotation, Validation


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(Reference(rules.load("7.0.0"), from_environment().reference))


@pytest.fixture(scope="module", params=rules.versions())
def of_version(request: pytest.FixtureRequest) -> Vocabulary:
    return Vocabulary(Reference(rules.load(request.param), from_environment().reference))


def without(name: str) -> DatasetProfile:
    return replace(GOOD, obs={key: value for key, value in GOOD.obs.items() if key != name})


def genes_of(validation: Validation, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Ids of genes by taxon."""
    organisms = {**vocabulary.rules.organisms, **vocabulary.rules.foreign_genes}
    tables = {t: vocabulary.reference.gene_table(organisms[t].genes) for t in validation.genes}
    return {
        taxon: tuple(tables[taxon].ids[place] for place in tables[taxon].places(genes))
        for taxon, genes in validation.genes.items()
    }


def links(validation: Validation, column: str) -> set[tuple[str, str]]:
    """(registry, term) of the column's annotations, of a dataset without findings."""
    assert validation.findings == ()
    return {(a.registry, a.term_id) for a in validation.annotations if a.column == column}


def only_finding(validation: Validation) -> Finding:
    [finding] = validation.findings
    return finding


def test_an_ordinary_dataset_has_no_findings_and_all_its_annotations(
    vocabulary: Vocabulary,
) -> None:
    validation = validate(GOOD, vocabulary)
    assert (validation.findings, validation.notes) == ((), ())
    assert set(validation.annotations) == {
        Annotation(ASSAY, "ExperimentalFactor", "EFO:0009922", "EFO"),
        Annotation(CELL_TYPE, "CellType", "CL:0000084", "CL"),
        Annotation(STAGE, "DevelopmentalStage", "HsapDv:0000258", "HsapDv"),
        Annotation(DISEASE, "Disease", "PATO:0000461", "PATO"),
        Annotation(ETHNICITY, "Ethnicity", "HANCESTRO:0027", "HANCESTRO"),
        Annotation(SEX, "Phenotype", "PATO:0000383", "PATO"),
        Annotation(SEX, "Phenotype", "PATO:0000384", "PATO"),
        Annotation(TISSUE, "Tissue", "UBERON:0000178", "UBERON"),
        Annotation(ORGANISM, "Organism", HUMAN, None),
        Annotation("suspension_type", "ULabel", "cell", None),
        Annotation("tissue_type", "ULabel", "tissue", None),
    }
    assert genes_of(validation, vocabulary) == {HUMAN: GENES}


def test_a_column_that_a_person_has_left_out_annotates_nothing(
    vocabulary: Vocabulary,
) -> None:
    """By an override that takes its registry away, and not that of its terms."""
    own = vocabulary.rules.columns
    columns = {**own, DISEASE: own[DISEASE].model_copy(update={"registry": None})}
    reference = copy(vocabulary.reference)
    reference.rules = vocabulary.rules.model_copy(update={"columns": columns})
    found = validate(GOOD, Vocabulary(reference))
    assert found.findings == ()
    assert DISEASE not in {annotation.column for annotation in found.annotations}


def test_columns_that_nobody_asks_for_are_not_looked_at(vocabulary: Vocabulary) -> None:
    more = replace(GOOD, obs={**GOOD.obs, "mine": ColumnProfile("number", (), 3)})
    assert validate(more, vocabulary) == validate(GOOD, vocabulary)


@pytest.mark.parametrize("name", [*VALUES, "is_primary_data"])
def test_a_missing_column_of_obs(vocabulary: Vocabulary, name: str) -> None:
    finding = only_finding(validate(without(name), vocabulary))
    assert finding == Finding(reason=Reason.COLUMN_MISSING, column=name)


def test_a_missing_column_of_var(vocabulary: Vocabulary) -> None:
    finding = only_finding(validate(replace(GOOD, var={}), vocabulary))
    assert finding == Finding(reason=Reason.COLUMN_MISSING, column="feature_is_filtered")


def test_a_missing_organism_ends_the_validation(vocabulary: Vocabulary) -> None:
    validation = validate(replace(GOOD, uns={}, obs={}), vocabulary)
    finding = only_finding(validation)
    assert finding == Finding(reason=Reason.COLUMN_MISSING, column=f"uns.{ORGANISM}")
    assert validation.annotations == ()


@pytest.mark.parametrize(
    ("values", "reason", "detail"),
    [
        ((), Reason.COLUMN_MISSING, "has no value"),
        ((MOUSE, HUMAN), Reason.ORGANISM_UNKNOWN, "cells of several organisms, and a dataset is"),
    ],
)
def test_a_dataset_is_of_one_organism(
    of_version: Vocabulary, values: tuple[str, ...], reason: Reason, detail: str
) -> None:
    """A column of cells may have none, or several."""
    rule = of_version.rules.columns[ORGANISM]
    column = ColumnProfile("str" if rule.slot == "uns" else "categorical", values, 0)
    slot: dict[str, Any] = {rule.slot: {**getattr(GOOD, rule.slot), ORGANISM: column}}
    findings = validate(replace(GOOD, **slot), of_version).findings
    (finding,) = (each for each in findings if each.column == f"{rule.slot}.{ORGANISM}")
    assert (finding.reason, finding.values) == (reason, values)
    assert str(finding.detail).startswith(detail)


@pytest.mark.parametrize("taxon", ["NCBITaxon:4932", "human", "", "NCBITaxon:2697049"])
def test_an_organism_that_the_schema_has_not_ends_the_validation(
    vocabulary: Vocabulary, taxon: str
) -> None:
    finding = only_finding(validate(replace(GOOD, uns=keys({ORGANISM: taxon})), vocabulary))
    assert (finding.reason, finding.values) == (Reason.ORGANISM_UNKNOWN, (taxon,))


@pytest.mark.parametrize(
    ("name", "dtype", "detail"),
    [
        ("is_primary_data", "str", "is a text, must be a boolean"),
        (SEX, "number", "is a number with a fraction, must be categories"),
        (SEX, "bool", "is a boolean, must be categories"),
        (SEX, "odd", "is odd, must be categories"),
    ],
)
def test_a_column_of_another_type_is_told_and_its_values_are_not_judged(
    vocabulary: Vocabulary, name: str, dtype: str, detail: str
) -> None:
    column = ColumnProfile(dtype, ("nonsense",), 0)
    finding = only_finding(validate(replace(GOOD, obs={**GOOD.obs, name: column}), vocabulary))
    assert finding == Finding(reason=Reason.COLUMN_TYPE, column=name, detail=detail)


@pytest.mark.parametrize(
    ("column", "detail"),
    [
        (ColumnProfile("list", (HUMAN,), 0), "is a list, must be a text"),
        (ColumnProfile("list", (HUMAN, MOUSE), 0), "is a list, must be a text"),
        (ColumnProfile("array", (), 0), "is an array, must be a text"),
        (ColumnProfile("int", ("9606",), 0), "is an integer, must be a text"),
        (ColumnProfile("null", (), 0), "is empty, must be a text"),
        (ColumnProfile("other", (), 0), "is of a type that no value has, must be a text"),
    ],
)
def test_an_organism_of_another_type_is_not_missing(
    vocabulary: Vocabulary, column: ColumnProfile, detail: str
) -> None:
    finding = only_finding(validate(replace(GOOD, uns={ORGANISM: column}), vocabulary))
    assert finding == Finding(reason=Reason.COLUMN_TYPE, column=f"uns.{ORGANISM}", detail=detail)


def test_an_organism_that_is_a_dictionary_is_not_missing(vocabulary: Vocabulary) -> None:
    profile = replace(GOOD, uns={}, dicts={ORGANISM: frozenset({"id"})})
    finding = only_finding(validate(profile, vocabulary))
    assert (finding.reason, finding.detail) == (
        Reason.COLUMN_TYPE,
        "is a dictionary, must be a text",
    )


def test_a_list_of_one_organism_is_told_with_all_else_that_is_wrong(
    vocabulary: Vocabulary,
) -> None:
    profile = having(
        {SEX: ("x",)}, replace(GOOD, uns={ORGANISM: ColumnProfile("list", (HUMAN,), 0)})
    )
    reasons = {finding.reason for finding in validate(profile, vocabulary).findings}
    assert reasons == {Reason.COLUMN_TYPE, Reason.TERM_UNKNOWN}


def test_a_dataset_without_cells(of_version: Vocabulary) -> None:
    """All columns are there, as a filter leaves them that took everything."""
    obs = {name: replace(column, values=()) for name, column in GOOD.obs.items()}
    obs[ORGANISM] = ColumnProfile("categorical", (), 0)  # of schema versions that have it there
    profile = replace(GOOD, n_observations=0, obs=obs)
    findings = validate(profile, of_version).findings
    assert findings[0] == Finding(reason=Reason.CELLS_MISSING, column="obs")


def test_a_dataset_without_genes(vocabulary: Vocabulary) -> None:
    finding = only_finding(validate(replace(GOOD, genes=()), vocabulary))
    assert finding == Finding(reason=Reason.GENES_MISSING, column="var")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (ColumnProfile("str", ("5.3.0",), 0), "5.3.0"),
        (ColumnProfile("list", ("7.0.0", "7.1.0"), 0), "7.0.0 and 7.1.0"),
        (ColumnProfile("null", (), 0), "empty"),
    ],
)
def test_a_file_that_says_another_schema_version_is_noted(
    vocabulary: Vocabulary, column: ColumnProfile, said: str
) -> None:
    validation = validate(replace(GOOD, uns={**GOOD.uns, "schema_version": column}), vocabulary)
    assert validation.findings == ()
    assert validation.notes == (
        f"uns.schema_version: the file says {said}, and was checked against dataset schema 7.0.0",
    )


def test_a_file_that_says_its_own_schema_version_needs_no_note(vocabulary: Vocabulary) -> None:
    profile = replace(GOOD, uns={**GOOD.uns, **keys({"schema_version": "7.0.0"})})
    assert validate(profile, vocabulary) == validate(GOOD, vocabulary)


def test_strings_in_place_of_categories_are_as_good(vocabulary: Vocabulary) -> None:
    column = replace(GOOD.obs[SEX], dtype="str")
    profile = replace(GOOD, obs={**GOOD.obs, SEX: column})
    assert validate(profile, vocabulary) == validate(GOOD, vocabulary)


def test_cells_without_a_value(vocabulary: Vocabulary) -> None:
    column = replace(GOOD.obs[SEX], missing=3)
    finding = only_finding(validate(replace(GOOD, obs={**GOOD.obs, SEX: column}), vocabulary))
    assert (finding.reason, finding.column) == (Reason.VALUE_NOT_ALLOWED, SEX)
    assert finding.detail == "3 cells without a value"


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("suspension_type", "Cell", "must be cell, nucleus or na"),
        (
            "tissue_type",
            "cell culture",
            "must be cell line, organoid, primary cell culture or tissue",
        ),
        ("is_primary_data", "yes", "must be False or True"),
    ],
)
def test_a_value_outside_its_enumeration(
    vocabulary: Vocabulary, name: str, value: str, detail: str
) -> None:
    finding = only_finding(validate(having({name: (value,)}), vocabulary))
    assert finding == Finding(
        reason=Reason.VALUE_NOT_ALLOWED, column=name, values=(value,), count=1, detail=detail
    )


UNKNOWN, NOT_ALLOWED, OBSOLETE = (
    Reason.TERM_UNKNOWN,
    Reason.TERM_NOT_ALLOWED,
    Reason.TERM_OBSOLETE,
)
ADDRESS = "http://purl.obolibrary.org/obo/CL_0000084"
FORM = "isn't written as the ontology writes its ids; write"


@pytest.mark.parametrize(
    ("name", "value", "reason", "detail"),
    [
        # in no ontology
        (CELL_TYPE, "CL:9999999", UNKNOWN, "isn't in CL 2025-07-30"),
        (CELL_TYPE, "anything", UNKNOWN, "is no id of CL"),
        (CELL_TYPE, "XX:1", UNKNOWN, "is no id of CL"),
        (CELL_TYPE, "", UNKNOWN, "is empty"),
        (CELL_TYPE, " ", UNKNOWN, "is empty"),
        # labels
        (CELL_TYPE, "T cell", UNKNOWN, "looks like a label; the id of T cell is CL:0000084"),
        (CELL_TYPE, "b_cell", UNKNOWN, "looks like a label; the id of b_cell is CL:0000236"),
        (CELL_TYPE, "T cel", UNKNOWN, "is no id of CL; T cel may be T cell, CL:0000084"),
        (
            CELL_TYPE,
            "natural killer ce",
            UNKNOWN,
            "is no id of CL; natural killer ce may be natural killer cell, CL:0000623",
        ),
        (TISSUE, "HeLa", UNKNOWN, "looks like a label; the id of HeLa is CVCL_0030"),
        (
            ETHNICITY,
            "European",
            UNKNOWN,
            "looks like a label; the id of European is HANCESTRO:0005, not allowed here",
        ),
        (  # in PATO, too, of which the column has another term alone
            DISEASE,
            "hyperplasia",
            UNKNOWN,
            "looks like a label; the id of hyperplasia is MONDO:0005043",
        ),
        # ids in another form
        (CELL_TYPE, "cl:0000084", UNKNOWN, f"{FORM} CL:0000084 for cl:0000084"),
        (CELL_TYPE, "CL_0000084", UNKNOWN, f"{FORM} CL:0000084 for CL_0000084"),
        (CELL_TYPE, ADDRESS, UNKNOWN, f"{FORM} CL:0000084 for {ADDRESS}"),
        (TISSUE, "CVCL:0030", UNKNOWN, f"{FORM} CVCL_0030 for CVCL:0030"),
        # in the ontology, and not allowed
        (CELL_TYPE, "CL:0000548", NOT_ALLOWED, "is in CL, but the schema forbids it here"),
        (
            ASSAY,
            "EFO:0000001",
            NOT_ALLOWED,
            "is in EFO, but not below EFO:0002772 (assay by molecule) or EFO:0010183 "
            "(single cell library construction)",
        ),
        (
            DISEASE,
            "MONDO:0000001",
            NOT_ALLOWED,
            "is in MONDO, but only terms below it are allowed here",
        ),
        (
            SEX,
            "PATO:0000461",
            NOT_ALLOWED,
            "is in PATO, but must be PATO:0000383 (female), PATO:0000384 (male) or PATO:0001340 "
            "(hermaphrodite)",
        ),
        (
            ETHNICITY,
            "HANCESTRO:0005",  # was allowed at the pins of 6.0.0
            NOT_ALLOWED,
            "is in HANCESTRO, but not below HANCESTRO:0601 (ethnicity category) or "
            "HANCESTRO:0602 (geography-based population category)",
        ),
        # of another ontology
        (
            CELL_TYPE,
            "UBERON:0000178",
            NOT_ALLOWED,
            "is of UBERON; for human this column has terms of CL",
        ),
        (ASSAY, "CL:0000084", NOT_ALLOWED, "is of CL; this column has terms of EFO"),
        (
            CELL_TYPE,
            "ZFA:0009000",
            NOT_ALLOWED,
            "is of ZFA, for zebrafish; for human this column has terms of CL",
        ),
        (
            STAGE,
            "MmusDv:0000110",
            NOT_ALLOWED,
            "is of MmusDv, for mouse; for human this column has terms of HsapDv",
        ),
        (
            STAGE,
            "ZFS:0000001",  # stands in ZFA's file
            NOT_ALLOWED,
            "is of ZFA, for zebrafish; for human this column has terms of HsapDv",
        ),
        # obsolete
        (
            SEX,
            "PATO:0000003",
            OBSOLETE,
            "is obsolete in PATO, which gives no id of a replacement",
        ),
        (
            ASSAY,
            "EFO:0003761",
            OBSOLETE,
            "is obsolete in EFO; EFO:0003761 was replaced by MONDO:0002009",
        ),
        (
            TISSUE,
            "UBERON:0000027",
            OBSOLETE,
            "is obsolete in UBERON; UBERON:0000027 was replaced by UBERON:0001466 (pedal digit)",
        ),
        (
            STAGE,
            "HsapDv:0000080",
            OBSOLETE,
            "is obsolete in HsapDv; instead of HsapDv:0000080, its editors consider "
            "HsapDv:0000264 (pediatric stage)",
        ),
        (  # by resource:Africa
            ETHNICITY,
            "HANCESTRO:0029",
            OBSOLETE,
            "is obsolete in HANCESTRO, which gives no id of a replacement",
        ),
        (  # for hgnc.5166
            DISEASE,
            "MONDO:0008190",
            OBSOLETE,
            "is obsolete in MONDO, which gives no id of a replacement",
        ),
        # special values, and several terms
        (ASSAY, "na", Reason.VALUE_NOT_ALLOWED, "isn't allowed in a column of terms of EFO"),
        (
            DISEASE,
            "unknown",
            Reason.VALUE_NOT_ALLOWED,
            "isn't allowed in a column of terms of PATO or MONDO",
        ),
        (
            TISSUE,
            "UBERON:0000178 || UBERON:0002048",
            Reason.VALUE_NOT_ALLOWED,
            "names several terms, and a cell has one here",
        ),
    ],
)
def test_what_is_wrong_with_a_term_and_what_would_be_right(
    vocabulary: Vocabulary, name: str, value: str, reason: Reason, detail: str
) -> None:
    finding = only_finding(validate(having({name: (value,)}), vocabulary))
    assert finding == Finding(reason=reason, column=name, values=(value,), count=1, detail=detail)


@pytest.mark.parametrize(
    ("value", "considered"),
    [
        ("UBERON:0005683", "http://purl.obolibrary.org/obo/EHDAA2_0001984"),
        ("UBERON:0001024", "FBbt:00005113, FMA:61814, GAID:751 or 3 more"),  # NIF:..._sao-8 for one
    ],
)
def test_what_replaces_a_term_may_have_an_unusual_id(value: str, considered: str) -> None:
    old = Vocabulary(Reference(rules.load("5.2.0"), from_environment().reference))
    refusal = Explanation(old).refusal(old.rules.columns[TISSUE], HUMAN, value)
    assert refusal.remedy() == f"instead of {value}, its editors consider {considered}"


def test_what_a_file_holds_stays_on_one_short_line(vocabulary: Vocabulary) -> None:
    value = "T\n\x1b\tcell" + " " * 500
    version = ColumnProfile("str", ("7" * 500 + "\n",), 0)
    profile = having(
        {CELL_TYPE: (value,)}, replace(GOOD, uns={**GOOD.uns, "schema_version": version})
    )
    validation = validate(profile, vocabulary)
    assert only_finding(validation).detail == "looks like a label; the id of T cell is CL:0000084"
    (note,) = validation.notes
    assert "\n" not in note
    assert len(note) < 200


def test_values_are_told_together_where_the_same_is_wrong_with_them(
    vocabulary: Vocabulary,
) -> None:
    findings = validate(having({CELL_TYPE: ("B cell", "T cell", "x")}), vocabulary).findings
    assert [(finding.values, finding.detail) for finding in findings] == [
        (
            ("B cell", "T cell"),
            "looks like a label; the id of B cell is CL:0000236; the id of T cell is CL:0000084",
        ),
        (("x",), "is no id of CL"),
    ]


def test_a_finding_counts_all_values_and_shows_the_first(vocabulary: Vocabulary) -> None:
    wrong = tuple(f"CL:99999{number:02}" for number in range(20))
    finding = only_finding(validate(having({CELL_TYPE: wrong}), vocabulary))
    assert (finding.count, finding.values) == (20, wrong[:SHOWN])


def test_all_findings_are_told_not_only_the_first(vocabulary: Vocabulary) -> None:
    profile = having({SEX: ("x",), "tissue_type": ("y",)}, without("donor_id"))
    reasons = {(f.reason, f.column) for f in validate(profile, vocabulary).findings}
    assert reasons == {
        (Reason.COLUMN_MISSING, "donor_id"),
        (Reason.TERM_UNKNOWN, SEX),
        (Reason.VALUE_NOT_ALLOWED, "tissue_type"),
    }


def test_several_diseases_in_one_value_are_an_annotation_each(vocabulary: Vocabulary) -> None:
    value = "MONDO:0005002 || MONDO:0005044"
    validation = validate(having({DISEASE: (value, "MONDO:0005044")}), vocabulary)
    assert links(validation, DISEASE) == {
        ("Disease", "MONDO:0005002"),
        ("Disease", "MONDO:0005044"),
    }


def test_several_ethnicities_in_one_value_may_be_of_two_ontologies(vocabulary: Vocabulary) -> None:
    value = "AfPO:0000105 || HANCESTRO:0027"
    found = links(validate(having({ETHNICITY: (value,)}), vocabulary), ETHNICITY)
    assert found == {("Ethnicity", "AfPO:0000105"), ("Ethnicity", "HANCESTRO:0027")}


def test_terms_of_one_value_stand_in_order(vocabulary: Vocabulary) -> None:
    value = "MONDO:0005044 || MONDO:0005002"
    finding = only_finding(validate(having({DISEASE: (value,)}), vocabulary))
    assert (finding.reason, finding.values) == (Reason.TERMS_UNORDERED, (value,))


def test_terms_of_one_value_stand_once(vocabulary: Vocabulary) -> None:
    value = "MONDO:0005002 || MONDO:0005002"
    finding = only_finding(validate(having({DISEASE: (value,)}), vocabulary))
    assert (finding.reason, finding.values) == (Reason.TERMS_REPEATED, (value,))


def test_one_wrong_term_of_several_is_named_alone(vocabulary: Vocabulary) -> None:
    value = "MONDO:0005002 || MONDO:9999999"
    finding = only_finding(validate(having({DISEASE: (value,)}), vocabulary))
    assert (finding.reason, finding.values) == (Reason.TERM_UNKNOWN, ("MONDO:9999999",))


@pytest.mark.parametrize("value", ["MONDO:0005002||MONDO:0005044", "MONDO:0005002, MONDO:0005044"])
def test_another_delimiter_is_none(vocabulary: Vocabulary, value: str) -> None:
    finding = only_finding(validate(having({DISEASE: (value,)}), vocabulary))
    assert (finding.reason, finding.values) == (Reason.VALUE_NOT_ALLOWED, (value,))
    assert finding.detail == "separates its terms by something else than ' || '"


def test_nothing_after_a_delimiter_is_no_term(vocabulary: Vocabulary) -> None:
    findings = validate(having({DISEASE: ("MONDO:0005002 || ",)}), vocabulary).findings
    assert (Reason.TERM_UNKNOWN, "is empty") in {(f.reason, f.detail) for f in findings}


@pytest.mark.parametrize("special", ["unknown", "na"])
def test_a_special_value_is_none_of_several(vocabulary: Vocabulary, special: str) -> None:
    profile = having({ETHNICITY: (f"HANCESTRO:0027 || {special}",)})
    finding = only_finding(validate(profile, vocabulary))
    assert (finding.reason, finding.values) == (Reason.VALUE_NOT_ALLOWED, (special,))
    assert finding.detail == "stands alone, never beside a term"


@pytest.mark.parametrize(
    "value",
    [
        "MONDO:0005002 || PATO:0000461",
        "PATO:0000461 || MONDO:0005002",
        "MONDO:0005002 || MONDO:0005044 || PATO:0000461",
        "MONDO:0005002,PATO:0000461",
    ],
)
def test_normal_stands_beside_no_disease(of_version: Vocabulary, value: str) -> None:
    organism = ColumnProfile("categorical", (HUMAN,), 0)  # until 5.3.0 it stands in obs
    profile = replace(GOOD, obs={**GOOD.obs, ORGANISM: organism})

    def told(*values: str) -> list[Reason]:
        findings = validate(having({DISEASE: values}, profile), of_version).findings
        return [finding.reason for finding in findings if finding.column == DISEASE]

    assert Reason.VALUE_NOT_ALLOWED in told(value, "PATO:0000461")
    assert told("MONDO:0005002", "PATO:0000461") == []


@pytest.mark.parametrize(
    ("column", "registry"),
    [
        (CELL_TYPE, "CellType"),
        (STAGE, "DevelopmentalStage"),
        (SEX, "Phenotype"),
        (ETHNICITY, "Ethnicity"),
    ],
)
def test_special_values_are_annotated_without_an_ontology(
    vocabulary: Vocabulary, column: str, registry: str
) -> None:
    validation = validate(having({column: ("unknown",)}), vocabulary)
    assert Annotation(column, registry, "unknown", None) in validation.annotations
    assert links(validation, column) == {(registry, "unknown")}


def test_a_cell_line_is_a_tissue_with_na_elsewhere(vocabulary: Vocabulary) -> None:
    na = dict.fromkeys((CELL_TYPE, STAGE, SEX, ETHNICITY), ("na",))
    profile = having(
        {**na, "donor_id": ("na",), TISSUE: ("CVCL_0023",), "tissue_type": ("cell line",)}
    )
    validation = validate(profile, vocabulary)
    assert links(validation, TISSUE) == {("CellLine", "CVCL_0023")}
    assert links(validation, CELL_TYPE) == {("CellType", "na")}
    assert links(validation, "tissue_type") == {("ULabel", "cell line")}


def test_a_cell_culture_has_a_cell_type_for_tissue(vocabulary: Vocabulary) -> None:
    profile = having({TISSUE: ("CL:0000057", "unknown"), "tissue_type": ("primary cell culture",)})
    assert links(validate(profile, vocabulary), TISSUE) == {
        ("CellType", "CL:0000057"),
        ("CellType", "unknown"),
    }


def test_a_deprecated_term_is_noted_and_fails_nothing(vocabulary: Vocabulary) -> None:
    validation = validate(having({CELL_TYPE: ("CL:0000084", "CL:0000627")}), vocabulary)
    assert validation.notes == (f"{CELL_TYPE}: CL:0000627 is deprecated in CL",)
    assert links(validation, CELL_TYPE) == {("CellType", "CL:0000084"), ("CellType", "CL:0000627")}


def test_a_deprecated_term_among_several_is_noted_once(vocabulary: Vocabulary) -> None:
    reference = vocabulary.reference.terms("MONDO")
    old = next(i for i, term in reference.items() if term.deprecated and i > "MONDO:0005148")
    profile = having({DISEASE: (f"MONDO:0005002 || {old}", f"MONDO:0005044 || {old}")})
    validation = validate(profile, vocabulary)
    assert validation.notes == (f"{DISEASE}: {old} is deprecated in MONDO",)
    assert ("Disease", old) in links(validation, DISEASE)


def test_a_gene_of_no_organism(vocabulary: Vocabulary) -> None:
    profile = replace(GOOD, genes=(*GENES, "ENSG99999999999", "TP53"))
    finding = only_finding(validate(profile, vocabulary))
    assert finding == Finding(
        reason=Reason.GENE_UNKNOWN, column="var", values=("ENSG99999999999", "TP53"), count=2
    )


def test_a_gene_of_another_organism(vocabulary: Vocabulary) -> None:
    profile = replace(GOOD, genes=(*GENES, "ENSMUSG00000059552"))
    finding = only_finding(validate(profile, vocabulary))
    assert finding == Finding(
        reason=Reason.GENE_OF_OTHER_ORGANISM, column="var", values=("ENSMUSG00000059552",), count=1
    )


@pytest.mark.parametrize(
    ("gene", "others"),
    [
        (GENES[0], set()),
        ("ERCC-00002", set()),
        ("ENSG99999999999", {Reason.GENE_UNKNOWN}),
        ("ENSMUSG00000059552", {Reason.GENE_OF_OTHER_ORGANISM}),
    ],
)
def test_a_gene_that_stands_twice_is_told_whatever_else_is_wrong_with_it(
    vocabulary: Vocabulary, gene: str, others: set[Reason]
) -> None:
    """Who accepts that a gene isn't known accepts nothing of its repetition."""
    found = validate(replace(GOOD, genes=(gene, GENES[1], gene)), vocabulary).findings
    assert {finding.reason for finding in found} == {Reason.GENE_REPEATED, *others}
    assert {(f.column, f.values, f.count) for f in found} == {("var", (gene,), 1)}


def test_mouse_data_does_not_pass_as_human(vocabulary: Vocabulary) -> None:
    mouse = of(MOUSE, "ENSMUSG00000059552", {STAGE: ("MmusDv:0000110",)})
    assert validate(mouse, vocabulary).findings == ()
    reasons = {
        finding.reason
        for finding in validate(replace(mouse, uns=keys({ORGANISM: HUMAN})), vocabulary).findings
    }
    # The last: a mouse reports no ethnicity, a human does.
    assert reasons == {
        Reason.TERM_NOT_ALLOWED,
        Reason.GENE_OF_OTHER_ORGANISM,
        Reason.VALUES_DISAGREE,
    }


def test_spike_ins_and_virus_genes_stand_beside_those_of_the_organism(
    vocabulary: Vocabulary,
) -> None:
    virus = next(iter(vocabulary.reference.genes("sars_cov_2")))
    profile = replace(GOOD, genes=("ERCC-00002", *GENES, virus))
    validation = validate(profile, vocabulary)
    assert validation.findings == ()
    assert genes_of(validation, vocabulary) == {
        HUMAN: GENES,
        "NCBITaxon:32630": ("ERCC-00002",),
        "NCBITaxon:2697049": (virus,),
    }


def test_a_third_organism_has_stages_of_uberon(vocabulary: Vocabulary) -> None:
    gene = next(iter(vocabulary.reference.genes("macaca_mulatta")))
    validation = validate(of(MACAQUE, gene, {STAGE: ("UBERON:0018241",)}), vocabulary)
    assert links(validation, STAGE) == {("DevelopmentalStage", "UBERON:0018241")}
    assert links(validation, ORGANISM) == {("Organism", MACAQUE)}
    assert genes_of(validation, vocabulary) == {MACAQUE: (gene,)}


def test_only_humans_report_an_ethnicity(vocabulary: Vocabulary) -> None:
    gene = "ENSMUSG00000059552"
    mouse = of(MOUSE, gene, {STAGE: ("MmusDv:0000110",), ETHNICITY: ("HANCESTRO:0027",)})
    finding = only_finding(validate(mouse, vocabulary))
    assert (finding.reason, finding.column) == (Reason.TERM_NOT_ALLOWED, ETHNICITY)
    assert finding.detail == "is of HANCESTRO, for human; for mouse this column has na"


@pytest.mark.parametrize("name", ["human", "Homo sapiens", "homo_sapiens"])
def test_an_organism_is_named_by_its_id(vocabulary: Vocabulary, name: str) -> None:
    finding = only_finding(validate(replace(GOOD, uns=keys({ORGANISM: name})), vocabulary))
    assert finding.reason is Reason.ORGANISM_UNKNOWN
    assert finding.detail == f"looks like a label; the id of {name} is {HUMAN}"


def test_genes_keep_the_order_of_the_file(vocabulary: Vocabulary) -> None:
    validation = validate(replace(GOOD, genes=tuple(reversed(GENES))), vocabulary)
    assert genes_of(validation, vocabulary) == {HUMAN: tuple(reversed(GENES))}


DOMESTIC_PIG, PIG = "NCBITaxon:9825", "NCBITaxon:9823"


def test_a_subspecies_has_the_genes_and_terms_of_its_species(vocabulary: Vocabulary) -> None:
    gene = next(iter(vocabulary.reference.genes("sus_scrofa")))
    validation = validate(of(DOMESTIC_PIG, gene, {STAGE: ("UBERON:0018241",)}), vocabulary)
    assert links(validation, ORGANISM) == {("Organism", DOMESTIC_PIG)}
    assert genes_of(validation, vocabulary) == {PIG: (gene,)}


@pytest.mark.parametrize(
    "taxon",
    [
        "NCBITaxon:63221",  # Neanderthals: below Homo sapiens, which stands for itself alone
        "NCBITaxon:9598000",
        "NCBITaxon:9822",  # above the pig
        "NCBITaxon:9606|NCBITaxon:10090",
    ],
)
def test_what_is_below_no_organism_that_allows_it_is_refused(
    vocabulary: Vocabulary, taxon: str
) -> None:
    finding = only_finding(validate(replace(GOOD, uns=keys({ORGANISM: taxon})), vocabulary))
    assert (finding.reason, finding.values) == (Reason.ORGANISM_UNKNOWN, (taxon,))
