"""What our sessions, locks and exclusive transactions do in a PostgreSQL database that has two
tables, and no LaminDB; and what other sessions may do meanwhile.

    python bare_postgres.py ADDRESS CASE [WORD...]

prints what it saw, as JSON. What it doesn't model: how LaminDB connects, and a pooler.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import django
import psycopg2
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection
from django.db.transaction import atomic
from lamindb_setup.core.django import CONN_MAX_AGE
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from runners.contract import ContractError
from runners.registry import exclusive, lock, sequences, session, waiting

TABLES = """
    create table if not exists cell (id int primary key, donor int);
    create table if not exists donor (id int primary key);
    alter table cell drop constraint if exists of_donor;
    alter table cell add constraint of_donor foreign key (donor) references donor
      deferrable initially deferred;
    truncate cell, donor; insert into cell values (1, null)
"""
OWN = "mine"
SHOWN = (
    *("application_name", "lock_timeout", "idle_in_transaction_session_timeout"),
    *session.SERVER,
)


def begin(address: str) -> None:
    """From here on Django's connection is one to the database, as LaminDB's is."""
    to = urlsplit(address)
    own = {"HOST": to.hostname, "PORT": to.port, "USER": to.username, "NAME": to.path[1:]}
    engine = {"ENGINE": "django.db.backends.postgresql", "PASSWORD": to.password}
    age = {"CONN_MAX_AGE": CONN_MAX_AGE}
    settings.configure(DATABASES={"default": own | engine | age}, USE_TZ=True)
    django.setup()
    waiting.begin()


class Other:
    """Another session, each of whose statements is a transaction of its own."""

    def __init__(self, address: str, name: str = "editor") -> None:
        self._connection = psycopg2.connect(address, application_name=name)
        self._connection.autocommit = True
        self.pid = self._connection.get_backend_pid()

    def does(self, statement: str, *words: object) -> Any:
        """The first value of the answer, or how it is refused: after 50 ms, if by a lock."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("set lock_timeout = 50")
                cursor.execute(statement, words)
                return cursor.fetchone()[0] if cursor.description else None
        except psycopg2.Error as error:
            return error.pgcode or "lost"

    def may(self, table: str) -> bool:
        """Whether it may write to the table."""
        return self.does(f"update {table} set id = id where false") is None

    def holds(self, key: int = lock.KEY) -> "Other":
        assert self.does("select pg_try_advisory_lock(%s)", key) is True
        return self

    def close(self) -> None:
        self._connection.close()


