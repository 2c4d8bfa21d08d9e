"""A Markdown document as a list of sections: heading, level, the lines beneath it.

Knows only ATX headings, fences and HTML tables (a "#" inside either heads nothing).
"""

import re
from dataclasses import dataclass

from bot.schema.spec import Lines

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
FENCE = re.compile(r" {0,3}(```|~~~)")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its own lines, up to the next heading of whatever level."""

    level: int
    title: str
    line: int
    body: tuple[str, ...]

    @property
    def lines(self) -> Lines:
        return Lines(self.line, self.line + len(self.body))

    @property
    def text(self) -> str:
        return "\n".join(self.body)


def sections(text: str) -> list[Section]:
    """The document's sections in order; the first, of level 0, holds what precedes any heading."""
    found: list[Section] = []
    level, title, start = 0, "", 0
    body: list[str] = []
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= bool(FENCE.match(line))
        heading = None if fenced else HEADING.match(line)
        if heading is None:
            body.append(line)
            continue
        found.append(Section(level, title, start, tuple(body)))
        level, title, start, body = len(heading[1]), heading[2], number, []
    found.append(Section(level, title, start, tuple(body)))
    return found
