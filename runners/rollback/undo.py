"""From what transactions have recorded, and the rows that stand now: what is to be undone.

Goes back in time on values, newest transaction first, and at each compares what stands with what
was written, so that nothing is undone that anybody has changed since. Must not read a database.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import eq
from typing import Any

from runners.records.transaction_log import (
    SOURCES,
    Fields,
    Ids,
    Inserted,
    Part,
    Tables,
    TransactionRecord,
    digest,
    digests,
    expanded,
    first_id,
    last_id,
)

IS_CURRENT = "currently_used"


@dataclass(frozen=True)
class LoggedTransaction:
    """A transaction of a run; `is_committed` is false where only the rows can tell. `at` is when it
    was journalled, by a clock that may have been put back since.
    """

    recording: TransactionRecord
    is_committed: bool
    run: str = ""
    at: str = ""


@dataclass(frozen=True)
class UndoPlan:
    """Rows to delete, those that others may use by now apart, values to give back (table -> id ->
    column -> value), how many rows stay, and why it can't be done.
    """

    deleted: Ids = field(default_factory=lambda: defaultdict(set))
    definitions: Ids = field(default_factory=lambda: defaultdict(set))
    restored: dict[str, dict[int, Fields]] = field(default_factory=lambda: defaultdict(dict))
    stays: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    problems: list[str] = field(default_factory=list)


def newest_first(runs: Iterable[Sequence[LoggedTransaction]]) -> Iterator[LoggedTransaction]:
    """The transactions of several runs in one order; those of each run are newest first already.

    Two of different runs are told by the ids of what they inserted, which only grow, or by how many
    the instance had given when they began; only where neither tells, by their moments.
    """
    waiting = [run for run in runs if run]
    while waiting:
        newest = waiting[0]
        for run in waiting[1:]:
            if _is_later(run, newest):
                newest = run
        yield newest[0]
        waiting = [run[1:] if run is newest else run for run in waiting]
        waiting = [run for run in waiting if run]


def _is_later(run: Sequence[LoggedTransaction], other: Sequence[LoggedTransaction]) -> bool:
    """Whether the newest transaction of a run came after that of the other."""
    if _comes_before(other[0], run):
        return True
    if _comes_before(run[0], other):
        return False
    own, others = run[0].recording.height, other[0].recording.height
    if own is None or others is None or own == others:
        return run[0].at > other[0].at
    return own > others


def _comes_before(entry: LoggedTransaction, others: Iterable[LoggedTransaction]) -> bool:
    """Whether it is certainly older than one of the others."""
    return any(
        last_id(inserted.ids) < first_id(later.ids)
        for other in others
        for table, inserted in entry.recording.inserted.items()
        if (later := other.recording.inserted.get(table)) is not None
    )


def rows_to_read(entries: Iterable[LoggedTransaction]) -> Ids:
    """The rows that `undone` asks for."""
    ids: Ids = defaultdict(set)
    for entry in entries:
        recording = entry.recording
        for table, inserted in recording.inserted.items():
            if recording.part is not Part.VOCABULARY or table == SOURCES:
                ids[table] |= set(expanded(inserted.ids))
        for table, changed in recording.changed.items():
            ids[table] |= set(changed)
    return ids


def changed_columns(entries: Iterable[LoggedTransaction]) -> set[tuple[str, str]]:
    """Table and column of each value that the entries changed."""
    return {
        (table, column)
        for entry in entries
        for table, changed in entry.recording.changed.items()
        for columns in changed.values()
        for column in columns
    }


def plan_undo(entries: Sequence[LoggedTransaction], now: Tables) -> UndoPlan:
    """What undoes the entries, newest first; `now` are the rows that stand of those `wanted`."""
    rows = {table: {key: dict(row) for key, row in stored.items()} for table, stored in now.items()}
    undoing = UndoPlan()
    for entry in entries:
        if is_in_effect(entry, now):
            _undo_changes(entry, rows, undoing)
            if entry.recording.part is Part.VOCABULARY:
                _keep_vocabulary(entry.recording, rows, undoing)
            else:
                _undo_insertions(entry.recording, rows, undoing)
    for table, keys in union(undoing.deleted, undoing.definitions).items():
        for key in keys & undoing.restored.get(table, {}).keys():
            del undoing.restored[table][key]
    return undoing


def union(ids: Ids, other: Ids) -> Ids:
    return {
        table: ids.get(table, set()) | other.get(table, set())
        for table in ids.keys() | other.keys()
    }


def is_in_effect(entry: LoggedTransaction, now: Tables) -> bool:
    """False of a transaction that a crash kept from being committed."""
    witness = entry.recording.witness
    if entry.is_committed or witness is None:
        return True
    row = now.get(witness.table, {}).get(witness.id, {})
    return bool(row.get("created_at") == witness.created_at)


def is_undone(entries: Iterable[LoggedTransaction], now: Tables) -> bool:
    """True if nothing of the entries, newest first, stands any more."""
    values: dict[tuple[str, int, str], Any] = {}
    for entry in entries:
        for table, inserted in entry.recording.inserted.items():
            is_taken = entry.recording.part is not Part.VOCABULARY
            if is_taken and now.get(table, {}).keys() & set(expanded(inserted.ids)):
                return False
        for table, changed in entry.recording.changed.items():
            for key in changed.keys() & now.get(table, {}).keys():
                values |= {(table, key, name): change.old for name, change in changed[key].items()}
    return all(now[table][key][name] == old for (table, key, name), old in values.items())


def _undo_changes(
    entry: LoggedTransaction, rows: dict[str, dict[int, Fields]], undoing: UndoPlan
) -> None:
    for table, changed in entry.recording.changed.items():
        for key, columns in changed.items():
            row = rows.get(table, {}).get(key)
            if row is None:
                undoing.problems.append(f"{table} {key}, which the run changed, is gone")
                continue
            for column, change in columns.items():
                if row[column] == change.new:
                    row[column] = undoing.restored[table].setdefault(key, {})[column] = change.old
                elif entry.is_committed or row[column] != change.old:
                    undoing.problems.append(f"{row_name(table, row)}: {column} was changed since")


def _undo_insertions(
    recording: TransactionRecord, rows: dict[str, dict[int, Fields]], undoing: UndoPlan
) -> None:
    is_shared = recording.part is Part.DEFINITIONS
    deleted = undoing.definitions if is_shared else undoing.deleted
    for table, inserted in recording.inserted.items():
        keys = expanded(inserted.ids)
        standing = [rows.get(table, {}).pop(key, None) for key in keys]
        undoing.problems.extend(_differing(table, keys, standing, inserted))
        deleted[table] |= set(keys)


def _differing(
    table: str, keys: Sequence[int], standing: Sequence[Fields | None], inserted: Inserted
) -> Iterable[str]:
    """What isn't as it was inserted."""
    if gone := [key for key, row in zip(keys, standing, strict=True) if row is None]:
        yield f"{table}: {len(gone)} of {len(keys)} rows are gone, e.g. {gone[0]}"
        return
    rows = [row for row in standing if row is not None]
    now = digests([tuple(row.values()) for row in rows], rows[0])
    if len(rows) == len(now):
        for row, is_same in zip(rows, map(eq, now, inserted.digests), strict=True):
            if not is_same:
                yield f"{row_name(table, row)}: was changed since"
    elif now != inserted.digests:
        yield f"{table}: some of the rows {inserted.ids} were changed since"


def _keep_vocabulary(
    recording: TransactionRecord, rows: dict[str, dict[int, Fields]], undoing: UndoPlan
) -> None:
    """Vocabulary stays, and a source as others have changed it since; but of a run that has put a
    source in the place of another, as runs once did, none stays current.
    """
    moved = recording.changed.get(SOURCES, {}).values()
    is_moved = any(IS_CURRENT in columns for columns in moved)
    for table, inserted in recording.inserted.items():
        keys = expanded(inserted.ids)
        undoing.stays[table] += len(keys)
        own = rows.get(table, {}) if table == SOURCES else {}
        written = dict(zip(keys, inserted.digests, strict=False))
        for key in (key for key in keys if key in own):
            is_same = digest(tuple(own[key].values())) == written.get(key)
            if own[key][IS_CURRENT] and (is_same or is_moved):
                undoing.restored[table].setdefault(key, {})[IS_CURRENT] = False
            elif is_moved and not is_same:
                undoing.problems.append(f"{row_name(table, own[key])}: was changed since")


def row_name(table: str, row: Fields) -> str:
    """A row, for a person."""
    kind = table.partition("_")[2]
    name = row.get("key") or row.get("name") or row.get("url") or row["id"]
    return f"{kind} {name}"
