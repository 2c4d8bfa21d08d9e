"""Rows of any table by primary key, as plain values. Reads only.

Covers the tables of LaminDB and bionty, in which every row has an integer primary key `id`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import connection

from runners.records.transaction_log import Row

CHUNK = 5_000
"""Ids per statement."""


@cache
def models() -> Mapping[str, Any]:
    """Table -> model, of all tables, those of links too."""
    found = [
        model
        for label in ("lamindb", "bionty")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]
    return {model._meta.db_table: model for model in found}


def columns(table: str) -> tuple[str, ...]:
    return tuple(field.attname for field in models()[table]._meta.concrete_fields)


def tops() -> dict[str, int]:
    """Table -> the highest primary key, in one statement; 0 of an empty table."""
    quote = connection.ops.quote_name
    parts = (f"select '{t}', coalesce(max(id), 0) from {quote(t)}" for t in models())
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(parts))
        return dict(cursor.fetchall())


def read(found: Any) -> dict[int, Row]:
    """Primary key -> values in the order of `columns`, of the rows of a query set."""
    names = columns(found.model._meta.db_table)
    place = names.index("id")
    rows = found.order_by("id").values_list(*names)
    return {row[place]: tuple(map(_plain, row)) for row in rows}


def of_ids(table: str, ids: Iterable[int]) -> dict[int, Row]:
    """As `read`, of those of the ids that are there."""
    found: dict[int, Row] = {}
    for chunk in chunks(ids):
        found |= read(models()[table]._base_manager.filter(id__in=chunk))
    return found


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    left = iter(ids)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _plain(value: Any) -> Any:
    """As JSON gives it back; JSON columns are plain already."""
    return value.isoformat() if isinstance(value, datetime) else value
