"""What comes of a manifest's accepted exceptions: the failures that a person lets stand.

Pure: the day is an argument.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum

from runners.contract.document import Document
from runners.contract.manifest import AcceptedException
from runners.contract.outcomes import DatasetOutcome, Reason


class ExceptionState(StrEnum):
    """What came of an accepted exception; only the first excuses anything."""

    USED = "in use"
    UNNEEDED = "no longer needed"
    RUN_OUT = "run out"
    UNKNOWN_DATASET = "not a dataset of this release"
    UNTOLD = "no run says why this dataset fails"


class ExceptionUse(Document):
    """One of the manifest's accepted exceptions, and what came of it."""

    exception: AcceptedException
    title: str = ""
    state: ExceptionState


def exception_uses(
    accepted: Sequence[AcceptedException],
    outcomes: Sequence[DatasetOutcome],
    titles: Mapping[str, str],
    today: date,
) -> tuple[ExceptionUse, ...]:
    """What came of each exception. `titles`: dataset id -> title, of the release's datasets."""
    reasons = {outcome.dataset_id: _reasons(outcome) for outcome in outcomes}
    return tuple(
        ExceptionUse(
            exception=one,
            title=titles.get(one.dataset_id, ""),
            state=_state(one, titles, reasons.get(one.dataset_id), today),
        )
        for one in accepted
    )


def excused(outcomes: Sequence[DatasetOutcome], uses: Sequence[ExceptionUse]) -> frozenset[str]:
    """The datasets of which every reason of their failure is accepted."""
    valid: dict[str, set[Reason]] = {}
    for use in uses:
        if use.state is ExceptionState.USED:
            valid.setdefault(use.exception.dataset_id, set()).add(use.exception.reason)
    return frozenset(
        outcome.dataset_id
        for outcome in outcomes
        if outcome.dataset_id in valid and _reasons(outcome) <= valid[outcome.dataset_id]
    )


def _reasons(outcome: DatasetOutcome) -> set[Reason]:
    return {finding.reason for finding in outcome.reasons}


def _state(
    exception: AcceptedException,
    dataset_ids: Collection[str],
    reasons: set[Reason] | None,
    today: date,
) -> ExceptionState:
    if exception.dataset_id not in dataset_ids:
        return ExceptionState.UNKNOWN_DATASET
    if exception.has_run_out(today):
        return ExceptionState.RUN_OUT
    if reasons is None:
        return ExceptionState.UNTOLD
    return ExceptionState.USED if exception.reason in reasons else ExceptionState.UNNEEDED
