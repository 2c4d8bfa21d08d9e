"""The moment that a record which comes late is given, by which LaminDB finds its place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runners.registry.revisions import Neighbours, put_in_place

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Record:
    """What matters of a record. Before it is saved, `_revises` is what it revises."""

    uid: str = "aaaa0000"
    created_at: datetime = MOMENT
    is_latest: bool = True
    _revises: Any = None

    @property
    def stem_uid(self) -> str:
        return self.uid[:-4]


LATER = Record("aaaa0001", MOMENT + timedelta(hours=1))


@pytest.mark.parametrize(
    ("earlier", "start"),
    [
        (Record(), MOMENT),
        (None, LATER.created_at - timedelta(days=1)),
        # its chain is in disorder already
        (Record(created_at=LATER.created_at), LATER.created_at - timedelta(days=1)),
    ],
)
def test_between_its_neighbours(earlier: Record | None, start: datetime) -> None:
    late, other = (Record("aaaa0002", _revises=LATER) for _ in range(2))
    for record in (late, other):
        put_in_place(record, Neighbours(earlier, LATER))
        assert start < record.created_at < LATER.created_at
        assert (record.is_latest, record._revises) == (False, None)
    assert late.created_at != other.created_at, "one that was rolled back is told from it"


@pytest.mark.parametrize(
    "place",
    [
        Neighbours(),
        Neighbours(Record()),
        Neighbours(Record("bbbb0000"), LATER),  # a second chain, as there may be from before
    ],
)
def test_without_one_above_lamindb_makes_it_the_latest(place: Neighbours) -> None:
    record = Record("aaaa0002", _revises=place.revises)
    put_in_place(record, place)
    assert record == Record("aaaa0002", _revises=place.revises)
