"""What the document leaves open: its status, and what it says of a field and denies elsewhere.

Neither is an edit of LaminDB's code, and neither may be passed over. Must not judge which holds.
"""

from collections.abc import Iterator

from bot.schema.changes import SchemaDiff
from bot.schema.impact.model import Consequence, Effort, subject

STATUS, CONTRADICTIONS = "Document status", "Contradictions"


def document(diff: SchemaDiff) -> Iterator[Consequence]:
    """The status, where the newer document is a draft or no longer is one, and contradictions."""
    status = diff.status
    if status.is_draft or status.old != status.new:
        yield Consequence(STATUS, f"dataset schema {diff.new}", *_status(diff))
    for one in diff.contradictions:
        reason = "the document says both, or leaves it open: rules need one of them"
        name = subject(one.field)
        yield Consequence(CONTRADICTIONS, name, one.what, Effort.PERSON, reason, one.field.lines)


def _status(diff: SchemaDiff) -> tuple[str, Effort, str]:
    status = diff.status
    was, now = status.old or "none", status.new or "none"
    change_text = now if was == now else f"{was} \u2192 {now}"
    if status.is_draft:
        reason = "the rules rest on a draft, which may still change: read its final version again"
        return change_text, Effort.PERSON, reason
    return change_text, Effort.NOTHING, "it is no draft"
