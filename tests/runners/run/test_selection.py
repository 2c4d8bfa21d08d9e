"""Parts of a release: only what failed in a run, what an instance lacks, or of an organism."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import dumps
import instances
import pytest
from instances import Place, succeed

from runners.census.store import CensusDataset
from runners.contract import Action, ContractError, Manifest, Outcome, RunRequest, Storage
from runners.records.snapshot import Snapshot
from runners.run.journal import JOURNAL, ROLLED_BACK, START, WRITTEN, Journal
from runners.run.request import REQUEST, Job
from runners.run.selection import datasets_to_do, selected_datasets
from runners.sample.datasets import BRAIN, NEWER, by_key, of_release

BROKEN = by_key("D12").dataset_id
UNSLOTTED, UNLABELLED, UNREFERENCED = (by_key(key).dataset_id for key in ("D01", "D05", "D09"))
TISSUE = "tissue_ontology_term_id"


def damage(place: Place) -> None:
    """Takes away what the old script may have left out: slots, a label, a reference."""

    def artifact(dataset_id: str) -> str:
        key = f"cell-census/{NEWER.version}/h5ads/{dataset_id}.h5ad"
        return f"artifact_id = (select id from lamindb_artifact where key = '{key}')"

    label = f"feature_id = (select id from lamindb_feature where name = '{TISSUE}')"
    with closing(sqlite3.connect(place.database)) as connection, connection:
        for table, where in (
            ("lamindb_artifactschema", f"{artifact(UNSLOTTED)} and slot <> 'obs'"),
            ("bionty_artifacttissue", f"{artifact(UNLABELLED)} and {label}"),
            ("lamindb_artifactreference", artifact(UNREFERENCED)),
        ):
            assert connection.execute(f"delete from {table} where {where}").rowcount > 0


NAMES = ("d-1", "d-2", "d-3")
DATASETS = [CensusDataset(name, "v", "T", "d.h5ad", "c", "C", "", 1) for name in NAMES]
NOTHING = Snapshot(NEWER.version, (), (), (), {}, {}, frozenset(), (), {}, {}, ())


def job_of(runs: Path, run_id: str, **asked: Any) -> Job:
    """A job whose request is kept in its folder."""
    fields = {"action": Action.INGEST, "manifest": "m.toml", "instance": "a/b", **asked}
    request = RunRequest(run_id=run_id, release=NEWER.version, **fields)
    manifest = Manifest(
        release=NEWER.version,
        census_schema_version="2.0.0",
        dataset_schema_version="7.0.0",
        dataset_count=3,
        storage=Storage(soma="/nowhere/soma", h5ads="/nowhere/h5ads"),
    )
    folder = runs / run_id
    folder.mkdir()
    (folder / REQUEST).write_text(request.to_json())
    return Job(request, manifest, None, folder, runs, 1)


@pytest.mark.parametrize(("limit", "ids"), [(None, NAMES), (2, NAMES[:2])])
def test_of_what_is_missing_as_many_are_done_as_may_be(
    tmp_path: Path, limit: int | None, ids: tuple[str, ...]
) -> None:
    job = job_of(tmp_path, "run", only_missing=True, limit=limit)
    said: list[str] = []
    chosen = selected_datasets(job, DATASETS)
    assert datasets_to_do(job, chosen, lambda: NOTHING, said.append) == ids
    assert said == ["only missing: 3 of 3 datasets are missing or incomplete"]


def test_of_what_was_missing_no_more_is_done_again_than_that_run_was_to_do(tmp_path: Path) -> None:
    first = job_of(tmp_path, "first", only_missing=True)
    with Journal(first.folder / JOURNAL) as journal:
        journal.write(START, chosen=NAMES[1:])
        journal.write(WRITTEN, dataset_id=NAMES[1], outcome=Outcome.REGISTERED)
    job = job_of(tmp_path, "again", failed_of="first")
    said: list[str] = []
    chosen = selected_datasets(job, DATASETS)
    assert datasets_to_do(job, chosen, lambda: NOTHING, said.append) == NAMES[2:]
    assert said == ["failed of first: 1 datasets are done again (1 not done)"]


@pytest.mark.parametrize("limit", [None, 1])
@pytest.mark.parametrize("has_second", [False, True])
def test_a_repeat_of_what_never_began_does_what_that_was_to_do(
    tmp_path: Path, limit: int | None, has_second: bool
) -> None:
    """As one that was cancelled while it waited, or met an instance without an answer."""
    job_of(tmp_path, "first", only_missing=True, limit=limit)
    if has_second:
        job_of(tmp_path, "second", failed_of="first")
    job = job_of(tmp_path, "again", failed_of="second" if has_second else "first")
    said: list[str] = []
    chosen = selected_datasets(job, DATASETS)
    ids = NAMES[:limit]
    assert datasets_to_do(job, chosen, lambda: NOTHING, said.append) == ids
    assert said[0] == "only missing: 3 of 3 datasets are missing or incomplete"
    assert f"{len(ids)} datasets are done again ({len(ids)} not done)" in said[1]


def test_what_one_that_never_began_was_to_do_is_known_of_the_one_that_did_it(
    tmp_path: Path,
) -> None:
    job_of(tmp_path, "first", only_missing=True)
    second = job_of(tmp_path, "second", failed_of="first")
    with Journal(second.folder / JOURNAL) as journal:
        journal.write(START, chosen=NAMES[1:])
    job = job_of(tmp_path, "again", failed_of="second")
    chosen = selected_datasets(job, DATASETS)
    assert datasets_to_do(job, chosen, lambda: NOTHING, lambda _: None) == NAMES[1:]


def test_a_repeat_of_a_repeat_answers_for_what_the_first_run_did(tmp_path: Path) -> None:
    job_of(tmp_path, "first", limit=2)
    job_of(tmp_path, "second", failed_of="first")
    assert (
        selected_datasets(job_of(tmp_path, "third", failed_of="second"), DATASETS) == DATASETS[:2]
    )


def test_a_run_that_was_rolled_back_is_not_gone_on_from(tmp_path: Path) -> None:
    """What a repeat of it answered for stays known."""
    first = job_of(tmp_path, "first")
    with Journal(first.folder / JOURNAL) as journal:
        journal.write(ROLLED_BACK)
    job = job_of(tmp_path, "again", failed_of="first")
    chosen = selected_datasets(job, DATASETS)
    assert chosen == DATASETS
    with pytest.raises(ContractError, match="run first was rolled back"):
        datasets_to_do(job, chosen, lambda: NOTHING, lambda _: None)


@pytest.fixture(scope="module")
def damaged(newer: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Both releases with gaps, which a run `gaps` has filled; then `again` did what failed."""
    place = instances.copy(newer, tmp_path_factory.mktemp("damaged"))
    damage(place)
    said = succeed(place.ingest("gaps", NEWER.version, only_missing=True)).stderr
    assert "only missing: 4 of 12 datasets are missing or incomplete" in said
    return place


