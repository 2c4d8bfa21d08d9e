"""Delete and restore rows of any table, in one transaction, and find who else uses them.

Writes SQL of its own: LaminDB's `delete` moves records to a trash, promotes other revisions and may
delete files, and Django's takes along whatever points to a row. Here nothing may, so that the
database itself refuses at the commit what would be left dangling.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import lamindb as ln
from django.db import connection
from django.db.transaction import atomic, set_rollback

from runners.registry import artifacts, rows
from runners.undoing import Fields, Ids

transaction = atomic
"""All of it, or nothing."""


def give_up() -> None:
    """Makes the transaction end without a trace."""
    set_rollback(True)


def read(wanted: Mapping[str, Collection[int]]) -> dict[str, dict[int, Fields]]:
    """The rows that are there, by table and primary key."""
    return {
        table: {
            key: dict(zip(rows.columns(table), row, strict=True))
            for key, row in rows.of_ids(table, ids).items()
        }
        for table, ids in wanted.items()
    }


def users(table: str, ids: Collection[int], ours: Ids) -> Iterator[tuple[str, int, int]]:
    """Table and key of each row that points to one of `ids` and isn't `ours`, and to which."""
    target = rows.models()[table]
    for name, model in rows.models().items():
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is target:
                for chunk in rows.chunks(ids):
                    found = model._base_manager.filter(**{f"{field.attname}__in": chunk})
                    for key, pointed in found.values_list("id", field.attname):
                        if key not in ours.get(name, ()):
                            yield name, key, pointed


def continuing(ours: Ids) -> Iterator[tuple[str, str]]:
    """Release and key of each later revision of our artifacts that isn't ours."""
    own = ours.get("lamindb_artifact", set())
    newest: dict[str, str] = {}
    for chunk in rows.chunks(own):
        for uid in ln.Artifact.objects.filter(id__in=chunk).values_list("uid", flat=True):
            stem = uid[: artifacts.STEM]
            newest[stem] = max(uid, newest.get(stem, ""))
    found = artifacts.chains(newest.values()).values_list("id", "uid", "version_tag", "key")
    for key, uid, release, name in found:
        if key not in own and uid > newest[uid[: artifacts.STEM]]:
            yield str(release), str(name)


def delete(found: Ids) -> None:
    """Deletes the rows; in any order, for foreign keys are checked at the commit."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table, ids in found.items():
            for chunk in rows.chunks(ids):
                listed = ",".join(str(int(key)) for key in chunk)
                cursor.execute(f"delete from {quote(table)} where id in ({listed})")


def restore(values: Mapping[str, Mapping[int, Fields]]) -> None:
    """Gives rows their values."""
    for table, changed in values.items():
        alike: dict[str, list[int]] = defaultdict(list)
        for key, fields in changed.items():
            alike[json.dumps(fields, sort_keys=True)].append(key)
        manager: Any = rows.models()[table]._base_manager
        for text, keys in alike.items():
            for chunk in rows.chunks(keys):
                manager.filter(id__in=chunk).update(**json.loads(text))
