"""A pool of processes of this machine, and the end of the process that had it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from runners.validation.pools import processes

ROOT = Path(__file__).resolve().parents[3]
LATE = """
import os, threading
from concurrent.futures import process
from runners.validation.pools import processes

exiting, closed = threading.Event(), threading.Event()
wakeup, close = process._ThreadWakeup.wakeup, process._ThreadWakeup.close

def slow_wakeup(self):
    if process._global_shutdown and not self._closed:  # as it asks itself, before it sends
        exiting.set()
        closed.wait()
        self._writer.send_bytes(b"")
    else:
        wakeup(self)

def slow_close(self):
    exiting.wait(1)
    close(self)
    closed.set()

process._ThreadWakeup.wakeup, process._ThreadWakeup.close = slow_wakeup, slow_close

if __name__ == "__main__":
    with processes(1) as pool:
        print(pool.submit(os.path.basename, "a/b").result())
"""
"""The end of a process that wakes the pool's thread up while that thread ends, which closes its
pipe later than it is looked at.
"""


def test_a_process_ends_without_a_word_while_its_pool_ends(tmp_path: Path) -> None:
    script = tmp_path / "late.py"
    script.write_text(LATE)
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "b\n", "")


def test_the_end_of_a_pool_ends_no_other_process() -> None:
    """A smoke test's readers live while the ingest within it opens and closes a pool."""
    other = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        with processes(1):
            pass
        assert other.is_alive()
    finally:
        other.kill()
        other.join()


def is_over(pid: int) -> bool:
    """Whether a process has ended, or does within seconds."""
    try:
        process = psutil.Process(pid)
        deadline = time.monotonic() + 20
        while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.02)
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_process_of_a_pool_has_nothing_of_its_parent_and_ends_with_the_pool_whatever_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "of_the_parent", True, raising=False)
    with processes(1) as pool:
        pid = pool.submit(os.getpid).result()
        assert not pool.submit(eval, "hasattr(__import__('os'), 'of_the_parent')").result()
        # what a terminal sends to all is for the parent to act on
        assert pool.submit(signal.getsignal, signal.SIGINT).result() is signal.SIG_IGN
        asked = [pool.submit(time.sleep, 600) for _ in range(5)]
        while not asked[0].running():
            time.sleep(0.01)
    assert is_over(pid)
    assert all(future.done() for future in asked)


KILLED = """
import os, sys, time
from runners.validation.pools import processes
if __name__ == "__main__":
    with processes(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_a_process_of_a_pool_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    words, environment = [sys.executable, str(script)], {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert is_over(pid)
