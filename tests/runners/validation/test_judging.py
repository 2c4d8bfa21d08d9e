"""What a reader hands on of a file that it has read, and by which rules a file is judged."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import deadly
import pytest
from made_rules import column, of_cells, vocabulary_of, where
from profiles import HUMAN, ORGANISM, keys

from runners import rules
from runners.contract import AcceptedException, ContractError, Finding, Manifest, Outcome, Reason
from runners.h5ad.errors import (
    FileArchivedError,
    FileError,
    FileForbiddenError,
    FileMissingError,
    FilePointsElsewhereError,
    FileTooLargeError,
    FileUnreadableError,
)
from runners.h5ad.profile import ColumnProfile, DatasetProfile
from runners.retries import OutageError
from runners.settings import REPOSITORY
from runners.validation import check, validated
from runners.validation.readers import Readers
from runners.validation.validate import Validation, validate
from runners.validation.validated import ValidatedDataset, outcome_of, read_and_validate, unread

MINE = column(present_where=(where("other", "x"), where("third", "x")))
VOCABULARY = vocabulary_of({"other": column(), "third": column(), "mine": MINE})
PROFILE = DatasetProfile(
    *(7, {name: of_cells("x") for name in ("other", "third", "mine")}, {}, ("H1",)),
    uns=keys({ORGANISM: HUMAN, "schema_version": "9"}),
    combinations={("other", "third"): frozenset({("x", "x")})},
    size=1234,
    etag="e",
)
((DATASET, _),) = deadly.tasks([0])
MANIFEST = Manifest.from_file(REPOSITORY / "tests" / "flows" / "expected" / "2026-02-01.toml")
FILE_ERRORS = (
    FileArchivedError,
    FileForbiddenError,
    FileMissingError,
    FilePointsElsewhereError,
    FileTooLargeError,
    FileUnreadableError,
)


def test_what_was_read_is_handed_on_and_the_time_is_that_of_reading_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[object] = []

    @contextmanager
    def limit() -> Iterator[None]:
        steps.append("begins")
        yield
        steps.append("ends")

    def read(*asked: object) -> DatasetProfile:
        steps.append(asked)
        return PROFILE

    monkeypatch.setattr(validated, "read_profile", read)
    found = read_and_validate(DATASET, "x.h5ad", VOCABULARY, limit)
    columns = {ORGANISM, "other", "third", "mine", "schema_version"}
    assert steps == ["begins", ("x.h5ad", columns, {("other", "third")}), "ends"]
    judged = validate(PROFILE, VOCABULARY)
    assert found == ValidatedDataset(DATASET, judged, 7, size=1234, etag="e")


@pytest.mark.parametrize("error", FILE_ERRORS)
def test_each_way_a_file_fails_is_told_as_itself(
    error: type[FileError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validated, "read_profile", raising(error("x.h5ad: so it is")))
    found = read_and_validate(DATASET, "x.h5ad", VOCABULARY)
    assert found == unread(DATASET, error.reason, "x.h5ad: so it is")


def test_an_outage_is_nobody_s_fault_and_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validated, "read_profile", raising(OutageError("silent")))
    with pytest.raises(OutageError, match="silent"):
        read_and_validate(DATASET, "x.h5ad", VOCABULARY)


def test_memory_that_runs_out_in_judging_is_told_with_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(validated, "read_profile", lambda *_: PROFILE)
    monkeypatch.setattr(validated, "validate", raising(MemoryError()))
    problem = read_and_validate(DATASET, "x.h5ad", VOCABULARY).problem
    assert problem is not None
    assert problem.reason is Reason.FILE_TOO_LARGE
    assert str(problem.detail).startswith("x.h5ad: ")


WRONG = Finding(reason=Reason.TERM_UNKNOWN, column="mine")


@pytest.mark.parametrize("success", [Outcome.REGISTERED, Outcome.UNCHANGED])
@pytest.mark.parametrize("findings", [(), (WRONG,)])
def test_a_dataset_fails_by_findings_alone_and_notes_go_with_it(
    success: Outcome, findings: tuple[Finding, ...]
) -> None:
    found = ValidatedDataset(DATASET, Validation(findings, ("a note",), (), {}, ("sex",)))
    outcome = outcome_of(found, success)
    assert (outcome.dataset_id, outcome.title) == (DATASET.dataset_id, DATASET.title)
    assert outcome.outcome is (Outcome.FAILED if findings else success)
    assert (outcome.reasons, outcome.notes, outcome.absent) == (findings, ("a note",), ("sex",))


def test_of_a_dataset_that_was_not_read_the_problem_is_all_that_is_told() -> None:
    outcome = outcome_of(unread(DATASET, Reason.FILE_ARCHIVED, "why"), Outcome.REGISTERED)
    assert outcome.outcome is Outcome.UNREADABLE
    assert outcome.reasons == (Finding(reason=Reason.FILE_ARCHIVED, detail="why"),)
    assert (outcome.notes, outcome.absent) == ((), ())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The datasets of a release of three that readers were asked for; each file is missing."""
    asked: list[str] = []

    def judged(_: object, tasks: list[Any]) -> Iterator[ValidatedDataset]:
        asked.extend(dataset.dataset_id for dataset, _ in tasks)
        return (unread(dataset, Reason.FILE_MISSING, address) for dataset, address in tasks)

    datasets = [dataset for dataset, _ in deadly.tasks([0, 0, 0])]
    monkeypatch.setattr(check, "read_datasets", lambda _: datasets)
    monkeypatch.setattr(check, "location", lambda _, dataset: f"of {dataset.dataset_id}")
    monkeypatch.setattr(Readers, "judged", judged)
    return asked


