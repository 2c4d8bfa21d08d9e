"""Rows of any table by primary key, as plain values: read, deleted, given back their values.

Covers the tables of LaminDB, bionty and pertdb, in which every row has an integer primary key `id`.
Writes SQL of its own: LaminDB's `delete` moves records to a trash, promotes other revisions and may
delete files, and Django's takes along whatever points to a row. Here nothing may, so that the
database itself refuses at the commit what would be left dangling.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

import lamindb as ln
from django.apps import apps
from django.db import OperationalError, connection
from django.db.transaction import atomic, set_rollback

from runners.records.transaction_log import Fields, Ids, Row
from runners.registry import artifacts
from runners.retries import OutageError

CHUNK = 5_000
"""Ids per statement."""


@cache
def models() -> Mapping[str, Any]:
    """Table -> model, of all tables, those of links too."""
    table_models = [
        model
        for label in ("lamindb", "bionty", "pertdb")
        if label in apps.app_configs
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]
    return {model._meta.db_table: model for model in table_models}


def columns(table: str) -> tuple[str, ...]:
    """The names of a table's columns, in the order of its rows' values."""
    return tuple(field.attname for field in models()[table]._meta.concrete_fields)


def highest_ids() -> dict[str, int]:
    """Table -> the highest primary key, in one statement; 0 of an empty table."""
    quote = connection.ops.quote_name
    parts = (f"select '{t}', coalesce(max(id), 0) from {quote(t)}" for t in models())
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(parts))
        return dict(cursor.fetchall())


def rows_of(query_set: Any) -> dict[int, Row]:
    """Primary key -> values in the order of `columns`, of the rows of a query set."""
    names = columns(query_set.model._meta.db_table)
    place = names.index("id")
    rows = query_set.order_by("id").values_list(*names)
    return {row[place]: tuple(map(_plain, row)) for row in rows}


def rows_by_id(table: str, ids: Iterable[int]) -> dict[int, Row]:
    """As `rows_of`, of those of the ids that are there."""
    values: dict[int, Row] = {}
    for chunk in chunks(ids):
        values |= rows_of(models()[table]._base_manager.filter(id__in=chunk))
    return values


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids in lists of at most CHUNK, in order."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _plain(value: Any) -> Any:
    """As JSON gives it back; JSON columns are plain already."""
    return value.isoformat() if isinstance(value, datetime) else value


LOCK_SECONDS = 20
"""How long an exclusive transaction waits for others at its beginning."""

LOCK_NOT_AVAILABLE = "55P03"

OTHERS = """
    select distinct usename, application_name, xact_start
    from pg_locks join pg_stat_activity using (pid)
    where relation = any(%s::regclass[]) and granted and pid <> pg_backend_pid()
      and mode in ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
                   'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    order by xact_start limit 1
"""


@contextmanager
def exclusive(tables: Collection[str]) -> Iterator[None]:
    """A transaction during which nobody else writes rows of the tables: it waits for whoever does
    at its beginning, and whoever comes later waits for its end.

    Raises:
        OutageError: somebody else's transaction doesn't end; it is named.
    """
    try:
        with atomic():
            _lock(tables)
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        raise OutageError(
            f"the database: {_writer_of(tables)}, which this waits for; run it again when that has "
            "ended."
        ) from error


def _lock(tables: Collection[str]) -> None:
    names = sorted(map(connection.ops.quote_name, tables))
    if not names:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # before the first statement that sees rows: they are seen as others have left them
            cursor.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
            cursor.execute(f"lock table {', '.join(names)} in share row exclusive mode")
        else:
            cursor.execute(f"delete from {names[0]} where false")  # SQLite locks for a writer


def _writer_of(tables: Collection[str]) -> str:
    """Who changes rows of the tables now, for a person."""
    names = ", ".join(sorted(tables))
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, [sorted(map(connection.ops.quote_name, tables))])
        row = cursor.fetchone()
    if row is None:
        return f"somebody else was changing rows of {names}"
    user, application, since = row
    program = f" with {application}" if application else ""
    moment = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    return f"{user}{program} is changing rows of {names}{moment}"


def check_references() -> None:
    """Lets the database refuse now what it would refuse at the commit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")


