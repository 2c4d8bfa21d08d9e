"""What a process does once a signal has come, and what it leaves as it was where none does."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runners.run.stopping import before_unwinding, ends_in_time, is_cancelled
from runners.settings import REPOSITORY

SCRIPT = """
import signal, subprocess, sys
from multiprocessing import get_context
from runners.run.stopping import before_unwinding, ends_in_time

def fail():
    print("fails", flush=True)
    raise ValueError("an act")

def wait():
    import time
    time.sleep(60)

def say(word):
    return lambda: print(word, flush=True)

if __name__ == "__main__":
    with ends_in_time():
        child = get_context("fork").Process(target=wait)
        child.start()
        with before_unwinding(say("never")):
            pass
        try:
            with (
                before_unwinding(say("first")),
                before_unwinding(fail),
                before_unwinding(say("last")),
            ):
                signal.raise_signal(signal.{name})
        finally:
            print("unwinds", child.is_alive(), flush=True)
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_has_the_acts_done_that_hold_then_and_ends_the_process_with_its_readers(
    name: str, code: int
) -> None:
    """An act that fails keeps no other from being done; a reader that hangs is not waited for."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(name=name)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout.split("\n")[:-1] == ["first", "fails", "last", "unwinds True"]
    assert done.returncode == code
    assert done.stderr == f"stopped by {name}; the same command goes on where it was.\n"


def test_without_a_signal_handlers_are_as_before_and_no_act_is_done() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    acts: list[str] = []
    with ends_in_time(), before_unwinding(lambda: acts.append("done")):
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
    with pytest.raises(ValueError, match="hers"), ends_in_time():
        raise ValueError("hers")
    assert [signal.getsignal(number) for number in numbers] == before
    assert acts == []


def test_a_run_is_asked_to_end_by_a_file_of_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "cancel").touch()
    assert not is_cancelled(tmp_path / "run")
    (tmp_path / "run" / "cancel").touch()
    assert is_cancelled(tmp_path / "run")
