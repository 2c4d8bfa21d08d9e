"""The foreign keys of the database, by its own catalogue: also of tables that are not LaminDB's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key as the database has it: the table as SQL names it, the table that it points to,
    and the columns of both, in pairs.
    """

    table: str
    target: str
    columns: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The pointing table's name, without quotes."""
        return self.table.strip('"')

    def pointing(self, ids: Iterable[int], *, has_key: bool) -> list[tuple[int | None, int]]:
        """Key of each row that points to one of the rows `ids`, None in a table that has no `id`,
        and the id of the row that it points to.
        """
        quote = connection.ops.quote_name
        key = "own.id" if has_key else "null"
        pairs = " and ".join(f"own.{quote(a)} = other.{quote(b)}" for a, b in self.columns)
        statement = (
            f"select {key}, other.id from {self.table} as own "
            f"join {quote(self.target)} as other on {pairs} "
            f"where other.id in ({','.join(str(int(each)) for each in ids)})"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


FOREIGN_KEYS = {
    "postgresql": """
        select link.oid, conrelid::regclass::text, target.relname, own.attname, other.attname
        from pg_constraint as link
        join pg_class as target on target.oid = confrelid
        cross join lateral unnest(conkey, confkey) with ordinality as pair (own, other, place)
        join pg_attribute as own on own.attrelid = conrelid and own.attnum = pair.own
        join pg_attribute as other on other.attrelid = confrelid and other.attnum = pair.other
        where contype = 'f' and pg_table_is_visible(confrelid)
        order by link.oid, place
    """,
    "sqlite": """
        select owner.name || '.' || link.id, '"' || replace(owner.name, '"', '""') || '"',
            lower(link."table"), link."from", coalesce(link."to", 'id')
        from sqlite_master as owner join pragma_foreign_key_list(owner.name) as link
        where owner.type = 'table'
        order by owner.name, link.id, link.seq
    """,
}
"""By kind of database: a row for each pair of columns. Whoever made a table, its keys are here."""


def read() -> list[ForeignKey]:
    """All foreign keys of the database."""
    found: dict[Any, ForeignKey] = {}
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS[connection.vendor])
        for name, table, target, own, other in cursor.fetchall():
            before = found[name].columns if name in found else ()
            found[name] = ForeignKey(table, target, (*before, (own, other)))
    return list(found.values())
