"""What the journals say of a rollback that failed on its way: before its commit, in it, or after.
Without an instance.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from runners import retries
from runners.contract import ROLLED_BACK as NOTE
from runners.contract import Action, ContractError, RunRequest
from runners.retries import OutageError
from runners.rollback import rollback as module
from runners.rollback.runs import find_runs
from runners.rollback.wording import RollbackResult
from runners.run.journal import (
    JOURNAL,
    NOT_ROLLED_BACK,
    ROLLBACK,
    ROLLED_BACK,
    START,
    Journal,
    read_journal,
    was_rolled_back,
)
from runners.run.request import REQUEST, RunFolder

RELEASE, RUN, LOST, ASKED = "2020-07-15", "run", "lost", "asked"


class Instance:
    """One that holds a run with a folder, one without, and nothing of a third, which only asked.
    `faults` are what the next rollbacks meet, at the commit, or after it.
    """

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.is_back = False
        self.begun_since: list[str] = []
        self.attempts: list[list[str]] = []
        self.faults: list[tuple[str, Exception]] = []
        for run_id in (RUN, ASKED):
            self.keep(run_id)
        with Journal(runs / RUN / JOURNAL) as journal:
            journal.write(START, is_kept=True)

    def keep(self, run_id: str) -> RunFolder:
        request = RunRequest(
            run_id=run_id, action=Action.INGEST, release=RELEASE, manifest="m", instance="a/b"
        )
        folder = self.runs / run_id
        folder.mkdir()
        (folder / REQUEST).write_text(request.to_json())
        return RunFolder(request, folder, read_journal(folder / JOURNAL))

    def connect(self, _: object) -> None:
        self.meet("connecting")

    def lost_runs(self, *_: object) -> list[RunFolder]:
        return [] if (self.runs / LOST).exists() else [self.keep(LOST)]

    def whole(self, run: RunFolder) -> RunFolder:
        if self.is_back and run.request.run_id != ASKED:
            raise ContractError("the instance holds no more of it")
        if run.request.run_id == LOST:
            with Journal(run.folder / JOURNAL) as journal:
                if not journal.first(START):
                    journal.write(START, is_kept=True)
        return RunFolder(run.request, run.folder, read_journal(run.folder / JOURNAL))

    def attempt(self, runs: Sequence[RunFolder], *, is_real: bool) -> RollbackResult:
        self.attempts.append(sorted(run.request.run_id for run in runs))
        for run in runs if is_real else ():
            with Journal(run.folder / JOURNAL) as journal:
                journal.write(ROLLBACK)
        self.meet("before")
        self.is_back = is_real
        self.meet("after")
        return RollbackResult((RUN,), "a/b")

    def standing(self, _: object) -> list[str]:
        self.meet("standing")
        return self.begun_since

    def meet(self, place: str) -> None:
        if self.faults and self.faults[0][0] == place:
            raise self.faults.pop(0)[1]

    def roll_back(self) -> RollbackResult:
        runs = find_runs(self.runs, release=RELEASE, run_id=None, instance=None)
        return module.rollback(runs, is_real=True, of_release=True)

    def says(self, step: str) -> list[str]:
        """The runs whose journals have such a line."""
        journals = {file.parent.name: read_journal(file) for file in self.runs.glob("*/*.jsonl")}
        return sorted(name for name, journal in journals.items() if journal.first(step))

    def told_as_back(self) -> list[str]:
        """The runs that count as rolled back, or may be."""
        journals = {file.parent.name: read_journal(file) for file in self.runs.glob("*/*.jsonl")}
        return sorted(name for name, journal in journals.items() if was_rolled_back(journal))


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    own = Instance(tmp_path)
    doubles: dict[str, Callable[..., Any]] = {
        "_connect": own.connect,
        "_is_done": lambda _: own.is_back,
        "_attempt": own.attempt,
        "lost_runs": own.lost_runs,
        "whole": own.whole,
        "_standing": own.standing,
    }
    for name, double in doubles.items():
        monkeypatch.setattr(module, name, double)
    monkeypatch.setenv("PATIENCE_SECONDS", "0.1")
    return own


BOTH = [LOST, RUN]
REFUSED, SILENT, FULL = ContractError("refused"), OutageError("silent"), OSError("full")


@pytest.mark.parametrize(
    ("place", "error", "told"),
    [
        ("connecting", REFUSED, []),
        ("before", REFUSED, []),
        ("before", FULL, []),
        ("before", SILENT, BOTH),
        ("after", SILENT, BOTH),
    ],
)
def test_what_nothing_came_of_is_told_as_such_of_all_its_runs_and_may_be_done_again(
    instance: Instance, place: str, error: Exception, told: list[str]
) -> None:
    instance.faults = [(place, error)]
    with pytest.raises(type(error), match=str(error)):
        instance.roll_back()
    assert instance.told_as_back() == told
    instance.roll_back()
    assert instance.is_back
    assert instance.says(ROLLED_BACK) == BOTH
    assert all(attempted == BOTH for attempted in instance.attempts)


def test_what_is_in_the_way_of_a_second_attempt_is_told_as_standing(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.faults = [("before", SILENT)]
    with pytest.raises(OutageError):
        instance.roll_back()
    refused = RollbackResult((RUN,), "a/b", problems=("hers",))
    monkeypatch.setattr(module, "_attempt", lambda _, is_real: refused)
    assert instance.roll_back() == refused
    assert instance.told_as_back() == []


@pytest.mark.parametrize("place", ["before", "after"])
def test_what_is_done_again_at_once_is_done_of_the_same_runs(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.0)
    monkeypatch.setenv("PATIENCE_SECONDS", "600")
    instance.faults = [(place, SILENT)]
    instance.roll_back()
    assert instance.says(ROLLED_BACK) == BOTH
    assert instance.attempts == [BOTH] * (2 if place == "before" else 1)


def test_who_isn_t_let_in_after_a_lost_answer_says_nothing_of_it(instance: Instance) -> None:
    instance.faults = [("after", SILENT), ("connecting", REFUSED)]
    for error in (OutageError, ContractError):
        with pytest.raises(error):
            instance.roll_back()
    assert instance.told_as_back() == BOTH
    instance.roll_back()
    assert instance.says(ROLLED_BACK) == BOTH


def test_what_can_t_be_noted_after_the_commit_is_noted_the_next_time(
    instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    (instance.runs / RUN / NOTE).mkdir()
    with pytest.raises(OSError, match=NOTE):
        instance.roll_back()
    assert "rolled back, but it can't be noted" in capsys.readouterr().err
    assert instance.told_as_back() == BOTH
    assert instance.says(NOT_ROLLED_BACK) == []
    (instance.runs / RUN / NOTE).rmdir()
    instance.roll_back()
    assert instance.says(ROLLED_BACK) == BOTH
    assert all((instance.runs / name / NOTE).is_file() for name in BOTH)


def test_a_rollback_is_not_noted_before_all_that_it_says_is_known(instance: Instance) -> None:
    """What is noted as done is never looked at again."""
    for place in ("after", "standing"):
        instance.faults.append((place, SILENT))
        with pytest.raises(OutageError):
            instance.roll_back()
        assert instance.says(ROLLED_BACK) == []
    instance.roll_back()
    assert instance.says(ROLLED_BACK) == BOTH


def test_a_run_that_began_since_a_lost_answer_is_said_to_stand(
    instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    instance.faults.append(("after", SILENT))
    with pytest.raises(OutageError):
        instance.roll_back()
    instance.begun_since = ["later"]
    instance.roll_back()
    said = f"release {RELEASE}: later began since and stands; roll it back again for that"
    assert said in capsys.readouterr().err
