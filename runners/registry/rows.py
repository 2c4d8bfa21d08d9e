"""Rows of any table by primary key, as plain values: read, deleted, given back their values.

Covers the tables of LaminDB, bionty and pertdb, in which every row has an integer primary key `id`.
Writes SQL of its own: LaminDB's `delete` moves records to a trash, promotes other revisions and may
delete files, and Django's takes along whatever points to a row. Here nothing may, so that the
database itself refuses at the commit what would be left dangling.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

import lamindb as ln
from django.apps import apps
from django.db import connection
from django.db.transaction import set_rollback

from runners.records.transaction_log import Fields, Ids, Row
from runners.registry import artifacts, foreign_keys

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


def users(table: str, ids: Collection[int], ours: Ids) -> Iterator[tuple[str, int | None, int]]:
    """Table and key of each row that points to one of `ids` and isn't `ours`, and to which. Of
    tables that aren't LaminDB's, without a key.
    """
    for link in foreign_keys.read():
        if link.target == table:
            for chunk in chunks(ids):
                for key, pointed in link.pointing(chunk, has_key=link.name in models()):
                    if key is None or key not in ours.get(link.name, ()):
                        yield link.name, key, pointed


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
