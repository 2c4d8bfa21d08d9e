"""What one transaction writes, as the journal records it before the commit.

Plain values and their form as a journal line. Must not read a database or a journal.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from runners.contract import Document

Row = tuple[Any, ...]
Fields = dict[str, Any]
"""A row's values by column."""

Tables = Mapping[str, Mapping[int, Fields]]
"""Rows by table and primary key."""

Ids = dict[str, set[int]]
"""Primary keys by table."""

SOURCES = "bionty_source"
"""The one table of vocabulary in which a rollback changes rows."""


class Part(StrEnum):
    """What a transaction is for. A rollback leaves vocabulary, which all releases share; takes
    definitions back where nobody else uses them; and takes all else back.
    """

    DEFINITIONS = "definitions"
    VOCABULARY = "vocabulary"
    DATASETS = "datasets"
    COLLECTIONS = "collections"
    STORE = "store"


class Inserted(Document):
    """Rows of one table, by primary key: `3-7,9`.

    `digests` has one of each row, in order; of links, which nobody edits, one of them all.
    """

    ids: str
    digests: tuple[str, ...] = ()


class ValueChange(Document):
    """One value of a row that was there before."""

    old: Any
    new: Any


class CommitProof(Document):
    """A row that is there only if the transaction was committed. Its moment is part of it, because
    a database may give the same id again.
    """

    table: str
    id: int
    created_at: str


class TransactionRecord(Document):
    """All that one transaction inserts and changes. Tables and columns are the database's.

    `changed`: table -> primary key -> column -> change. `height` is the sum of all tables' highest
    ids at its beginning, which grows with each transaction that inserts. `is_kept`: the instance
    keeps it too, in the same commit. Recordings of before have neither.
    """

    number: int
    part: Part
    inserted: Mapping[str, Inserted]
    changed: Mapping[str, Mapping[int, Mapping[str, ValueChange]]]
    witness: CommitProof | None = None
    height: int | None = None
    is_kept: bool = False


def compressed(ids: Iterable[int]) -> str:
    """Ids as text, in ascending ranges: `3-7,9`."""
    ranges: list[list[int]] = []
    for key in sorted(ids):
        if ranges and ranges[-1][1] == key - 1:
            ranges[-1][1] = key
        else:
            ranges.append([key, key])
    return ",".join(f"{a}-{b}" if a != b else f"{a}" for a, b in ranges)


def expanded(text: str) -> list[int]:
    """The ids of `compressed`, ascending."""
    pairs = (part.partition("-") for part in text.split(",") if part)
    return [number for a, _, b in pairs for number in range(int(a), int(b or a) + 1)]


def first_id(text: str) -> int:
    """The lowest id of `compressed`."""
    return int(text.partition(",")[0].partition("-")[0])


def last_id(text: str) -> int:
    """The highest id of `compressed`."""
    return int(text.rpartition(",")[2].rpartition("-")[2])


def digest(rows: Row | Sequence[Row]) -> str:
    """A short digest of one row or several in order."""
    text = json.dumps(rows, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digests(rows: Sequence[Row], columns: Iterable[str]) -> tuple[str, ...]:
    """As in `Inserted`: rows of links are those that have no uid."""
    is_record = "uid" in columns
    return tuple(digest(row) for row in rows) if is_record else (digest(rows),)
