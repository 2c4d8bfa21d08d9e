"""What was held before a run: every difference is named, down to the record."""

from pathlib import Path

import pytest

from runners.contract import ContractError
from runners.records.baseline import (
    Baseline,
    Difference,
    RecordDigest,
    differences,
    store_baseline,
    stored_baseline,
)

HELD = RecordDigest("row", "links", is_latest=True)
BEFORE = Baseline(releases={"2020-01-15": {"a": HELD}}, shared={"feature": {"f": "one"}})


def now(held: dict[str, RecordDigest], **shared: str) -> Baseline:
    return Baseline(releases={"2020-01-15": held}, shared={"feature": shared or {"f": "one"}})


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (now({}), ["2020-01-15 a is gone"]),
        (now({"a": HELD._replace(row="other")}), ["2020-01-15 a its record is another"]),
        (now({"a": HELD._replace(links="other")}), ["2020-01-15 a its links are others"]),
        (now({"a": HELD._replace(is_latest=False)}), ["2020-01-15 a is the latest no longer"]),
        (now({"a": HELD, "b": HELD}), ["2020-01-15 b was not there"]),
        (now({"a": HELD}, f="two"), ["f feature is another"]),
        (now({"a": HELD}, f="one", g="new"), []),
        (BEFORE, []),
    ],
)
def test_differences(after: Baseline, what: list[str]) -> None:
    assert [str(difference) for difference in differences(BEFORE, after)] == what


def test_a_later_release_is_no_difference() -> None:
    releases = {**BEFORE.releases, "2020-07-15": {"c": HELD}}
    assert differences(BEFORE, Baseline(releases=releases, shared=BEFORE.shared)) == []


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    store_baseline(tmp_path, BEFORE)
    assert stored_baseline(tmp_path) == BEFORE
    assert differences(stored_baseline(tmp_path), now({})) == [
        Difference("2020-01-15", "a", "is gone")
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["holdings.json"]


def test_what_is_cut_short_is_refused(tmp_path: Path) -> None:
    store_baseline(tmp_path, BEFORE)
    path = tmp_path / "holdings.json"
    path.write_text(path.read_text()[:-1])
    with pytest.raises(ContractError, match=r"holdings\.json: not JSON"):
        stored_baseline(tmp_path)
