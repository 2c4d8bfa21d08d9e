"""An instance with a history on PostgreSQL, and the rows of a release in it.

`plain_rows` is what both databases say alike.
"""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import postgres
import psycopg2
from instances import Place
from release_rows import read

from runners.sample.datasets import NEWER

Row = tuple[object, ...]
DATABASE, HISTORY = "lived", "history"


@dataclass(frozen=True)
class Remote:
    """A place whose instance is on PostgreSQL, with its history, and the server's address."""

    place: Place
    server: str

    @property
    def address(self) -> str:
        return f"{self.server}/{DATABASE}"

    def own_rows(self) -> dict[str, list[tuple[str, ...]]]:
        with closing(psycopg2.connect(self.address)) as connection, connection.cursor() as cursor:
            return plain_rows(read(cursor, NEWER.version, "%s"))

    def begin_anew(self) -> None:
        """As it was before the newer release."""
        postgres.drop(self.server, DATABASE)
        postgres.create(self.server, DATABASE, template=HISTORY)
        for run_id in ("run", "newer"):
            shutil.rmtree(self.place.root / "runs" / run_id, ignore_errors=True)


def plain_rows(rows_by_statement: Mapping[str, Sequence[Row]]) -> dict[str, list[tuple[str, ...]]]:
    """As both databases say it: SQLite has numbers for true and false."""
    return {
        statement: sorted(
            tuple(str(int(value) if isinstance(value, bool) else value) for value in row)
            for row in rows
        )
        for statement, rows in rows_by_statement.items()
    }
