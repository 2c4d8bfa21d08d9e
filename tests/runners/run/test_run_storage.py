"""A run's folder is fetched, and put back while and after a step works in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runners.run.run_storage import FolderRunStorage, Mirror, run, run_storage_at

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


def test_what_runs_of_other_releases_left_is_fetched(mirror: Mirror) -> None:
    left = there(mirror).parents[1] / OTHER / "left.json"
    left.write_text("{}")
    run(mirror, [sys.executable, "-c", APPEND])
    fetched = mirror.folder.parent / OTHER
    assert [path.name for path in fetched.iterdir()] == ["left.json"]


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


WAITS = "import pathlib, time\nwhile not pathlib.Path('cancel').exists(): time.sleep(0.01)\n"
NEVER = "import time; time.sleep(60)"
ENDS_EARLY = WAITS + "open('journal.jsonl', 'a').write('cancelled\\n')"


@pytest.mark.parametrize(
    ("command", "patience", "code"),
    [(ENDS_EARLY, 4.0, 0), (NEVER, 0.1, 143)],
)
def test_told_to_stop_it_asks_the_step_and_keeps_what_it_then_writes(
    mirror: Mirror, command: str, patience: float, code: int
) -> None:
    home = there(mirror).parents[1]
    script = REPOSITORY / "tests" / "runners" / "stopped_mirror.py"
    words = [str(mirror.folder), str(home), str(patience), command]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, str(script), *words], env=environment, check=False)
    assert done.returncode == code
    assert ("cancelled" in there(mirror).read_text()) is (code == 0)
    assert not there(mirror).with_name("cancel").exists()


def test_when_its_time_is_over_the_step_is_asked_to_end_and_waited_for(mirror: Mirror) -> None:
    slow = ENDS_EARLY.replace("open(", "time.sleep(0.1); open(")
    assert run(mirror, [sys.executable, "-c", slow], every=0.02, seconds=0.1) == 0
    assert there(mirror).read_text() == "one\ncancelled\n"
    assert not there(mirror).with_name("cancel").exists()
