"""The scenarios of the flows. One that still has something to say at the end fails its test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import world
from flows.scenario import Scenario


@pytest.fixture
def empty_scenario(tmp_path: Path) -> Iterator[Scenario]:
    """Nothing was ever announced; two releases stand on the page, the older with a manifest."""
    scenario = Scenario(tmp_path)
    older = world.entry("2025-06-01", schema="6.0.0", datasets="10", cells="700")
    scenario.has_releases(world.entry("2026-02-01"), older, hosted=("2025-06-01", "2026-02-01"))
    scenario.has_document("6.0.0")
    scenario.has_document("7.0.0", world.document("7.0.0", cl="2025-07-30", fields=["donor_age"]))
    releases = tmp_path / "repository" / "runners" / "releases"
    releases.mkdir(parents=True)
    (releases / "2025-06-01.toml").write_text(OLDER)
    yield scenario
    assert scenario.heard() == ""
    scenario.is_told_whole()


@pytest.fixture
def announced_scenario(empty_scenario: Scenario) -> Scenario:
    """The newer release has its thread, and its manifest waits to be merged."""
    empty_scenario.the_clock_strikes()
    empty_scenario.heard()
    return empty_scenario


@pytest.fixture
def scenario(announced_scenario: Scenario) -> Scenario:
    """The newer release's manifest was merged; a person says when to ingest."""
    announced_scenario.set(ingest_on_merge=False)
    announced_scenario.merges("maintainer", "2026-02-01")
    announced_scenario.heard()
    return announced_scenario


OLDER = """\
release = "2025-06-01"
census_schema_version = "2.3.0"
dataset_schema_version = "6.0.0"
dataset_count = 10

[storage]
soma = "s3://census/cell-census/2025-06-01/soma/"
h5ads = "s3://census/cell-census/2025-06-01/h5ads/"
"""
