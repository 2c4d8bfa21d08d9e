"""Whether the role that we are connected by may write what a run writes. Writes nothing itself."""

from django.db import connection

from runners.contract import ContractError
from runners.registry import branches, failures, rows

NOTHING = "update django_migrations set name = name where false"
"""Changes no row, and takes the lock of a writer, which SQLite refuses on a file that can only be
read; `begin immediate` it takes for a reader's there
(https://www.sqlite.org/src/file/src/build.c, sqlite3BeginTransaction)."""

LACKING = """
    select relname from pg_class
    where relname = any(%s) and relkind = 'r' and pg_table_is_visible(oid) and not (
      has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
      and has_table_privilege(oid, 'update') and has_table_privilege(oid, 'delete'))
    order by 1
"""
"""https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-ACCESS. Row security
isn't looked at."""


def require_writing() -> None:
    """Refuses a role, or a database, by which nothing could be written.

    Raises:
        ContractError: it may only read; what it lacks and the remedy are named.
    """
    if connection.vendor == "postgresql":
        _require_of_postgresql()
        return
    with failures.explained(), connection.cursor() as cursor:
        cursor.execute(NOTHING)


def _require_of_postgresql() -> None:
    with failures.explained(), connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('transaction_read_only')")
        role, read_only = cursor.fetchone()
        cursor.execute(LACKING, [list(rows.models())])
        lacking = [table for (table,) in cursor.fetchall()]
    if read_only == "on":
        raise ContractError(
            f"the database can only be read by {role}: its transactions are read-only; name the "
            "primary server, or let its administrator say: alter role ... set "
            "default_transaction_read_only = off."
        )
    if lacking:
        raise ContractError(
            f"the role {role} may not read and write {branches.shortened(lacking)}; grant it "
            "select, insert, update and delete on all tables and usage of all sequences, or log in "
            "with a role that has them."
        )
