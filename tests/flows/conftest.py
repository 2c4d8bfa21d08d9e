"""The towns of the flows. A town that still has something to say at the end fails its test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import world
from flows.town import Town


@pytest.fixture
def empty_town(tmp_path: Path) -> Iterator[Town]:
    """Nothing was ever announced; two releases stand on the page, the older with a manifest."""
    town = Town(tmp_path)
    older = world.entry("2025-06-01", schema="6.0.0", datasets="10", cells="700")
    town.has_releases(world.entry("2026-02-01"), older, hosted=("2025-06-01", "2026-02-01"))
    town.has_document("6.0.0")
    town.has_document("7.0.0", world.document("7.0.0", cl="2025-07-30", fields=["donor_age"]))
    releases = tmp_path / "repository" / "runners" / "releases"
    releases.mkdir(parents=True)
    (releases / "2025-06-01.toml").write_text(OLDER)
    yield town
    assert town.heard() == ""
    town.is_told_whole()


@pytest.fixture
def announced_town(empty_town: Town) -> Town:
    """The newer release has its thread, and its manifest waits to be merged."""
    empty_town.the_clock_strikes()
    empty_town.heard()
    return empty_town


@pytest.fixture
def town(announced_town: Town) -> Town:
    """The newer release's manifest was merged; a person says when to ingest."""
    announced_town.set(ingest_on_merge=False)
    announced_town.merges("maintainer", "2026-02-01")
    announced_town.heard()
    return announced_town


OLDER = """\
release = "2025-06-01"
census_schema_version = "2.3.0"
dataset_schema_version = "6.0.0"
dataset_count = 10

[storage]
soma = "s3://census/cell-census/2025-06-01/soma/"
h5ads = "s3://census/cell-census/2025-06-01/h5ads/"
"""
