"""What a run does around its writing: what it refuses, what it notes and when, and whom it asks.
Without an instance.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from noting_writer import DATASETS, RELEASE, Writer, ingest, job_of

from runners import registry, retries
from runners.census import publications
from runners.census.directory import Listing
from runners.census.store import CensusDataset
from runners.contract import ROLLED_BACK as NOTE
from runners.contract import ContractError, Outcome, lock_name
from runners.ingest import steps
from runners.records.baseline import LEFT, Baseline, store_baseline, stored_baseline
from runners.records.proof import KeptRun, Opening
from runners.retries import OutageError
from runners.run.fingerprint import Fingerprint
from runners.run.journal import (
    CANCELLED,
    END,
    JOURNAL,
    READ,
    ROLLBACK,
    START,
    WRITTEN,
    Journal,
    read_journal,
)
from runners.run.request import Job
from runners.run.stopping import CANCEL

IDS = [dataset.dataset_id for dataset in DATASETS]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return job_of(tmp_path, "run")


def steps_of(job: Job) -> list[str]:
    return [line["step"] for line in read_journal(job.folder / JOURNAL).lines]


def test_what_a_run_begins_with_is_noted_before_it_writes(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    writer = Writer(job.folder)
    ingest(monkeypatch, job, writer)
    start = read_journal(job.folder / JOURNAL).lines[0]
    assert {name: value for name, value in start.items() if name != "at"} == {
        "step": START,
        "counts": {"done": 0},
        "combination": Fingerprint.of("7.0.0").to_mapping(),
        "chosen": IDS,
        "given_back": [],
        "is_kept": True,
    }
    assert writer.began == ["begin", "give back", "prepare"]
    (opening,) = writer.openings
    assert opening is not None
    assert (opening.request, opening.since) == (job.request, 1)
    told = json.loads(opening.to_json())["start"]
    assert told == {name: value for name, value in start.items() if name != "step"}
    assert opening.holdings == stored_baseline(job.folder) == writer.holdings()


def test_a_run_that_the_instance_knows_is_not_opened_again(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    held = Baseline(releases={}, shared={})
    opening = Opening(request=job.request, start={"at": "then"}, holdings=held, since=1)
    writer = Writer(job.folder)
    ingest(monkeypatch, job, writer, kept=KeptRun(opening))
    assert writer.openings == [None]


def test_what_is_owed_to_other_releases_is_noted_and_said(
    monkeypatch: pytest.MonkeyPatch, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(job.folder)
    writer.owed = ["u1", "u2"]
    ingest(monkeypatch, job, writer)
    start = read_journal(job.folder / JOURNAL).first(START)
    assert start is not None
    assert start["given_back"] == ["u1", "u2"]
    assert f"{RELEASE}: gives 2 collections back to others\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("batch", "batches"), [(2, [["d-1", "d-2"], ["d-3"]]), (3, [IDS]), (50, [IDS])]
)
def test_datasets_are_written_in_batches_and_noted_as_they_are_read_and_written(
    monkeypatch: pytest.MonkeyPatch, job: Job, batch: int, batches: list[list[str]]
) -> None:
    writer = Writer(job.folder)
    outcomes = ingest(monkeypatch, job, writer, batch=batch)
    assert [names for names in writer.batches if names] == batches
    told = [
        (line["step"], line["dataset_id"])
        for line in read_journal(job.folder / JOURNAL).lines
        if "dataset_id" in line
    ]
    assert told == [(step, name) for names in batches for step in (READ, WRITTEN) for name in names]
    assert [(one.dataset_id, one.outcome) for one in outcomes] == [
        (name, Outcome.REGISTERED) for name in IDS
    ]


def test_a_run_goes_on_with_what_it_had_chosen_and_not_written(
    monkeypatch: pytest.MonkeyPatch, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    store_baseline(job.folder, Baseline(releases={}, shared={}))
    with Journal(job.folder / JOURNAL) as journal:
        journal.write(START, chosen=["d-1", "d-3"], is_kept=True)
        journal.write(READ, dataset_id="d-1")
        journal.write(READ, dataset_id="d-3")
        facts: dict[str, Any] = {"outcome": "missing", "reasons": [], "notes": []}
        journal.write(WRITTEN, dataset_id="d-1", **facts)
    writer = Writer(job.folder)
    outcomes = ingest(monkeypatch, job, writer)
    assert [names for names in writer.batches if names] == [["d-3"]]
    assert steps_of(job).count(START) == 1
    assert "resumed: 1 of 2 datasets are done already\n" in capsys.readouterr().err
    assert [(one.dataset_id, one.outcome.value) for one in outcomes] == [
        ("d-1", "missing"),
        ("d-3", "registered"),
    ]


def test_the_end_comes_after_all_that_was_written_and_left(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    writer = Writer(job.folder)
    ingest(monkeypatch, job, writer)
    end = read_journal(job.folder / JOURNAL).lines[-1]
    assert (end["step"], end["counts"]) == (END, {"done": len(writer.done)})
    left = Baseline.from_file(job.folder / LEFT)
    assert list(left.shared["left"]) == writer.done
    assert stored_baseline(job.folder) == writer.holdings()


@pytest.mark.parametrize("seconds", ["0.001", "60"])
def test_an_instance_that_does_not_answer_is_waited_for_as_long_as_is_set(
    monkeypatch: pytest.MonkeyPatch, job: Job, seconds: str
) -> None:
    class Silent(Writer):
        def prepare(self) -> None:
            super().prepare()
            if self.began.count("prepare") == 1:
                raise OutageError("the database does not answer.")

    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)
    monkeypatch.setenv("PATIENCE_SECONDS", seconds)
    writer = Silent(job.folder)
    if seconds == "60":
        assert len(ingest(monkeypatch, job, writer)) == len(IDS)
    else:
        with pytest.raises(OutageError):
            ingest(monkeypatch, job, writer)


RETRACTED = Listing("release 2020-07-15 was retracted", ("it isn't marked as LTS",))


def test_a_release_that_was_retracted_is_refused_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(job.folder)
    with pytest.raises(ContractError, match="was retracted; name another release"):
        ingest(monkeypatch, job, writer, listing=RETRACTED)
    assert (writer.began, writer.done, steps_of(job)) == ([], [], [])
    assert capsys.readouterr().err.splitlines() == [
        f"{sentence}." for sentence in RETRACTED.sentences
    ]


@pytest.mark.parametrize("ended", [END, CANCEL])
def test_a_run_that_is_over_ends_well_though_its_release_was_retracted_since(
    monkeypatch: pytest.MonkeyPatch, job: Job, ended: str
) -> None:
    if ended == END:
        with Journal(job.folder / JOURNAL) as journal:
            journal.write(END)
    else:
        (job.folder / CANCEL).touch()
    writer = Writer(job.folder)
    ingest(monkeypatch, job, writer, listing=RETRACTED)
    assert (writer.began, writer.done) == ([], [])


def test_a_run_that_is_cancelled_is_noted_so_once(
    monkeypatch: pytest.MonkeyPatch, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    (job.folder / CANCEL).touch()
    for _ in range(2):
        assert ingest(monkeypatch, job, Writer(job.folder)) == ()
    assert steps_of(job) == [CANCELLED]
    assert "run: cancelled after 0 datasets, which stay; " in capsys.readouterr().err


@pytest.mark.parametrize("told", ["journal", "note"])
def test_a_run_that_was_rolled_back_is_refused(
    monkeypatch: pytest.MonkeyPatch, job: Job, told: str
) -> None:
    if told == "note":
        (job.folder / NOTE).write_text("{}")
    else:
        with Journal(job.folder / JOURNAL) as journal:
            journal.write(ROLLBACK)
    writer = Writer(job.folder)
    with pytest.raises(ContractError, match="request run: field run_id: this run was rolled back"):
        ingest(monkeypatch, job, writer)
    assert (writer.began, writer.done) == ([], [])


def test_while_a_run_works_nobody_else_may_write_to_its_instance(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    other = job_of(job.folder.parent, "other")

    class Meeting(Writer):
        def prepare(self) -> None:
            assert (job.folder.parent / lock_name("a/b")).read_text() == "run"
            with pytest.raises(ContractError, match="a/b: run run is writing to it"):
                steps.ingest(other, DATASETS)
            super().prepare()

    writer = Meeting(job.folder)
    ingest(monkeypatch, job, writer)
    assert writer.began[-1] == "prepare"
    assert not (other.folder / JOURNAL).exists()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of modules that want an instance, in order."""
    said: list[str] = []

    def noting(what: str) -> Any:
        return lambda told: said.append(f"{what} {told}")

    doubles: dict[str, dict[str, Any]] = {
        "connection": {"connect": noting("connect")},
        "lock": {"take_database_lock": noting("lock as")},
        "branches": {"require_main": noting("main branch of")},
        "rows": {"highest_ids": lambda: {"t": 3}},
        "sequences": {"require_ahead": noting("sequences beyond")},
        "writer": {"Writer": lambda *given: given},
    }
    for name, functions in doubles.items():
        double = SimpleNamespace(**functions)
        monkeypatch.setitem(sys.modules, f"runners.registry.{name}", double)
        monkeypatch.setattr(registry, name, double, raising=False)
    monkeypatch.setattr(publications, "publications_of_run", lambda *_: "publications")
    return said


