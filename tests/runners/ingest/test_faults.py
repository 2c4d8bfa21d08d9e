"""One test per fault of what we replace: its own lines go wrong, and ours go right.

What the curator refuses of content that the schema allows is shown in `test_equality.py`.
"""

import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import instances
import pytest
from instances import Place
from profiles import TISSUE, having, validate

from runners import rules
from runners.contract import Outcome
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.sample.datasets import NEWER, OLDER, by_key, of_release
from runners.sample.world import World

pytestmark = pytest.mark.prove
Found = Mapping[str, Any]


def faults(place: Place, *what: str) -> Found:
    done = place.script(str(Path(__file__).parents[1] / "faults.py"), *what)
    instances.succeed(done)
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory, fresh: Place, world: World) -> Found:
    place = instances.copy(fresh, tmp_path_factory.mktemp("script"))
    store = place.root / "store" / "soma"
    shutil.copytree(world.older.soma, store)
    return faults(place, "script", str(store))


@pytest.fixture(scope="module")
def curator(tmp_path_factory: pytest.TempPathFactory, empty: Place) -> Found:
    return faults(instances.copy(empty, tmp_path_factory.mktemp("curator")), "curator")


def rows(place: Place, query: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(place.database)) as database:
        return database.execute(query, values).fetchall()


def test_a_dataset_that_is_new_in_a_release_stops_the_script(script: Found, fresh: Place) -> None:
    assert script["a new dataset"] == "ObjectDoesNotExist"
    written = fresh.journal("newer").datasets("written")
    assert written[by_key("D10").dataset_id]["outcome"] == Outcome.REGISTERED


def test_datasets_that_the_live_api_lost_are_annotated(fresh: Place) -> None:
    """The script annotates what the API lists; ours what the release lists, and asks no API."""
    query = (
        "SELECT count(DISTINCT s.artifact_id) FROM lamindb_artifactschema s "
        "JOIN lamindb_artifact a ON a.id = s.artifact_id WHERE a.version_tag = ?"
    )
    assert rows(fresh, query, NEWER.version) == [(len(of_release(NEWER)) - 1,)]


def test_failures_are_counted_outcomes_and_not_lines_of_a_log(fresh: Place) -> None:
    written = fresh.journal("newer").datasets("written")
    assert len(written) == len(of_release(NEWER))
    failed = written[by_key("D12").dataset_id]
    assert failed["outcome"] == Outcome.UNREADABLE
    assert failed["reasons"]


def test_a_study_without_changes_loses_no_collection(script: Found, fresh: Place) -> None:
    assert script["collections after"] == script["collections before"] - 1
    query = "SELECT count(*) FROM lamindb_collection WHERE version_tag = ?"
    studies = {one.collection.name for one in of_release(OLDER)}
    assert rows(fresh, query, OLDER.version) == [(len(studies) + 1,)]


def test_references_are_attached(fresh: Place) -> None:
    """The script has no line for it."""
    query = (
        "SELECT count(*) FROM lamindb_artifact a WHERE a.version_tag = ? AND a.otype = 'AnnData' "
        "AND NOT EXISTS (SELECT 1 FROM lamindb_artifactreference r WHERE r.artifact_id = a.id)"
    )
    assert rows(fresh, query, NEWER.version) == [(0,)]


def test_the_store_is_found_by_its_type(script: Found, fresh: Place) -> None:
    assert script["otype of the store"] is None
    query = "SELECT count(*) FROM lamindb_artifact WHERE otype = 'tiledbsoma' AND version_tag = ?"
    assert rows(fresh, query, NEWER.version) == [(1,)]


def test_the_runbook_counts_all_releases(script: Found) -> None:
    assert script["counted by release"] == len(of_release(NEWER)) - 1
    both = len(of_release(NEWER)) - 1 + len(of_release(OLDER))
    assert script["counted by the runbook"] == both


def test_the_runbook_asks_for_what_there_is_not(script: Found) -> None:
    assert script["previous_versions"] is False
    assert script["versions"] is True
    assert "filter by version" in script


def test_a_cell_culture_has_a_tissue_by_feature_and_none_by_registry() -> None:
    """The runbook asks for artifacts without records of Tissue; ours asks for the feature."""
    vocabulary = Vocabulary(Reference(rules.load("7.0.0"), instances.REFERENCE))
    columns = {"tissue_type": ("primary cell culture",), TISSUE: ("CL:0000084",)}
    validation = validate(having(columns), vocabulary)
    assert validation.findings == ()
    tissues = [
        annotation.registry for annotation in validation.annotations if annotation.column == TISSUE
    ]
    assert tissues == ["CellType"]


def test_the_curator_has_no_schema_for_a_third_organism(curator: Found, fresh: Place) -> None:
    assert "a third organism" in curator
    written = fresh.journal("newer").datasets("written")
    assert written[by_key("D07").dataset_id]["reasons"] == []


def test_two_organisms_share_the_curators_schema_and_disturb_each_other(
    curator: Found, fresh: Place
) -> None:
    assert curator["one schema"] is True
    assert curator["one filter"] is False
    query = "SELECT _dtype_str FROM lamindb_feature WHERE name = 'var_index'"
    [(ours,)] = rows(fresh, query)
    assert "source" not in ours