def told(act: Callable[[], object]) -> str:
    """How an act is refused; nothing where it isn't."""
    try:
        act()
    except (ContractError, OperationalError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def take() -> None:
    lock.take_database_lock(OWN)


def prove() -> None:
    with atomic():
        lock.prove()


# --- sessions -------------------------------------------------------------------------------------


def given(address: str, *writers: str) -> Any:
    """What a connection, and the one that replaces it, are given; "" is for one that only reads."""
    for writer in writers:
        session.prepare(writer or None)
    found = [_given()]
    connection.close()
    return [*found, _given()]


def _given() -> dict[str, Any]:
    with atomic(), connection.cursor() as cursor:
        cursor.execute("show transaction_isolation")
        (isolation,) = cursor.fetchone()
        cursor.execute("select name, setting from pg_settings where name = any(%s)", [list(SHOWN)])
        ends = connection.connection.get_dsn_parameters()
        of_libpq = {f"libpq {name}": ends.get(name) for name in session.LIBPQ}
        ends_idle = connection.close_at is not None
        shown = dict(cursor.fetchall())
        return {"isolation": isolation, "ends idle": ends_idle, **shown, **of_libpq}


def given_while_connected(address: str, writer: str) -> Any:
    """The same of a connection that was there before, and was made with the same options."""
    session.prepare(f"{writer} before")
    _given()
    session.prepare(writer)
    return [_given()]


# --- the lock -------------------------------------------------------------------------------------


def proved(address: str, spoiled: str) -> Any:
    """What is said of a transaction whose session is no more what it was."""
    take()
    found = [told(prove)]
    with closing(Other(address)) as other:
        raw = connection.connection
        if spoiled == "replaced":
            connection.close()
        if spoiled == "isolation":
            raw.isolation_level = ISOLATION_LEVEL_READ_COMMITTED
        if spoiled in ("let go", "another's", "another key"):
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock_all()")
                if spoiled == "another key":
                    cursor.execute("select pg_advisory_lock(%s)", [lock.KEY + 1])
        if spoiled == "another's":
            other.holds()
        return [*found, told(prove)]


def taken(address: str, name: str, place: str) -> Any:
    """What is said to who asks for the lock while another session of the name holds it, and whether
    that session lives on.
    """
    with closing(Other(f"{address.rpartition('/')[0]}/{place}", name)) as holder:
        holder.holds()
        return [told(take), holder.does("select 1")]


def taken_by_another_role(address: str, name: str) -> Any:
    """The same, where who asks may not see what the other session does."""
    with closing(Other(address, name).holds()) as holder:
        holder.does("create role plain login")
        connection.settings_dict["USER"] = "plain"
        return [told(take), holder.does("select 1")]


def taken_by_a_process(address: str, before: str, run_id: str) -> Any:
    """What is said to a run's new process while the session of another one, of the run `before`,
    lives on.
    """
    lock.take_database_lock(before)
    lost, connection.connection = connection.connection, None
    lock._sessions.clear()
    with closing(lost):
        return told(lambda: lock.take_database_lock(run_id))


def taken_from_a_silent_one(address: str) -> Any:
    """The same, where it has the run's own name, and was silent for as long as is waited for."""
    with closing(Other(address, f"ingest {OWN}").holds()) as holder, closing(Other(address)) as see:
        silent = "select extract(epoch from now() - state_change) from pg_stat_activity"
        while see.does(f"{silent} where pid = %s", holder.pid) < 1.5:
            time.sleep(0.1)
        return [told(take), holder.does("select 1"), told(take)]


def taken_again(address: str) -> Any:
    """By a process that has lost its connection, which the server doesn't know yet."""
    take()
    before, connection.connection = connection.connection, None
    found = [told(take)]
    with closing(before):
        return [*found, told(take), told(prove)]


def taken_over(address: str) -> Any:
    """By a process that has lost its session, since when another one goes on with its run."""
    take()
    connection.close()
    with closing(Other(address, f"ingest {OWN}").holds()) as other:
        return [told(take), other.does("select 1")]


# --- exclusive transactions -----------------------------------------------------------------------


def alone(address: str) -> Any:
    """Whether somebody else may write within an exclusive transaction, and after it."""
    take()
    with closing(Other(address)) as other:
        with exclusive.transaction(["cell"]):
            within = [other.may("cell"), other.may("donor"), other.does("select id from cell")]
        with exclusive.transaction([]):
            none = [other.may("cell")]
        return [within, none, [other.may("cell")]]


def kept_out(address: str) -> Any:
    """What is said where somebody else is writing to one of the tables."""
    take()
    with closing(psycopg2.connect(address, application_name="editor")) as other:
        other.cursor().execute("insert into donor values (7)")
        found = told(lambda: _transact(["cell", "donor"]))
        return [found, told(lambda: _transact(["cell"]))]


def _transact(tables: Sequence[str]) -> None:
    with exclusive.transaction(tables):
        pass


def seen_after_waiting(address: str) -> Any:
    """What an exclusive transaction sees that had to wait for somebody else's change."""
    take()
    with (
        closing(psycopg2.connect(address)) as other,
        closing(Other(address)) as look,
        ThreadPoolExecutor(1) as pool,
    ):
        other.cursor().execute("update cell set id = 2")

        def commit_once_it_is_waited_for() -> None:
            while not look.does("select exists(select from pg_locks where not granted)"):
                time.sleep(0.01)
            other.commit()

        change = pool.submit(commit_once_it_is_waited_for)
        with exclusive.transaction(["cell"]), connection.cursor() as cursor:
            cursor.execute("select id from cell")
            (found,) = cursor.fetchall()
        change.result()
        return found


def unproved(address: str) -> Any:
    """What is said of an exclusive transaction of who doesn't hold the instance's lock."""
    session.prepare(OWN)
    return told(lambda: _transact(["cell"]))


def overtaken(address: str) -> Any:
    """Whether somebody else may write to either table within transactions beside others: before
    their change has ended one, within the next of the other table, the next of it, and after that.
    """
    take()
    with closing(Other(address)) as other:

        def may(*tables: str) -> list[bool]:
            with exclusive.transaction_beside_others(tables):
                return [other.may("cell"), other.may("donor")]

        before = may("cell", "donor")
        refused = told(lambda: _overtaken_by(other))
        return [before, "could not serialize" in refused, *map(may, ("donor", "cell", "cell"))]


def _overtaken_by(other: Other) -> None:
    with exclusive.transaction_beside_others(["cell"]), connection.cursor() as cursor:
        cursor.execute("select count(*) from cell")
        other.does("update cell set id = 1 where id = 1")
        cursor.execute("update cell set id = 1 where id = 1")


def referring(address: str) -> Any:
    """How far a transaction comes whose row refers to none."""
    found = []
    with suppress(IntegrityError), atomic(), connection.cursor() as cursor:
        cursor.execute("insert into cell values (2, 99)")
        found.append("written")
        exclusive.check_references()
        found.append("checked")
    return found


# --- sequences ------------------------------------------------------------------------------------


COPIED = (
    *("drop table if exists copied", "drop role if exists writer", "create role writer login"),
    "create table copied (id int generated by default as identity primary key)",
    "insert into copied select generate_series(1, 4)",
)


def sequence_of_copied_rows(address: str, setting: str, privileges: str) -> Any:
    """What is said, to a role of these privileges, of the sequence of a table into which four rows
    were copied with their ids, and which was then set so; and which id the next row gets.
    """
    with closing(Other(address)) as other:
        for statement in (
            *COPIED,
            setting,
            f"grant {privileges} on sequence copied_id_seq to writer",
        ):
            other.does(statement)
        connection.settings_dict["USER"] = "writer"
        said = told(lambda: sequences.require_ahead({"copied": 4, "elsewhere": 9}))
        return [said, other.does("insert into copied default values returning id")]


# --- waiting --------------------------------------------------------------------------------------


def waited(address: str, seconds: str) -> Any:
    """What is said of a server that doesn't answer for so long."""
    with connection.cursor() as cursor:
        return told(lambda: cursor.execute("select pg_sleep(%s)", [float(seconds)]))


if __name__ == "__main__":
    _, where, case, *more = sys.argv
    with closing(psycopg2.connect(where)) as first:
        first.cursor().execute(TABLES)
        first.commit()
    begin(where)
    sys.stdout.write(json.dumps(globals()[case](where, *more)))
