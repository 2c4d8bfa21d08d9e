"""A long Markdown text in little room: the first rows of each table and list, and how many follow.

Must not cut a row, nor leave anything out without counting it.
"""

from collections.abc import Iterator
from itertools import groupby

KEPT = (64, 32, 16, 8, 4, 2, 1)


def fitted(text: str, room: int, file: str) -> str | None:
    """The text in at most `room` characters, with where the rest is; None if it can't be had."""
    if len(text) <= room:
        return text
    shorter = ("\n".join(_shortened(text, rows, file)) for rows in KEPT)
    return next((one for one in shorter if len(one) <= room), None)


def _shortened(text: str, rows: int, file: str) -> Iterator[str]:
    for mark, group in groupby(text.splitlines(), key=_mark):
        lines = list(group)
        # A table begins with its header and the rule beneath it.
        kept = rows + 2 if mark == "| " else rows
        yield from lines if mark is None else lines[:kept]
        if mark is not None and len(lines) > kept:
            yield from ("", f"\u2026 and {len(lines) - kept:,} more in `{file}`.")


def _mark(line: str) -> str | None:
    """What tells the rows of a table, and the items of a list, from other lines."""
    return next((mark for mark in ("| ", "- ") if line.startswith(mark)), None)
