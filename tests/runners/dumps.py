"""A whole LaminDB database on SQLite as plain rows: exactly, or in a form that two can share.

`exact` is for one database before and after. `natural` is for two databases that should say the
same though each drew its own ids, uids and times:

- primary keys are left out, and a foreign key becomes the natural key of the row that it points
  to (`KEYS`), so that rows are compared by what they mean;
- a uid that LaminDB draws at random is left out. The uid of an artifact or collection becomes the
  first key of its revision chain and its own place in it. bionty's uids are made from the ontology
  id, and stay;
- times (`created_at`, `updated_at`, `applied`) are left out, and the hash of a schema, which
  LaminDB makes from the random uids of features;
- rows of a table are a multiset: their order, and gaps in their ids, don't count.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

Row = tuple[tuple[str, Any], ...]
Dump = dict[str, Counter[Row]]

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


def exact(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as it stands."""
    with closing(_open(database)) as connection:
        return {
            table: connection.execute(f'select * from "{table}" order by rowid').fetchall()
            for table in _tables(connection)
        }


def natural(database: Path, *, storage: Path | None = None) -> Dump:
    """Every row in the common form; the path `storage` becomes STORAGE where it stands."""
    with closing(_open(database)) as connection:
        connection.row_factory = sqlite3.Row
        dump = _Natural(connection, str(storage) if storage else None)
        return {table: Counter(dump.rows(table)) for table in _tables(connection)}


def differences(ours: Dump, theirs: Dump) -> list[tuple[str, str, Row]]:
    """(table, whose, row) for each row that only one of the two has."""
    return [
        (table, whose, row)
        for table in sorted(ours.keys() | theirs.keys())
        for whose, one, other in (("ours", ours, theirs), ("theirs", theirs, ours))
        for row in (one.get(table, Counter()) - other.get(table, Counter())).elements()
    ]


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("select name from sqlite_master where type='table' order by 1")
    return [name for (name,) in found if name != "sqlite_sequence"]


class _Natural:
    """The common form of the rows behind one connection."""

    def __init__(self, connection: sqlite3.Connection, storage: str | None) -> None:
        self._connection = connection
        self._storage = storage
        self._links = cache(self._read_links)
        self._name = cache(self._read_name)
        self._uids = {row["uid"]: row["name"] for row in self._select("lamindb_feature")}
        self._first_keys = {table: self._chains(table) for table in CHAINS}

    def rows(self, table: str) -> Iterator[Row]:
        for row in self._select(table):
            columns = [c for c in row.keys() if self._is_kept(table, c)]  # noqa: SIM118
            yield tuple((column, self._value(table, row, column)) for column in columns)

    def _select(self, table: str) -> list[sqlite3.Row]:
        return self._connection.execute(f'select * from "{table}"').fetchall()

    def _is_kept(self, table: str, column: str) -> bool:
        if column in TIMES or column == "id" or (table, column) in DROPPED:
            return False
        return column != "uid" or table in CHAINS or table.startswith("bionty_")

    def _value(self, table: str, row: sqlite3.Row, column: str) -> Any:
        value = row[column]
        if value is None:
            return None
        if target := self._links(table).get(column):
            return self._name(target, value)
        if column == "uid" and table in CHAINS:
            return f"{self._first_keys[table][value[:-4]]} {value[-4:]}"
        if isinstance(value, str):
            return self._text(value)
        return value

    def _text(self, value: str) -> str:
        if self._storage:
            value = value.replace(self._storage, "STORAGE")
        if value.startswith("{"):  # JSON of LaminDB's own, which names features by uid
            for uid, name in self._uids.items():
                value = value.replace(uid, name)
        return value

    def _chains(self, table: str) -> dict[str, str]:
        """Stem of the uid -> the key of the chain's first row."""
        rows = sorted(self._select(table), key=lambda row: str(row["uid"]), reverse=True)
        return {row["uid"][:-4]: row["key"] for row in rows}

    def _read_links(self, table: str) -> dict[str, str]:
        found = self._connection.execute(f'pragma foreign_key_list("{table}")')
        return {row["from"]: row["table"] for row in found}

    def _read_name(self, table: str, key: int) -> str:
        row = self._connection.execute(f'select * from "{table}" where id = ?', (key,)).fetchone()
        values = [self._value(table, row, column) for column in KEYS[table]]
        return " / ".join(str(value) for value in values)
