"""A run's folder is fetched, and put back while and after a step works in it."""

import sys
from pathlib import Path

import pytest

from runners.mirror import KeptInFolder, Mirror, kept, run

APPEND = "import sys; open('journal.jsonl', 'a').write('two\\n'); sys.exit(3)"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """A run of which another machine has kept a line."""
    home = tmp_path / "kept" / "run-1"
    home.mkdir(parents=True)
    (home / "journal.jsonl").write_text("one\n")
    folder = tmp_path / "runs" / "run-1"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return Mirror(folder, kept(str(tmp_path / "kept"), "run-1"))


def test_it_goes_on_from_what_was_kept_and_keeps_what_comes(mirror: Mirror) -> None:
    assert run(mirror, [sys.executable, "-c", APPEND]) == 3
    assert isinstance(mirror.kept, KeptInFolder)
    assert (mirror.kept.home / "journal.jsonl").read_text() == "one\ntwo\n"
    assert [path.name for path in mirror.kept.home.iterdir()] == ["journal.jsonl"]


def test_what_is_written_is_kept_while_the_step_works(mirror: Mirror) -> None:
    assert isinstance(mirror.kept, KeptInFolder)
    there = mirror.kept.home / "journal.jsonl"
    # The step ends when it sees its own line where runs are kept.
    wait = (
        "import time, pathlib; open('journal.jsonl', 'a').write('two\\n')\n"
        f"while 'two' not in pathlib.Path({str(there)!r}).read_text(): time.sleep(0.01)"
    )
    assert run(mirror, [sys.executable, "-c", wait], every=0.02) == 0


def test_only_what_changed_is_put_again(mirror: Mirror) -> None:
    mirror.kept.fetch(mirror.folder)
    mirror.put_changed()
    assert isinstance(mirror.kept, KeptInFolder)
    there = mirror.kept.home / "journal.jsonl"
    there.unlink()
    mirror.put_changed()
    assert not there.exists()
