"""What each field of a column's rule asks of its values, by rules made by hand."""

from typing import Any

import pytest
from made_rules import SPIKES, column, judged, of_cells, terms, vocabulary_of
from profiles import HUMAN, MOUSE

from runners.contract import Reason
from runners.contract.rules import LABELS, ORGANISM, Column, Declaration
from runners.h5ad.profile import ColumnProfile
from runners.validation.validate import Annotation, Validation

NOT_ALLOWED, UNKNOWN = Reason.VALUE_NOT_ALLOWED, Reason.TERM_UNKNOWN
UNORDERED, REPEATED = Reason.TERMS_UNORDERED, Reason.TERMS_REPEATED
MANY = " || "
A_OR_B: dict[str, Any] = {"registry": LABELS, "values": ("a", "b"), "delimiter": MANY}
CELLS: dict[str, Any] = {
    "registry": "CellType",
    "terms": {"*": (terms("CL", registry="CellType"),)},
    "delimiter": MANY,
    "special": ("na",),
}
GUIDES: dict[str, Any] = {"keys_of": "guides", "delimiter": MANY, "special": ("na",)}
KEYS = {"guides": frozenset({"g1", "g2"})}
Told = tuple[Reason, str | None, tuple[str, ...]]


def of(rule: Column, cells: ColumnProfile) -> Validation:
    """Of a dataset with the column `mine`, beside a dictionary `guides` in uns."""
    columns = {"mine": rule, "guides": column(slot="uns", dtype="dict")}
    return judged(columns, {"mine": cells}, dicts=KEYS)


def told(found: Validation) -> list[Told]:
    return [(finding.reason, finding.column, finding.values) for finding in found.findings]


