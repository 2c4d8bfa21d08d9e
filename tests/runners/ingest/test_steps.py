"""Which steps a run takes, by what it was asked for and whether it is stopped: of a writer that
notes them. Without an instance.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from runners.census import directory
from runners.census.store import CensusDataset
from runners.contract import Action, DatasetOutcome, Manifest, Outcome, RunRequest, Storage
from runners.ingest import steps
from runners.records.baseline import LEFT, Baseline
from runners.records.proof import KeptRun, Opening
from runners.run.journal import CANCELLED, END, JOURNAL, Journal, read_journal
from runners.run.request import REQUEST, Job
from runners.run.stopping import CANCEL
from runners.validation.readers import Readers
from runners.validation.validated import ValidatedDataset

RELEASE = "2020-07-15"
DATASETS = [
    CensusDataset(name, "v", "T", f"{name}.h5ad", "c", "C", "", 1) for name in ("d-1", "d-2", "d-3")
]
REGISTERED = ["write d-1", "write d-2", "write d-3"]


def job_of(runs: Path, run_id: str, **fields: Any) -> Job:
    """A job whose request is kept in its folder."""
    manifest = Manifest(
        release=RELEASE,
        census_schema_version="2.0.0",
        dataset_schema_version="7.0.0",
        dataset_count=3,
        storage=Storage(soma="/nowhere/soma", h5ads="/nowhere/h5ads"),
    )
    request = RunRequest(
        run_id=run_id,
        action=Action.INGEST,
        release=RELEASE,
        manifest="m",
        instance="a/b",
        **fields,
    )
    folder = runs / run_id
    folder.mkdir()
    (folder / REQUEST).write_text(request.to_json())
    return Job(request, manifest, None, folder, runs, 1)


class Writer:
    """Notes what it is told to do; `stops` is the dataset after which a person stops the run."""

    def __init__(self, folder: Path, stops: str | None = None) -> None:
        self.done: list[str] = []
        self.snapshot = None
        self._folder = folder
        self._stops = stops

    def begin(self, request: RunRequest, opening: Opening | None) -> None:
        assert opening is not None

    def give_back(self) -> None: ...

    def prepare(self) -> None: ...

    def misplaced(self) -> list[str]:
        return []

    def counts(self) -> dict[str, int]:
        return {}

    def holdings(self) -> Baseline:
        return Baseline(releases={}, shared={})

    left = holdings

    def write(self, batch: Sequence[ValidatedDataset]) -> list[DatasetOutcome]:
        names = [each.dataset.dataset_id for each in batch]
        self.done += [f"write {name}" for name in names]
        if self._stops in names:
            (self._folder / CANCEL).touch()
        return [
            DatasetOutcome(dataset_id=name, title="", outcome=Outcome.REGISTERED) for name in names
        ]

    def collections(self, datasets: Sequence[CensusDataset], *, is_whole: bool) -> None:
        self.done.append(f"collections of {len(datasets)}, {is_whole}")

    def store(self) -> None:
        self.done.append("store")

    def finish(self, *, completed: bool) -> None:
        self.done.append("completed" if completed else "aborted")


def ingest(monkeypatch: pytest.MonkeyPatch, job: Job, stops: str | None = None) -> list[str]:
    """What a run of the job has its writer do, in batches of one."""

    def judged(_: object, tasks: Sequence[tuple[CensusDataset, str]], until: Any) -> Iterator[Any]:
        for dataset, _address in tasks:
            if until():
                return
            yield ValidatedDataset(dataset)

    writer = Writer(job.folder, stops)
    monkeypatch.setattr(steps, "_writer", lambda *_: writer)
    monkeypatch.setattr(steps, "_complete", lambda *_: KeptRun())
    monkeypatch.setattr(steps, "BATCH", 1)
    monkeypatch.setattr(Readers, "judged", judged)
    monkeypatch.setattr(directory, "look_up", lambda _: directory.Listing())
    steps.ingest(job, DATASETS)
    return writer.done


PARTS: dict[str, dict[str, Any]] = {
    "only": {"only": ("d-1", "d-2")},
    "limit": {"limit": 2},
}
OF_THE_PART = ["write d-1", "write d-2", "collections of 2, False", "completed"]


def test_a_run_for_the_whole_release_makes_its_collections_and_registers_its_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = job_of(tmp_path, "run")
    wanted = [*REGISTERED, "collections of 3, True", "store", "completed"]
    assert ingest(monkeypatch, job) == wanted
    journal = read_journal(job.folder / JOURNAL)
    assert journal.first(END)
    assert not journal.first(CANCELLED)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
@pytest.mark.parametrize("repeats", [0, 1, 2])
def test_a_run_for_a_part_and_each_that_does_its_failures_again_leave_that_to_a_whole_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: dict[str, Any], repeats: int
) -> None:
    """However far back the part was named: a repeat's own words name none."""
    job = job_of(tmp_path, "run-0", **part)
    for number in range(repeats):
        job = job_of(tmp_path, f"run-{number + 1}", failed_of=f"run-{number}")
    assert ingest(monkeypatch, job) == OF_THE_PART


def test_what_failed_of_a_whole_release_is_done_again_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_of(tmp_path, "first")
    done = ingest(monkeypatch, job_of(tmp_path, "again", failed_of="first"))
    assert done == [*REGISTERED, "collections of 3, True", "store", "completed"]


@pytest.mark.parametrize("stops", ["d-1", "d-2", "d-3"])
def test_a_run_that_is_stopped_ends_as_aborted_and_makes_neither_collections_nor_store(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stops: str
) -> None:
    job = job_of(tmp_path, "run")
    done = ingest(monkeypatch, job, stops)
    assert done == [*REGISTERED[: REGISTERED.index(f"write {stops}") + 1], "aborted"]
    journal = read_journal(job.folder / JOURNAL)
    assert journal.first(CANCELLED)
    assert not journal.first(END)
    assert (job.folder / LEFT).is_file()


def test_a_run_that_was_stopped_goes_on_and_is_completed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = job_of(tmp_path, "run")
    ingest(monkeypatch, job, "d-2")
    assert ingest(monkeypatch, job) == []  # the file is there still
    (job.folder / CANCEL).unlink()
    assert ingest(monkeypatch, job) == [
        "write d-3",
        "collections of 3, True",
        "store",
        "completed",
    ]


def test_a_run_that_has_ended_does_nothing_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = job_of(tmp_path, "run")
    with Journal(job.folder / JOURNAL) as journal:
        journal.write(END)
    assert ingest(monkeypatch, job) == []