@pytest.mark.parametrize("has_previous", [True, False])
def test_a_writer_is_made_once_the_instance_is_ours_and_knows_the_versions_of_before(
    monkeypatch: pytest.MonkeyPatch, job: Job, asked: list[str], has_previous: bool
) -> None:
    older = job.manifest.model_copy(update={"release": "2020-01-15"})
    before = [CensusDataset("d-1", "v-1", "T", "p", "c", "C", "", 1)]
    monkeypatch.setattr(steps, "read_datasets", lambda of: before if of is older else DATASETS)
    monkeypatch.setattr(steps, "Reference", lambda own, root: (own.dataset_schema_version, root))
    own = replace(job, previous=older if has_previous else None)
    with Journal(job.folder / JOURNAL) as journal:
        made = cast("tuple[Any, ...]", steps._writer(own, journal))
    manifest, reference, versions, noted, found = made
    assert (manifest, noted, found) == (job.manifest, journal, "publications")
    assert reference == ("7.0.0", job.reference)
    assert versions == ({"d-1": "v-1"} if has_previous else {})
    assert asked == [
        "connect a/b",
        "lock as run",
        "main branch of a/b",
        "sequences beyond {'t': 3}",
    ]


@pytest.mark.parametrize("scheduler", [None, "tcp://10.0.0.1:8786"])
def test_files_are_read_by_processes_of_this_machine_or_of_a_cluster(
    monkeypatch: pytest.MonkeyPatch, job: Job, scheduler: str | None
) -> None:
    @contextmanager
    def connect_cluster(address: str) -> Iterator[tuple[int, str]]:
        assert address == scheduler
        yield 64, "its pool"

    cluster = SimpleNamespace(connect_cluster=connect_cluster)
    monkeypatch.setitem(sys.modules, "runners.validation.cluster", cluster)
    monkeypatch.setattr(steps, "Readers", lambda *given, **named: (given, named))
    with steps._readers(replace(job, workers=3, scheduler=scheduler)) as readers:
        own: tuple[Any, ...] = ("7.0.0", job.reference)
        assert cast("Any", readers) == (
            (*own, 3) if scheduler is None else (*own, 64, "its pool"),
            {"ahead": steps.AHEAD},
        )
