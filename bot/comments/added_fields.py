"""What curators must know of fields that a dataset schema adds, and what its document leaves open.

Every text that a document supplied is escaped where it is Markdown.
"""

from bot.comments.markdown import counted
from bot.comments.schema_diff import LONGEST_LIST, escaped, field_code
from bot.schema.changes import SchemaDiff
from bot.schema.field_summary import in_short, summary
from bot.schema.spec import Field


def render_added_fields(diff: SchemaDiff) -> str:
    """What a curator must know of each added field, a line each; empty if none is a curator's."""
    fields = [field for field in diff.fields_added if field.annotator == "curator"]
    others = [field_code(field) for field in diff.fields_added if field.annotator != "curator"]
    rest = f"- Filled in by others: {', '.join(others)}"
    return "\n".join([*map(_line, fields), *([rest] if fields and others else [])])


def _line(field: Field) -> str:
    known = summary(field)
    more = counted(len(known.demands), "demand")
    words = f"; {more} in words: see `diff.md`" if known.demands else ""
    return f"- {field_code(field)}: {escaped(in_short(known), LONGEST_LIST)}{words}"


def open_points(diff: SchemaDiff) -> tuple[str, ...]:
    """That the document is a draft, and where it contradicts itself: plain sentences."""
    draft = (
        f"The document of dataset schema {diff.new} isn't approved (its status: "
        f"{diff.status.new}): what is made from it rests on a draft.",
    )
    return (
        *(draft if diff.status.is_draft else ()),
        *(
            f"The document leaves open for {one.field.component}.{one.field.name}: "
            f"{one.what}{'' if one.what.endswith('?') else '.'}"
            for one in diff.contradictions
        ),
    )
