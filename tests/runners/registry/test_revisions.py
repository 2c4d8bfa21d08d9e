"""The moment that a record which comes late is given, by which LaminDB finds its place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.registry.revisions import Neighbours, neighbours, put_in_place

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


@dataclass(frozen=True)
class Tagged:
    """A record of a release, or of a person's version."""

    id: int
    version_tag: str | None
    branch_id: int = 1
    uid: str = "aaaa0000"

    @property
    def stem_uid(self) -> str:
        return self.uid[:-4]


OLD, MID, NEW, NEWEST = "2020-01-15", "2020-04-15", "2020-07-15", "2021-01-15"
RECORDS = st.lists(
    st.builds(
        Tagged,
        st.integers(0, 9),
        st.sampled_from([OLD, MID, NEW, NEWEST, "v2", "2020-04-15 of hers", None]),
        st.sampled_from([1, 1, -1]),
    ),
    unique_by=lambda record: record.id,
    max_size=8,
)


@given(RECORDS, st.sampled_from([OLD, MID, NEW, NEWEST]))
def test_the_nearest_releases_are_its_neighbours(records: list[Tagged], release: str) -> None:
    found = neighbours(records, release)
    of_any = [record for record in records if record.version_tag in (OLD, MID, NEW, NEWEST)]
    before = [record for record in of_any if str(record.version_tag) < release]
    in_sight = [record for record in before if record.branch_id == 1]
    after = [r for r in of_any if str(r.version_tag) > release and r.branch_id == 1]
    best = in_sight or before
    newest = max((str(record.version_tag) for record in best), default=None)
    oldest = min((str(record.version_tag) for record in after), default=None)
    expected = (
        max((r for r in best if r.version_tag == newest), key=lambda r: r.id, default=None),
        min((r for r in after if r.version_tag == oldest), key=lambda r: r.id, default=None),
    )
    assert tuple(found) == expected
    assert found.revises is (found.earlier or found.later)


def test_of_three_revisions_the_newest_release_counts_and_not_the_newest_row() -> None:
    late, middle, first = Tagged(9, OLD), Tagged(2, MID), Tagged(1, "2019-01-15")
    assert neighbours([late, middle, first], NEW) == Neighbours(middle, None)
    assert neighbours([late, middle, first], "2020-02-15") == Neighbours(late, middle)


@pytest.mark.parametrize(
    ("earlier", "later", "above"),
    [
        (None, Tagged(1, NEW), True),
        (Tagged(2, OLD), Tagged(1, NEW), True),
        (Tagged(2, OLD, uid="bbbb0000"), Tagged(1, NEW), False),
        (Tagged(2, OLD), None, False),
        (None, None, False),
    ],
)
def test_the_later_one_stands_above_in_the_same_chain_alone(
    earlier: Tagged | None, later: Tagged | None, above: bool
) -> None:
    place = Neighbours(earlier, later)
    assert place.above == (later if above else None)
    assert place.revises == (earlier or later)
