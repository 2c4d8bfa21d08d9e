"""A run's folder is fetched, and put back while and after a step works in it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import boto3
import pytest
import refusing_s3

from runners import retries
from runners.files import write_whole
from runners.retries import OutageError
from runners.run.run_storage import (
    FolderRunStorage,
    Mirror,
    RunStorage,
    S3RunStorage,
    run,
    run_storage_at,
)

REPOSITORY = Path(__file__).resolve().parents[3]
RUN, EARLIER, OTHER = "2026-02-01-ingest-2", "2026-02-01-ingest-1", "2025-06-01-ingest-1"
APPEND = "import sys; open('journal.jsonl', 'a').write('two\\n'); sys.exit(3)"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """A run of which another machine has kept a line, one more of its release, and another's."""
    for name in (RUN, EARLIER, OTHER):
        home = tmp_path / "kept" / name
        home.mkdir(parents=True)
        (home / "journal.jsonl").write_text("one\n")
    folder = tmp_path / "runs" / RUN
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return Mirror(folder, run_storage_at(str(tmp_path / "kept")))


def there(mirror: Mirror) -> Path:
    assert isinstance(mirror.kept, FolderRunStorage)
    return mirror.kept.home / RUN / "journal.jsonl"


def test_it_goes_on_from_what_was_kept_and_keeps_what_comes(mirror: Mirror) -> None:
    assert run(mirror, [sys.executable, "-c", APPEND]) == 3
    assert there(mirror).read_text() == "one\ntwo\n"
    assert [path.name for path in there(mirror).parent.iterdir()] == ["journal.jsonl"]
    assert {path.name for path in mirror.folder.parent.iterdir()} == {RUN, EARLIER}


def test_a_journal_that_is_further_here_than_where_it_is_kept_stays(mirror: Mirror) -> None:
    (mirror.folder / "journal.jsonl").write_text("one\nhere\n")
    assert run(mirror, [sys.executable, "-c", APPEND]) == 3
    assert there(mirror).read_text() == "one\nhere\ntwo\n"


def test_a_journal_that_another_machine_has_written_since_is_taken(mirror: Mirror) -> None:
    (mirror.folder / "journal.jsonl").write_text("o")
    there(mirror).write_text("one\nthere\n")
    assert run(mirror, [sys.executable, "-c", APPEND]) == 3
    assert there(mirror).read_text() == "one\nthere\ntwo\n"


def test_what_runs_of_other_releases_left_is_fetched(mirror: Mirror) -> None:
    left = there(mirror).parents[1] / OTHER / "left.json"
    left.write_text("{}")
    run(mirror, [sys.executable, "-c", APPEND])
    fetched = mirror.folder.parent / OTHER
    assert [path.name for path in fetched.iterdir()] == ["left.json"]


