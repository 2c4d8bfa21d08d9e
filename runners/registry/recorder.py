"""Transactions whose rows are written to the journal before they are committed, and to the instance
in the same commit.

Which rows are ours follows from the database: a transaction sees what was committed before it
began and what it writes itself, and nothing else (SQLite has it so; of PostgreSQL each transaction
proves it by `lock.prove`). So rows above the highest primary key of its beginning are its own,
whoever writes beside it. Rows that LaminDB changes on the way are those that the caller names.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from runners.contract import RunRequest
from runners.records.proof import Opening, kept
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
from runners.registry import exclusive, proofs, rows
from runners.run.journal import COMMITTED, RECORDED, Journal, JournalLines


class Recorder:
    """Records into a journal; without one, for an instance that is thrown away, nowhere."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._request: RunRequest | None = None
        self._opening: Opening | None = None

    def begin(self, request: RunRequest, opening: Opening | None) -> None:
        """From now on transactions are those of this run, the first of which keeps the opening."""
        self._request, self._opening = request, opening

    @contextmanager
    def transaction(self, part: Part, *watched: Any) -> Iterator[None]:
        """One transaction, recorded if it writes anything.

        `watched`: query sets of the rows that it may change, one of a table.
        """
        if self._journal is None:
            with transaction.atomic():
                yield
            return
        by_table = {query_set.model._meta.db_table: query_set for query_set in watched}
        with exclusive.transaction_beside_others(by_table):
            tops = rows.highest_ids()
            before = {table: rows.rows_of(query_set.all()) for table, query_set in by_table.items()}
            yield
            recording = _recording(next_number(self._journal), part, tops, before)
            if recording.inserted or recording.changed:
                self._record(self._journal, recording)
        if recording.inserted or recording.changed:
            self._opening = None
            self._journal.write(COMMITTED, number=recording.number)

    def _record(self, journal: Journal, recording: TransactionRecord) -> None:
        assert self._request is not None
        line = journal.write(RECORDED, **recording.model_dump(mode="json"))
        proofs.keep(self._request, kept(recording, line["at"]), self._opening)


def next_number(journal: JournalLines) -> int:
    """The number of the journal's next transaction. Those that weren't committed leave gaps."""
    return max((line["number"] for line in journal.all(RECORDED)), default=0) + 1


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
        is_kept=True,
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
