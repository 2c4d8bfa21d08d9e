"""A whole rollback of an instance in memory: what is asked of it in which order, what it holds
afterwards, and what the runs' folders say.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from small_instance import ARTIFACTS, RELEASE, Rows, SmallInstance, artifact

from runners.contract import ROLLED_BACK as NOTE
from runners.contract import ContractError
from runners.records.baseline import Difference
from runners.rollback.rollback import rollback
from runners.run.journal import JOURNAL, NOT_ROLLED_BACK, ROLLBACK, ROLLED_BACK, START, Journal
from runners.run.request import RunFolder

WROTE = ["start", "recorded", "committed"]


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallInstance:
    own = SmallInstance(tmp_path)
    own.stand_in(monkeypatch)
    monkeypatch.setenv("PATIENCE_SECONDS", "0.1")
    return own


def two_runs(instance: SmallInstance, *, is_kept: tuple[bool, bool] = (True, True)) -> Rows:
    """Writes by two runs, of which the second began with what the first had changed; says what was
    there before both.
    """
    before, _ = instance.state()
    instance.write("first", demotes=1, is_kept=is_kept[0])
    instance.write("second", demotes=2, adds=2, is_kept=is_kept[1])
    return before


def both(instance: SmallInstance) -> list[RunFolder]:
    return [instance.folder(run_id) for run_id in ("second", "first")]


def test_all_runs_are_taken_back_in_one_transaction_to_what_was_before_the_first(
    instance: SmallInstance,
) -> None:
    before = two_runs(instance)
    result = rollback(both(instance), is_real=True)
    assert instance.state() == (before, {})
    assert (result.problems, result.differing, result.kept) == ((), (), ())
    assert (result.runs, result.instance) == (("second", "first"), "a/b")
    assert (result.deleted, result.restored) == ({ARTIFACTS: 3}, {ARTIFACTS: 2})
    assert result.is_proved
    name = f"rollback-{RELEASE}"
    assert instance.locks == [name]
    assert instance.events == [
        "connect a/b",
        f"lock as {name}",
        f"begin, with {ARTIFACTS} to itself",
        "forget second, first",
        "check",
        "commit",
    ]


def test_each_runs_journal_and_note_say_that_it_was_taken_back(instance: SmallInstance) -> None:
    two_runs(instance)
    rollback(both(instance), is_real=True)
    for run_id in ("first", "second"):
        assert instance.steps(run_id) == [*WROTE, ROLLBACK, ROLLED_BACK]
        note = json.loads((instance.runs / run_id / NOTE).read_text())
        assert note["run_id"] == run_id
        assert datetime.fromisoformat(note["at"]).utcoffset() == timedelta(0)


def test_a_dry_run_says_what_would_be_done_and_writes_nowhere(instance: SmallInstance) -> None:
    two_runs(instance)
    before = instance.state()
    would = rollback(both(instance), is_real=False)
    assert instance.state() == before
    assert instance.events[-1] == "give up"
    for run_id in ("first", "second"):
        assert instance.steps(run_id) == WROTE
        assert not (instance.runs / run_id / NOTE).exists()
    assert rollback(both(instance), is_real=True) == would


def refuse(instance: SmallInstance, reason: str) -> str:
    """Puts something in the way; says how it is named."""
    if reason == "continued":
        instance.later = [("2021-01-01", "x"), ("2020-12-01", "y"), ("2021-01-01", "z")]
        return "release 2020-12-01 continues 1 of the artifacts, e.g. as y; take that back first"
    if reason == "pointed to":
        instance.users = [("lamindb_run", 7, 3), ("lamindb_run", 8, 3), (ARTIFACTS, 4, 3)]
        return "artifact a3: 2 of lamindb_run point to it, which no run here wrote"
    if reason == "changed":
        instance.artifacts[3]["key"] = "moved"
        return "artifact moved: was changed since"
    if reason == "gone":
        del instance.artifacts[4]
        instance.users = [("lab notes", None, 4)]  # without a foreign key
        return "lamindb_artifact: 1 of 2 rows are gone, e.g. 4"
    instance.on_delete = lambda rows: rows[1].update(key="spoilt")
    return "2020-01-15 u1 its record is another"


@pytest.mark.parametrize("is_real", [True, False])
@pytest.mark.parametrize("reason", ["continued", "pointed to", "changed", "gone", "not as before"])
def test_what_stands_against_it_is_named_and_nothing_changes(
    instance: SmallInstance, reason: str, is_real: bool
) -> None:
    two_runs(instance)
    said = refuse(instance, reason)
    before = instance.state()
    result = rollback(both(instance), is_real=is_real)
    assert result.problems[0] == said
    assert instance.state() == before
    assert "commit" not in instance.events
    for run_id in ("first", "second"):
        assert instance.steps(run_id) == WROTE
        assert not (instance.runs / run_id / NOTE).exists()


def test_each_later_release_is_named_once_with_how_many_artifacts_it_continues(
    instance: SmallInstance,
) -> None:
    two_runs(instance)
    refuse(instance, "continued")
    assert rollback(both(instance), is_real=True).problems == (
        "release 2020-12-01 continues 1 of the artifacts, e.g. as y; take that back first",
        "release 2021-01-01 continues 2 of the artifacts, e.g. as x; take that back first",
    )


def test_what_other_hands_have_changed_before_is_told_and_stands_against_nothing(
    instance: SmallInstance,
) -> None:
    """And what the runs themselves had changed is no such difference."""
    two_runs(instance)
    instance.artifacts[2]["key"] = "hers"
    result = rollback(both(instance), is_real=True)
    assert result.problems == ()
    assert result.differing == (Difference("2020-01-15", "u2", "its record is another"),)
    assert instance.artifacts[2] == {**artifact(2, "2020-01-15"), "key": "hers"}
    assert instance.steps("first")[-1] == ROLLED_BACK


@pytest.mark.parametrize("of_release", [True, False])
def test_a_run_without_a_folder_goes_with_its_release_alone(
    instance: SmallInstance, of_release: bool
) -> None:
    two_runs(instance)
    for file in (instance.runs / "second").iterdir():
        file.unlink()
    result = rollback([instance.folder("first")], is_real=True, of_release=of_release)
    assert result.runs == (("second", "first") if of_release else ("first",))
    assert instance.artifacts.keys() == ({1, 2} if of_release else {1, 2, 4, 5})
    assert list(instance.kept) == ([] if of_release else ["second"])


def test_what_a_journal_lacks_is_taken_back_too(
    instance: SmallInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    before = two_runs(instance)
    journal = instance.runs / "first" / JOURNAL
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    rollback(both(instance), is_real=True)
    assert instance.artifacts == before
    assert capsys.readouterr().err == (
        "run first: its journal is short: it lacks transactions that the instance holds (1); they "
        "are taken from there.\n"
    )


def test_a_run_is_known_by_its_request_whatever_its_folder_is_called(
    instance: SmallInstance,
) -> None:
    before = two_runs(instance)
    (instance.runs / "first").rename(instance.runs / "copy")
    runs = [instance.folder(name) for name in ("second", "copy")]
    assert rollback(runs, is_real=True).runs == ("second", "first")
    assert instance.state() == (before, {})
    assert instance.steps("copy") == [*WROTE, ROLLBACK, ROLLED_BACK]


@pytest.mark.parametrize(
    ("is_kept", "is_proved"),
    [((True, True), True), ((False, True), False), ((True, False), False)],
)
def test_one_run_of_older_code_is_enough_that_nothing_is_proved(
    instance: SmallInstance, is_kept: tuple[bool, bool], is_proved: bool
) -> None:
    before = two_runs(instance, is_kept=is_kept)
    result = rollback(both(instance), is_real=True)
    assert result.is_proved is is_proved
    assert instance.state() == (before, {})


@pytest.mark.parametrize("is_kept", [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("is_committed", [True, False])
def test_what_came_of_a_rollback_that_was_killed_the_instance_tells(
    instance: SmallInstance, is_kept: tuple[bool, bool], is_committed: bool
) -> None:
    """Also of runs of older code, of which it keeps nothing but the rows."""
    before = two_runs(instance, is_kept=is_kept)
    if is_committed:
        rollback(both(instance), is_real=True)
        for run_id in ("first", "second"):
            file = instance.runs / run_id / JOURNAL
            file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    else:
        for run in both(instance):
            with Journal(run.folder / JOURNAL) as journal:
                journal.write(ROLLBACK)
    instance.events.clear()
    result = rollback(both(instance), is_real=True)
    assert instance.state() == (before, {})
    assert instance.events.count("commit") == (0 if is_committed else 1)
    assert result.deleted == ({} if is_committed else {ARTIFACTS: 3})
    assert (instance.steps("first")[-1], instance.steps("second")[-1]) == (ROLLED_BACK,) * 2


def test_a_dry_run_leaves_open_what_came_of_a_rollback_that_was_killed(
    instance: SmallInstance,
) -> None:
    two_runs(instance)
    for run in both(instance):
        with Journal(run.folder / JOURNAL) as journal:
            journal.write(ROLLBACK)
    refuse(instance, "changed")
    assert rollback(both(instance), is_real=False).problems
    assert instance.steps("first") == [*WROTE, ROLLBACK]
    assert rollback(both(instance), is_real=True).problems
    assert instance.steps("first") == [*WROTE, ROLLBACK, NOT_ROLLED_BACK]


def test_what_is_gone_without_a_rollback_of_ours_is_not_closed_as_one(
    instance: SmallInstance,
) -> None:
    """Another machine took it back, or the database is an earlier state of itself."""
    two_runs(instance)
    instance.kept.clear()
    with pytest.raises(ContractError, match="that the instance holds no more"):
        rollback(both(instance), is_real=True)
    assert instance.steps("first") == WROTE
    assert not (instance.runs / "first" / NOTE).exists()


def test_what_another_process_took_back_while_this_one_waited_is_not_noted_again(
    instance: SmallInstance,
) -> None:
    two_runs(instance)
    found = both(instance)
    rollback(found, is_real=True)
    with pytest.raises(ContractError, match="that the instance holds no more"):
        rollback(found, is_real=True)
    assert instance.steps("first") == [*WROTE, ROLLBACK, ROLLED_BACK]


def test_a_run_that_no_rollback_was_about_is_not_closed_with_one_that_was_killed(
    instance: SmallInstance,
) -> None:
    """It has begun since, and not written yet."""
    run = instance.write("first", demotes=1)
    instance.kept.clear()
    with Journal(run.folder / JOURNAL) as journal:
        journal.write(ROLLBACK)
    since = instance.write("since", demotes=2)
    instance.kept.clear()
    (since.folder / JOURNAL).unlink()
    with Journal(since.folder / JOURNAL) as journal:
        journal.write(START, is_kept=True)
    with pytest.raises(ContractError, match="that the instance holds no more"):
        rollback([instance.folder("since"), instance.folder("first")], is_real=True)
    assert instance.steps("since") == [START]


@pytest.mark.parametrize("is_real", [True, False])
def test_what_the_database_refuses_is_told_to_those_alone_that_had_come_to_the_commit(
    instance: SmallInstance, is_real: bool
) -> None:
    def refuse_it(_: object) -> None:
        raise ContractError("the database refuses it")

    two_runs(instance)
    before = instance.state()
    instance.on_delete = refuse_it
    with pytest.raises(ContractError, match="the database refuses it"):
        rollback(both(instance), is_real=is_real)
    assert instance.state() == before
    assert (instance.steps("first"), instance.steps("second")) == (WROTE, WROTE)


def test_a_rollback_whose_end_cannot_be_journalled_says_that_it_was_done(
    instance: SmallInstance, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where somebody has edited the journal since."""
    two_runs(instance)
    journal = instance.runs / "second" / JOURNAL
    taken_back = both(instance)
    write = Journal.write

    def spoil_once_committed(own: Journal, step: str, **facts: str) -> object:
        if step == ROLLED_BACK:
            raise ContractError(f"{journal}, line 1: not JSON")
        return write(own, step, **facts)

    monkeypatch.setattr(Journal, "write", spoil_once_committed)
    with pytest.raises(ContractError, match="not JSON"):
        rollback(taken_back, is_real=True)
    said = "runs second, first: rolled back, but it can't be noted\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("of_release", [True, False])
def test_of_one_run_no_word_is_said_of_others_that_began_since(
    instance: SmallInstance, capsys: pytest.CaptureFixture[str], of_release: bool
) -> None:
    run = instance.write("first", demotes=1)
    instance.kept.clear()
    with Journal(run.folder / JOURNAL) as journal:
        journal.write(ROLLBACK)
    instance.write("since", demotes=2)
    rollback([instance.folder("first")], is_real=True, of_release=of_release)
    assert ("since began since and stands" in capsys.readouterr().err) is of_release
    assert instance.steps("since") == WROTE
