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
    Status,
    exception_uses,
    excused,
)

EXCUSABLE = frozenset({"datasets", "annotations", "slots"})
"""The checks that a dataset fails because it could not be read, or doesn't hold to the rules."""


def accept(
    results: Sequence[CheckResult],
    outcomes: Sequence[DatasetOutcome],
    datasets: Sequence[CensusDataset],
    table: Sequence[CensusDataset],
    accepted: Sequence[AcceptedException],
    today: date,
) -> tuple[tuple[CheckResult, ...], tuple[ExceptionUse, ...]]:
    """The results with what is accepted set apart, and what came of each exception.

    A dataset is excused if every reason of its failure is accepted. Of what is accepted of those
    of the release (`table`) that aren't among the `datasets`, only what holds no more is told.
    """
    asked = {dataset.dataset_id for dataset in datasets}
    titles = {dataset.dataset_id: dataset.title for dataset in table}
    uses = tuple(
        use
        for use in exception_uses(accepted, outcomes, titles, today)
        if use.state is not ExceptionState.UNTOLD or use.exception.dataset_id in asked
    )
    lets_stand = excused(outcomes, uses)
    return tuple(_excuse(result, lets_stand) for result in results), uses


def _excuse(result: CheckResult, lets_stand: Collection[str]) -> CheckResult:
    """The result without the offenders that are excused; passed if there are no others."""
    if result.name not in EXCUSABLE or result.status is not Status.FAILED:
        return result
    accepted = tuple(offender for offender in result.offenders if offender.dataset_id in lets_stand)
    left = tuple(offender for offender in result.offenders if offender.dataset_id not in lets_stand)
    status = Status.FAILED if left else Status.PASSED
    return result.model_copy(update={"status": status, "offenders": left, "accepted": accepted})
