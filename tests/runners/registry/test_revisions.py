"""The moment that a record which comes late is given, by which LaminDB finds its place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from runners.registry.revisions import Neighbours, put_in_place

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class Rows:
    """The rows of a registry, of which it notes what is asked for and written."""

    def __init__(self) -> None:
        self.wanted: dict[str, Any] = {}
        self.written: dict[str, Any] = {}

    def alias(self, **_: object) -> "Rows":
        return self

    def filter(self, **wanted: Any) -> "Rows":
        self.wanted |= wanted
        return self

    def update(self, **written: Any) -> None:
        self.written |= written


@dataclass
class Record:
    """What matters of a record. Before it is saved, `_revises` is what it revises."""

    uid: str = "aaaa0000"
    created_at: datetime = MOMENT
    is_latest: bool = True
    branch_id: int = 1
    _revises: Any = None
    objects: ClassVar[Rows] = Rows()
    _len_stem_uid: ClassVar[int] = 4

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
    put_in_place((record, Neighbours(earlier, LATER)) for record in (late, other))
    for record in (late, other):
        assert start < record.created_at < LATER.created_at
        assert (record.is_latest, record._revises) == (False, None)
    assert late.created_at != other.created_at, "one that was rolled back is told from it"


@pytest.mark.parametrize("above", [None, Record("bbbb0000")])  # one of a second chain
def test_without_one_above_only_the_flag_of_the_latest_is_written(
    above: Record | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows()
    monkeypatch.setattr(Record, "objects", rows)
    record = Record("aaaa0001", _revises=Record())
    second = Record("cccc0001", _revises=Record("cccc0000"))
    put_in_place(
        [
            (record, Neighbours(Record(), above)),
            (second, Neighbours(Record("cccc0000"), None)),
            (Record("dddd0000"), Neighbours()),  # the first of its chain
        ]
    )
    assert record == Record("aaaa0001")
    assert rows.wanted == {"stem__in": ["aaaa", "cccc"], "branch_id": 1, "is_latest": True}
    assert rows.written == {"is_latest": False}


def test_the_first_of_a_chain_takes_nobodys_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows()
    monkeypatch.setattr(Record, "objects", rows)
    put_in_place([(Record(), Neighbours())])
    assert rows.written == {}
