"""What a field says of the datasets that have it: all, some, or whoever likes."""

import re
from dataclasses import dataclass

from bot.schema.rules.conditions import circumstances
from bot.schema.rules.demands import Demands
from bot.schema.rules.document_terms import DocumentTerms
from bot.schema.rules.model import Choice, Circumstance
from bot.schema.spec import Requirement

ALWAYS = {Requirement.MUST, Requirement.UNSTATED}
OPTIONAL = {
    Requirement.MAY,
    Requirement.SHOULD,
    Requirement.CONDITIONAL_MAY,
    Requirement.CONDITIONAL_MAY_ELSE_NOT,
}
ELSE_NOT = {Requirement.CONDITIONAL_MUST_ELSE_NOT, Requirement.CONDITIONAL_MAY_ELSE_NOT}
REFUSED_SOMEWHERE = re.compile(r"\b(?:field|key|column) MUST NOT be present\b")


@dataclass(frozen=True, slots=True)
class Presence:
    """The column stands where `where` is met and nowhere else; an `optional` one may lack there."""

    where: tuple[Circumstance, ...] = ()
    optional: bool = False


def presence(demands: Demands, document: DocumentTerms) -> Presence:
    """In which datasets the field's column stands. What isn't understood is asked of a person, and
    proposed as a column that may be absent.
    """
    field = demands.source
    others = tuple(
        Circumstance(column, among=tuple(values)) for column, values in demands.only_where.items()
    )
    where = where_of(field.annotation, document)
    optional = field.requirement in OPTIONAL
    if field.requirement in ELSE_NOT and where:
        return Presence((*where, *others), optional)
    if field.requirement not in ALWAYS | {Requirement.MAY, Requirement.SHOULD}:
        text = f"in which datasets the column must stand: {field.annotation}"
        demands.judge("presence", text, *_choices(demands, "may be absent"))
        return Presence(others, optional=True)
    if REFUSED_SOMEWHERE.search(field.value) and not optional:
        _judge_contradiction(demands)
    return Presence(others, optional)


def _judge_contradiction(demands: Demands) -> None:
    """It must stand, and must not: one of both is meant for some datasets only."""
    said = next(s for s in demands.source.value.splitlines() if REFUSED_SOMEWHERE.search(s))
    text = (
        f"whether every dataset has the column: the annotator's row says "
        f"{demands.source.annotation!r}, and the value's row {_sentence(said)!r}"
    )
    demands.judge("presence", text, *_choices(demands, "may be absent"))


def _sentence(line: str) -> str:
    parts = re.split(r"(?<=\.)\s", line)
    return next(part for part in parts if REFUSED_SOMEWHERE.search(part))


def _choices(demands: Demands, proposed: str) -> list[Choice]:
    effects = {
        "may be absent": "a dataset without the column passes, and isn't annotated by it",
        "always": "a dataset without the column fails",
    }
    changes = {"always": {demands.path("optional"): None, demands.path("not_alone"): None}}
    return [
        Choice(answer, effect, answer == proposed, changes=changes.get(answer, {}))
        for answer, effect in effects.items()
    ]


def where_of(annotation: str, document: DocumentTerms) -> tuple[Circumstance, ...]:
    """The circumstances of "Curator MUST annotate if A; otherwise, ...", if each is understood and
    about columns that the document describes.
    """
    condition = "if " + annotation.partition(" if ")[2].partition("; otherwise")[0].rstrip(" .")
    where = circumstances(condition) or ()
    return where if all(document.knows(circumstance.column) for circumstance in where) else ()
