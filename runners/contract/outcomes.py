"""What became of each dataset, and why."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from runners.contract.document import DatasetId, Document

LONGEST = 500
"""Characters that are kept of a value or sentence, whatever a file holds."""


def shortened(text: str) -> str:
    """The text, or its beginning and how long it was."""
    # twice as long may stand: what was shortened once is not shortened again
    return text if len(text) <= 2 * LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


Text = Annotated[str, AfterValidator(shortened)]


class Outcome(StrEnum):
    """How a dataset of the release ended; exactly one each."""

    REGISTERED = "registered"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    MISSING = "missing"
    UNREADABLE = "unreadable"


MENDED_BY_REPEAT = (Outcome.MISSING, Outcome.UNREADABLE)
"""Outcomes that say nothing of the content: the file may be there, or whole, the next time."""


class Reason(StrEnum):
    """Why a dataset failed. `unsupported_*`: allowed by the schema, but not yet by us."""

    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    FILE_POINTS_ELSEWHERE = "file_points_elsewhere"
    FILE_TOO_LARGE = "file_too_large"
    FILE_FORBIDDEN = "file_forbidden"
    FILE_ARCHIVED = "file_archived"
    FILE_NOT_ANSWERING = "file_not_answering"
    READER_DIED = "reader_died"
    READER_FAILED = "reader_failed"
    COLUMN_MISSING = "column_missing"
    COLUMN_UNEXPECTED = "column_unexpected"
    COLUMN_TYPE = "column_type"
    VALUE_NOT_ALLOWED = "value_not_allowed"
    VALUES_DISAGREE = "values_disagree"
    TERM_UNKNOWN = "term_unknown"
    TERMS_UNORDERED = "terms_unordered"
    TERMS_REPEATED = "terms_repeated"
    ORGANISM_UNKNOWN = "organism_unknown"
    GENE_REPEATED = "gene_repeated"
    GENE_UNKNOWN = "gene_unknown"
    GENE_OF_OTHER_ORGANISM = "gene_of_other_organism"
    UNSUPPORTED_ORGANISM = "unsupported_organism"
    UNSUPPORTED_CELL_LINE = "unsupported_cell_line"
    UNSUPPORTED_SPIKE_IN = "unsupported_spike_in"


class Finding(Document):
    """One reason, where it was found and the first values that show it."""

    reason: Reason
    column: str | None = None
    values: tuple[Text, ...] = ()
    count: int = 0
    detail: Text | None = None

    def __str__(self) -> str:
        parts = [self.reason.value, self.column or "", ", ".join(self.values)]
        more = self.count - len(self.values)
        parts += [f"and {more} more" if more > 0 else "", self.detail or ""]
        return " ".join(part for part in parts if part)


class DatasetOutcome(Document):
    """What became of one dataset. `notes` are reported and fail nothing.

    `absent`: columns that others are annotated by and that it lacks, as its rules may allow.
    """

    dataset_id: DatasetId
    title: str
    outcome: Outcome
    reasons: tuple[Finding, ...] = ()
    notes: tuple[Text, ...] = ()
    absent: tuple[str, ...] = ()