def test_a_file_among_the_runs_folders_is_none_of_them(mirror: Mirror) -> None:
    (there(mirror).parents[1] / f"{EARLIER}.zip").touch()
    run(mirror, [sys.executable, "-c", APPEND])
    assert {path.name for path in mirror.folder.parent.iterdir()} == {RUN, EARLIER}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client of an S3 on loopback."""
    with refusing_s3.served() as (endpoint, _):
        yield boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
            region_name="us-east-1",
        )


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_objects_that_stand_for_folders_are_passed_over(s3: Any, tmp_path: Path) -> None:
    """As consoles and some tools make them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html"""
    s3.create_bucket(Bucket="folders")
    keys = ("", f"{RUN}/", f"{EARLIER}/", f"{EARLIER}/journal.jsonl", f"{OTHER}/left.json/")
    for key in keys:
        s3.put_object(Bucket="folders", Key=f"runs/{key}", Body=b"")
    for _ in range(2):  # and where their folders are there
        S3RunStorage("folders", "runs/", s3).fetch(tmp_path, RUN[:10])
    assert files_in(tmp_path) == {f"{EARLIER}/journal.jsonl"}


@pytest.mark.parametrize("prefix", [None, "", "runs/"], ids=["folder", "bucket", "prefix"])
def test_of_the_release_all_is_fetched_and_of_others_what_they_left(
    s3: Any, tmp_path: Path, prefix: str | None
) -> None:
    """Also of an earlier release that was mended since: its newest run has left what it holds."""
    home, runs = tmp_path / "kept", tmp_path / "fetched"
    mended = OTHER.replace("ingest-1", "ingest-2")
    kept = {
        f"{run}/{file}": f"{file} of {run}"
        for run in (RUN, EARLIER, OTHER, mended)
        for file in ("journal.jsonl", "holdings.json", "left.json", "not-left.json")
    }
    storage: RunStorage
    if prefix is None:
        storage = FolderRunStorage(home)
        for name, text in kept.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text)
    else:
        storage = S3RunStorage(f"fetched-{len(prefix)}", prefix, s3)
        s3.create_bucket(Bucket=storage.bucket)
        for name, text in kept.items():
            s3.put_object(Bucket=storage.bucket, Key=f"{prefix}{name}", Body=text.encode())
    storage.fetch(runs, RUN[:10])
    wanted = {
        name: text
        for name, text in kept.items()
        if name.startswith(RUN[:10]) or name in (f"{OTHER}/left.json", f"{mended}/left.json")
    }
    assert {name: (runs / name).read_text() for name in files_in(runs)} == wanted


def test_what_is_written_is_kept_while_the_step_works(mirror: Mirror) -> None:
    # The step ends when it sees its own line where runs are kept.
    wait = (
        "import time, pathlib; open('journal.jsonl', 'a').write('two\\n')\n"
        f"while 'two' not in pathlib.Path({str(there(mirror))!r}).read_text(): time.sleep(0.01)"
    )
    assert run(mirror, [sys.executable, "-c", wait], every=0.02) == 0


def test_only_what_changed_is_put_again(mirror: Mirror) -> None:
    (mirror.folder / "journal.jsonl").write_text("one\n")
    (mirror.folder / "report.json.partial").write_text("{")
    mirror.put_changed()
    there(mirror).unlink()
    mirror.put_changed()
    assert list(there(mirror).parent.iterdir()) == []


@dataclass
class Slow:
    """A storage beside which the step goes on writing: `meanwhile` comes after each put."""

    kept: RunStorage
    meanwhile: Callable[[Path], object]

    def fetch(self, runs: Path, beginning: str) -> None:
        self.kept.fetch(runs, beginning)

    def put(self, file: Path) -> None:
        self.kept.put(file)
        self.meanwhile(file)


def test_what_is_written_while_a_file_is_kept_is_kept_the_next_time(mirror: Mirror) -> None:
    """And it may be the last that is ever written."""
    own, rest = mirror.folder / "journal.jsonl", ["two\nend\n"]
    own.write_text("two\n")
    slow = Mirror(
        mirror.folder, Slow(mirror.kept, lambda file: rest and file.write_text(rest.pop()))
    )
    slow.put_changed()
    assert there(mirror).read_text() == "two\n"
    slow.put_changed()
    assert there(mirror).read_text() == "two\nend\n"


def test_another_text_as_long_as_the_one_that_is_kept_is_kept(mirror: Mirror) -> None:
    own = mirror.folder / "report.json"
    for second, text in enumerate(("1", "2"), start=1):
        own.write_text(text)
        os.utime(own, (second, second))
        mirror.put_changed()
    assert there(mirror).with_name("report.json").read_text() == "2"


@pytest.mark.parametrize("before", [None, "before"])
def test_a_file_that_is_being_written_is_kept_once_it_is_whole(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    own, home = mirror.folder / "left.json", there(mirror).parent
    seen = []
    if before:
        own.write_text(before)

    def look(_: int) -> None:
        """The mirror copies in the middle of the writing."""
        mirror.put_changed()
        seen.append({path.name: path.read_text() for path in home.iterdir()})

    monkeypatch.setattr(os, "fsync", look)
    write_whole(own, "after")
    others = {"journal.jsonl": "one\n"}
    assert seen == [others | ({"left.json": before} if before else {})]
    mirror.put_changed()
    assert {path.name: path.read_text() for path in home.iterdir()} == {
        **others,
        "left.json": "after",
    }


WAITS = """import pathlib, time
for _ in range(3_000):  # half a minute, where nobody asks it to end
    if pathlib.Path('cancel').exists():
        break
    time.sleep(0.01)
else:
    raise SystemExit('nobody asked')
