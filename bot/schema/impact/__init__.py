"""A SchemaDiff -> what each change asks of LaminDB: code, a bionty source, nothing, or a person.

With the source of LaminDB's file at hand, an edit that it has already counts as none. Must not
edit anything.
"""

from bot.schema.changes import SchemaDiff
from bot.schema.impact.curator import CENSUS, Curator, CuratorError, read_curator
from bot.schema.impact.document import document
from bot.schema.impact.fields import fields, prose
from bot.schema.impact.model import Consequence, Effort, Impact, impact_context
from bot.schema.impact.pins import pins
from bot.schema.impact.values import values
from bot.schema.spec import Spec

__all__ = [
    "CENSUS",
    "Consequence",
    "Curator",
    "CuratorError",
    "Effort",
    "Impact",
    "impact",
    "read_curator",
]


def impact(
    diff: SchemaDiff,
    old: Spec,
    new: Spec,
    curator: Curator | None = None,
    census: frozenset[str] = CENSUS,
) -> Impact:
    """Every change of the diff with what it asks for; `census` are the taxa that the Census has."""
    ctx = impact_context(old, new, curator, census)
    consequences = (
        *document(diff),
        *fields(diff, ctx),
        *pins(diff, ctx),
        *values(diff, ctx),
        *prose(diff),
    )
    return Impact(diff.old, diff.new, consequences)
