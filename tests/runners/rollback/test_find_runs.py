"""Which runs are taken back, and in which order, by their folders alone."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.contract import ROLLED_BACK, Action, ContractError, RunRequest
from runners.records.baseline import BASELINE
from runners.records.transaction_log import Part
from runners.rollback.runs import begun, find_runs, transactions_of
from runners.run.journal import JOURNAL, JournalLines
from runners.run.request import REQUEST, RunFolder

OLD, MIDDLE, NEW = "2020-01-15", "2020-04-15", "2020-07-15"
RUNS = ("run-a", "run-b", "run-c")
MOMENT = "2026-01-01T00:00:0{}+00:00"


def request(run_id: str, release: str = NEW, **fields: Any) -> RunRequest:
    known: dict[str, Any] = {"action": Action.INGEST, "manifest": "m.toml", "instance": "a/b"}
    return RunRequest(run_id=run_id, release=release, **{**known, **fields})


def recorded(number: int, ids: str, *, height: int | None = None) -> list[dict[str, Any]]:
    """The two lines of a transaction that inserted these artifacts."""
    at = MOMENT.format(0)  # no clock tells the order
    inserted = {"lamindb_artifact": {"ids": ids, "digests": ["x"]}}
    line = {"at": at, "step": "recorded", "number": number, "part": Part.DATASETS, "changed": {}}
    more = {"inserted": inserted, "is_kept": True, "height": height}
    return [{**line, **more}, {"at": at, "step": "committed", "number": number}]


def keep(
    runs: Path, wanted: RunRequest, *lines: dict[str, Any], began: int = 1, is_kept: bool = True
) -> None:
    folder = runs / wanted.run_id
    folder.mkdir()
    (folder / REQUEST).write_text(wanted.to_json())
    start = {"at": MOMENT.format(began), "step": "start"} | ({"is_kept": True} if is_kept else {})
    text = "".join(f"{json.dumps(line)}\n" for line in (start, *lines))
    (folder / JOURNAL).write_text(text)


def find(runs: Path, **wanted: str | None) -> list[RunFolder]:
    every: dict[str, str | None] = {"release": None, "run_id": None, "instance": None, **wanted}
    return find_runs(
        runs, release=every["release"], run_id=every["run_id"], instance=every["instance"]
    )


def names(runs: Path, **wanted: str | None) -> list[str]:
    return [run.request.run_id for run in find(runs, **wanted)]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Runs of three releases, one of them in two instances, and what is none of an ingest."""
    keep(tmp_path, request("old", OLD), *recorded(1, "1-3"))
    keep(tmp_path, request("middle", MIDDLE), *recorded(1, "4-6"))
    keep(tmp_path, request("new-1"), *recorded(1, "7-8"))
    keep(tmp_path, request("new-2"), *recorded(1, "9"))
    keep(tmp_path, request("old-elsewhere", OLD, instance="c/d"), *recorded(1, "1-3"))
    keep(tmp_path, request("new-verify", action=Action.VERIFY))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / REQUEST).write_text("{")
    return tmp_path


def test_a_release_is_all_its_runs_newest_first_and_no_other(runs: Path) -> None:
    assert names(runs, release=NEW) == ["new-2", "new-1"]
    assert names(runs, release=MIDDLE) == ["middle"]
    assert names(runs, run_id="new-1") == ["new-1"]


def test_of_two_instances_one_is_named(runs: Path) -> None:
    with pytest.raises(ContractError) as refused:
        names(runs, release=OLD)
    assert str(refused.value) == (
        f"release {OLD}: was ingested in a/b, c/d; name one with --instance."
    )
    assert names(runs, release=OLD, instance="c/d") == ["old-elsewhere"]
    assert names(runs, release=OLD, instance="a/b") == ["old"]
    with pytest.raises(ContractError, match="holds no journal that could be rolled back; name the"):
        names(runs, run_id="old", instance="c/d")


def test_one_that_was_rolled_back_is_passed_over_and_said_if_it_is_alone(runs: Path) -> None:
    keep(runs, request("new-3"), {"at": MOMENT.format(9), "step": "rolled back"})
    assert names(runs, release=NEW) == ["new-2", "new-1"]
    with pytest.raises(ContractError, match=r"run new-3: was rolled back already, at 2026-.*:09"):
        names(runs, run_id="new-3")


