"""What a mirror copies, when it gives up, and how it speaks with where runs are kept."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from runners import retries
from runners.cli.commands import main
from runners.retries import OutageError
from runners.run import run_storage
from runners.run.run_storage import (
    FolderRunStorage,
    Mirror,
    S3RunStorage,
    run,
    run_storage_at,
)

RUN = "2026-02-01-ingest-2"
REFUSED = ClientError(
    {"Error": {"Code": "SlowDown", "Message": "reduce  your\nrate."}}, "PutObject"
)
WORDS = "An error occurred (SlowDown) when calling the PutObject operation: reduce your rate"


WAITS = """import pathlib, time
for _ in range(3_000):  # half a minute at most
    if pathlib.Path('{}').exists():
        break
    time.sleep(0.01)
else:
    raise SystemExit('nothing came')
"""


@dataclass
class Noting:
    """A storage that notes what it is asked for, and fails as `refuse` says of a file's name."""

    refuse: Callable[[str], Exception | None] = lambda _: None
    put_files: list[str] = field(default_factory=list)
    fetched: list[tuple[Path, str]] = field(default_factory=list)

    def fetch(self, runs: Path, beginning: str) -> None:
        self.fetched.append((runs, beginning))
        if error := self.refuse("fetch"):
            raise error

    def put(self, file: Path) -> None:
        if error := self.refuse(file.name):
            raise error
        self.put_files.append(file.name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's folder, in which a step works."""
    own = tmp_path / "runs" / RUN
    own.mkdir(parents=True)
    monkeypatch.chdir(own)
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)
    return own


def test_files_are_kept_and_neither_folders_nor_what_is_written_or_asked_here(folder: Path) -> None:
    for name in ("journal.jsonl", "report.json", "left.json.partial", "cancel"):
        (folder / name).write_text("x")
    (folder / "scratch").mkdir()
    noting = Noting()
    assert Mirror(folder, noting).put_changed() is None
    assert noting.put_files == ["journal.jsonl", "report.json"]


@pytest.mark.parametrize(
    ("text", "second", "is_put"), [("x", 1, False), ("x", 2, True), ("xy", 1, True)]
)
def test_a_file_has_changed_where_its_size_or_its_time_has(
    folder: Path, text: str, second: int, is_put: bool
) -> None:
    own, noting = folder / "report.json", Noting()
    mirror = Mirror(folder, noting)
    for each, moment in (("x", 1), (text, second)):
        own.write_text(each)
        os.utime(own, (moment, moment))
        mirror.put_changed()
    assert len(noting.put_files) == (2 if is_put else 1)


@pytest.mark.parametrize("error", [REFUSED, OSError("reduce your rate."), RuntimeError("closed")])
def test_a_file_that_is_refused_keeps_no_other_from_being_kept_and_is_put_again(
    folder: Path, error: Exception
) -> None:
    """Whatever the storage's client raises; the first reason is said of all."""
    for name in ("a.json", "b.json", "c.json"):
        (folder / name).write_text("x")
    errors = {"a.json": error, "c.json": OSError("another reason")}
    noting = Noting(errors.get)
    mirror = Mirror(folder, noting)
    reason = WORDS if error is REFUSED else str(error).rstrip(".")
    assert mirror.put_changed() == f"run {RUN}: a.json, c.json can't be kept ({reason})"
    errors.clear()
    assert mirror.put_changed() is None
    assert noting.put_files == ["b.json", "a.json", "c.json"]


