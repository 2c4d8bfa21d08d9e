"""`python -m runners`, in whose first transaction of datasets somebody changes a row of a chain
that it has locked and not yet written. Without a lock, nobody does.

    python edited_chain.py STATEMENT FILE ARGUMENT...

STATEMENT takes the row's id. What came of it is written into FILE.
"""

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from django.db.backends.signals import connection_created
from psycopg2.errors import LockNotAvailable

from runners.cli.commands import main

FIRST = """
    select min(id) from lamindb_artifact where suffix = '.h5ad' and key like 'cell-census/%'"""
"""Of a dataset that the newer release has, too."""


def change(dsn: str, statement: str) -> str:
    with closing(psycopg2.connect(dsn)) as other, other, other.cursor() as cursor:
        cursor.execute("set lock_timeout = '500ms'")
        cursor.execute(FIRST)
        (key,) = cursor.fetchone() or (None,)
        try:
            cursor.execute(statement, [key])
        except LockNotAvailable:
            return "waits"
        return "changed"


if __name__ == "__main__":
    statement, file = sys.argv[1], Path(sys.argv[2])

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        connection = context["connection"]
        if "FOR NO KEY UPDATE" in sql and '"lamindb_artifact"' in sql and not file.exists():
            file.write_text(change(connection.connection.dsn, statement))
        return result

    def wrap(connection: Any, **_: Any) -> None:
        if connection.vendor == "postgresql" and watch not in connection.execute_wrappers:
            connection.execute_wrappers.append(watch)

    connection_created.connect(wrap, weak=False)
    sys.argv = ["runners", *sys.argv[3:]]
    main()
