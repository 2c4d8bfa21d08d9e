"""A copy of the checkout, in which code is broken and tests are run; the checkout stays as it is.

CORPUS isn't handed on: a fault must be noticed on a clone, which has none. A test that fails
without any fault proves nothing, so that its file is run again on sound code before it counts.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import count
from pathlib import Path

import psutil

FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) ([^\s:]+)", re.MULTILINE)
NOT_HANDED_ON = ("CORPUS", "PYTEST_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
SHARED = (".venv", ".reference")  # read only
MOST_MEMORY = 8 * 2**30
"""Bytes in use by pytest and all that it has started, looked at each second: a loop without end may
take what a machine has. What is only allocated is no sign: TileDB asks for more than it uses.
"""


class Answer(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    LATE = "too slow"


class Copy:
    def __init__(self, checkout: Path, folder: Path) -> None:
        self.root, self._base = folder / "checkout", folder / "base"
        self._sound: dict[str, bool] = {}
        self._seconds = count(int(time.time()))
        for path in _git(checkout, "ls-files", "-z", "--cached", "--others", "--exclude-standard"):
            if (checkout / path).is_file() and path not in SHARED:
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(checkout / path, self.root / path)
        for name in SHARED:
            (self.root / name).symlink_to((checkout / name).resolve())

    @contextmanager
    def broken(self, path: str, text: str) -> Iterator[None]:
        """The module at `path` has this text."""
        sound = (self.root / path).read_text()
        self._write(path, text)
        try:
            yield
        finally:
            self._write(path, sound)

    def _write(self, path: str, text: str) -> None:
        """Each time as of another second: by that and by its size bytecode is known as outdated.

        https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
        """
        (self.root / path).write_text(text)
        second = next(self._seconds)
        os.utime(self.root / path, (second, second))

    def ask(self, files: Sequence[str], seconds: float) -> tuple[Answer, str]:
        """Whether all tests of these files passed in time, and the file of one that didn't."""
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-qx",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ]
        command += ["-m", "not prove and not live", f"--basetemp={self._base}", *files]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(NOT_HANDED_ON)}
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        end = time.monotonic() + seconds
        while True:
            try:
                output, _ = process.communicate(timeout=1)
                break
            except subprocess.TimeoutExpired:
                takes_all = _memory(process.pid) > MOST_MEMORY
                if takes_all or time.monotonic() > end:
                    os.killpg(process.pid, 9)
                    process.communicate()
                    return (Answer.FAILED, files[0]) if takes_all else (Answer.LATE, "")
        if process.returncode in (0, 5):  # 5: no test of these is asked for
            return Answer.PASSED, ""
        found = FAILED_TEST.search(output)
        # a module that can't be imported may end pytest before it names a test
        return Answer.FAILED, found[1] if found else files[0]

    def is_sound(self, file: str, seconds: float) -> bool:
        """Whether a test file passes as the checkout stands."""
        if file not in self._sound:
            self._sound[file] = self.ask([file], seconds)[0] is Answer.PASSED
        return self._sound[file]


def _memory(pid: int) -> int:
    """Bytes in use by a process and by those below it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return sum(_resident(one) for one in (process, *process.children(recursive=True)))
    return 0


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


def _git(checkout: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=checkout, capture_output=True, check=True)
    return [path for path in done.stdout.decode().split("\0") if path]
