"""Accepted exceptions: failures that a person has reviewed and lets stand until a day.

Pure: the day is an argument. Excuses only what follows from a dataset's own outcome, never
duplicates, chains, storage or what surrounds the release.
"""

from collections.abc import Collection, Sequence
from datetime import date

from runners.census.store import CensusDataset
from runners.contract import (
    AcceptedException,
    CheckResult,
    DatasetOutcome,
    ExceptionState,
    ExceptionUse,
    Reason,
    Status,
)

EXCUSABLE = frozenset({"datasets", "annotations", "slots"})
"""The checks that a dataset fails because it could not be read, or doesn't hold to the rules."""


def accept(
    results: Sequence[CheckResult],
    outcomes: Sequence[DatasetOutcome],
    datasets: Sequence[CensusDataset],
    accepted: Sequence[AcceptedException],
    today: date,
) -> tuple[tuple[CheckResult, ...], tuple[ExceptionUse, ...]]:
    """The results with what is accepted set apart, and what came of each exception.

    A dataset is excused if every reason of its failure is accepted.
    """
    reasons = {
        outcome.dataset_id: {finding.reason for finding in outcome.reasons} for outcome in outcomes
    }
    titles = {dataset.dataset_id: dataset.title for dataset in datasets}
    uses = tuple(
        ExceptionUse(
            exception=exception,
            title=titles.get(exception.dataset_id, ""),
            state=_state(exception, titles.keys(), reasons.get(exception.dataset_id), today),
        )
        for exception in accepted
    )
    valid: dict[str, set[Reason]] = {}
    for use in uses:
        if use.state is ExceptionState.USED:
            valid.setdefault(use.exception.dataset_id, set()).add(use.exception.reason)
    excused = {name for name, own in valid.items() if reasons[name] <= own}
    return tuple(_excuse(result, excused) for result in results), uses


def _state(
    exception: AcceptedException,
    dataset_ids: Collection[str],
    reasons: set[Reason] | None,
    today: date,
) -> ExceptionState:
    if exception.dataset_id not in dataset_ids:
        return ExceptionState.UNKNOWN_DATASET
    if exception.until < today:
        return ExceptionState.RUN_OUT
    if reasons is None:
        return ExceptionState.UNTOLD
    return ExceptionState.USED if exception.reason in reasons else ExceptionState.UNNEEDED


def _excuse(result: CheckResult, excused: Collection[str]) -> CheckResult:
    """The result without the offenders that are excused; passed if there are no others."""
    if result.name not in EXCUSABLE or result.status is not Status.FAILED:
        return result
    accepted = tuple(offender for offender in result.offenders if offender.dataset_id in excused)
    left = tuple(offender for offender in result.offenders if offender.dataset_id not in excused)
    status = Status.FAILED if left else Status.PASSED
    return result.model_copy(update={"status": status, "offenders": left, "accepted": accepted})