"""
NEVER = "import time; time.sleep(60)"
REPORTS = "open('report.json', 'w').write('{}')"
ENDS_EARLY = WAITS + "open('journal.jsonl', 'a').write('cancelled\\n')"


@pytest.mark.parametrize("hangs", [(), ("hangs",)], ids=["", "an upload hangs"])
@pytest.mark.parametrize(
    ("command", "patience", "code"),
    [(ENDS_EARLY, 4.0, 0), (NEVER, 0.1, 143)],
)
def test_told_to_stop_it_asks_the_step_and_keeps_what_it_then_writes(
    mirror: Mirror, command: str, patience: float, code: int, hangs: tuple[str, ...]
) -> None:
    assert stopped(mirror, str(patience), command, *hangs) == code
    assert ("cancelled" in there(mirror).read_text()) is (code == 0)
    assert not there(mirror).with_name("cancel").exists()


def test_a_step_that_cannot_be_asked_is_stopped_in_time(mirror: Mirror) -> None:
    (mirror.folder / "cancel").symlink_to(mirror.folder / "nowhere" / "cancel")
    assert stopped(mirror, "0.1", NEVER) == 143


def stopped(mirror: Mirror, *words: str) -> int:
    """The exit code of a process that is told to stop while it runs the mirror."""
    script = REPOSITORY / "tests" / "runners" / "stopped_mirror.py"
    where = [str(mirror.folder), str(there(mirror).parents[1])]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(script), *where, *words]
    return subprocess.run(command, env=environment, check=False).returncode


def test_when_its_time_is_over_the_step_is_asked_to_end_and_waited_for(mirror: Mirror) -> None:
    slow = ENDS_EARLY.replace("open(", "time.sleep(0.1); open(")
    assert run(mirror, [sys.executable, "-c", slow], every=0.02, seconds=0.1) == 0
    assert there(mirror).read_text() == "one\ncancelled\n"
    assert not there(mirror).with_name("cancel").exists()


@dataclass
class Refusing:
    """A storage that refuses so many puts first, as S3 does with a 503 (SlowDown,
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). None is kept by half.
    """

    kept: RunStorage
    refusals: float
    may_fetch: bool = False

    def fetch(self, runs: Path, beginning: str) -> None:
        if not self.may_fetch:
            self._refuse()
        self.kept.fetch(runs, beginning)

    def put(self, file: Path) -> None:
        self._refuse()
        self.kept.put(file)

    def _refuse(self) -> None:
        if self.refusals > 0:
            self.refusals -= 1
            raise OSError("SlowDown: please reduce your request rate.")


@pytest.mark.parametrize("may_fetch", [False, True])
def test_what_is_refused_is_tried_again_until_it_is_kept(
    mirror: Mirror,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    may_fetch: bool,
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)
    refusing = Mirror(mirror.folder, Refusing(mirror.kept, 3, may_fetch))
    assert (
        run(
            refusing,
            [sys.executable, "-c", f"{APPEND.replace('sys.exit(3)', REPORTS)}"],
            every=0.02,
        )
        == 0
    )
    assert there(mirror).read_text() == "one\ntwo\n"
    assert there(mirror).with_name("report.json").read_text() == "{}"
    assert not (mirror.folder / "cancel").exists()
    assert "(SlowDown: please reduce your request rate)" in capsys.readouterr().err


def test_a_step_that_nothing_is_kept_of_is_asked_to_end_and_that_is_said(
    mirror: Mirror, capsys: pytest.CaptureFixture[str]
) -> None:
    (mirror.folder / "request.json").write_text("{}")
    refusing = Mirror(mirror.folder, Refusing(mirror.kept, inf, may_fetch=True))
    with pytest.raises(OutageError) as raised:
        run(refusing, [sys.executable, "-c", ENDS_EARLY], every=0.02, unkept=0.1)
    assert str(raised.value) == (
        f"run {RUN}: journal.jsonl, request.json can't be kept (SlowDown: please reduce your "
        f"request rate); they lie in {mirror.folder} alone."
    )
    assert (mirror.folder / "journal.jsonl").read_text() == "one\ncancelled\n"
    said = capsys.readouterr().err
    assert said.count("; trying again.") == 1
    assert said.count("for too long; the step is asked to end after its batch.") == 1


def test_a_storage_that_has_answered_meanwhile_is_waited_for_anew(mirror: Mirror) -> None:
    (mirror.folder / "journal.jsonl").write_text("one\n")
    refusing = Mirror(mirror.folder, Refusing(mirror.kept, 2))
    assert refusing.put_changed() is not None
    since = refusing.failing_since
    assert refusing.put_changed() is not None
    assert refusing.failing_since == since is not None
    assert refusing.put_changed() is None
    assert refusing.failing_since is None


def test_where_nothing_can_be_fetched_nothing_begins(mirror: Mirror) -> None:
    refusing = Mirror(mirror.folder, Refusing(mirror.kept, inf))
    with pytest.raises(OutageError, match=r"can't be fetched \(SlowDown: please reduce"):
        run(refusing, [sys.executable, "-c", REPORTS], unkept=0.1)
    assert not (mirror.folder / "report.json").exists()


@pytest.mark.parametrize(
    ("address", "prefix"),
    [("s3://bucket", ""), ("s3://bucket/", ""), ("s3://bucket/run-1", "run-1/"),
     ("s3://bucket/a/run-1/", "a/run-1/"), ("s3://bucket//a#1?b", "a#1?b/")],
)  # fmt: skip
def test_a_prefix_is_a_whole_folder_so_that_run_1_is_not_run_10(address: str, prefix: str) -> None:
    kept = run_storage_at(address)
    assert isinstance(kept, S3RunStorage)
    assert (kept.bucket, kept.prefix) == ("bucket", prefix)
