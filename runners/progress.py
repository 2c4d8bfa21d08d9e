"""Progress on long work: a bar in a terminal, plain lines elsewhere. Decides nothing."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")

_console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """One line for the person who watches; standard output is left to results."""
    _console.print(line, markup=False)


def steps(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """The items, while a bar moves, or a line says every tenth of the way."""
    if sys.stderr.isatty():
        yield from track(items, description=what, total=total, console=_console)
        return
    every = max(1, total // 10)
    for done, item in enumerate(items):
        if done % every == 0:
            say(f"{what}: {done} of {total}")
        yield item
    say(f"{what}: {total} of {total}")
