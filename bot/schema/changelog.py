"""The changelog at the end of a dataset schema document, as statements about its versions.

Reads what it can and passes over the rest: it is a second witness, and people wrote it freely. Must
not compare.
"""

import re
from collections.abc import Iterator

from bot.schema.markup import inline, plain
from bot.schema.spec import Statement

APPENDIX = re.compile(r"^#+\s*appendix\b.*changelog", re.I)
VERSION = re.compile(r"^(?:#+\s*)?schema v(\d+\.\d+\.\d+)\b", re.I)
ITEM = re.compile(r"^(\s*)[*+-]\s+(.*)$")


def read_changelog(text: str) -> tuple[Statement, ...]:
    """What the changelog says of each version: the items right beneath a chapter's."""
    lines = text.splitlines()
    start = next((place for place, line in enumerate(lines) if APPENDIX.match(line)), len(lines))
    return tuple(_statements(lines, start))


def _statements(lines: list[str], start: int) -> Iterator[Statement]:
    version = chapter = ""
    depth: int | None = None
    for number, line in enumerate(lines[start:], start + 1):
        if heading := VERSION.match(line):
            version, chapter = heading[1], ""
        item = ITEM.match(line)
        if item is None or not version:
            continue
        indent = len(item[1])
        if indent == 0:
            chapter, depth = _plain(item[2]), None
            continue
        depth = indent if depth is None else depth
        # What stands deeper tells more of the item above it.
        if indent <= depth:
            yield Statement(version, chapter, _plain(item[2]), number)


def _plain(text: str) -> str:
    return " ".join(plain(inline(text)).split())
