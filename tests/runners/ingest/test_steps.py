"""Which steps a run takes, by what it was asked for and whether it is stopped: of a writer that
notes them. Without an instance.
"""

from pathlib import Path
from typing import Any

import pytest
from noting_writer import Writer, job_of
from noting_writer import ingest as ingest_by

from runners.records.baseline import LEFT
from runners.run.journal import CANCELLED, END, JOURNAL, Journal, read_journal
from runners.run.request import Job
from runners.run.stopping import CANCEL

REGISTERED = ["write d-1", "write d-2", "write d-3"]


def ingest(monkeypatch: pytest.MonkeyPatch, job: Job, stops: str | None = None) -> list[str]:
    """What a run of the job has its writer do, in batches of one."""
    writer = Writer(job.folder, stops)
    ingest_by(monkeypatch, job, writer)
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
