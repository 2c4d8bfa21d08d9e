"""One writer per instance, also where runs come from several machines."""

from django.db import connection

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


def take(run_id: str) -> None:
    """Makes this process the instance's writer until it ends, however it ends.

    On SQLite there is nothing to take: the lock file of `runners.ingest` covers this machine.

    Raises:
        ContractError: another run is the writer; it is named.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("select set_config('application_name', %s, false)", [f"ingest {run_id}"])
        cursor.execute("select pg_try_advisory_lock(%s)", [KEY])
        (is_ours,) = cursor.fetchone()
        if is_ours:
            # `recording` tells our rows by what a transaction sees
            cursor.execute(SNAPSHOTS)
            return
        cursor.execute(HOLDER, [KEY])
        holder = cursor.fetchone()
    who = f"{holder[0]} (since {holder[1]:%Y-%m-%d %H:%M} UTC)" if holder else "another run"
    raise ContractError(f"instance: {who} is writing to it; wait for its end.")