def test_gaps_are_filled_and_the_rest_is_left_alone(damaged: Place, newer: Place) -> None:
    expected = {UNSLOTTED, UNLABELLED, UNREFERENCED, BROKEN}
    assert set(damaged.journal("gaps").datasets("read")) == expected
    before, after = (
        dumps.natural(place.database, storage=place.storage) for place in (newer, damaged)
    )
    assert dumps.differences(before, after) == []


def test_what_failed_is_done_again_and_the_release_verified_as_a_whole(
    damaged: Place,
) -> None:
    before = dumps.exact(damaged.database)
    request = damaged.request("again", NEWER.version, failed_of="newer")
    said = succeed(damaged.run("ingest", request)).stderr
    assert "failed of newer: 1 datasets are done again (1 unreadable)" in said
    written = damaged.journal("again").datasets("written")
    assert {key: line["outcome"] for key, line in written.items()} == {
        BROKEN: Outcome.UNREADABLE.value
    }
    assert dumps.exact(damaged.database) == before
    assert damaged.run("verify", request).returncode == 1
    report = damaged.report("again")
    assert len(report.outcomes) == len(of_release(NEWER))
    fine = ("passed", "not applicable")
    assert [check.name for check in report.checks if check.status not in fine] == ["datasets"]


def test_an_organisms_datasets_of_a_collection_are_registered_and_verified_alone(
    versed: Place, tmp_path: Path
) -> None:
    place = instances.copy(versed, tmp_path / "place")
    mouse = {"organism": ("Mus musculus",), "collection": (BRAIN.doi,)}
    request = place.request("mouse", NEWER.version, **mouse)
    said = succeed(place.run("ingest", request)).stderr
    assert "2020-07-15: 1 registered, 1 revised" in said
    ids = {by_key(key).dataset_id for key in ("D05", "D06")}
    assert set(place.journal("mouse").datasets("written")) == ids
    succeed(place.run("verify", request))
    report = place.report("mouse")
    assert {outcome.dataset_id for outcome in report.outcomes} == ids
    [datasets] = [check for check in report.checks if check.name == "datasets"]
    assert (datasets.expected, datasets.found) == ("2", "2")
    assert report.dataset_count == 2
    assert report.previous is None
    assert report.withdrawn == ()
