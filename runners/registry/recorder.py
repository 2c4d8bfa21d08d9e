"""Transactions whose rows are written to the journal before they are committed.

Which rows are ours follows from the database: a transaction sees what was committed before it
began and what it writes itself, and nothing else (SQLite has it so; of PostgreSQL each transaction
proves it by `lock.prove`). So rows above the highest primary key of its beginning are its own,
whoever writes beside it. Rows that LaminDB changes on the way are those that the caller names.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from runners.records.transaction_log import (
    SOURCES,
    CommitProof,
    Inserted,
    Part,
    Row,
    TransactionRecord,
    ValueChange,
    compressed,
    digests,
)
from runners.registry import lock, rows
from runners.run.journal import COMMITTED, RECORDED, Journal


class Recorder:
    """Records into a journal; without one, for an instance that is thrown away, nowhere."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal

    @contextmanager
    def transaction(self, part: Part, *watched: Any) -> Iterator[None]:
        """One transaction, recorded if it writes anything.

        `watched`: query sets of the rows that it may change, one of a table.
        """
        if self._journal is None:
            with transaction.atomic():
                yield
            return
        with transaction.atomic():
            lock.prove()
            tops = rows.highest_ids()
            before = {
                query_set.model._meta.db_table: rows.rows_of(query_set.all())
                for query_set in watched
            }
            yield
            number = len(self._journal.all(RECORDED)) + 1
            recording = _recording(number, part, tops, before)
            if recording.inserted or recording.changed:
                self._journal.write(RECORDED, **recording.model_dump(mode="json"))
        if recording.inserted or recording.changed:
            self._journal.write(COMMITTED, number=number)


def _recording(
    number: int, part: Part, tops: Mapping[str, int], before: Mapping[str, Mapping[int, Row]]
) -> TransactionRecord:
    grown = [table for table, top in rows.highest_ids().items() if top > tops[table]]
    inserted = {}
    witness = None
    for table in grown:
        new_rows = rows.models()[table]._base_manager.filter(id__gt=tops[table])
        if part is Part.VOCABULARY and table != SOURCES:  # never taken back
            inserted[table] = Inserted(ids=compressed(new_rows.values_list("id", flat=True)))
            continue
        inserted_rows = rows.rows_of(new_rows)
        own_digests = digests(list(inserted_rows.values()), rows.columns(table))
        inserted[table] = Inserted(ids=compressed(inserted_rows), digests=own_digests)
        witness = witness or _witness(table, inserted_rows)
    changed = {table: new for table, seen in before.items() if (new := _changed(table, seen))}
    return TransactionRecord(
        number=number,
        part=part,
        inserted=inserted,
        changed=changed,
        witness=witness,
        height=sum(tops.values()),
    )


def _witness(table: str, inserted_rows: Mapping[int, Row]) -> CommitProof | None:
    names = rows.columns(table)
    if "created_at" not in names:
        return None
    key, row = next(iter(inserted_rows.items()))
    return CommitProof(table=table, id=key, created_at=row[names.index("created_at")])


def _changed(table: str, before: Mapping[int, Row]) -> dict[int, dict[str, ValueChange]]:
    """Primary key -> column -> change, of the rows that differ now."""
    now = rows.rows_by_id(table, before)
    names = rows.columns(table)
    return {
        key: {
            name: ValueChange(old=old, new=new)
            for name, old, new in zip(names, row, now[key], strict=True)
            if old != new
        }
        for key, row in before.items()
        if now[key] != row
    }
