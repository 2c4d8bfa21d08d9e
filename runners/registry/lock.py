"""One writer per instance: a lock file among the runs of this machine, and a database's own lock.

The file is held before LaminDB is connected to; SQLite has nothing else. A PostgreSQL database is
locked as well, because runs may come from several machines.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runners.contract import ContractError

KEY = 7_220_415_308
"""PostgreSQL's advisory lock that every writer of this software asks for; the number is ours."""

SNAPSHOTS = "set session characteristics as transaction isolation level repeatable read"

HOLDER = """
    select application_name, backend_start
    from pg_stat_activity join pg_locks using (pid)
    where locktype = 'advisory' and granted
      and (classid::bigint << 32 | objid::bigint) = %s
"""


def take_database_lock(run_id: str) -> None:
    """Makes this process the instance's writer until it ends, however it ends.

    On SQLite there is nothing to take: `hold_lock_file` covers this machine.

    Raises:
        ContractError: another run is the writer; it is named.
    """
    from django.db import connection  # LaminDB has no database before it is connected

    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("select set_config('application_name', %s, false)", [f"ingest {run_id}"])
        cursor.execute("select pg_try_advisory_lock(%s)", [KEY])
        (is_ours,) = cursor.fetchone()
        if is_ours:
            # `recorder` tells our rows by what a transaction sees
            cursor.execute(SNAPSHOTS)
            return
        cursor.execute(HOLDER, [KEY])
        holder = cursor.fetchone()
    holder_text = f"{holder[0]} (since {holder[1]:%Y-%m-%d %H:%M} UTC)" if holder else "another run"
    raise ContractError(f"instance: {holder_text} is writing to it; wait for its end.")


@contextmanager
def hold_lock_file(instance: str, *, runs: Path, run_id: str) -> Iterator[None]:
    """Holds the instance for a run; the kernel lets go however the process ends.

    Raises:
        ContractError: another run in the folder `runs` holds it; it is named.
    """
    path = runs / f".{instance.replace('/', '--')}.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ContractError(
                f"instance {instance}: run {file.read().strip()} is writing to it; "
                "wait for its end."
            ) from error
        file.truncate(0)
        file.write(run_id)
        file.flush()
        yield
