"""Somebody who writes into an instance on PostgreSQL while a run does."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import Any

import psycopg2

from runners.sample.datasets import OLDER

HERS = """
    insert into lamindb_ulabel (uid, name, is_type, created_by_id, space_id, branch_id,
        created_on_id, is_locked)
    values (%s, %s, false, 1, 1, 1, 1, false) returning id"""
LINK = """
    insert into lamindb_artifactulabel (artifact_id, ulabel_id, created_by_id)
    select min(id), %s, 1 from lamindb_artifact where version_tag = %s returning id"""
Rows = dict[str, set[str]]


def rows(address: str) -> Rows:
    """Every row of tables that a rollback puts back."""
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        found = {}
        for (table,) in cursor.fetchall():
            if table.startswith(("lamindb_", "bionty_artifact")) and table != "lamindb_ulabel":
                cursor.execute(f'select * from "{table}"')
                found[table] = {str(row) for row in cursor.fetchall()}
        cursor.execute(
            "select * from lamindb_artifact where id not in "
            "(select dataframe_artifact_id from bionty_source where dataframe_artifact_id > 0)"
        )
        found["lamindb_artifact"] = {str(row) for row in cursor.fetchall()}
        cursor.execute("select uid from bionty_source where currently_used")
        found["current"] = {str(row) for row in cursor.fetchall()}
    return found


@contextmanager
def a_person(address: str) -> Iterator[list[int]]:
    """Somebody who makes labels and links them to the older release; the ids of the links."""
    ids: list[int] = []
    is_over = Event()

    def work() -> None:
        with closing(psycopg2.connect(address)) as connection:
            while not is_over.wait(0.02):
                with connection, connection.cursor() as cursor:
                    ids.append(make_link(cursor))

    thread = Thread(target=work)
    thread.start()
    try:
        yield ids
    finally:
        is_over.set()
        thread.join()


def make_link(cursor: Any) -> int:
    name = f"{random.getrandbits(40):x}"[:8]
    cursor.execute(HERS, [name, f"hers {name}"])
    (label,) = cursor.fetchone()
    cursor.execute(LINK, [label, OLDER.version])
    (link,) = cursor.fetchone()
    return int(link)


EDIT = """
    update lamindb_artifact set description = random()::text where version_tag = %s
      and suffix = '.h5ad'"""


@contextmanager
def an_editor(address: str) -> Iterator[list[int]]:
    """Somebody who edits the older release's artifacts all the time; the edits."""
    edits: list[int] = []
    is_over = Event()

    def work() -> None:
        with closing(psycopg2.connect(address, application_name="notebook")) as connection:
            while not is_over.wait(0.01):
                with connection, connection.cursor() as cursor:
                    cursor.execute(EDIT, [OLDER.version])
                    edits.append(cursor.rowcount)

    thread = Thread(target=work)
    thread.start()
    try:
        yield edits
    finally:
        is_over.set()
        thread.join()
