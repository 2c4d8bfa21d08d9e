"""What each outcome and each reason of a failure means, in a maintainer's words."""

from bot.comments.markdown import code, counted, inert
from runners.contract import (
    DatasetOutcome,
    Finding,
    Outcome,
    Reason,
    RunReport,
    Status,
    Verdict,
)

OUTCOMES = {
    Outcome.REGISTERED: "registered (new)",
    Outcome.REVISED: "registered as a revision",
    Outcome.UNCHANGED: "unchanged since the release before",
    Outcome.FAILED: "failed",
    Outcome.MISSING: "missing",
    Outcome.UNREADABLE: "unreadable",
}
GOOD = frozenset({Outcome.REGISTERED, Outcome.REVISED, Outcome.UNCHANGED})
UNSUPPORTED = frozenset(
    reason
    for reason in Reason
    if reason.value.startswith("unsupported_") or reason is Reason.READER_FAILED
)
"""What only an update of the bot can mend."""

SIGNS = {
    Status.PASSED: "✅",
    Status.FAILED: "❌",
    Status.NOT_APPLICABLE: "⚪",
    Status.UNCHECKED: "❔",
    Verdict.PASSED: "✅",
    Verdict.FAILED: "❌",
    Verdict.UNCHECKED: "❔",
}
VALUES_SHOWN = 3
DETAIL = 240
"""Characters of what is wrong with a value and what would be right."""


def excused(report: RunReport) -> frozenset[str]:
    """The datasets whose failure fails no check."""
    return frozenset(offender.dataset_id for check in report.checks for offender in check.accepted)


def reasons_of(dataset: DatasetOutcome) -> str:
    """Why the dataset ended as it did, for a table's cell."""
    return "; ".join(finding(reason) for reason in dataset.reasons) or OUTCOMES[dataset.outcome]


def finding(problem: Finding) -> str:
    """One reason with its column, its first values and how many there are."""
    parts = [problem.meaning()]
    if problem.column:
        parts.append(f" in {code(problem.column, 80)}")
    if problem.values:
        parts.append(f": {', '.join(code(value, 60) for value in problem.values[:VALUES_SHOWN])}")
        left = max(problem.count, len(problem.values)) - min(len(problem.values), VALUES_SHOWN)
        parts.append(f" and {left:,} more" if left else "")
    elif problem.count:
        parts.append(f" ({counted(problem.count, 'time')})")
    if problem.detail:
        parts.append(f" ({inert(problem.detail, DETAIL)})")
    return "".join(parts)
