"""A whole LaminDB database on SQLite as plain rows: exactly, or in a form that two can share.

`exact` is for one database before and after; `natural` for two that should say the same.
"""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from runners.registry.canary import comparison
from runners.registry.canary.comparison import Row, differences
from runners.registry.canary.comparison import Rows as Dump

__all__ = ["Dump", "Row", "differences", "exact", "natural", "plain"]

KEPT = '{"kind": "cellxgene-ingestion-bot"'
"""The beginning of what an instance keeps of a run's transactions, whose batches may differ."""


def natural(database: Path, *, storage: Path | None = None) -> Dump:
    """Every row in the common form, but for what is kept of runs."""
    dump = comparison.of_file(database, storage=storage)
    values = dump["lamindb_jsonvalue"]
    others = {row: n for row, n in values.items() if not str(dict(row)["value"]).startswith(KEPT)}
    return {**dump, "lamindb_jsonvalue": Counter(others)}


def exact(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as it stands."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = comparison.Sqlite(connection).tables()
        connection.row_factory = None
        return {
            table: connection.execute(f'select * from "{table}" order by rowid').fetchall()
            for table in tables
        }


def plain(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(re.sub(r"(:\d\d\.\d+?)0+$", r"\1", str(value)) for value in row)
