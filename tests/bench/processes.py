"""Runs a command to its end and says what it took: seconds, memory, SQL statements."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from .release import REPOSITORY, Place

SAMPLED = 0.5
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Taken:
    """What a command took; `peak_mb` is the most that it and its children held together."""

    seconds: float
    peak_mb: float
    statements: int
    output: str


def run(place: Place, module: str, *arguments: str, may_fail: bool = False) -> Taken:
    """What `python -m MODULE ARGUMENTS` took in this place."""
    with tempfile.TemporaryDirectory() as folder:
        counted, output = Path(folder) / "counted.json", Path(folder) / "output"
        words = ["-m", "tests.bench.counted", str(counted), module, *arguments]
        start = time.perf_counter()
        with output.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, *words], env=place.environment, cwd=REPOSITORY, stdout=file
            )
            try:
                peak = _watch(process)
            finally:
                process.kill()
        seconds = time.perf_counter() - start
        if process.returncode and not may_fail:
            raise subprocess.CalledProcessError(process.returncode, words)
        statements = json.loads(counted.read_text())["statements"]
        return Taken(seconds, peak, statements, output.read_text())


def _watch(process: subprocess.Popen[bytes]) -> float:
    peak = 0.0
    while True:
        peak = max(peak, _memory_of_tree(process.pid))
        try:
            process.wait(SAMPLED)
        except subprocess.TimeoutExpired:
            continue
        return peak


def _memory_of_tree(pid: int) -> float:
    """MB of a process and its children; what they share counts once."""
    try:
        parent = psutil.Process(pid)
        tree: Sequence[psutil.Process] = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(map(_memory_of, tree)) / 1e6


def _memory_of(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it has ended meanwhile
        return 0