def test_a_copy_that_breaks_off_leaves_what_was_kept_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal by half would be a run that has done less than it has."""
    own, kept = folder / "journal.jsonl", tmp_path / "kept" / RUN / "journal.jsonl"
    mirror = Mirror(folder, FolderRunStorage(tmp_path / "kept"))
    own.write_text("one\n")
    mirror.put_changed()

    def break_off(_: Path, to: Path) -> None:
        to.write_text("on")
        raise OSError("no space left")

    own.write_text("one\ntwo\n")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", break_off)
        assert "no space left" in str(mirror.put_changed())
    assert kept.read_text() == "one\n"
    mirror.put_changed()
    assert kept.read_text() == "one\ntwo\n"
    assert list(kept.parent.iterdir()) == [kept]


def test_the_runs_of_the_same_release_are_fetched_beside_the_run(folder: Path) -> None:
    noting = Noting()
    assert run(Mirror(folder, noting), [sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert noting.fetched == [(folder.parent, "2026-02-01")]


@pytest.mark.parametrize(
    ("here", "there", "taken"),
    [
        ("one\ntwo\n", "one\n", "one\ntwo\n"),
        ("one\n", "one\ntwo\n", "one\ntwo\n"),
        ("one\nhere\n", "one\nthere\n", "one\nthere\n"),
        ("", "one\n", "one\n"),
        ("one\n", None, "one\n"),
    ],
)
@pytest.mark.parametrize("breaks_off", [False, True])
def test_of_two_journals_the_one_that_goes_on_from_the_other_is_taken(
    folder: Path, here: str, there: str | None, taken: str, breaks_off: bool
) -> None:
    """Also where the fetch breaks off once the journal is there."""
    journal = folder / "journal.jsonl"
    if here:
        journal.write_text(here)
    is_first = True

    def fetch(name: str) -> Exception | None:
        nonlocal is_first
        if name == "fetch":
            if there is not None:
                journal.write_text(there)
            is_broken, is_first = breaks_off and is_first, False
            return OSError("broken off") if is_broken else None
        return None

    assert run(Mirror(folder, Noting(fetch)), [sys.executable, "-c", ""]) == 0
    assert journal.read_text() == taken


@pytest.mark.parametrize("error", [REFUSED, OSError("reduce your rate.")])
def test_what_cannot_be_fetched_is_said_by_the_runs_name_and_nothing_begins(
    folder: Path, error: Exception
) -> None:
    noting = Noting(lambda name: error if name == "fetch" else None)
    begins = [sys.executable, "-c", "open('report.json', 'w')"]
    with pytest.raises(OutageError, match=rf"^run {RUN}: what was kept can't be fetched \("):
        run(Mirror(folder, noting), begins, unkept=0.05)
    assert len(noting.fetched) > 1
    assert not (folder / "report.json").exists()


def test_what_is_refused_at_the_end_is_tried_again_for_a_while(folder: Path) -> None:
    refusals = [REFUSED, REFUSED]
    noting = Noting(lambda name: refusals.pop() if name == "report.json" and refusals else None)
    ends = [sys.executable, "-c", "open('report.json', 'w')"]
    assert run(Mirror(folder, noting), ends, every=30) == 0
    assert noting.put_files == ["report.json"]


def test_a_refusal_is_said_anew_once_it_had_passed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of three in a row once; and again after a look that went well."""
    looks: list[Exception | None] = [REFUSED, REFUSED, REFUSED, None, REFUSED, None]

    def refuse(name: str) -> Exception | None:
        if name != "changing":
            return None
        if not looks:
            (folder / "end").touch()
            return None
        os.utime(folder / "changing", (len(looks), len(looks)))  # so that each look puts it
        return looks.pop(0)

    (folder / "changing").touch()
    waits = WAITS.format("end")
    assert run(Mirror(folder, Noting(refuse)), [sys.executable, "-c", waits], every=0.02) == 0
    assert capsys.readouterr().err.count("; trying again.") == 2


@pytest.mark.parametrize(("words", "seconds"), [((), inf), (("--minutes", "1.5"), 90)])
def test_a_step_has_the_minutes_that_the_command_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], seconds: float
) -> None:
    given: list[float] = []

    def noted(*_: object, seconds: float) -> int:
        given.append(seconds)
        return 7

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_storage, "run", noted)
    Path("request.json").write_text("{}")
    words = ("mirror", "--run", "r", "--to", str(tmp_path / "kept"), *words, "ingest")
    assert CliRunner().invoke(main, words).exit_code == 7
    assert given == [seconds]
    assert Path("runs/r/request.json").read_text() == "{}"


def test_a_step_has_a_session_of_its_own(folder: Path) -> None:
    """What a terminal or GitHub sends to all processes reaches the mirror alone, which asks it."""
    alone = "import os, sys; sys.exit(0 if os.getsid(0) == os.getpid() else 1)"
    assert run(Mirror(folder, Noting()), [sys.executable, "-c", alone]) == 0


def test_s3_is_asked_with_little_patience_for_the_mirror_comes_back() -> None:
    kept = run_storage_at("s3://bucket/runs")
    assert isinstance(kept, S3RunStorage)
    config = kept.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (10, 30)
    assert config.retries["total_max_attempts"] == 2
