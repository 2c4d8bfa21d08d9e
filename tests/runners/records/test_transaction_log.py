"""Recordings: ids survive as ranges, digests tell rows apart."""

import json

from hypothesis import given
from hypothesis import strategies as st

from runners.records.transaction_log import (
    Inserted,
    Part,
    TransactionRecord,
    ValueChange,
    compressed,
    digest,
    digests,
    expanded,
    first_id,
    last_id,
)


@given(st.sets(st.integers(min_value=1, max_value=200)))
def test_ranges_say_the_same_ids(ids: set[int]) -> None:
    assert expanded(compressed(ids)) == sorted(ids)


@given(st.sets(st.integers(min_value=1, max_value=200), min_size=1))
def test_the_lowest_and_the_highest_id_are_told_of_ranges_too(ids: set[int]) -> None:
    text = compressed(ids)
    assert (first_id(text), last_id(text)) == (min(ids), max(ids))


def test_ranges_are_short() -> None:
    assert compressed([5, 1, 2, 3, 9]) == "1-3,5,9"
    assert compressed(range(1, 100_000)) == "1-99999"
    assert compressed([]) == ""


def test_a_digest_tells_rows_and_their_order_apart() -> None:
    one, other = (1, "a", None), (2, "a", None)
    assert digest(one) == digest((1, "a", None))
    assert len({digest(one), digest(other), digest([one, other]), digest([other, one])}) == 4


def test_each_record_has_a_digest_of_its_own_and_links_one_of_them_all() -> None:
    rows = [(1, "a"), (2, "b"), (3, "c")]
    assert digests(rows, ("id", "uid")) == tuple(map(digest, rows))
    assert digests(rows, ("id", "artifact_id")) == (digest(rows),)
    assert digests(rows[:1], ("id", "artifact_id")) != digests(rows, ("id", "artifact_id"))


def test_a_recording_of_older_code_has_no_height_and_is_not_kept() -> None:
    old = {"number": 1, "part": "datasets", "inserted": {}, "changed": {}}
    record = TransactionRecord.from_mapping(old, source="journal")
    assert (record.witness, record.height, record.is_kept) == (None, None, False)


def test_a_recording_is_the_same_after_the_journal() -> None:
    recording = TransactionRecord(
        number=1,
        part=Part.DATASETS,
        inserted={"lamindb_artifact": Inserted(ids="3-4", digests=("a", "b"))},
        changed={"lamindb_artifact": {2: {"is_latest": ValueChange(old=True, new=False)}}},
    )
    line = json.loads(json.dumps(recording.model_dump(mode="json")))
    assert TransactionRecord.from_mapping(line, source="journal") == recording
