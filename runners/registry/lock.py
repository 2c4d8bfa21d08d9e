"""One writer per instance: by a lock of the database, whichever folder a run is kept in.

PostgreSQL has locks for that; beside SQLite's file lies one. A lock file among the runs, held
before LaminDB is connected to, keeps two processes from one journal.
"""

import fcntl
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO

from runners import settings
from runners.contract import ContractError, lock_name
from runners.retries import OutageError

KEY = 7_220_415_308
"""PostgreSQL's advisory lock that every writer of this software asks for; the number is ours."""

OURS = """
    locktype = 'advisory' and granted and (classid::bigint << 32 | objid::bigint) = %s
    and database = (select oid from pg_database where datname = current_database())
"""
"""Which of PostgreSQL's locks is the writer's; each database of a server has its own."""

HOLDER = f"""
    select application_name, backend_start, pid,
      case when wait_event_type = 'Client'
        then extract(epoch from now() - state_change) else 0 end as silent_seconds
    from pg_stat_activity join (select pid from pg_locks where {OURS}) as holder using (pid)
"""
"""Who has it, and for how long it has waited for its client: as it does between two transactions,
and when that is dead. Of another role's session PostgreSQL says neither this nor since when."""

PROOF = f"""
    select current_setting('transaction_isolation'),
      exists (select from pg_locks where {OURS} and pid = pg_backend_pid())
"""

LONGEST_NAME = 63
"""Bytes that PostgreSQL keeps of a session's name; the rest it drops without a word."""

DEAD_AFTER = 120
"""Seconds in which a run's former process shows no sign of life before its session is ended, unless
patience is shorter. Of one that lives, the next transaction finds its lock gone, and it ends."""

PAUSES = (0, 0.1, 0.1)
"""Seconds before each try to lock a file: who only asks whether somebody holds it (the bot in a
folder) does so, too, for a moment.
"""

_held: dict[Path, TextIO] = {}
"""The files of databases whose writer this process is; the kernel lets go of them at its end."""

_sessions: set[int] = set()
"""The server's processes behind the sessions in which this process has held the lock."""


def take_database_lock(run_id: str) -> None:
    """Makes this process the instance's writer until it ends, however it ends.

    Raises:
        ContractError: another run is the writer; it is named.
        OutageError: this one was, and the database hasn't noticed its end yet.
    """
    from django.db import connection  # LaminDB has no database before it is connected

    if connection.vendor == "postgresql":
        _take_advisory_lock(connection, run_id)
    else:
        _take_file_lock(_database_file(connection), run_id)


def prove() -> None:
    """Proves of the open transaction what its rows are told by: that it sees what stood at its
    beginning and its own rows alone, and that its session holds the instance's lock, which it then
    does to its end.

    Raises:
        OutageError: it doesn't, because the connection is another one than the lock was taken on.
    """
    from django.db import connection

    if connection.vendor != "postgresql":
        if _database_file(connection) not in _held:
            raise OutageError("instance: its lock isn't held any more; run it again: it goes on.")
        return
    with connection.cursor() as cursor:
        cursor.execute(PROOF, [KEY])
        isolation, is_held = cursor.fetchone()
    if isolation != "repeatable read" or not is_held:
        raise OutageError(
            "the database's session was replaced by another one, which doesn't hold the instance's "
            "lock; run it again: it goes on."
        )


def _database_file(connection: Any) -> Path:
    return Path(connection.settings_dict["NAME"]).resolve()


def _take_file_lock(database: Path, run_id: str) -> None:
    """Locks a file beside an SQLite database; its own locks are for transactions."""
    if database in _held:
        return
    file = database.with_name(f"{database.name}.writer").open("a+")
    try:
        _lock_or_refuse(file, run_id)
    except ContractError:
        file.close()
        raise
    _held[database] = file


def _take_advisory_lock(connection: Any, run_id: str) -> None:
    from runners.registry import session

    name = _session_name(run_id)
    session.prepare(name)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [KEY])
        (is_ours,) = cursor.fetchone()
        if is_ours:
            _sessions.add(connection.connection.get_backend_pid())
            return
        cursor.execute(HOLDER, [KEY])
        holder = cursor.fetchone()
        if holder and holder[0] == name:
            _refuse_own(cursor, f"ingest {run_id}", *holder[2:])
    who, since = holder[:2] if holder else ("another run", None)
    moment = f" (since {since:%Y-%m-%d %H:%M} UTC)" if since else ""
    raise ContractError(f"instance: {who}{moment} is writing to it; wait for its end.")


def _session_name(run_id: str) -> str:
    """By what others see a run's session: of a long id the beginning, and a digest of all."""
    name = f"ingest {run_id}"
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 1 - len(digest)]}-{digest}"


def _refuse_own(cursor: Any, name: str, session: int, silent_seconds: float) -> NoReturn:
    """Refuses because of a session of the same run, which is ended if it is this process's own or
    shows no life.

    Raises:
        OutageError: it may be gone the next time.
        ContractError: another process has gone on with the run, after this one had lost it.
    """
    if _sessions and session not in _sessions:
        raise ContractError(f"instance: another process goes on with {name}; wait for its end.")
    limit = min(DEAD_AFTER, settings.from_environment().patience_seconds / 4)
    if session in _sessions or silent_seconds > limit:
        cursor.execute("select pg_terminate_backend(%s)", [session])
    raise OutageError(f"instance: {name} is still connected to it; run it again later: it goes on.")


@contextmanager
def hold_lock_file(instance: str, *, runs: Path, run_id: str) -> Iterator[None]:
    """Holds the instance for a run; the kernel lets go however the process ends.

    Raises:
        ContractError: another run in the folder `runs` holds it; it is named.
    """
    path = runs / lock_name(instance)
    with path.open("a+") as file:
        _lock_or_refuse(file, run_id, instance)
        yield


def _is_locked(file: TextIO, pause: float) -> bool:
    """Whether the file is ours now, tried after a pause."""
    time.sleep(pause)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_or_refuse(file: TextIO, run_id: str, instance: str = "") -> None:
    """Locks the open file, and says in it who does."""
    if not any(_is_locked(file, pause) for pause in PAUSES):
        file.seek(0)
        who = f"instance {instance}".strip()
        raise ContractError(f"{who}: run {file.read().strip()} is writing to it; wait for its end.")
    file.truncate(0)
    file.write(run_id)
    file.flush()
