"""`python -m runners`, in whose first transaction of datasets somebody changes a row of a chain
that it has read and not yet written.

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

LATEST = """
    select max(id) from lamindb_artifact where suffix = '.h5ad' and key like 'cell-census/%'"""


def change(dsn: str, statement: str) -> str:
    with closing(psycopg2.connect(dsn)) as other, other, other.cursor() as cursor:
        cursor.execute("set lock_timeout = '500ms'")
        cursor.execute(LATEST)
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
        is_chain = sql.startswith("SELECT") and '"lamindb_artifact"' in sql
        if is_chain and connection.in_atomic_block and not file.exists() and has_read():
            file.write_text(change(connection.connection.dsn, statement))
        return result

    def has_read() -> bool:
        journals = list(Path("runs").glob("run/journal.jsonl"))
        return any('"step":"read"' in journal.read_text() for journal in journals)

    def wrap(connection: Any, **_: Any) -> None:
        if connection.vendor == "postgresql" and watch not in connection.execute_wrappers:
            connection.execute_wrappers.append(watch)

    connection_created.connect(wrap, weak=False)
    sys.argv = ["runners", *sys.argv[3:]]
    main()
