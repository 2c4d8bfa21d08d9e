"""A run of an ingest without an instance: its writer notes what it is told to do."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from runners.census import directory
from runners.census.store import CensusDataset
from runners.contract import Action, DatasetOutcome, Manifest, Outcome, RunRequest, Storage
from runners.ingest import steps
from runners.records.baseline import Baseline
from runners.records.proof import KeptRun, Opening
from runners.run.request import REQUEST, Job
from runners.run.stopping import CANCEL
from runners.validation.readers import Readers
from runners.validation.validated import ValidatedDataset

RELEASE = "2020-07-15"
DATASETS = [
    CensusDataset(name, "v", "T", f"{name}.h5ad", "c", "C", "", 1) for name in ("d-1", "d-2", "d-3")
]


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
        self.began: list[str] = []
        self.openings: list[Opening | None] = []
        self.batches: list[list[str]] = []
        self.owed: list[str] = []
        self.snapshot = None
        self._folder = folder
        self._stops = stops

    def begin(self, request: RunRequest, opening: Opening | None) -> None:
        self.openings.append(opening)
        self.began.append("begin")

    def give_back(self) -> None:
        self.began.append("give back")

    def prepare(self) -> None:
        self.began.append("prepare")

    def misplaced(self) -> list[str]:
        return self.owed

    def counts(self) -> dict[str, int]:
        return {"done": len(self.done)}

    def holdings(self) -> Baseline:
        return Baseline(releases={}, shared={"before": {}})

    def left(self) -> Baseline:
        return Baseline(releases={}, shared={"left": dict.fromkeys(self.done, "")})

    def write(self, batch: Sequence[ValidatedDataset]) -> list[DatasetOutcome]:
        names = [each.dataset.dataset_id for each in batch]
        self.done += [f"write {name}" for name in names]
        self.batches.append(names)
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


def ingest(
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    writer: Writer,
    *,
    kept: KeptRun | None = None,
    listing: directory.Listing | None = None,
    batch: int = 1,
) -> tuple[DatasetOutcome, ...]:
    """A run of the job by the writer, of an instance that keeps so much of it already."""

    def judged(_: object, tasks: Sequence[tuple[CensusDataset, str]], until: Any) -> Iterator[Any]:
        for dataset, _address in tasks:
            if until():
                return
            yield ValidatedDataset(dataset)

    monkeypatch.setattr(steps, "_writer", lambda *_: writer)
    monkeypatch.setattr(steps, "_complete", lambda *_: kept or KeptRun())
    monkeypatch.setattr(steps, "BATCH", batch)
    monkeypatch.setattr(Readers, "judged", judged)
    monkeypatch.setattr(directory, "look_up", lambda _: listing or directory.Listing())
    return steps.ingest(job, DATASETS)
