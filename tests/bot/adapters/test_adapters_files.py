"""Files that are whole or not there, and one command at a time."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.files import exclusive, write, write_folder

ROOT = Path(__file__).resolve().parents[3]


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    write(tmp_path / "sub" / "a.txt", "one")
    write(tmp_path / "sub" / "a.txt", "two\r\n")
    assert (tmp_path / "sub" / "a.txt").read_bytes() == b"two\r\n"
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["a.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "one")
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "a.txt", "x" * 100_000 + "\ud800")
    assert (tmp_path / "a.txt").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_appears_at_once_and_once(tmp_path: Path) -> None:
    write_folder(tmp_path / "f", {"a": "1", "b": "2"})
    with pytest.raises(FileExistsError):
        write_folder(tmp_path / "f", {"a": "3"})
    assert {path.name: path.read_text() for path in (tmp_path / "f").iterdir()} == {
        "a": "1",
        "b": "2",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


KILLED = """
import os, signal, sys
from pathlib import Path
from bot.adapters import files
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
os.fsync = die
if sys.argv[2] == "file":
    files.write(Path(sys.argv[1]) / "a.txt", "new")
else:
    files.write_folder(Path(sys.argv[1]) / "f", {"a": "1"})
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_killed_between_writing_and_renaming_nothing_shows(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "a.txt", "old")
    words = [sys.executable, "-c", KILLED, str(tmp_path), kind]
    ended = subprocess.run(words, cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "a.txt").read_text() == "old"
    seen = [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert seen == ["a.txt"]


HOLDER = """
import sys
from pathlib import Path
from bot.adapters.files import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_command_waits_until_the_first_is_gone(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(tmp_path)]
    pipe = subprocess.PIPE  # which a failure closes, and the holder ends
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiting = os.fork()
        if waiting == 0:
            with exclusive(tmp_path):
                os._exit(0)
        time.sleep(0.2)
        assert os.waitpid(waiting, os.WNOHANG) == (0, 0)
        holder.kill()
        assert os.waitpid(waiting, 0) == (waiting, 0)


def test_a_folder_that_got_nothing_is_gone_again(tmp_path: Path) -> None:
    with exclusive(tmp_path / "home"):
        assert (tmp_path / "home").is_dir()
    assert not (tmp_path / "home").exists()
    with exclusive(tmp_path / "home"):
        (tmp_path / "home" / "x").touch()
    assert (tmp_path / "home").exists()


def is_held(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(("module", "step"), [(os, "open"), (fcntl, "flock")])
@pytest.mark.parametrize("was_there", [False, True])
def test_a_folder_that_another_command_takes_away_meanwhile_is_held_for_all_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, step: str, *, was_there: bool
) -> None:
    """The other one was first, and goes when this one is before that step."""
    folder, real = tmp_path / "home", getattr(module, step)

    def after_the_other(*given: Any) -> Any:
        monkeypatch.setattr(module, step, real)
        folder.rmdir()
        return real(*given)

    if was_there:
        folder.mkdir()
    monkeypatch.setattr(module, step, after_the_other)
    with exclusive(folder):
        assert is_held(folder)
    assert not folder.exists()


@pytest.mark.parametrize(("module", "step"), [(os, "open"), (fcntl, "flock")])
def test_a_folder_that_was_taken_away_and_made_anew_meanwhile_is_held_for_all_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    """What a third command made is held, rather than what the first one took away."""
    folder, real = tmp_path / "home", getattr(module, step)

    def after_both(*given: Any) -> Any:
        monkeypatch.setattr(module, step, real)
        folder.rmdir()
        folder.mkdir()
        return real(*given)

    monkeypatch.setattr(module, step, after_both)
    with exclusive(folder):
        assert is_held(folder)


def test_a_folder_is_taken_away_while_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another command could have it by then."""
    folder, real, held = tmp_path / "home", os.rmdir, list[bool]()

    def noted(*given: Any, **named: Any) -> None:
        held.append(is_held(folder))
        real(*given, **named)

    monkeypatch.setattr(os, "rmdir", noted)
    with exclusive(folder):
        pass
    assert held == [True]
    assert not folder.exists()


@pytest.mark.parametrize("kind", ["a file", "a link to nothing"])
def test_what_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "home"
    if kind == "a file":
        place.touch()
    else:
        place.symlink_to(tmp_path / "none")
    with pytest.raises(OSError, match="home"), exclusive(place):
        pass