def test_where_all_runs_were_rolled_back_the_moment_of_the_last_is_said(tmp_path: Path) -> None:
    for number, name in enumerate(RUNS, start=1):
        keep(tmp_path, request(name), {"at": MOMENT.format(number), "step": "rolled back"})
    with pytest.raises(ContractError, match=rf"release {NEW}: was rolled back already, at .*:03"):
        names(tmp_path, release=NEW)


def test_an_instance_from_which_the_release_is_gone_already_needs_no_choice(runs: Path) -> None:
    gone = request("new-elsewhere", instance="c/d")
    keep(runs, gone, {"at": MOMENT.format(9), "step": "rolled back"})
    assert names(runs, release=NEW) == ["new-2", "new-1"]


def test_one_that_was_rolled_back_in_a_copy_is_told_by_the_note_that_was_put_back(
    runs: Path,
) -> None:
    (runs / "new-1" / ROLLED_BACK).write_text("{}")
    assert names(runs, release=NEW) == ["new-2"]
    with pytest.raises(ContractError) as refused:
        names(runs, run_id="new-1")
    note = runs / "new-1" / ROLLED_BACK
    assert str(refused.value) == f"run new-1: was rolled back already, as {note} says."


@pytest.mark.parametrize(("last", "is_found"), [("rollback", True), ("not rolled back", False)])
def test_a_rollback_that_may_not_be_noted_of_all_runs_yet_is_looked_at_again(
    runs: Path, last: str, is_found: bool
) -> None:
    """Notes come before the journals' lines."""
    keep(
        runs,
        request("new-3"),
        *({"at": MOMENT.format(9), "step": step} for step in ("rollback", last)),
    )
    (runs / "new-3" / ROLLED_BACK).write_text("{}")
    assert ("new-3" in names(runs, release=NEW)) is is_found


def test_a_verification_is_nothing_to_take_back(runs: Path) -> None:
    with pytest.raises(ContractError, match="holds no journal"):
        names(runs, run_id="new-verify")


@pytest.mark.parametrize(
    ("is_kept", "told"),
    [
        (True, [(1, True)]),
        (False, [(2, False), (1, True)]),  # of older code: its rows tell
    ],
)
def test_what_was_recorded_and_not_committed_is_the_instances_to_know(
    runs: Path, is_kept: bool, told: list[tuple[int, bool]]
) -> None:
    journal = runs / "new-1" / JOURNAL
    (line, _) = recorded(2, "10")
    text = json.dumps({**line, "is_kept": is_kept})
    journal.write_text(f"{journal.read_text()}{text}\n")
    (run,) = find_runs(runs, release=None, run_id="new-1", instance=None)
    entries = transactions_of([run])
    assert [(entry.recording.number, entry.is_committed) for entry in entries] == told


def test_a_number_that_was_recorded_twice_is_one_transaction(runs: Path) -> None:
    """Its first commit failed, or its line was written although that was said to have failed."""
    journal = runs / "new-1" / JOURNAL
    start, first, *_ = journal.read_text().splitlines()
    lines = [start, first, *map(json.dumps, recorded(1, "10"))]
    journal.write_text("".join(f"{line}\n" for line in lines))
    (run,) = find_runs(runs, release=None, run_id="new-1", instance=None)
    (entry,) = transactions_of([run])
    assert entry.recording.inserted["lamindb_artifact"].ids == "10"


OLDER_CODE = [
    ([1, 2], [], True),
    ([1, 2], [3, 5], True),  # went on by today's code; the instance knows of these
    ([], [2, 7], True),
    ([2, 3], [], False),
    ([1, 3], [], False),
    ([2, 1], [], False),
    ([1, 3], [2], False),
]
"""Numbers of a journal's transactions that no instance keeps, and of those that one does."""


@pytest.mark.parametrize("is_of_older_code", [True, False])
@pytest.mark.parametrize(("unkept", "kept", "is_whole"), OLDER_CODE)
def test_a_run_of_older_code_wants_all_its_lines_and_one_of_todays_is_completed_later(
    tmp_path: Path, unkept: list[int], kept: list[int], is_whole: bool, is_of_older_code: bool
) -> None:
    numbers = [(number, False) for number in unkept] + [(number, True) for number in kept]
    lines = [{**recorded(number, "1")[0], "is_kept": is_kept} for number, is_kept in numbers]
    keep(tmp_path, request("run-a"), *lines, is_kept=not is_of_older_code)
    (tmp_path / "run-a" / BASELINE).touch()
    if is_whole or not is_of_older_code:
        assert names(tmp_path, run_id="run-a") == ["run-a"]
    else:
        with pytest.raises(ContractError, match=r"journal\.jsonl: lines are missing, so that it"):
            names(tmp_path, run_id="run-a")


