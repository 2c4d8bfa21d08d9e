"""Columns beside each other, in both versions: what one allows only where another has a value."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from profiles import (
    ASSAY,
    CELL_TYPE,
    ETHNICITY,
    GOOD,
    MOUSE,
    ORGANISM,
    SEX,
    STAGE,
    TISSUE,
    Columns,
    having,
    of,
    validate,
)
from profiles import keys as uns_keys

from runners import rules
from runners.contract import Reason
from runners.h5ad.profile import ColumnProfile, DatasetProfile
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.settings import from_environment
from runners.validation.cases import combinations

LINE = {
    **dict.fromkeys((CELL_TYPE, STAGE, SEX, ETHNICITY, "donor_id"), ("na",)),
    TISSUE: ("CVCL_0023",),
    "tissue_type": ("cell line",),
}
VISIUM, SLIDE_SEQ = "EFO:0022857", "EFO:0030062"
SPOTS = {
    "array_col": ColumnProfile("int", ("0", "127"), 0),
    "array_row": ColumnProfile("int", ("0", "77"), 0),
    "in_tissue": ColumnProfile("int", ("0", "1"), 0),
}
ONE_SECTION = {"spatial.is_single": "True"}
NOTHING: Columns = {}
HANCESTRO_6: Columns = {ETHNICITY: ("HANCESTRO:0005",)}


@pytest.fixture(scope="module")
def newer() -> Vocabulary:
    return Vocabulary(Reference(rules.load("7.0.0"), from_environment().reference))


@pytest.fixture(scope="module")
def older() -> Vocabulary:
    return Vocabulary(Reference(rules.load("6.0.0"), from_environment().reference))


def told(profile: DatasetProfile, vocabulary: Vocabulary) -> set[tuple[Reason, str | None]]:
    return {(finding.reason, finding.column) for finding in validate(profile, vocabulary).findings}


def disagree(*columns: str) -> set[tuple[Reason, str | None]]:
    return {(Reason.VALUES_DISAGREE, column) for column in columns}


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        (LINE, []),
        ({**LINE, CELL_TYPE: ("CL:0000084",)}, []),
        ({**LINE, CELL_TYPE: ("CL:0000084", "na")}, [CELL_TYPE]),
        ({**LINE, SEX: ("PATO:0000383",)}, [SEX]),
        ({**LINE, SEX: ("unknown",)}, [SEX]),
        ({**LINE, STAGE: ("unknown",)}, [STAGE]),
        ({**LINE, ETHNICITY: ("unknown",)}, [ETHNICITY]),
        ({**LINE, "donor_id": ("somebody",)}, ["donor_id"]),
        ({**LINE, TISSUE: ("UBERON:0000178",)}, [TISSUE]),
        ({CELL_TYPE: ("na",)}, [CELL_TYPE]),
        ({SEX: ("na",)}, [SEX]),
        ({STAGE: ("na",)}, [STAGE]),
        ({ETHNICITY: ("na",)}, [ETHNICITY]),
        ({"donor_id": ("na",)}, ["donor_id"]),
        ({TISSUE: ("CVCL_0023",)}, [TISSUE]),
        ({TISSUE: ("CL:0000084",)}, [TISSUE]),
        ({TISSUE: ("unknown",)}, [TISSUE]),
        ({"tissue_type": ("primary cell culture",)}, [TISSUE]),
        ({"tissue_type": ("primary cell culture",), TISSUE: ("CL:0000084", "unknown")}, []),
        ({"tissue_type": ("primary cell culture",), TISSUE: ("CVCL_0023",)}, [TISSUE]),
        ({"tissue_type": ("organoid",), TISSUE: ("UBERON:0000922",)}, [TISSUE]),
        ({"tissue_type": ("tissue",), TISSUE: ("UBERON:0000922",)}, []),
        ({ASSAY: ("EFO:0008853",), "suspension_type": ("nucleus",)}, ["suspension_type"]),
        ({ASSAY: ("EFO:0008992",), "suspension_type": ("cell",)}, ["suspension_type"]),
        ({ASSAY: ("EFO:0008992",), "suspension_type": ("na",)}, []),
        # Of an assay outside the table, a person must say what is right.
        ({ASSAY: ("EFO:0010004",), "suspension_type": ("na",)}, []),
    ],
)
def test_what_stands_beside_what_in_7_0_0(
    newer: Vocabulary, columns: Columns, wrong: list[str]
) -> None:
    assert told(having(columns), newer) == disagree(*wrong)


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({}, []),
        ({"tissue_type": ("cell culture",)}, [TISSUE]),
        ({"tissue_type": ("cell culture",), TISSUE: ("CL:0000084", "unknown")}, []),
        ({"tissue_type": ("organoid",), TISSUE: ("CL:0000084",)}, [TISSUE]),
        ({ETHNICITY: ("na",)}, [ETHNICITY]),
        ({ETHNICITY: ("unknown",)}, []),
        ({ASSAY: ("EFO:0008853",), "suspension_type": ("nucleus",)}, ["suspension_type"]),
    ],
)
def test_what_stands_beside_what_in_6_0_0(
    older: Vocabulary, columns: Columns, wrong: list[str]
) -> None:
    assert told(having({**HANCESTRO_6, **columns}), older) == disagree(*wrong)


def test_an_assay_in_two_rows_of_the_table_holds_to_both(newer: Vocabulary) -> None:
    multiome = having({ASSAY: ("EFO:0030059",), "suspension_type": ("cell", "nucleus")})
    (finding,) = validate(multiome, newer).findings
    assert (finding.values, finding.count) == (("cell",), 1)
    assert finding.detail == (
        "must be nucleus where assay_ontology_term_id is EFO:0007045, EFO:0008720, EFO:0002761 or "
        "EFO:0030026"
    )


def test_only_values_that_stand_in_one_cell_are_judged_together(newer: Vocabulary) -> None:
    values = {
        **LINE,
        TISSUE: ("CVCL_0023", "UBERON:0000178"),
        "tissue_type": ("cell line", "tissue"),
    }
    mixed = having({**values, **dict.fromkeys((STAGE, SEX, ETHNICITY, "donor_id"), ("na",))})
    key = ("tissue_type", TISSUE)
    apart = frozenset({("cell line", "CVCL_0023"), ("tissue", "UBERON:0000178")})
    found = told(replace(mixed, combinations={key: apart}), newer)
    assert (Reason.VALUES_DISAGREE, TISSUE) not in found
    crossed = frozenset({("cell line", "UBERON:0000178"), ("tissue", "CVCL_0023")})
    found = told(replace(mixed, combinations={key: crossed}), newer)
    assert (Reason.VALUES_DISAGREE, TISSUE) in found


def test_an_organism_that_reports_no_ethnicity_has_none_unknown_either(newer: Vocabulary) -> None:
    mouse = {STAGE: ("MmusDv:0000110",)}
    assert told(of(MOUSE, "ENSMUSG00000059552", mouse), newer) == set()
    unknown = of(MOUSE, "ENSMUSG00000059552", {**mouse, ETHNICITY: ("unknown",)})
    assert told(unknown, newer) == disagree(ETHNICITY)


def test_a_value_that_is_wrong_anywhere_is_told_once(newer: Vocabulary) -> None:
    assert told(having({TISSUE: ("nonsense",)}), newer) == {(Reason.TERM_UNKNOWN, TISSUE)}


def test_a_missing_column_says_nothing_of_those_beside_it(newer: Vocabulary) -> None:
    missing = {(Reason.COLUMN_MISSING, "tissue_type")}
    for profile in (GOOD, having({SEX: ("na",)})):  # which only a line has
        obs = {name: column for name, column in profile.obs.items() if name != "tissue_type"}
        assert told(replace(profile, obs=obs), newer) == missing


SPATIAL = {"spatial": frozenset({"is_single"})}


def slide(
    assay: str,
    uns: Mapping[str, str] = ONE_SECTION,
    spots: Mapping[str, ColumnProfile] = SPOTS,
    columns: Columns = NOTHING,
) -> DatasetProfile:
    """A spatial dataset, of spots of which some lie beside the tissue."""
    usual = {ASSAY: (assay,), "suspension_type": ("na",), CELL_TYPE: ("unknown",)}
    plain = having({**usual, **columns})
    return replace(
        plain, obs={**plain.obs, **spots}, uns={**plain.uns, **uns_keys(uns)}, dicts=SPATIAL
    )


def test_a_slide_of_one_section_has_its_spots(newer: Vocabulary) -> None:
    assert told(slide(VISIUM), newer) == set()
    missing = {(Reason.COLUMN_MISSING, name) for name in SPOTS}
    assert told(slide(VISIUM, spots={}), newer) == missing


def test_spots_stand_in_no_other_dataset(newer: Vocabulary) -> None:
    unexpected = {(Reason.COLUMN_UNEXPECTED, name) for name in SPOTS}
    assert told(slide(SLIDE_SEQ), newer) == unexpected
    assert told(replace(GOOD, obs={**GOOD.obs, **SPOTS}), newer) == unexpected
    assert told(slide(SLIDE_SEQ, spots={}), newer) == set()


def test_what_uns_says_of_a_slide_stands_with_spatial_assays_only(newer: Vocabulary) -> None:
    keys = ("uns.spatial", "uns.spatial.is_single")
    bare = replace(slide(SLIDE_SEQ, {}, {}), dicts={})
    assert told(bare, newer) == {(Reason.COLUMN_MISSING, key) for key in keys}
    plain = replace(GOOD, uns={**GOOD.uns, **uns_keys(ONE_SECTION)}, dicts=SPATIAL)
    assert told(plain, newer) == {(Reason.COLUMN_UNEXPECTED, key) for key in keys}


WRONG_FLAGS = [
    ColumnProfile("int", ("1",), 0),
    ColumnProfile("str", ("True",), 0),
    ColumnProfile("list", ("True",), 0),
    ColumnProfile("array", (), 0),
]


@pytest.mark.parametrize("flag", WRONG_FLAGS)
def test_what_depends_on_a_flag_of_another_type_is_not_judged_by_it(
    newer: Vocabulary, flag: ColumnProfile
) -> None:
    profile = slide(VISIUM)
    profile = replace(profile, uns={**profile.uns, "spatial.is_single": flag})
    assert told(profile, newer) == {(Reason.COLUMN_TYPE, "uns.spatial.is_single")}


def test_what_depends_on_a_missing_flag_is_not_judged_by_it(newer: Vocabulary) -> None:
    profile = slide(VISIUM, {})
    assert told(profile, newer) == {(Reason.COLUMN_MISSING, "uns.spatial.is_single")}


def test_what_lies_in_no_dictionary_is_not_missing(newer: Vocabulary) -> None:
    profile = slide(VISIUM, {})
    plain = {**profile.uns, "spatial": ColumnProfile("list", ("a",), 0)}
    (finding,) = validate(replace(profile, uns=plain, dicts={}), newer).findings
    assert (finding.reason, finding.column) == (Reason.COLUMN_TYPE, "uns.spatial")
    assert finding.detail == "is a list, must be a dictionary"


def test_keys_of_no_dictionary_are_not_wrong_each() -> None:
    newest = Vocabulary(Reference(rules.load("7.1.0"), from_environment().reference))
    columns = {
        "genetic_perturbation_id": ColumnProfile("categorical", ("g1", "na"), 0),
        "genetic_perturbation_strategy": ColumnProfile("str", ("control", "no perturbations"), 0),
    }
    flags = uns_keys({"is_pre_analysis": "False"})
    found = {"genetic_perturbations": ColumnProfile("list", ("g1",), 0)}
    key = ("genetic_perturbation_id", "genetic_perturbation_strategy")
    profile = replace(
        GOOD,
        obs={**GOOD.obs, **columns},
        uns={**GOOD.uns, **flags, **found},
        combinations={key: frozenset({("g1", "control"), ("na", "no perturbations")})},
    )
    assert told(profile, newest) == {(Reason.COLUMN_TYPE, "uns.genetic_perturbations")}
    absent = replace(profile, uns={**GOOD.uns, **flags})
    assert (Reason.VALUE_NOT_ALLOWED, "genetic_perturbation_id") in told(absent, newest)


@pytest.mark.parametrize(
    ("columns", "column", "detail"),
    [
        ({**LINE, SEX: ("unknown",)}, SEX, "must be na where tissue_type is cell line"),
        (
            {**LINE, TISSUE: ("UBERON:0000178",)},
            TISSUE,
            "must be a term of CVCL where tissue_type is cell line",
        ),
        ({SEX: ("na",)}, SEX, "must not be na where tissue_type is not cell line"),
    ],
)
def test_a_case_says_what_it_asks_for(
    newer: Vocabulary, columns: Columns, column: str, detail: str
) -> None:
    (finding,) = validate(having(columns), newer).findings
    assert (finding.column, finding.detail) == (column, detail)


def test_a_column_that_must_not_stand_says_where_it_may(newer: Vocabulary) -> None:
    profile = replace(GOOD, obs={**GOOD.obs, "in_tissue": SPOTS["in_tissue"]})
    (finding,) = validate(profile, newer).findings
    assert finding.reason is Reason.COLUMN_UNEXPECTED
    assert finding.detail == (
        "must only stand where assay_ontology_term_id is EFO:0010961 and uns.spatial.is_single is "
        "True"
    )


def test_a_spatial_assay_stands_alone_in_its_dataset(newer: Vocabulary) -> None:
    two = slide(SLIDE_SEQ, spots={}, columns={ASSAY: (SLIDE_SEQ, "EFO:0008992")})
    assert told(two, newer) == disagree(ASSAY)


def test_a_spot_beside_the_tissue_has_no_cell_type(newer: Vocabulary) -> None:
    named = slide(VISIUM, columns={CELL_TYPE: ("CL:0000084", "unknown")})
    assert told(named, newer) == disagree(CELL_TYPE)
    key = (ASSAY, "in_tissue", CELL_TYPE)
    assert key in combinations(newer.rules)
    apart = frozenset({(VISIUM, "0", "unknown"), (VISIUM, "1", "CL:0000084")})
    assert told(replace(named, combinations={key: apart}), newer) == set()


def test_spots_lie_on_the_slide_of_their_assay(newer: Vocabulary) -> None:
    far = {**SPOTS, "array_row": ColumnProfile("int", ("0", "78", "127"), 0)}
    assert told(slide(VISIUM, spots=far), newer) == disagree("array_row")
    assert told(slide("EFO:0022860", spots=far), newer) == set()


def test_a_spot_lies_in_the_tissue_or_beside_it(newer: Vocabulary) -> None:
    odd = {**SPOTS, "in_tissue": ColumnProfile("int", ("0", "2"), 0)}
    assert told(slide(VISIUM, spots=odd), newer) == {(Reason.VALUE_NOT_ALLOWED, "in_tissue")}


def test_several_sections_together_are_no_primary_data(newer: Vocabulary) -> None:
    several = slide(VISIUM, {"spatial.is_single": "False"}, {})
    assert told(several, newer) == disagree("is_primary_data")
    secondary = {**several.obs, "is_primary_data": ColumnProfile("bool", ("False",), 0)}
    assert told(replace(several, obs=secondary), newer) == set()


def test_of_a_profile_without_cells_nothing_else_is_said_where_its_columns_are_there(
    newer: Vocabulary,
) -> None:
    empty = {name: replace(column, values=()) for name, column in GOOD.obs.items()}
    profile = replace(GOOD, n_observations=0, obs=empty, uns={ORGANISM: GOOD.uns[ORGANISM]})
    assert told(profile, newer) == {(Reason.CELLS_MISSING, "obs")}
