"""Our rows against those of LaminDB's curator: what no named difference explains. Never writes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from runners.registry.canary import rows
from runners.registry.canary.differences import ROWS, VALUES
from runners.registry.canary.rows import Row, Rows

CANDIDATES = 100
"""Rows of a side that are looked through for counterparts: of a table all rows may differ."""


@dataclass(frozen=True)
class Unlike:
    """Rows of a table that should be the same one; None where a side has no such row."""

    table: str
    expected: Row | None
    found: Row | None

    def __str__(self) -> str:
        """The row, by what both sides agree on, and what each has instead of the other's."""
        expected, found = set(self.expected or ()), set(self.found or ())
        shared = [cell for cell in (self.expected or self.found or ()) if cell in expected & found]
        row = f"row ({_told(shared)}), " if shared else ""
        return (
            f"table {self.table}, {row}expected (curator) {_side(self.expected, found)}, "
            f"found (ours) {_side(self.found, expected)}"
        )


def _side(row: Row | None, other: set[tuple[str, object]]) -> str:
    if row is None:
        return "no such row"
    return f"({_told([cell for cell in row if cell not in other])})"


def _told(cells: Sequence[tuple[str, object]]) -> str:
    return ", ".join(f"{column} {value!r}" for column, value in cells if value is not None)


def unlike(ours: Rows, theirs: Rows) -> list[Unlike]:
    """What differs and isn't named, table by table."""
    found: dict[str, dict[str, list[Row]]] = {}
    for table, whose, row in rows.differences(_comparable(ours), _comparable(theirs)):
        found.setdefault(table, {"ours": [], "theirs": []})[whose].append(row)
    pairs = [pair for table, own in found.items() for pair in _pairs(table, **own)]
    return [pair for pair in pairs if not _is_explained(pair)]


def _is_explained(pair: Unlike) -> bool:
    """True if only one side has the row, and such rows are named."""
    sides = (("theirs", pair.expected, pair.found), ("ours", pair.found, pair.expected))
    return any(
        (one.table, one.whose) == (pair.table, whose) and one.are(dict(row))
        for whose, row, other in sides
        if row is not None and other is None
        for one in ROWS
    )


def _comparable(dump: Rows) -> Rows:
    """The rows with what may differ in a column put alike."""
    return {
        table: Counter(_alike(table, row) for row in found.elements())
        for table, found in dump.items()
    }


def _alike(table: str, row: Row) -> Row:
    cells = dict(row)
    changed = {one.column: one.alike(cells) for one in VALUES if one.table == table}
    return tuple((column, changed.get(column, value)) for column, value in row)


def _pairs(table: str, ours: list[Row], theirs: list[Row]) -> list[Unlike]:
    """Rows of both sides that have most in common, if half or more; then the others, alone."""
    near = product(theirs[:CANDIDATES], ours[:CANDIDATES])
    nearest = sorted(near, key=lambda pair: _shared(*pair), reverse=True)
    alone_theirs, alone_ours = list(theirs), list(ours)
    pairs = []
    for row, other in nearest:
        if row in alone_theirs and other in alone_ours and 2 * _shared(row, other) >= len(row):
            alone_theirs.remove(row)
            alone_ours.remove(other)
            pairs.append(Unlike(table, row, other))
    pairs += [Unlike(table, row, None) for row in alone_theirs]
    return pairs + [Unlike(table, None, row) for row in alone_ours]


def _shared(one: Row, other: Row) -> int:
    return len(set(one) & set(other))
