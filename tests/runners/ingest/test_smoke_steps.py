"""Which dataset a smoke test registers, where, and what it then compares. Without an instance."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from noting_writer import DATASETS, job_of

from runners import registry
from runners.census.store import CensusDataset
from runners.contract import Action, ContractError, DatasetOutcome, Finding, Outcome, Reason
from runners.ingest import smoke_test as module
from runners.run.request import Job
from runners.validation.validate import Validation
from runners.validation.validated import ValidatedDataset

MARKERS = Path("markers")


def judged(number: int, *reasons: Reason) -> ValidatedDataset:
    """A dataset that was read, and failed for these reasons."""
    dataset = CensusDataset(f"s-{number}", "v", "T", "p", "c", "C", "", number)
    found = tuple(Finding(reason=reason, column=f"c{number}") for reason in reasons)
    return ValidatedDataset(dataset, Validation(found, (), (), {}))


class Smoke:
    """Smoke tests of what was judged; `outcome` is that of the registration."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.outcomes = [Outcome.REGISTERED]
        self.read: list[str] = []
        self.ingested: list[Job] = []
        self.made: list[tuple[str, Path]] = []
        self.compared: list[str] = []
        self.scratch = Path()

    def judge(self, given: Sequence[ValidatedDataset]) -> Any:
        for each in given:
            self.read.append(each.dataset.dataset_id)
            yield each

    def create(self, name: str, storage: Path, *, modules: Sequence[str]) -> str:
        assert modules
        self.made.append((name, storage))
        return "anonymous/smoke"

    def ingest(self, job: Job, _: object) -> tuple[DatasetOutcome, ...]:
        self.ingested.append(job)
        self.scratch = Path(os.environ["LAMIN_SETTINGS_DIR"])
        assert self.scratch.is_dir()
        return tuple(
            DatasetOutcome(dataset_id="s-1", title="", outcome=outcome) for outcome in self.outcomes
        )

    def compare(self, _: object, given: Any, *, markers: Path, **__: object) -> None:
        assert markers == MARKERS
        self.compared = [each.dataset.dataset_id for each in given]

    def run(self, monkeypatch: pytest.MonkeyPatch, *given: ValidatedDataset) -> None:
        doubles = {
            "connection": SimpleNamespace(create=self.create),
            "canary": SimpleNamespace(compare_once=self.compare),
        }
        for name, double in doubles.items():
            monkeypatch.setitem(sys.modules, f"runners.registry.{name}", double)
            monkeypatch.setattr(registry, name, double, raising=False)
        monkeypatch.setenv("LAMIN_SETTINGS_DIR", "the user's own")
        monkeypatch.setattr(module, "read_datasets", lambda _: DATASETS)
        monkeypatch.setattr(module, "_judged", lambda *_: self.judge(given))
        monkeypatch.setattr(module, "ingest", self.ingest)
        module.smoke_test(self.job, markers=MARKERS)


@pytest.fixture
def smoke(tmp_path: Path) -> Smoke:
    return Smoke(job_of(tmp_path, "run", only=("d-1",), limit=1, track=True))


def test_the_first_valid_dataset_is_registered_in_an_instance_of_its_own(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    smoke.run(monkeypatch, judged(1, Reason.TERM_UNKNOWN), judged(2), judged(3))
    (own,) = smoke.ingested
    assert (own.request.instance, own.request.action) == ("anonymous/smoke", Action.INGEST)
    assert (own.request.only, own.request.limit, own.request.track) == (("s-2",), None, False)
    assert (own.request.release, own.manifest) == (smoke.job.request.release, smoke.job.manifest)
    assert own.folder.is_relative_to(smoke.scratch)
    assert smoke.made == [("smoke", smoke.scratch / "storage")]
    assert not smoke.scratch.exists()
    assert capsys.readouterr().err.splitlines() == [
        "2020-07-15: smoke test with dataset s-2",
        "2020-07-15: smoke test passed",
    ]


def test_a_dataset_that_cannot_be_read_is_not_the_one(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(judged(1), problem=Finding(reason=Reason.FILE_MISSING))
    smoke.run(monkeypatch, gone, judged(2))
    assert smoke.ingested[0].request.only == ("s-2",)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.REGISTERED])
def test_a_dataset_that_ends_otherwise_stops_the_run_before_anything_is_compared(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    smoke.outcomes = [outcome]
    with pytest.raises(ContractError) as refused:
        smoke.run(monkeypatch, judged(1))
    assert str(refused.value) == f"smoke test: dataset s-1 ended as 1 {outcome.value}."
    assert smoke.compared == []


def test_of_a_dataset_without_an_outcome_nothing_is_believed(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    smoke.outcomes = []
    with pytest.raises(ContractError, match=r"dataset s-1 ended as no datasets\.$"):
        smoke.run(monkeypatch, judged(1))


@pytest.mark.parametrize(("invalid", "is_tried"), [(9, True), (10, False)])
def test_the_ten_smallest_are_tried_and_the_first_reasons_said(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch, invalid: int, is_tried: bool
) -> None:
    given = [judged(n, Reason.TERM_UNKNOWN) for n in range(1, invalid + 1)]
    last = judged(invalid + 1)
    if is_tried:
        smoke.run(monkeypatch, *given, last)
        assert smoke.ingested[0].request.only == (last.dataset.dataset_id,)
        return
    with pytest.raises(ContractError) as refused:
        smoke.run(monkeypatch, *given, last)
    reasons = "; ".join(f"s-{n}: term_unknown c{n}" for n in range(1, 6))
    assert str(refused.value) == (
        f"release 2020-07-15: none of the 10 smallest datasets is valid ({reasons}); check the "
        "rules of dataset schema 7.0.0, or the datasets."
    )
    assert len(smoke.read) == 10
    assert (smoke.ingested, smoke.compared) == ([], [])


def test_the_canary_sees_the_smallest_from_the_first_on_and_no_more_than_it_may(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those before the one that was registered, and the one itself."""
    smoke.run(monkeypatch, judged(1, Reason.TERM_UNKNOWN), *(judged(n) for n in range(2, 60)))
    assert smoke.compared == [f"s-{n}" for n in range(1, module.COMPARABLE + 1)]
