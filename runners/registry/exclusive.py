"""Transactions during which nobody else writes to the tables that they are about: always, or only
after somebody else's change has ended the one before.

Without, PostgreSQL refuses (as 40001) to change a row that somebody has edited since the
transaction began, and who edits all the time keeps it from ever ending.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from django.db.transaction import atomic

from runners.registry import failures, lock, waiting
from runners.retries import OutageError

LOCK_SECONDS = 20
"""How long an exclusive transaction waits for others at its beginning."""

LOCK_NOT_AVAILABLE = "55P03"

OTHERS = """
    select usename, application_name, xact_start, array_agg(distinct relation::regclass::text)
    from pg_locks join pg_stat_activity using (pid)
    where relation = any(%s::regclass[]) and granted and pid <> pg_backend_pid()
      and mode in ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
                   'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    group by pid, usename, application_name, xact_start order by xact_start limit 1
"""


_overtaken: set[str] = set()
"""The tables in which somebody else's changes have ended this process's last transaction."""


@contextmanager
def transaction_beside_others(tables: Collection[str]) -> Iterator[None]:
    """A transaction that may change rows of the tables while others do. When one of theirs has
    ended it, the next one has the tables to itself, if nobody else has them for long.

    Raises:
        OutageError: as `transaction`.
    """
    alone = _overtaken.intersection(tables)
    _overtaken.difference_update(tables)
    try:
        with transaction(alone):
            yield
    except OperationalError as error:
        if failures.failure_of(error) == failures.CONTENDED:
            _overtaken.update(tables)
        raise


@contextmanager
def transaction(tables: Collection[str]) -> Iterator[None]:
    """A transaction during which nobody else writes rows of the tables: it waits for whoever does
    at its beginning, and whoever comes later waits for its end.

    Raises:
        OutageError: somebody else's transaction doesn't end; it is named. Or the instance's lock is
            lost.
    """
    try:
        with atomic():
            _lock(tables)
            lock.prove()
            yield
    except OperationalError as error:
        if not tables or getattr(error.__cause__, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        raise OutageError(
            f"the database: {_writer_of(tables)}, which this waits for; run it again when that has "
            "ended."
        ) from error


def _lock(tables: Collection[str]) -> None:
    names = sorted(map(connection.ops.quote_name, tables))
    if not names:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # before the first statement that sees rows: they are seen as others have left them
            seconds = min(LOCK_SECONDS, waiting.limit() / 2)
            cursor.execute(f"set local lock_timeout = '{seconds * 1000:.0f}ms'")
            cursor.execute(f"lock table {', '.join(names)} in share row exclusive mode")
        else:
            cursor.execute(f"delete from {names[0]} where false")  # SQLite locks for a writer


def _writer_of(tables: Collection[str]) -> str:
    """Who changes rows of the tables now, for a person."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, [sorted(map(connection.ops.quote_name, tables))])
        row = cursor.fetchone()
    if row is None:
        return "somebody else was changing the same rows"
    user, application, since, names = row
    program = f" with {application}" if application else ""
    moment = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    return f"{user}{program} is changing rows of {', '.join(names)}{moment}"


def check_references() -> None:
    """Lets the database refuse now what it would refuse at the commit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