@pytest.mark.parametrize(
    ("fields", "value", "wrong"),
    [
        (A_OR_B, "a", []),
        (A_OR_B, "a || b", []),
        (A_OR_B, "b || a", [(UNORDERED, "b || a")]),
        (A_OR_B, "a || a", [(REPEATED, "a || a")]),
        (A_OR_B, "a || x", [(NOT_ALLOWED, "x")]),
        (A_OR_B | {"ordered": False}, "b || a", []),
        (A_OR_B | {"ordered": False}, "b || b", [(REPEATED, "b || b")]),
        (A_OR_B | {"distinct": False}, "a || a", []),
        (A_OR_B | {"distinct": False}, "b || a", [(UNORDERED, "b || a")]),
        (A_OR_B | {"delimiter": None}, "a || b", [(NOT_ALLOWED, "a || b")]),
        (CELLS, "CL:1 || CL:2", []),
        (CELLS, "CL:2 || CL:1", [(UNORDERED, "CL:2 || CL:1")]),
        (CELLS | {"ordered": False}, "CL:2 || CL:1", []),
        (CELLS | {"distinct": False}, "CL:1 || CL:1", []),
        (CELLS, "na", []),
        (CELLS, "CL:1 || CL:9", [(UNKNOWN, "CL:9")]),
        (GUIDES, "g1 || g2", []),
        (GUIDES, "g2 || g1", [(UNORDERED, "g2 || g1")]),
        (GUIDES, "g1 || g9", [(NOT_ALLOWED, "g9")]),
        (GUIDES, "na", []),
        ({}, "anything || else", []),
    ],
)
def test_a_value_is_judged_part_by_part_as_its_rule_says(
    fields: dict[str, Any], value: str, wrong: list[tuple[Reason, str]]
) -> None:
    found = of(column(**fields), of_cells(value))
    assert told(found) == [(reason, "mine", (value,)) for reason, value in wrong]


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ((), ()),
        (("na",), ("na",)),
        (("na", "none"), ("na", "none")),
        (("na", "x"), ()),
        (("x",), ()),
    ],
)
def test_values_that_must_not_be_all_are_refused_only_where_they_are(
    values: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    found = of(column(not_alone=("na", "none")), of_cells(*values))
    assert told(found) == ([(NOT_ALLOWED, "mine", refused)] if refused else [])
    assert [finding.detail for finding in found.findings] == (
        ["must not be all that it has"] if refused else []
    )


@pytest.mark.parametrize(
    ("fields", "value", "annotated"),
    [
        (A_OR_B, "a || b", [(LABELS, "a", None), (LABELS, "b", None)]),
        (CELLS, "CL:1 || CL:2", [("CellType", "CL:1", "CL"), ("CellType", "CL:2", "CL")]),
        (CELLS, "na", [("CellType", "na", None)]),
        (
            CELLS | {"terms": {"*": (terms("CL", registry="CellType", prefix="near "),)}},
            "near CL:1",
            [("CellType", "CL:1", "CL")],
        ),
        (
            CELLS | {"terms": {"*": (terms("CL", registry=LABELS, prefix="near "),)}},
            "near CL:1",
            [(LABELS, "near CL:1", "CL")],
        ),
        (CELLS | {"registry": None}, "CL:1", []),
        (GUIDES, "g1", []),
    ],
)
def test_each_part_is_linked_to_the_record_of_its_registry(
    fields: dict[str, Any], value: str, annotated: list[tuple[str, str, str | None]]
) -> None:
    found = of(column(**fields), of_cells(value))
    assert found.findings == ()
    links = [each for each in found.annotations if each.column == "mine"]
    assert links == [Annotation("mine", *each) for each in annotated]


def test_annotations_are_in_one_order_whatever_is_found_first() -> None:
    values = [f"v{number}" for number in range(20)]
    found = of(column(registry=LABELS, values=tuple(values)), of_cells(*reversed(values)))
    assert list(found.annotations) == sorted(found.annotations, key=str)


def test_another_type_and_cells_without_a_value_are_both_told() -> None:
    found = of(column(values=("a",)), of_cells("1", dtype="int", missing=3))
    assert [(each.reason, each.detail) for each in found.findings] == [
        (Reason.COLUMN_TYPE, "is an integer, must be categories"),
        (NOT_ALLOWED, "3 cells without a value"),
    ]


def test_cells_without_an_organism_are_told() -> None:
    columns = {ORGANISM: column(registry="Organism")}
    for missing in (0, 2):
        found = judged(columns, {ORGANISM: of_cells(HUMAN, missing=missing)}, uns={})
        assert [each.detail for each in found.findings] == (
            [f"{missing} cells without a value"] if missing else []
        )


@pytest.mark.parametrize("others", [(), (MOUSE,)])
def test_of_a_dataset_of_several_organisms_nothing_else_is_judged(others: tuple[str, ...]) -> None:
    columns = {ORGANISM: column(registry="Organism"), "mine": column(values=("a",))}
    obs = {ORGANISM: of_cells(HUMAN, *others), "mine": of_cells("x")}
    found = judged(columns, obs, uns={})
    assert [each.column for each in found.findings] == [f"obs.{ORGANISM}" if others else "mine"]
    assert bool(found.annotations) == bool(found.genes) == (not others)


def test_remedies_are_those_of_the_values_that_are_shown() -> None:
    names = [f"name of CL:{number}" for number in (1, 2, 3)]
    (finding,) = of(column(**CELLS), of_cells(*names)).findings
    assert str(finding.detail).count("the id of") == 3
    many = [f"Name of{' ' * number}CL:1" for number in range(1, 8)]
    (finding,) = of(column(**CELLS), of_cells(*many)).findings
    assert (finding.count, len(finding.values)) == (7, 5)
    assert str(finding.detail).count("the id of") == 5


@pytest.mark.parametrize(
    ("genes", "of_taxa", "wrong"),
    [
        (("H2", "H1"), {HUMAN: 2}, []),
        (("H1", "E1"), {HUMAN: 1, SPIKES: 1}, []),
        (("BOTH",), {HUMAN: 1}, []),  # the organism's, whatever else has it
        (("E1",), {SPIKES: 1}, []),
        (("H1", "M1"), {HUMAN: 1}, [(Reason.GENE_OF_OTHER_ORGANISM, ("M1",), 1)]),
        (("H1", *"ZAXBYC"), {HUMAN: 1}, [(Reason.GENE_UNKNOWN, tuple("ABCXY"), 6)]),
        (
            ("Z", "M1", "H1", "H1"),
            {HUMAN: 1},
            [
                (Reason.GENE_REPEATED, ("H1",), 1),
                (Reason.GENE_OF_OTHER_ORGANISM, ("M1",), 1),
                (Reason.GENE_UNKNOWN, ("Z",), 1),
            ],
        ),
        ((), {}, [(Reason.GENES_MISSING, (), 0)]),
    ],
)
def test_each_gene_is_one_of_the_organism_or_a_foreign_one_or_told(
    genes: tuple[str, ...],
    of_taxa: dict[str, int],
    wrong: list[tuple[Reason, tuple[str, ...], int]],
) -> None:
    found = judged({}, {}, genes=genes)
    assert {taxon: len(own) for taxon, own in found.genes.items()} == of_taxa
    assert [(each.reason, each.values, each.count) for each in found.findings] == wrong
    assert {each.column for each in found.findings} <= {"var"}


def test_absent_are_those_that_have_a_feature_and_only_those() -> None:
    declared = Declaration(slot="obs", registries=("str",))
    columns = {
        "annotated": column(registry=LABELS, values=("a",), optional=True),
        "declared": column(lamindb=declared, optional=True),
        "there": column(registry=LABELS, values=("a",)),
        "plain": column(optional=True),
    }
    found = judged(columns, {"there": of_cells("a")})
    assert (found.findings, found.absent) == ((), ("annotated", "declared"))
    assert set(found.absent) < set(vocabulary_of(columns).rules.features())
