"""Shows the progress of long work on standard error: a bar in a terminal, else a line at times."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

Item = TypeVar("Item")

PAUSE = 10.0
"""Seconds between two lines in a log."""

_console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Prints a line on standard error; standard output is left to results."""
    _console.print(line, markup=False, emoji=False)


def steps(
    items: Iterable[Item], what: str, total: int, clock: Callable[[], float] = time.monotonic
) -> Iterator[Item]:
    """Yields the items, and shows how many came, how fast, and how long the rest takes; `what`
    names the work.
    """
    started = clock()

    def describe_progress(done: int) -> str:
        return f"{what}: {done} of {total}{_pace(done, total, clock() - started)}"

    if sys.stderr.isatty():
        yield from _bar(items, total, describe_progress)
    else:
        yield from _lines(items, describe_progress, clock)


def _pace(done: int, total: int, seconds: float) -> str:
    """The rate, and the time that the rest takes at it."""
    if done == 0 or seconds <= 0:
        return ""
    left = timedelta(seconds=round((total - done) * seconds / done))
    return f", {60 * done / seconds:.0f} a minute" + (f", {left} left" if done < total else "")


def _bar(items: Iterable[Item], total: int, describe: Callable[[int], str]) -> Iterator[Item]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn())
    with Progress(*columns, console=_console) as bar:
        task = bar.add_task(describe(0), total=total)
        for done, item in enumerate(items, start=1):
            yield item
            bar.update(task, completed=done, description=describe(done))


def _lines(
    items: Iterable[Item], describe: Callable[[int], str], clock: Callable[[], float]
) -> Iterator[Item]:
    say(describe(0))
    said_at, done = clock(), 0
    for done, item in enumerate(items, start=1):
        yield item
        if clock() - said_at >= PAUSE:
            say(describe(done))
            said_at = clock()
    if done:
        say(describe(done))
