"""What is told of a page's releases, value by value, and which values are none."""

import pytest
from flows import world

from bot.census.page import parse_page
from bot.census.release import page_to_json


def test_a_release_is_told_with_all_that_its_tables_say() -> None:
    found = page_to_json(parse_page(world.page(world.entry("2026-02-01", embedding="2026-02-01"))))
    assert found == {
        "releases": [
            {
                "version": "2026-02-01",
                "build_date": "2026-02-01",
                "census_schema_version": "2.4.0",
                "dataset_schema_version": "7.0.0",
                "dataset_count": 12,
                "cell_counts": {"Homo sapiens": {"total": 900, "unique": 800}},
                "embeddings": [{"level": "cells", "method": "scVI", "Homo sapiens": "2026-02-01"}],
            }
        ],
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("12", 12),
        ("1,845", 1845),
        ("1 845", 1845),
        ("1'845'000", 1_845_000),
        ("9" * 15, int("9" * 15)),
        ("9" * 16, None),
        ("1,84", None),
        ("12,3456", None),
        ("-12", None),
        ("٣", None),
        ("about 12", None),
    ],
)
def test_a_number_of_datasets_is_a_whole_one_or_told_to_be_none(
    text: str, count: int | None
) -> None:
    found = parse_page(world.page(world.entry("2026-02-01", datasets=text)))
    (release,) = found.releases
    assert release.dataset_count == count
    said = [str(oddity) for oddity in found.warnings]
    assert (said == []) is (count is not None)
    assert all(f"'{text}', not a number" in sentence for sentence in said)