@pytest.mark.parametrize("is_of_older_code", [True, False])
def test_what_was_before_a_run_is_known_of_its_folder_alone_where_the_code_was_older(
    tmp_path: Path, is_of_older_code: bool
) -> None:
    keep(tmp_path, request("run-a"), is_kept=not is_of_older_code)
    if is_of_older_code:
        with pytest.raises(ContractError, match=r"holdings\.json: is missing, so that nothing"):
            names(tmp_path, run_id="run-a")
    else:
        assert names(tmp_path, run_id="run-a") == ["run-a"]


def test_runs_that_wrote_nothing_stand_before_the_others_the_latest_first(tmp_path: Path) -> None:
    keep(tmp_path, request("run-a"), *recorded(1, "1"), began=9)
    keep(tmp_path, request("run-b"), began=1)
    keep(tmp_path, request("run-c"), began=2)
    keep(tmp_path, request("run-d"), *recorded(1, "2"), began=1)
    assert names(tmp_path, release=NEW) == ["run-c", "run-b", "run-d", "run-a"]


def test_one_that_has_not_begun_wrote_nothing(runs: Path) -> None:
    (runs / "new-2" / JOURNAL).write_text("")
    found = find_runs(runs, release=NEW, run_id=None, instance=None)
    assert [run.request.run_id for run in begun(found)] == ["new-1"]
    with pytest.raises(ContractError, match="and neither does the instance; see what is register"):
        begun([run for run in found if run.request.run_id == "new-2"])


@pytest.mark.parametrize("began", [(1, 2, 3), (3, 2, 1)])
@pytest.mark.parametrize("order", list(permutations(RUNS)))
def test_runs_that_the_instance_alone_had_stand_where_they_wrote(
    tmp_path: Path, order: tuple[str, ...], began: tuple[int, ...]
) -> None:
    """They are found after the others, and a lost journal that was made whole may tell of more."""
    for number, (name, moment) in enumerate(zip(RUNS, began, strict=True), start=1):
        keep(tmp_path, request(name), *recorded(1, str(number)), began=moment)
    folders = {run.request.run_id: run for run in find(tmp_path, release=NEW)}
    found = [run.request.run_id for run in begun([folders[name] for name in order])]
    assert found == [*RUNS[::-1]]


@pytest.mark.parametrize(
    ("first", "second"),
    [("5-9", "3-7"), ("5-9", "1,3-7"), ("5,8-9", "7-8"), ("3-7", "5-9"), ("5-9", "3-5")],
)
def test_ids_that_were_given_again_tell_no_order(first: str, second: str) -> None:
    """As SQLite gives them once somebody has deleted the newest rows."""
    runs = [
        RunFolder(request(name), Path(name), JournalLines(recorded(1, ids, height=height)))
        for name, ids, height in (("run-a", first, 9), ("run-b", second, 12))
    ]
    for folders in (runs, runs[::-1]):
        assert [entry.run for entry in transactions_of(folders)] == ["run-b", "run-a"]


@given(st.lists(st.sampled_from(RUNS), min_size=1, max_size=9), st.booleans(), st.randoms())
def test_runs_side_by_side_are_undone_in_the_order_of_what_they_wrote(
    writers: list[str], has_height: bool, random: Any
) -> None:
    """Whichever run wrote which transaction: by what they inserted, or by the instance's height.
    What a journal lacked once stands at its end.
    """
    lines: dict[str, list[dict[str, Any]]] = {name: [] for name in RUNS}
    for moment, name in enumerate(writers, start=1):
        number = len(lines[name]) // 2 + 1
        lines[name] += recorded(number, str(moment), height=moment if has_height else None)
    for own in lines.values():
        random.shuffle(own)
    folders = [
        RunFolder(request(name), Path(name), JournalLines(own)) for name, own in lines.items()
    ]
    random.shuffle(folders)
    found = [entry.run for entry in transactions_of(folders)]
    assert found == writers[::-1]