def give_up() -> None:
    """Makes the open transaction roll back at its end, without an error."""
    set_rollback(True)


def read_rows(wanted: Mapping[str, Collection[int]]) -> dict[str, dict[int, Fields]]:
    """The rows that are there, by table and primary key."""
    return {
        table: {
            key: dict(zip(columns(table), row, strict=True))
            for key, row in rows_by_id(table, ids).items()
        }
        for table, ids in wanted.items()
    }


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key as the database has it: the table as SQL names it, the table that it points to,
    and the columns of both, in pairs.
    """

    table: str
    target: str
    columns: tuple[tuple[str, str], ...]


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


def foreign_keys() -> list[ForeignKey]:
    """All foreign keys of the database."""
    found: dict[Any, ForeignKey] = {}
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS[connection.vendor])
        for name, table, target, own, other in cursor.fetchall():
            before = found[name].columns if name in found else ()
            found[name] = ForeignKey(table, target, (*before, (own, other)))
    return list(found.values())


def users(table: str, ids: Collection[int], ours: Ids) -> Iterator[tuple[str, int | None, int]]:
    """Table and key of each row that points to one of `ids` and isn't `ours`, and to which. Of
    tables that aren't LaminDB's, without a key.
    """
    for link in foreign_keys():
        if link.target == table:
            name = link.table.strip('"')
            for chunk in chunks(ids):
                for key, pointed in _pointing(link, chunk):
                    if key is None or key not in ours.get(name, ()):
                        yield name, key, pointed


def _pointing(link: ForeignKey, ids: Iterable[int]) -> list[tuple[int | None, int]]:
    """Key of each row that the foreign key points from, and id of the row that it points to."""
    quote = connection.ops.quote_name
    key = "own.id" if link.table.strip('"') in models() else "null"
    pairs = " and ".join(f"own.{quote(a)} = other.{quote(b)}" for a, b in link.columns)
    statement = (
        f"select {key}, other.id from {link.table} as own "
        f"join {quote(link.target)} as other on {pairs} "
        f"where other.id in ({','.join(str(int(each)) for each in ids)})"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def continuing(ours: Ids) -> Iterator[tuple[str, str]]:
    """Release and key of each later revision of our artifacts that isn't ours."""
    artifact_ids = ours.get("lamindb_artifact", set())
    newest: dict[str, str] = {}
    for chunk in chunks(artifact_ids):
        for uid in ln.Artifact.objects.filter(id__in=chunk).values_list("uid", flat=True):
            stem = uid[: artifacts.STEM]
            newest[stem] = max(uid, newest.get(stem, ""))
    revisions = artifacts.chains(list(newest)).values_list("id", "uid", "version_tag", "key")
    for key, uid, release, name in revisions:
        if key not in artifact_ids and uid > newest[uid[: artifacts.STEM]]:
            yield str(release), str(name)


def delete_rows(ids_by_table: Ids) -> None:
    """Deletes the rows; in any order, for foreign keys are checked at the commit."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table, ids in ids_by_table.items():
            for chunk in chunks(ids):
                id_list = ",".join(str(int(key)) for key in chunk)
                cursor.execute(f"delete from {quote(table)} where id in ({id_list})")


def restore_rows(values: Mapping[str, Mapping[int, Fields]]) -> None:
    """Sets columns to values: table -> primary key -> column -> value."""
    for table, changed in values.items():
        alike: dict[str, list[int]] = defaultdict(list)
        for key, fields in changed.items():
            alike[json.dumps(fields, sort_keys=True)].append(key)
        manager: Any = models()[table]._base_manager
        for text, keys in alike.items():
            for chunk in chunks(keys):
                manager.filter(id__in=chunk).update(**json.loads(text))
