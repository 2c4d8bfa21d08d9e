"""Whether PostgreSQL gives new rows ids above those that stand.

After rows were copied in with their ids, a sequence may be behind: then an insertion fails, or
takes an id below others, and the recorder tells a transaction's rows by their being above. SQLite
keeps its own up to date. Reads only.
"""

from django.db import connection

from runners.contract import ContractError
from runners.registry import rows

LAST_VALUES = """
    select owner.relname, coalesce(last_value, 0)
    from pg_depend as link
    join pg_class as sequence on sequence.oid = link.objid and sequence.relkind = 'S'
    join pg_class as owner on owner.oid = link.refobjid
    join pg_attribute on attrelid = owner.oid and attnum = link.refobjsubid and attname = 'id'
    join pg_namespace as space on space.oid = sequence.relnamespace
    join pg_sequences on schemaname = space.nspname and sequencename = sequence.relname
    where link.deptype in ('a', 'i') and pg_table_is_visible(owner.oid)
      and has_sequence_privilege(sequence.oid, 'usage, select')
"""


def require_ahead() -> None:
    """Refuses an instance in which a sequence is behind its table.

    Raises:
        ContractError: the table and the statement that mends it are named.
    """
    if connection.vendor != "postgresql":
        return
    highest_ids = rows.highest_ids()  # first: people insert meanwhile, and sequences only grow
    with connection.cursor() as cursor:
        cursor.execute(LAST_VALUES)
        last_values = dict(cursor.fetchall())
    for table, highest in highest_ids.items():
        if highest > last_values.get(table, highest):
            raise ContractError(
                f"instance: the sequence of {table}.id is at {last_values[table]}, behind its "
                f"highest id {highest}; let its administrator run: select "
                f"setval(pg_get_serial_sequence('{table}', 'id'), {highest});"
            )
