"""The words of a condition as circumstances: all of them, or none."""

import pytest

from bot.schema.rules.conditions import circumstances, of_row
from bot.schema.rules.document_terms import DocumentTerms
from bot.schema.rules.presence import where_of
from runners.contract.rules import Circumstance

LINE = Circumstance(column="tissue_type", among=("cell line",))
SINGLE = Circumstance(column="spatial.is_single", among=("True",))
VISIUM = Circumstance(column="assay_ontology_term_id", among=(), under=("EFO:0010961",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('If `tissue_type` is `"cell line"`,', (LINE,)),
        (
            'Otherwise, if `tissue_type` is `"organoid"` or `"tissue"` then:',
            (Circumstance(column="tissue_type", among=("organoid", "tissue")),),
        ),
        ("if `uns['spatial']['is_single']` is `True`.", (SINGLE,)),
        (
            "If `assay_ontology_term_id` is either a descendant of `EFO:0010961` for Visium "
            "Spatial Gene Expression or `EFO:0030062` for Slide-seqV2 then",
            (
                Circumstance(
                    column="assay_ontology_term_id",
                    among=("EFO:0030062",),
                    under=("EFO:0010961", "EFO:0030062"),
                ),
            ),
        ),
        (
            '`assay_ontology_term_id` is a descendant of `"EFO:0010961"` for Visium, '
            "`uns['spatial']['is_single']` is `True`, and the corresponding value of `in_tissue` "
            "is `0`",
            (VISIUM, SINGLE, Circumstance(column="in_tissue", among=("0",))),
        ),
        ('if `tissue_type` is NOT `"cell line"`', (LINE.negated(),)),
        ("if this is the canonical instance and `False` if not", None),
        ("if `tissue_type` is unclear", None),
        ('if the donor is ill and `tissue_type` is `"cell line"`', None),
        (
            "if `assay_ontology_term_id` is a descendant of `EFO:0001` and the dataset is large",
            None,
        ),
        ("if unavailable", None),
        ("", None),
    ],
)
def test_a_condition(text: str, expected: tuple[Circumstance, ...] | None) -> None:
    assert circumstances(text) == expected


@pytest.mark.parametrize(
    ("cell", "table", "expected"),
    [
        ("a [`EFO:0001`]", "| For Assay | MUST Use", (("EFO:0001",), ())),
        (
            "a [`EFO:0001`] and its descendants",
            "| For Assay | MUST Use",
            (("EFO:0001",), ("EFO:0001",)),
        ),
        ("a, whatever", "| For Assay | MUST Use", None),
        ("a [`EFO:0001`]", "| For | Use", None),
    ],
)
def test_a_row_of_a_table_by_another_column(
    cell: str, table: str, expected: tuple[tuple[str, ...], tuple[str, ...]] | None
) -> None:
    found = of_row(cell, table)
    if expected is None:
        assert found is None
        return
    among, under = expected
    assert found == (Circumstance(column="assay_ontology_term_id", among=among, under=under),)


IS_LINE, IS_CELL = '`tissue_type` is `"cell line"`', '`suspension_type` is `"cell"`'
CELL = Circumstance(column="suspension_type", among=("cell",))


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (f"Curator MUST annotate if {IS_LINE}; otherwise, this MUST NOT be present.", (LINE,)),
        (
            f"Curator MAY annotate if {IS_LINE} and {IS_CELL}; otherwise, MUST NOT be present.",
            (LINE, CELL),
        ),
        (f"This key MUST NOT be present if {IS_LINE}.", (LINE.negated(),)),
        # not (A and B) is no list of circumstances that must all hold
        (f"This key MUST NOT be present if {IS_LINE} and {IS_CELL}.", ()),
        ("This key MUST NOT be present if `donor` is `ill`.", ()),
        (f"Curator MUST annotate if {IS_LINE}.", ()),
    ],
)
def test_where_alone_a_column_stands(annotation: str, expected: tuple[Circumstance, ...]) -> None:
    known = frozenset({"tissue_type", "suspension_type"})
    assert where_of(annotation, DocumentTerms({}, {}, known, {})) == expected
