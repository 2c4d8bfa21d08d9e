"""What was held before a run: every difference is named, down to the record."""

from pathlib import Path

import pytest

from runners.contract import ContractError
from runners.records.baseline import (
    LEFT,
    Baseline,
    Difference,
    RecordDigest,
    differences,
    left_by_runs,
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
        (Baseline(releases={}, shared=BEFORE.shared), ["2020-01-15 a is gone"]),
        (Baseline(releases=BEFORE.releases, shared={}), ["f feature is another"]),
        (now({"a": HELD}, g="new"), ["f feature is another"]),
        (
            now({"c": HELD, "b": HELD, "a": RecordDigest("x", "y")}, f="two"),
            [
                "f feature is another",
                "2020-01-15 a is the latest no longer",
                "2020-01-15 a its links are others",
                "2020-01-15 a its record is another",
                "2020-01-15 b was not there",
                "2020-01-15 c was not there",
            ],
        ),
    ],
)
def test_differences(after: Baseline, what: list[str]) -> None:
    assert [str(difference) for difference in differences(BEFORE, after)] == what


def test_what_is_the_latest_again_is_a_difference_too() -> None:
    before, after = (now({"a": HELD._replace(is_latest=latest)}) for latest in (False, True))
    assert differences(before, after) == [Difference("2020-01-15", "a", "is the latest now")]


def test_every_release_of_before_is_compared() -> None:
    held = {release: {"a": HELD} for release in ("2019-01-15", "2020-01-15")}
    after = {release: {"a": HELD._replace(row=release)} for release in held}
    found = differences(Baseline(releases=held, shared={}), Baseline(releases=after, shared={}))
    assert [difference.release for difference in found] == list(held)


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


def test_what_each_run_left_is_read_whatever_else_its_folder_has(tmp_path: Path) -> None:
    left = [BEFORE, now({}), now({"b": HELD})]
    for number, own in enumerate(left):
        folder = tmp_path / f"run-{number}"
        folder.mkdir()
        store_baseline(folder, now({"a": HELD}, f="at its beginning"))
        store_baseline(folder, own, LEFT)
        assert stored_baseline(folder).shared == {"feature": {"f": "at its beginning"}}
    (tmp_path / "run-that-goes-on" / "copy").mkdir(parents=True)
    store_baseline(tmp_path / "run-that-goes-on" / "copy", BEFORE, LEFT)
    assert left_by_runs(tmp_path) == left
    (tmp_path / "run-1" / LEFT).write_text("{")
    with pytest.raises(ContractError, match=r"run-1/left\.json: not JSON"):
        left_by_runs(tmp_path)


def test_nothing_says_how_it_was_where_the_file_is_missing(tmp_path: Path) -> None:
    store_baseline(tmp_path, BEFORE, LEFT)
    with pytest.raises(ContractError, match=r"holdings\.json: can't be read"):
        stored_baseline(tmp_path)


def test_what_is_cut_short_is_refused(tmp_path: Path) -> None:
    store_baseline(tmp_path, BEFORE)
    path = tmp_path / "holdings.json"
    path.write_text(path.read_text()[:-1])
    with pytest.raises(ContractError, match=r"holdings\.json: not JSON"):
        stored_baseline(tmp_path)
