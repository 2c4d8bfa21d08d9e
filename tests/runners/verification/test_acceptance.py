"""Accepted exceptions: what they excuse, for how long, and which are named as of no use."""

from datetime import date

import pytest

from runners.census.store import CensusDataset
from runners.contract import (
    AcceptedException,
    CheckResult,
    DatasetOutcome,
    ExceptionState,
    Finding,
    Offender,
    Outcome,
    Reason,
    Status,
    Verdict,
    verdict_of,
)
from runners.verification.acceptance import EXCUSABLE, accept

TODAY = date(2026, 3, 1)
DATASETS = [
    CensusDataset(name, "", f"Title of {name}", "", "", "", "", 1) for name in ("d-1", "d-2", "d-3")
]
OUTCOMES = [
    DatasetOutcome(
        dataset_id="d-1",
        title="",
        outcome=Outcome.UNREADABLE,
        reasons=(Finding(reason=Reason.FILE_UNREADABLE),),
    ),
    DatasetOutcome(
        dataset_id="d-2",
        title="",
        outcome=Outcome.FAILED,
        reasons=(Finding(reason=Reason.TERM_UNKNOWN), Finding(reason=Reason.GENE_UNKNOWN)),
    ),
]


def exception(
    dataset_id: str = "d-1",
    reason: Reason = Reason.FILE_UNREADABLE,
    until: date = TODAY,
) -> AcceptedException:
    return AcceptedException(dataset_id=dataset_id, reason=reason, until=until)


def failed(*dataset_ids: str, name: str = "datasets") -> CheckResult:
    return CheckResult(
        name=name,
        title="",
        status=Status.FAILED,
        expected="2",
        found="1",
        offenders=tuple(Offender(dataset_id=one) for one in dataset_ids),
    )


def judged(
    result: CheckResult, *accepted: AcceptedException
) -> tuple[CheckResult, list[ExceptionState]]:
    (found,), uses = accept([result], OUTCOMES, DATASETS, DATASETS, accepted, TODAY)
    return found, [use.state for use in uses]


def test_an_accepted_failure_is_set_apart_and_the_check_passes() -> None:
    found, states = judged(failed("d-1"), exception())
    assert found.status is Status.PASSED
    assert [one.dataset_id for one in found.accepted] == ["d-1"]
    assert found.offenders == ()
    assert states == [ExceptionState.USED]
    assert verdict_of((found,)) is Verdict.PASSED


def test_another_failure_still_fails_the_check() -> None:
    found, _ = judged(failed("d-1", "d-3"), exception())
    assert found.status is Status.FAILED
    assert [offender.dataset_id for offender in found.offenders] == ["d-3"]
    assert [one.dataset_id for one in found.accepted] == ["d-1"]


def test_every_reason_of_a_failure_must_be_accepted() -> None:
    term, gene = (exception("d-2", reason) for reason in (Reason.TERM_UNKNOWN, Reason.GENE_UNKNOWN))
    assert judged(failed("d-2"), term)[0].status is Status.FAILED
    assert judged(failed("d-2"), term, gene)[0].status is Status.PASSED


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (exception(until=date(2026, 2, 28)), ExceptionState.RUN_OUT),
        (exception(reason=Reason.FILE_MISSING), ExceptionState.UNNEEDED),
        (exception("d-9"), ExceptionState.UNKNOWN_DATASET),
        (exception("d-3"), ExceptionState.UNTOLD),
    ],
)
def test_what_excuses_nothing_is_named(one: AcceptedException, state: ExceptionState) -> None:
    found, states = judged(failed("d-1", "d-3"), one)
    assert found == failed("d-1", "d-3")
    assert states == [state]


def test_a_day_is_accepted_up_to_its_end() -> None:
    assert judged(failed("d-1"), exception(until=TODAY))[1] == [ExceptionState.USED]


@pytest.mark.parametrize("name", ["datasets", "annotations", "slots"])
def test_what_follows_from_the_datasets_failure_is_excused(name: str) -> None:
    found, _ = judged(failed("d-1", name=name), exception())
    assert found.status is Status.PASSED
    assert [one.dataset_id for one in found.accepted] == ["d-1"]


@pytest.mark.parametrize("name", ["duplicates", "lineage", "storage", "references", "previous"])
def test_what_does_not_follow_from_the_datasets_failure_is_never_excused(name: str) -> None:
    found, _ = judged(failed("d-1", name=name), exception())
    assert found.status is Status.FAILED
    assert found.accepted == ()


@pytest.mark.parametrize("name", sorted(EXCUSABLE))
@pytest.mark.parametrize("status", [one for one in Status if one is not Status.FAILED])
def test_what_a_check_did_not_fail_it_is_not_excused_of(name: str, status: Status) -> None:
    """What could not be looked at has no offenders either, and is no pass."""
    given = failed(name=name).model_copy(update={"status": status, "note": "no answer"})
    found, _ = judged(given, exception())
    assert found == given


def test_a_use_has_the_title_of_its_dataset() -> None:
    _, uses = accept([], OUTCOMES, DATASETS, DATASETS, [exception(), exception("d-9")], TODAY)
    assert [use.title for use in uses] == ["Title of d-1", ""]


@pytest.mark.parametrize(
    ("one", "states"),
    [
        (exception("d-3"), []),  # nothing is known of it, nor was it asked for
        (exception("d-3", until=date(2026, 2, 28)), [ExceptionState.RUN_OUT]),
        (exception("d-9"), [ExceptionState.UNKNOWN_DATASET]),
        (exception("d-1"), [ExceptionState.USED]),
    ],
)
def test_of_a_part_what_is_accepted_of_the_others_is_told_where_it_holds_no_more(
    one: AcceptedException, states: list[ExceptionState]
) -> None:
    part = [dataset for dataset in DATASETS if dataset.dataset_id == "d-1"]
    (found,), uses = accept([failed("d-1")], OUTCOMES, part, DATASETS, [one], TODAY)
    assert [use.state for use in uses] == states
    assert found.status is (Status.PASSED if ExceptionState.USED in states else Status.FAILED)
