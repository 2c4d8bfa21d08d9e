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
    REGISTERED_OTHERWISE = "registered_otherwise"
    COLUMN_MISSING = "column_missing"
    COLUMN_UNEXPECTED = "column_unexpected"
    COLUMN_TYPE = "column_type"
    VALUE_NOT_ALLOWED = "value_not_allowed"
    VALUES_DISAGREE = "values_disagree"
    TERM_UNKNOWN = "term_unknown"
    TERM_NOT_ALLOWED = "term_not_allowed"
    TERM_OBSOLETE = "term_obsolete"
    TERMS_UNORDERED = "terms_unordered"
    TERMS_REPEATED = "terms_repeated"
    ORGANISM_UNKNOWN = "organism_unknown"
    CELLS_MISSING = "cells_missing"
    GENES_MISSING = "genes_missing"
    GENE_REPEATED = "gene_repeated"
    GENE_UNKNOWN = "gene_unknown"
    GENE_OF_OTHER_ORGANISM = "gene_of_other_organism"
    UNSUPPORTED_ORGANISM = "unsupported_organism"
    UNSUPPORTED_CELL_LINE = "unsupported_cell_line"
    UNSUPPORTED_SPIKE_IN = "unsupported_spike_in"


OF_THE_INSTANCE = frozenset({Reason.REGISTERED_OTHERWISE})
"""Reasons that say nothing of the content: a person corrects a record of the instance."""


MEANINGS = {
    Reason.FILE_MISSING: "there is no file in the storage",
    Reason.FILE_UNREADABLE: "the file can't be read as h5ad",
    Reason.FILE_POINTS_ELSEWHERE: "a part of the file lies in another file",
    Reason.FILE_TOO_LARGE: "the file takes more memory than a reader may use",
    Reason.FILE_FORBIDDEN: "the storage refuses to show the file",
    Reason.FILE_ARCHIVED: "the storage keeps the file in an archive",
    Reason.FILE_NOT_ANSWERING: "the storage gives every file but this one",
    Reason.READER_FAILED: "the bot fails at this file, which is a fault of the bot",
    Reason.READER_DIED: "reading the file kills the reader",
    Reason.REGISTERED_OTHERWISE: "somebody has registered the file as something else",
    Reason.COLUMN_MISSING: "a required column is missing",
    Reason.COLUMN_UNEXPECTED: "a column must not be in this dataset",
    Reason.COLUMN_TYPE: "a column has the wrong type",
    Reason.VALUE_NOT_ALLOWED: "a value isn't allowed",
    Reason.VALUES_DISAGREE: "a value doesn't fit another column's",
    Reason.TERM_UNKNOWN: "a term isn't in its ontology",
    Reason.TERM_NOT_ALLOWED: "a term isn't allowed here",
    Reason.TERM_OBSOLETE: "a term is obsolete",
    Reason.TERMS_UNORDERED: "terms of one value aren't in order",
    Reason.TERMS_REPEATED: "a value names a term twice",
    Reason.ORGANISM_UNKNOWN: "the organism isn't one of the schema's",
    Reason.CELLS_MISSING: "there are no cells",
    Reason.GENES_MISSING: "there are no genes",
    Reason.GENE_REPEATED: "a gene stands twice",
    Reason.GENE_UNKNOWN: "a gene isn't in its reference",
    Reason.GENE_OF_OTHER_ORGANISM: "a gene is of another organism",
    Reason.UNSUPPORTED_ORGANISM: "this organism isn't supported by the bot yet",
    Reason.UNSUPPORTED_CELL_LINE: "cell lines aren't supported by the bot yet",
    Reason.UNSUPPORTED_SPIKE_IN: "spike-in genes aren't supported by the bot yet",
}
"""What each reason means, in a maintainer's words."""


_CURATORS = (
    "tell the dataset's curators; accept the failure until the file is mended, then say "
    "`/ingest --only ID`"
)
_UPDATE = "wait for an update of the bot, then say `/retry`"
REMEDIES = {
    **dict.fromkeys(Reason, _CURATORS),
    Reason.FILE_MISSING: "see whether the file is below the manifest's `storage.h5ads`; when it "
    "is, say `/retry`",
    Reason.FILE_UNREADABLE: "a copy that broke off is copied again, then say `/retry`; else "
    + _CURATORS,
    Reason.FILE_TOO_LARGE: "a small file that declares much is broken: " + _CURATORS + "; any "
    "other is read by hand, with more of `READER_MEGABYTES`",
    Reason.FILE_FORBIDDEN: "give whoever reads it `s3:GetObject`; in a bucket of one's own the "
    "manifest must say `anonymous = false`; then say `/retry`",
    Reason.FILE_ARCHIVED: "have the storage restore it (S3: RestoreObject), then say `/retry`",
    Reason.FILE_NOT_ANSWERING: "say `/retry` later; if it stays so, tell whoever keeps the storage",
    Reason.READER_DIED: "a file that is whole may need more memory or time: read it by hand, with "
    "more of `READER_MEGABYTES` or `FILE_SECONDS`; else " + _CURATORS,
    Reason.READER_FAILED: "report it with its detail; after an update of the bot say `/retry`",
    Reason.REGISTERED_OTHERWISE: "with whoever made the artifact that the detail names, give it "
    "the release's version or delete it for good; then say `/ingest --only ID`",
    Reason.ORGANISM_UNKNOWN: "if the schema document has the organism, mend the version's rules; "
    "else " + _CURATORS,
    Reason.GENE_UNKNOWN: "if the document names another gene reference than the rules, mend these; "
    "else " + _CURATORS,
    Reason.UNSUPPORTED_ORGANISM: _UPDATE,
    Reason.UNSUPPORTED_CELL_LINE: _UPDATE,
    Reason.UNSUPPORTED_SPIKE_IN: _UPDATE,
}
"""What a maintainer does about each reason; about most, which are of a file's content, the same."""


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

    def meaning(self) -> str:
        """What the reason means here: what stands in uns is a key, and no column."""
        meaning = MEANINGS[self.reason]
        is_key = (self.column or "").startswith("uns.")
        return meaning.replace(" column ", " key ", 1) if is_key else meaning

    def sentence(self) -> str:
        """The finding for a person: where, what, the first values, and what would be right."""
        more = self.count - len(self.values)
        values = ", ".join(map(repr, self.values)) + (f" and {more:,} more" if more > 0 else "")
        parts = [self.column or "", self.meaning(), values if self.values else ""]
        detail = f" ({self.detail})" if self.detail else ""
        return ": ".join(filter(None, parts)) + detail


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
