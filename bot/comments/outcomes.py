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
REASONS = {
    Reason.FILE_MISSING: "there is no file in the storage",
    Reason.FILE_UNREADABLE: "the file can't be read as h5ad",
    Reason.FILE_POINTS_ELSEWHERE: "a part of the file lies in another file",
    Reason.FILE_TOO_LARGE: "the file takes more memory than a reader may use",
    Reason.FILE_FORBIDDEN: "the storage refuses to show the file",
    Reason.FILE_ARCHIVED: "the storage keeps the file in an archive",
    Reason.FILE_NOT_ANSWERING: "the storage gives every file but this one",
    Reason.READER_DIED: "reading the file kills the reader",
    Reason.READER_FAILED: "the bot fails at this file, which is a fault of the bot",
    Reason.COLUMN_MISSING: "a required column is missing",
    Reason.COLUMN_UNEXPECTED: "a column must not be in this dataset",
    Reason.COLUMN_TYPE: "a column has the wrong type",
    Reason.VALUE_NOT_ALLOWED: "a value isn't allowed",
    Reason.VALUES_DISAGREE: "a value doesn't fit another column's",
    Reason.TERM_UNKNOWN: "a term isn't in its ontology",
    Reason.TERMS_UNORDERED: "terms of one value aren't in order",
    Reason.TERMS_REPEATED: "a value names a term twice",
    Reason.ORGANISM_UNKNOWN: "the organism isn't one of the schema's",
    Reason.GENE_REPEATED: "a gene stands twice",
    Reason.GENE_UNKNOWN: "a gene isn't in its reference",
    Reason.GENE_OF_OTHER_ORGANISM: "a gene is of another organism",
    Reason.UNSUPPORTED_ORGANISM: "this organism isn't supported by the bot yet",
    Reason.UNSUPPORTED_CELL_LINE: "cell lines aren't supported by the bot yet",
    Reason.UNSUPPORTED_SPIKE_IN: "spike-in genes aren't supported by the bot yet",
}
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


def excused(report: RunReport) -> frozenset[str]:
    """The datasets whose failure fails no check."""
    return frozenset(offender.dataset_id for check in report.checks for offender in check.accepted)


def reasons_of(dataset: DatasetOutcome) -> str:
    """Why the dataset ended as it did, for a table's cell."""
    return "; ".join(finding(reason) for reason in dataset.reasons) or OUTCOMES[dataset.outcome]


def finding(problem: Finding) -> str:
    """One reason with its column, its first values and how many there are."""
    parts = [REASONS[problem.reason]]
    if problem.column:
        parts.append(f" in {code(problem.column, 80)}")
    if problem.values:
        parts.append(f": {', '.join(code(value, 60) for value in problem.values[:VALUES_SHOWN])}")
        left = max(problem.count, len(problem.values)) - min(len(problem.values), VALUES_SHOWN)
        parts.append(f" and {left:,} more" if left else "")
    elif problem.count:
        parts.append(f" ({counted(problem.count, 'time')})")
    if problem.detail:
        parts.append(f" ({inert(problem.detail, 160)})")
    return "".join(parts)
