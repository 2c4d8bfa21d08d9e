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
    Reason.READER_DIED: "reading the file kills the reader",
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
UNSUPPORTED = frozenset(reason for reason in Reason if reason.value.startswith("unsupported_"))
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
    return frozenset(one.dataset_id for check in report.checks for one in check.accepted)


def reasons_of(dataset: DatasetOutcome) -> str:
    """Why the dataset ended as it did, for a table's cell."""
    return "; ".join(finding(one) for one in dataset.reasons) or OUTCOMES[dataset.outcome]


def finding(found: Finding) -> str:
    """One reason with its column, its first values and how many there are."""
    parts = [REASONS[found.reason]]
    if found.column:
        parts.append(f" in {code(found.column, 80)}")
    if found.values:
        parts.append(f": {', '.join(code(value, 60) for value in found.values[:VALUES_SHOWN])}")
        left = max(found.count, len(found.values)) - min(len(found.values), VALUES_SHOWN)
        parts.append(f" and {left:,} more" if left else "")
    elif found.count:
        parts.append(f" ({counted(found.count, 'time')})")
    if found.detail:
        parts.append(f" ({inert(found.detail, 160)})")
    return "".join(parts)
