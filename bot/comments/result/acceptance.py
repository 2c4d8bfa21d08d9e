"""Failures that the manifest accepts, and the lines by which it may accept others."""

from collections.abc import Callable
from datetime import timedelta

from bot.comments.escape import code, inert
from bot.comments.reasons import GOOD, REASONS, excused
from bot.comments.table import collapsed, table
from runners.contract import DatasetOutcome, ExceptionState, RunReport

REVIEWED = timedelta(days=90)
"""After this long a person looks at an exception again."""

MOST = 20
"""Failures that are worth accepting one by one."""

STATES = {
    ExceptionState.USED: "in use",
    ExceptionState.UNNEEDED: "no longer needed: drop it from the manifest",
    ExceptionState.RUN_OUT: "has run out: mend the dataset, or set a later day",
    ExceptionState.UNKNOWN_DATASET: "not a dataset of this release: correct or drop it",
    ExceptionState.UNTOLD: "no run says why this dataset fails, so that nothing can be accepted",
}


def accepted_until(report: RunReport) -> Callable[[DatasetOutcome], str]:
    """Of a dataset: until when its failure is accepted; empty if it isn't."""
    days = {use.exception.dataset_id: use.exception.until for use in report.exceptions}
    accepted = excused(report)
    return lambda one: f"until {days[one.dataset_id]}" if one.dataset_id in accepted else ""


def used(report: RunReport, limit: int | None) -> str:
    """The manifest's exceptions, each with what came of it."""
    rows = [
        [
            " ".join(part for part in (inert(use.title, 120), code(one.dataset_id)) if part),
            REASONS[one.reason],
            f"{one.until}",
            inert(one.because or "", 160),
            STATES[use.state],
        ]
        for use in report.exceptions
        for one in (use.exception,)
    ]
    if not rows:
        return ""
    header = ["Dataset", "Reason", "Until", "Because", "State"]
    return f"### Accepted exceptions\n\n{table(header, rows, limit)}"


def lines(report: RunReport) -> str:
    """The manifest's lines by which what failed would be accepted, to be copied."""
    request, accepted = report.request, excused(report)
    open_ones = [
        one for one in report.outcomes if one.outcome not in GOOD and one.dataset_id not in accepted
    ]
    if not 0 < len(open_ones) <= MOST or request.only or request.limit:
        return ""
    until = (report.ended_at + REVIEWED).date()
    entries = [
        f'[[accepted]]\ndataset_id = "{one.dataset_id}"\nreason = "{reason}"\n'
        f'until = {until}\nbecause = ""'
        for one in open_ones
        for reason in sorted({found.reason for found in one.reasons})
    ]
    text = (
        f"If these failures are to stand, add this to {code(request.manifest)} with a reason, and "
        "say `/verify` when it is merged:\n\n```toml\n" + "\n\n".join(entries) + "\n```"
    )
    return collapsed("To accept these failures", text) if entries else ""
