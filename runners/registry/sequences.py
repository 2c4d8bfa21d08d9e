"""Whether PostgreSQL gives new rows ids above those that stand.

After rows were copied in with their ids, a sequence may be behind: then an insertion fails, or
takes an id below others, and the recorder tells a transaction's rows by their being above. SQLite
keeps its own up to date. Reads only.
"""

from collections.abc import Mapping

from django.db import connection

from runners.contract import ContractError

SEQUENCES = """
    select owner.relname, coalesce(last_value, 0), last_value is null
      and has_sequence_privilege(sequence.oid, 'select'), format('%I.%I', schemaname, sequencename)
    from pg_depend as link
    join pg_class as sequence on sequence.oid = link.objid and sequence.relkind = 'S'
    join pg_class as owner on owner.oid = link.refobjid
    join pg_attribute on attrelid = owner.oid and attnum = link.refobjsubid and attname = 'id'
    join pg_namespace as space on space.oid = sequence.relnamespace
    join pg_sequences on schemaname = space.nspname and sequencename = sequence.relname
    where link.deptype in ('a', 'i') and pg_table_is_visible(owner.oid)
      and has_sequence_privilege(sequence.oid, 'usage, select')
"""
"""Each table's sequence: the last value that it gave, 0 before the first; whether only it itself
says which will be the first one, after a `setval` or `restart with`; and its name.
"""

BEFORE_NEXT = "select '{table}', last_value - (not is_called)::int from {sequence}"


def require_ahead(highest_ids: Mapping[str, int]) -> None:
    """Refuses an instance in which a sequence is behind its table, by the highest ids of before:
    people insert meanwhile, and sequences only grow.

    Raises:
        ContractError: the table and the statement that mends it are named.
    """
    if connection.vendor != "postgresql":
        return
    last_values = _last_values(highest_ids)
    for table, highest in highest_ids.items():
        if highest > last_values.get(table, highest):
            raise ContractError(
                f"instance: the sequence of {table}.id is at {last_values[table]}, behind its "
                f"highest id {highest}; let its administrator run: select "
                f"setval(pg_get_serial_sequence('{table}', 'id'), {highest});"
            )


def _last_values(highest_ids: Mapping[str, int]) -> dict[str, int]:
    """Table -> the number after which its sequence goes on."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES)
        found = cursor.fetchall()
        values = {table: last for table, last, _, _ in found}
        parts = [
            BEFORE_NEXT.format(table=table, sequence=name)
            for table, _, is_set, name in found
            if is_set and highest_ids.get(table)
        ]
        if parts:
            cursor.execute(" union all ".join(parts))
            values |= dict(cursor.fetchall())
    return values
