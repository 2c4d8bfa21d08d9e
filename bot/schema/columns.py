"""A table of the document whose columns are known by name -> its rows as named cells.

An unknown or missing column is an error with its line: a renamed one must not silently lose a pin.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.schema.grids import Grid, grids
from bot.schema.sections import Section
from bot.schema.spec import DocumentError

# Headers as documents write them, in lower case -> the name of the column; "" is known, not read.
Columns = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NamedRow:
    cells: Mapping[str, str]
    line: int

    def text(self, column: str) -> str:
        """The cell on one line, without marks of code; empty where the table has no such column."""
        return " ".join(self.cells.get(column, "").replace("`", "").split())


def section_titled(found: list[Section], title: str) -> Section:
    """The first section of that title, whatever its case and level."""
    for section in found:
        if bare_title(section) == title:
            return section
    raise DocumentError(
        f"The document has no section '{title.title()}', so it isn't a dataset schema (2.0.0 or "
        "later); give the schema.md of a dataset schema version."
    )


def bare_title(section: Section) -> str:
    return section.title.strip(" *`").lower()


def pinned_rows(section: Section, columns: Columns, needed: set[str]) -> Iterator[NamedRow]:
    """The rows of the section's first table that has any."""
    for grid in grids(section):
        check_header(grid, columns, needed)
        if grid.rows:
            return named_rows(grid, columns)
    raise DocumentError(
        f"Line {section.line}: section '{section.title}' holds no table with a row; check that the "
        "document is whole."
    )


def check_header(grid: Grid, columns: Columns, needed: set[str]) -> None:
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
    names = [columns.get(_folded(header), "") for header in grid.header]
    for row in grid.rows:
        pairs = zip(names, row.cells, strict=False)
        yield NamedRow({name: cell for name, cell in pairs if name}, row.line)


def _folded(header: str) -> str:
    return " ".join(header.split()).strip(" `:").lower()
