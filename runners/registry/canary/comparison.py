"""Two LaminDB databases as plain rows, and what differs that no named difference explains.

For two that should say the same though each drew its own ids, uids and times:

- primary keys are left out, and a foreign key becomes the natural key of the row that it points
  to (`KEYS`), so that rows are compared by what they mean;
- a uid that LaminDB draws at random is left out. The uid of an artifact or collection becomes the
  first key of its revision chain and the end that its place has there. LaminDB orders a chain by
  `created_at`, so that a revision that came late, with a later end, is where it belongs. bionty's
  uids are made from the ontology id, and stay;
- times (`created_at`, `updated_at`, `applied`) are left out, and the hash of a schema, which
  LaminDB makes from the random uids of features;
- rows of a table are a multiset: their order, and gaps in their ids, don't count.

Reads the tables as they are, without LaminDB, and never writes.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Protocol

from runners.registry.canary.differences import ROWS, VALUES

Row = tuple[tuple[str, Any], ...]
Rows = dict[str, Counter[Row]]
"""The rows of every table."""

TERMS = (
    "celltype", "cellline", "developmentalstage", "disease", "ethnicity", "experimentalfactor",
    "organism", "phenotype", "tissue",
)  # fmt: skip
KEYS: Mapping[str, tuple[str, ...]] = {
    **{f"bionty_{name}": ("ontology_id", "name") for name in TERMS},
    "bionty_gene": ("ensembl_gene_id",),
    "bionty_source": ("entity", "name", "version", "organism"),
    "lamindb_artifact": ("key", "version_tag"),
    "lamindb_branch": ("name",),
    "lamindb_collection": ("key", "version_tag"),
    "lamindb_feature": ("name",),
    "lamindb_reference": ("doi", "url"),
    "lamindb_schema": ("name", "itype", "otype"),
    "lamindb_space": ("name",),
    "lamindb_storage": ("root",),
    "lamindb_ulabel": ("name", "type_id"),
    "lamindb_user": ("handle",),
}
"""What names a row. A foreign key to a table that isn't here is an error, not an omission."""

CHAINS = {"lamindb_artifact", "lamindb_collection"}
TIMES = {"created_at", "updated_at", "applied"}
DROPPED = {("lamindb_schema", "hash")}


CANDIDATES = 100
"""Rows of a side that are looked through for counterparts: of a table all rows may differ."""


class Database(Protocol):
    """A database to compare: its tables, a table's rows, and `links`, column -> the table that it
    points into.
    """

    def tables(self) -> Sequence[str]: ...
    def rows(self, table: str) -> Sequence[Mapping[str, Any]]: ...
    def links(self, table: str) -> Mapping[str, str]: ...


class Sqlite:
    """A database of SQLite, behind a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self._connection = connection

    def tables(self) -> Sequence[str]:
        """The names of its tables, in order."""
        names = self._select("select name from sqlite_master where type='table' order by 1")
        return [row["name"] for row in names if row["name"] != "sqlite_sequence"]

    def rows(self, table: str) -> Sequence[Mapping[str, Any]]:
        """All rows of a table, by column."""
        return self._select(f'select * from "{table}"')

    def links(self, table: str) -> Mapping[str, str]:
        """Column -> the table that it points into, of a table's foreign keys."""
        keys = self._select(f'pragma foreign_key_list("{table}")')
        return {row["from"]: row["table"] for row in keys}

    def _select(self, statement: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(statement)]


