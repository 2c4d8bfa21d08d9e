"""A Markdown document as sections, and a section's tables as rows of named cells with their lines.

Knows only ATX headings, fences and HTML tables (a "#" inside either heads nothing, but behind a
blank line of a table). An unknown or missing column is an error with its line: a renamed one must
not silently lose a pin.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.schema.markup import clean, inline, plain, tables
from bot.schema.spec import DocumentError, Lines

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")
TABLE_LINE = re.compile(r" {0,3}</?(?:table|thead|tbody|tr|td|th)\b", re.I)
"""Begins a block that a blank line ends, so that a table that is never closed hides no heading:
https://spec.commonmark.org/0.31.2/#html-blocks
"""
TABLE_END = re.compile(r"</table>", re.I)
RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
# Headers as documents write them, in lower case -> the name of the column; "" is known, not read.
Columns = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its own lines, up to the next heading of whatever level."""

    level: int
    title: str
    line: int
    body: tuple[str, ...]

    @property
    def lines(self) -> Lines:
        """The section's first and last line in the document."""
        return Lines(self.line, self.line + len(self.body))

    @property
    def text(self) -> str:
        """The body as one text."""
        return "\n".join(self.body)


def sections(text: str) -> list[Section]:
    """The document's sections in order; the first, of level 0, holds what precedes any heading.

    The text is without comments.
    """
    parts: list[Section] = []
    level, title, start = 0, "", 0
    body: list[str] = []
    fence, in_table = "", False
    for number, line in enumerate(text.splitlines(), 1):
        fence = _fence(line, fence)
        in_table = not fence and bool(line.strip() and (in_table or TABLE_LINE.match(line)))
        heading = None if fence or in_table else HEADING.match(line)
        in_table = in_table and not TABLE_END.search(line)
        if heading is None:
            body.append(line)
            continue
        parts.append(Section(level, title, start, tuple(body)))
        level, title, start, body = len(heading[1]), heading[2], number, []
    parts.append(Section(level, title, start, tuple(body)))
    return parts


def _fence(line: str, fence: str) -> str:
    """The marks of the fence that is open behind the line, or nothing: as many of the same end it,
    with nothing behind them.
    """
    marks, rest = match.groups() if (match := FENCE.match(line)) else ("", "")
    if not fence:
        return marks
    return "" if marks.startswith(fence) and not rest.strip() else fence


@dataclass(frozen=True, slots=True)
class Row:
    """Cells as text; a line break within a cell is a newline."""

    cells: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its header, its rows, and the line that it begins on."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int


def grids(section: Section) -> list[Grid]:
    """Every table that stands directly in the section, empty rows left out."""
    tables = [*_piped(section), *_tagged(section)]
    return sorted(tables, key=lambda grid: grid.line)


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


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row with its cells by the names of their columns."""

    cells: Mapping[str, str]
    line: int

    def text(self, column: str) -> str:
        """The cell on one line, without marks of code; empty where the table has no such column."""
        return " ".join(self.cells.get(column, "").replace("`", "").split())


def sections_titled(parts: list[Section], title: str) -> list[Section]:
    """Each section of that title, whatever its case and level, with those beneath it."""
    found: list[Section] = []
    above: int | None = None
    for section in parts:
        if above is None or section.level <= above:
            above = section.level if bare_title(section) == title else None
        if above is not None:
            found.append(section)
    return found


def bare_title(section: Section) -> str:
    """The section's title in lower case, without marks of emphasis and code."""
    return section.title.strip(" *`").lower()


def pinned_rows(
    parts: list[Section],
    title: str,
    columns: Columns,
    needed: set[str],
    contents: Mapping[re.Pattern[str], str] | None = None,
) -> list[NamedRow]:
    """The rows of the first table beneath that title, and of those that hold the like.

    A column whose header isn't among `columns` is named by which of `contents` its cells hold.
    """
    found = sections_titled(parts, title)
    if not found:
        raise DocumentError(
            f"The document has no section '{title.title()}', so it isn't a dataset schema (2.0.0 "
            "or later); give the schema.md of a dataset schema version."
        )
    rows: list[NamedRow] = []
    for grid in (grid for section in found for grid in grids(section)):
        known = {**_by_content(grid, contents or {}), **columns}
        if rows and not has_column(grid, known, needed):
            continue
        check_header(grid, known, needed)
        rows += named_rows(grid, known)
    if not rows:
        raise DocumentError(
            f"Line {found[0].line}: section '{found[0].title}' holds no table with a row; check "
            "that the document is whole."
        )
    return rows


def _by_content(grid: Grid, contents: Mapping[re.Pattern[str], str]) -> Columns:
    return {
        _folded(header): name
        for place, header in enumerate(grid.header)
        for pattern, name in contents.items()
        if any(pattern.search(row.cells[place]) for row in grid.rows if place < len(row.cells))
    }


def has_column(grid: Grid, columns: Columns, names: set[str]) -> bool:
    """Whether a column of the grid has one of these names."""
    return any(columns.get(_folded(header)) in names for header in grid.header)


def check_header(grid: Grid, columns: Columns, needed: set[str]) -> None:
    """Raises DocumentError if a column is unknown, or a `needed` one is missing."""
    headers = [_folded(header) for header in grid.header]
    for header in headers:
        if header and header not in columns:
            raise DocumentError(
                f"Line {grid.line}: a pinned table has the unknown column '{header[:40]}'; teach "
                "bot.schema what it means."
            )
    missing = needed - {columns[header] for header in headers if header}
    if missing:
        raise DocumentError(
            f"Line {grid.line}: a pinned table has no column for {min(missing)}; check its header."
        )


def named_rows(grid: Grid, columns: Columns) -> Iterator[NamedRow]:
    """The grid's rows; cells whose column has no name in `columns` are left out."""
    names = [columns.get(_folded(header), "") for header in grid.header]
    for row in grid.rows:
        pairs = zip(names, row.cells, strict=False)
        yield NamedRow({name: cell for name, cell in pairs if name}, row.line)


def _folded(header: str) -> str:
    return " ".join(header.split()).strip(" `:").lower()
