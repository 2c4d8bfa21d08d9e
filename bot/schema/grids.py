"""The tables of a section's own text, HTML or Markdown, as header and rows with their lines.

Must not know what a column means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.schema.markup import clean, inline, plain, tables
from bot.schema.sections import Section

RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


@dataclass(frozen=True, slots=True)
class Row:
    """Cells as text; a line break within a cell is a newline."""

    cells: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Grid:
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int


def grids(section: Section) -> list[Grid]:
    """Every table that stands directly in the section, empty rows left out."""
    found = [*_piped(section), *_tagged(section)]
    return sorted(found, key=lambda grid: grid.line)


def _piped(section: Section) -> Iterator[Grid]:
    body = section.body
    for place in range(1, len(body)):
        if RULE.match(body[place]) and "|" in body[place] and "|" in body[place - 1]:
            rows = []
            for offset in range(place + 1, len(body)):
                if "|" not in body[offset]:
                    break
                rows.append(Row(_cells(body[offset]), section.line + 1 + offset))
            header = _cells(body[place - 1])
            yield _grid(header, rows, section.line + place)


def _cells(line: str) -> tuple[str, ...]:
    inner = re.sub(r"^\s*\||(?<!\\)\|\s*$", "", line)
    parts = re.split(r"(?<!\\)\|", inner)
    return tuple(plain(inline(part)) for part in parts)


def _tagged(section: Section) -> Iterator[Grid]:
    source = clean(section.text)
    for table in tables(source):
        rows = [
            Row(tuple(plain(cell.source) for cell in row), _line(section, source, row[0].start))
            for row in table.rows
            if row
        ]
        if rows:
            yield _grid(rows[0].cells, rows[1:], rows[0].line)


def _line(section: Section, source: str, place: int) -> int:
    return section.line + 1 + source.count("\n", 0, place)


def _grid(header: tuple[str, ...], rows: list[Row], line: int) -> Grid:
    return Grid(header, tuple(row for row in rows if any(row.cells)), line)