def of_file(file: Path, *, storage: Path | None = None) -> Rows:
    """As `natural`, of a SQLite file, which is only read."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return natural_rows(Sqlite(connection), storage=storage)


def natural_rows(database: Database, *, storage: Path | None = None) -> Rows:
    """Every row in the common form; the path `storage` becomes STORAGE where it stands."""
    form = _Natural(database, str(storage) if storage else None)
    return {table: Counter(form.rows(table)) for table in database.tables()}


def differences(ours: Rows, theirs: Rows) -> list[tuple[str, str, Row]]:
    """(table, whose, row) for each row that only one of the two has."""
    return [
        (table, whose, row)
        for table in sorted(ours.keys() | theirs.keys())
        for whose, own_rows, other in (("ours", ours, theirs), ("theirs", theirs, ours))
        for row in (own_rows.get(table, Counter()) - other.get(table, Counter())).elements()
    ]


class _Natural:
    """The common form of a database's rows."""

    def __init__(self, database: Database, storage: str | None) -> None:
        self._database = database
        self._storage = storage
        self._links = cache(database.links)
        self._name = cache(self._read_name)
        self._by_id = cache(self._read_by_id)
        self._uids = {row["uid"]: row["name"] for row in database.rows("lamindb_feature")}
        self._places = {table: self._chains(table) for table in CHAINS}

    def rows(self, table: str) -> Iterator[Row]:
        for row in self._database.rows(table):
            columns = [column for column in row if self._is_kept(table, column)]
            yield tuple((column, self._value(table, row, column)) for column in columns)

    def _is_kept(self, table: str, column: str) -> bool:
        if column in TIMES or column == "id" or (table, column) in DROPPED:
            return False
        return column != "uid" or table in CHAINS or table.startswith("bionty_")

    def _value(self, table: str, row: Mapping[str, Any], column: str) -> Any:
        value = row[column]
        if value is None:
            return None
        if target := self._links(table).get(column):
            return self._name(target, value)
        if column == "uid" and table in CHAINS:
            return self._places[table][value]
        if isinstance(value, dict | list):  # JSON, as PostgreSQL's driver hands it out
            value = json.dumps(value, sort_keys=True)
        return self._text(value) if isinstance(value, str) else value

    def _text(self, value: str) -> str:
        if self._storage:
            value = value.replace(self._storage, "STORAGE")
        if value.startswith("{"):  # JSON of LaminDB's own, which names features by uid
            for uid, name in self._uids.items():
                value = value.replace(uid, name)
        return value

    def _chains(self, table: str) -> dict[str, str]:
        """uid -> the key of the chain's first row, and the end of uids that its place has."""
        chains = defaultdict(list)
        for row in self._database.rows(table):
            chains[row["uid"][:-4]].append(row)
        places = {}
        for rows in chains.values():
            rows.sort(key=lambda row: (str(row["created_at"]), row["uid"]))
            ends = sorted(row["uid"][-4:] for row in rows)
            for row, end in zip(rows, ends, strict=True):
                places[row["uid"]] = f"{rows[0]['key']} {end}"
        return places

    def _read_by_id(self, table: str) -> dict[int, Mapping[str, Any]]:
        return {row["id"]: row for row in self._database.rows(table)}

    def _read_name(self, table: str, key: int) -> str:
        row = self._by_id(table)[key]
        return " / ".join(str(self._value(table, row, column)) for column in KEYS[table])


@dataclass(frozen=True)
class Unlike:
    """Rows of a table that should be the same one; None where a side has no such row."""

    table: str
    expected: Row | None
    found: Row | None

    def __str__(self) -> str:
        """The row, by what both sides agree on, and what each has instead of the other's."""
        curator_cells, our_cells = set(self.expected or ()), set(self.found or ())
        both = curator_cells & our_cells
        shared = [cell for cell in (self.expected or self.found or ()) if cell in both]
        row = f"row ({_cells_text(shared)}), " if shared else ""
        return (
            f"table {self.table}, {row}expected (curator) {_side(self.expected, our_cells)}, "
            f"found (ours) {_side(self.found, curator_cells)}"
        )


def _side(row: Row | None, other: set[tuple[str, object]]) -> str:
    if row is None:
        return "no such row"
    return f"({_cells_text([cell for cell in row if cell not in other])})"


def _cells_text(cells: Sequence[tuple[str, object]]) -> str:
    return ", ".join(f"{column} {value!r}" for column, value in cells if value is not None)


def unlike(ours: Rows, theirs: Rows) -> list[Unlike]:
    """What differs and isn't named, table by table."""
    unpaired: dict[str, dict[str, list[Row]]] = {}
    for table, whose, row in differences(_comparable(ours), _comparable(theirs)):
        unpaired.setdefault(table, {"ours": [], "theirs": []})[whose].append(row)
    pairs = [
        pair for table, rows_by_side in unpaired.items() for pair in _pairs(table, **rows_by_side)
    ]
    return [pair for pair in pairs if not _is_explained(pair)]


def _is_explained(pair: Unlike) -> bool:
    """True if only one side has the row, and such rows are named."""
    sides = (("theirs", pair.expected, pair.found), ("ours", pair.found, pair.expected))
    return any(
        (extra.table, extra.whose) == (pair.table, whose) and extra.are(dict(row))
        for whose, row, other in sides
        if row is not None and other is None
        for extra in ROWS
    )


def _comparable(dump: Rows) -> Rows:
    """The rows with what may differ in a column put alike."""
    return {
        table: Counter(_alike(table, row) for row in rows_of_table.elements())
        for table, rows_of_table in dump.items()
    }


def _alike(table: str, row: Row) -> Row:
    cells = dict(row)
    changed = {other.column: other.alike(cells) for other in VALUES if other.table == table}
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


def _shared(row: Row, other: Row) -> int:
    return len(set(row) & set(other))
