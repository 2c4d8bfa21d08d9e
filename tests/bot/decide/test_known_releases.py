"""What counts as a change of a release's entry, fact by fact."""

from dataclasses import replace

import pytest

from bot.census.directory import DirectoryEntry
from bot.census.release import CellCount, Oddity, OddityKind, Release
from bot.decide.known_releases import changed_facts, digest, unreadable
from bot.model.announcement import Announcement
from bot.model.releases import FactChange

SCVI = {"level": "cells", "method": "scVI", "Homo sapiens": "scvi", "Mus musculus": None}
RELEASE = Release(
    "2026-02-01",
    "2026-02-01",
    "2.4.0",
    "7.0.0",
    1200,
    {"Homo sapiens": CellCount(1000, 900), "Mus musculus": CellCount(50, 40)},
    (SCVI,),
)
RECORD = Announcement(RELEASE, "s3://b/soma/", "s3://b/h5ads/", "us-west-2", False, "2025-06-01")
ENTRY = DirectoryEntry(
    "2026-02-01", "2026-02-01", True, False, None, "s3://b/soma", "us-west-2", "s3://b/h5ads"
)


def changed(
    release: Release = RELEASE, entry: DirectoryEntry | None = ENTRY
) -> list[tuple[str, str, str]]:
    """Every change as words."""
    found = changed_facts(RECORD, release, entry, is_ingested=False)
    return [(one.what, one.old or "nothing", one.new or "nothing") for one in found]


@pytest.mark.parametrize(
    "same",
    [
        RELEASE,
        replace(RELEASE, cell_counts=dict(reversed(list(RELEASE.cell_counts.items())))),
        replace(RELEASE, embeddings=(dict(reversed(list(SCVI.items()))),)),
        replace(RELEASE, embeddings=({k: v for k, v in SCVI.items() if v is not None},)),
    ],
)
def test_order_and_blanks_are_nothing(same: Release) -> None:
    assert changed(same) == []


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (replace(RELEASE, build_date="2026-01-20"), ("Built", "2026-02-01", "2026-01-20")),
        (replace(RELEASE, dataset_count=1201), ("Datasets", "1,200", "1,201")),
        (replace(RELEASE, census_schema_version="2.4.1"), ("Census schema", "2.4.0", "2.4.1")),
        (replace(RELEASE, dataset_schema_version="7.1.0"), ("Dataset schema", "7.0.0", "7.1.0")),
        (
            replace(RELEASE, cell_counts={"Homo sapiens": CellCount(1000, 900)}),
            ("Cells of Mus musculus: total (unique)", "50 (40)", "nothing"),
        ),
        (
            replace(RELEASE, embeddings=(*RELEASE.embeddings, {**SCVI, "method": "NMF"})),
            ("Embedding NMF (cells)", "nothing", "Homo sapiens: scvi"),
        ),
        (
            replace(RELEASE, embeddings=({**SCVI, "Mus musculus": "scvi_mouse"},)),
            (
                "Embedding scVI (cells)",
                "Homo sapiens: scvi",
                "Homo sapiens: scvi, Mus musculus: scvi_mouse",
            ),
        ),
        (
            replace(RELEASE, embeddings=()),
            ("Embedding scVI (cells)", "Homo sapiens: scvi", "nothing"),
        ),
    ],
)
def test_each_fact_is_a_change_of_its_own(release: Release, expected: tuple[str, ...]) -> None:
    assert changed(release) == [expected]
    assert unreadable(release, RECORD, ()) is None


def test_two_embeddings_of_one_method_are_told_together() -> None:
    twice = replace(RELEASE, embeddings=(SCVI, {**SCVI, "Homo sapiens": "scvi_2"}))
    assert changed(twice) == [
        ("Embedding scVI (cells)", "Homo sapiens: scvi", "Homo sapiens: scvi; Homo sapiens: scvi_2")
    ]


def test_where_it_lies_counts_until_it_is_ingested() -> None:
    moved = replace(ENTRY, soma_uri="s3://c/soma/", soma_region=None)
    assert changed(entry=moved) == [
        ("SOMA", "s3://b/soma", "s3://c/soma"),
        ("Region", "us-west-2", "nothing"),
    ]
    assert changed_facts(RECORD, RELEASE, moved, is_ingested=True) == ()
    assert changed(entry=None) == []


def test_what_was_left_out_of_a_record_isnt_compared() -> None:
    record = replace(RECORD, release=replace(RELEASE, cell_counts={}, embeddings=()), whole=False)
    assert changed_facts(record, RELEASE, ENTRY, is_ingested=False) == ()
    assert unreadable(replace(RELEASE, cell_counts={}), record, ()) is None


@pytest.mark.parametrize(
    ("release", "name"),
    [
        (replace(RELEASE, build_date=None), "build_date"),
        (replace(RELEASE, dataset_count=None), "dataset_count"),
        (replace(RELEASE, cell_counts={}), "cell_counts"),
        (
            replace(
                RELEASE, cell_counts={**RELEASE.cell_counts, "Homo sapiens": CellCount(1, None)}
            ),
            "cell_counts",
        ),
        (replace(RELEASE, embeddings=()), "embeddings"),
        (RELEASE, None),
    ],
)
def test_what_cant_be_read_is_named(release: Release, name: str | None) -> None:
    oddity = Oddity(OddityKind.UNKNOWN_TABLE, "2026-02-01", "x")
    assert unreadable(release, RECORD, [oddity]) == name


def test_a_table_that_stands_twice_is_no_change() -> None:
    oddity = Oddity(OddityKind.REPEATED_TABLE, "2026-02-01", "x")
    twice = replace(RELEASE, embeddings=(SCVI, SCVI))
    assert unreadable(twice, RECORD, [oddity]) == "a table that stands twice"
    assert unreadable(RELEASE, RECORD, [oddity]) is None


def test_an_unknown_table_of_another_release_is_nothing() -> None:
    oddity = Oddity(OddityKind.UNKNOWN_TABLE, "2025-06-01", "x")
    assert unreadable(replace(RELEASE, embeddings=()), RECORD, [oddity]) is None


def test_a_digest_tells_changes_apart() -> None:
    one, other = FactChange("f", "What", "1", "2"), FactChange("f", "What", "1", None)
    assert digest([one]) == digest([one])
    assert len({digest([one]), digest([other]), digest([one, other])}) == 3