@pytest.mark.parametrize("names", [(), ("d-1",), ("d-2", "d-0"), ("d-1", "unknown")])
def test_what_is_accepted_is_judged_and_nothing_else(
    names: tuple[str, ...], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = tuple(
        AcceptedException(dataset_id=name, reason=Reason.FILE_MISSING, until=date.max)
        for name in names
    )
    if not names:
        monkeypatch.setattr(check, "read_datasets", raising(AssertionError()))
    manifest = MANIFEST.model_copy(update={"accepted": accepted})
    found = check.judge_accepted(manifest, reference=Path())
    known = sorted(name for name in names if name != "unknown")
    assert [each.dataset_id for each in found] == asked == known
    assert {each.outcome for each in found} <= {Outcome.MISSING}


def test_a_check_of_some_datasets_says_how_many_the_release_has(asked: list[str]) -> None:
    manifest = MANIFEST.model_copy(update={"dataset_count": 3})
    report = check.check(manifest, reference=Path(), workers=1, limit=2)
    assert (report.dataset_count, len(report.outcomes), asked) == (3, 2, ["d-0", "d-1"])


@pytest.mark.parametrize(
    ("stated", "version"),
    [
        (("7.0.0",), "7.0.0"),
        (("7.1.0",), "6.0.0"),  # whose rules wait for a person
        (("3.1.0",), "6.0.0"),
        (("7.0.0", "5.3.0"), "6.0.0"),
        ((), "6.0.0"),
        (None, "6.0.0"),
    ],
)
def test_a_file_is_judged_by_the_one_version_that_it_says_where_its_rules_are_decided(
    stated: tuple[str, ...] | None, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = rules.load

    def decided(name: str) -> object:
        if name == "7.1.0":
            raise ContractError("waits for a person")
        return load(name)

    def read(_: str, columns: set[str]) -> DatasetProfile:
        assert columns == {"schema_version"}
        said = {} if stated is None else {"schema_version": ColumnProfile("list", stated, 0)}
        return DatasetProfile(1, {}, {}, (), said)

    monkeypatch.setattr(rules, "load", decided)
    monkeypatch.setattr(check, "limit_memory", lambda _: None)
    monkeypatch.setattr(check, "read_profile", read)
    monkeypatch.setattr(check, "judge_by_version", lambda found, *_: found)
    check._usable_versions.cache_clear()
    try:
        found: object = check.judge_by_own_version("6.0.0", Path(), DATASET, "x.h5ad")
    finally:
        check._usable_versions.cache_clear()
    assert found == version


@pytest.mark.parametrize("outages", [1, 2])
def test_a_version_that_the_storage_does_not_give_is_asked_for_again_and_not_guessed(
    outages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []

    def twice(attempt: Callable[[], object], *, seconds: float) -> object:
        try:
            return attempt()
        except OutageError:
            tried.append(seconds)
            return attempt()

    def read(*_: object) -> DatasetProfile:
        if len(tried) < outages:
            raise OutageError("x.h5ad: silent")
        return DatasetProfile(1, {}, {}, (), keys({"schema_version": "7.0.0"}))

    monkeypatch.setenv("PATIENCE_SECONDS", "77")
    monkeypatch.setattr(check, "limit_memory", lambda _: None)
    monkeypatch.setattr(check, "retry_outages", twice)
    monkeypatch.setattr(check, "read_profile", read)
    monkeypatch.setattr(check, "judge_by_version", lambda found, *_: found)
    found: object = check.judge_by_own_version("6.0.0", Path(), DATASET, "x.h5ad")
    silent = unread(DATASET, Reason.FILE_NOT_ANSWERING, "x.h5ad: silent")
    assert (found, tried) == ("7.0.0" if outages == 1 else silent, [77])


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object) -> None:
        raise error

    return fail
