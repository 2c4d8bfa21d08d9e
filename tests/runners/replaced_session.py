"""`python -m runners`, whose session with PostgreSQL is replaced after some written datasets.

    python replaced_session.py HOW RIVAL ARGUMENT...

HOW: `idle`, by LaminDB's own way with a connection that idled too long; `terminated`, by the
server; `reset`, by what a pooler sends before it hands a session to somebody else
(https://www.pgbouncer.org/config.html, server_reset_query). RIVAL: the application name of another
run that takes the lock in that moment, or "".
"""

import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from django.db.backends.signals import connection_created

from runners.cli.commands import main
from runners.ingest import steps
from runners.registry.lock import KEY

BATCH = 3


@dataclass
class Replacement:
    """Replaces the session once, and lets the rival in before a new one is made."""

    how: str
    rival: str
    is_done: bool = False
    rivals: list[Any] = field(default_factory=list)

    def after(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """A statement, and behind its transaction the replacement, where it is due."""
        result = execute(sql, params, many, context)
        connection = context["connection"]
        if not self.is_done and connection.in_atomic_block and has_written():
            self.is_done = True
            connection.on_commit(lambda: self._replace(connection))
        return result

    def begin(self, connection: Any, **_: Any) -> None:
        """For each new connection."""
        if connection.vendor == "postgresql":
            if self.after not in connection.execute_wrappers:
                connection.execute_wrappers.append(self.after)
            if self.is_done:
                self._let_in(connection)

    def _replace(self, connection: Any) -> None:
        raw = connection.connection
        if self.how == "reset":
            raw.cursor().execute("discard all")
            self._let_in(connection)
            return
        if self.how == "terminated":
            with closing(psycopg2.connect(raw.dsn)) as other, other:
                statement = "select pg_terminate_backend(%s)"
                other.cursor().execute(statement, [raw.get_backend_pid()])
        connection.close_at = 0.0
        connection.cursor().execute("select 1")  # LaminDB makes another one first

    def _let_in(self, connection: Any) -> None:
        if not self.rival or self.rivals:
            return
        self.rivals.append(psycopg2.connect(connection.connection.dsn))
        cursor = self.rivals[0].cursor()
        cursor.execute("select set_config('application_name', %s, false)", [self.rival])
        is_free = False
        while not is_free:  # the server needs a moment to notice that a session has ended
            cursor.execute("select pg_try_advisory_lock(%s)", [KEY])
            (is_free,) = cursor.fetchone()
            time.sleep(0.01)


def has_written() -> bool:
    journals = list(Path("runs").glob("run/journal.jsonl"))
    return any('"step":"written"' in journal.read_text() for journal in journals)


if __name__ == "__main__":
    replacement = Replacement(how=sys.argv[1], rival=sys.argv[2])
    connection_created.connect(replacement.begin, weak=False)
    steps.BATCH = BATCH
    sys.argv = ["runners", *sys.argv[3:]]
    main()
