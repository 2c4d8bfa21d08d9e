"""A run that is told to stop: by a signal at once, by the file `cancel` after its batch.

The file of the sixth dataset is a pipe that nobody writes to, so that its reader hangs.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import instances
import pytest
from crashes import processes_of
from instances import Done, Place, succeed

from runners.contract import RunReport, Storage
from runners.records.baseline import LEFT
from runners.run.journal import JOURNAL, JournalLines
from runners.sample.datasets import NEWER, of_release

IDS = sorted(dataset.dataset_id for dataset in of_release(NEWER))
BEFORE, STUCK = IDS[:5], IDS[5]


def stuck(versed: Place, root: Path) -> Place:
    """A place whose newer release has the pipe among its files."""
    place = instances.copy(versed, root)
    h5ads = root / "cell-census" / NEWER.version / "h5ads"
    h5ads.mkdir(parents=True)
    for dataset_id in IDS:
        file = h5ads / f"{dataset_id}.h5ad"
        if dataset_id == STUCK:
            os.mkfifo(file)
        else:
            file.symlink_to(place.world.newer.h5ads / file.name)
    soma = str(place.world.newer.soma)
    place.manifest(NEWER.version, storage=Storage(soma=soma, h5ads=str(h5ads)))
    return place


def mend(place: Place) -> None:
    file = place.root / "cell-census" / NEWER.version / "h5ads" / f"{STUCK}.h5ad"
    file.unlink()
    file.symlink_to(place.world.newer.h5ads / file.name)


@dataclass(frozen=True)
class Stopped:
    """How a run ended that was stopped while its reader hung; `left` are processes still there."""

    code: int
    said: str
    seconds: float
    left: list[int]
    journal: JournalLines


def reads(place: Place, request: Path) -> int:
    lines = place.journal(request.parent.name).lines
    return sum(line["step"] == "read" for line in lines)


def start(place: Place, request: Path) -> "subprocess.Popen[str]":
    """An ingest with a process group of its own, as a terminal gives it, that has come to wait."""
    wanted = reads(place, request) + len(BEFORE)
    process = subprocess.Popen(
        [sys.executable, "-m", "runners", *place.arguments("ingest", request)],
        cwd=place.root,
        env=place.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    while reads(place, request) < wanted:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


def ended(place: Place, request: Path, process: "subprocess.Popen[str]") -> Stopped:
    began = time.monotonic()
    said, _ = process.communicate()
    seconds = time.monotonic() - began
    while (left := list(processes_of(place))) and time.monotonic() - began < 7:
        time.sleep(0.02)  # readers end when they see that their parent has
    journal = place.journal(request.parent.name)
    return Stopped(process.returncode, said, seconds, left, journal)


@dataclass(frozen=True)
class Story:
    """One run: interrupted, started again and cancelled, verified, and started once more.
    `is_noted`: whether the cancelled one had noted what it left.
    """

    place: Place
    interrupted: Stopped
    cancelled: Stopped
    is_noted: bool
    again: Done
    report: RunReport
    verified: Done
    last: Done


@pytest.fixture(scope="module")
def story(versed: Place, tmp_path_factory: pytest.TempPathFactory) -> Story:
    place = stuck(versed, tmp_path_factory.mktemp("stuck"))
    request = place.request("run", NEWER.version)
    process = start(place, request)
    os.killpg(process.pid, signal.SIGINT)
    interrupted = ended(place, request, process)
    process = start(place, request)
    (request.parent / "cancel").touch()
    cancelled = ended(place, request, process)
    is_noted = (request.parent / LEFT).exists()
    again = place.run("ingest", request)
    journal = request.with_name(JOURNAL)
    *lines, _ = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines))  # as of a run that a signal ended before its last line
    verified = place.run("verify", request)
    report = place.report("run")
    mend(place)
    (request.parent / "cancel").unlink()
    last = place.run("ingest", request)
    return Story(place, interrupted, cancelled, is_noted, again, report, verified, last)


@pytest.mark.prove
def test_an_interrupted_run_ends_in_time_and_takes_its_readers_along(story: Story) -> None:
    assert story.interrupted.code == 130
    assert story.interrupted.seconds < 7
    assert story.interrupted.left == []
    assert story.interrupted.said.splitlines()[-1] == (
        "stopped by SIGINT; the same command goes on where it was."
    )
    assert "Traceback" not in story.interrupted.said
    assert story.interrupted.journal.datasets("written") == {}


@pytest.mark.prove
def test_a_cancelled_run_writes_its_batch_although_a_reader_hangs(story: Story) -> None:
    assert story.cancelled.code == 0, story.cancelled.said
    assert story.cancelled.seconds < 30
    assert story.cancelled.left == []
    assert sorted(story.cancelled.journal.datasets("written")) == BEFORE
    assert story.cancelled.journal.lines[-1]["step"] == "cancelled"
    assert "run: cancelled after 5 datasets, which stay; " in story.cancelled.said
    assert story.is_noted


@pytest.mark.prove
def test_a_cancelled_run_stays_so_while_the_file_is_there(story: Story) -> None:
    succeed(story.again)
    assert "run: cancelled after 5 datasets" in story.again.stderr


@pytest.mark.prove
def test_the_report_says_what_was_done(story: Story) -> None:
    assert story.verified.returncode == 1
    assert story.report.cancelled
    assert sorted(outcome.dataset_id for outcome in story.report.outcomes) == BEFORE


@pytest.mark.prove
def test_without_the_file_the_run_goes_on_to_its_end(story: Story) -> None:
    succeed(story.last)
    record = story.place.journal("run")
    assert sorted(record.datasets("written")) == IDS
    assert record.lines[-1]["step"] == "end"


@pytest.mark.prove
def test_the_instance_keeps_one_beginning_of_a_run_however_often_it_goes_on(story: Story) -> None:
    """A later one would say that the instance hadn't kept what was written before it."""
    openings = "select count(*) from lamindb_jsonvalue where json_extract(value, '$.run') = 'run'"
    openings += " and json_extract(value, '$.opening') is not null"
    with closing(sqlite3.connect(story.place.database)) as connection:
        assert connection.execute(openings).fetchone() == (1,)


OWN = """
import signal, sys, time
from runners.run.stopping import ends_in_time
with ends_in_time():
    try:
        while True:
            try:
                print("ready", flush=True)
                time.sleep(60)
            except BaseException:
                if not {stubborn}:
                    raise
    finally:
        signal.raise_signal(signal.SIGINT)  # a second one interrupts no unwinding
        print("unwound", flush=True)
"""


@pytest.mark.parametrize(
    ("number", "code", "stubborn"),
    [(signal.SIGINT, 130, False), (signal.SIGTERM, 143, False), (signal.SIGTERM, 143, True)],
)
def test_whoever_holds_up_the_end_is_cut_off(
    number: signal.Signals, code: int, stubborn: bool
) -> None:
    script = OWN.format(stubborn=stubborn)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=instances.REPOSITORY, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        process.send_signal(number)  # an impatient one
        began = time.monotonic()
        assert process.wait() == code
        assert ("unwound\n" in process.stdout.read()) != stubborn
    seconds = time.monotonic() - began
    assert (seconds > 4) == stubborn
    assert seconds < 7
