"""What a field says of the datasets that have it: all, some, or whoever likes."""

import re
from dataclasses import dataclass

from bot.schema.field_table import is_conditional
from bot.schema.rules.conditions import circumstances
from bot.schema.rules.demands import Demands
from bot.schema.rules.document_terms import DocumentTerms
from bot.schema.spec import Field
from runners.contract import Choice
from runners.contract.rules import Circumstance

ELSE_NOT = re.compile(r"\botherwise\b.*\bMUST NOT be present\b")
ANNOTATE_IF = re.compile(r"\b(MUST|MAY|SHOULD) annotate (?:only )?(?:if|when) (.+?)(?:;|\.?$)")
NOT_IF = re.compile(r"(?:MUST NOT be present|MUST NOT annotate) (?:if|when) (.+?)(?:;|\.?$)")
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
        Circumstance(column=column, among=tuple(values))
        for column, values in demands.only_where.items()
    )
    optional = is_optional(field)
    if where := where_of(field.annotation, document):
        return Presence((*where, *others), optional)
    if is_conditional(field.annotation):
        text = f"in which datasets the column must stand: {field.annotation}"
        demands.judge("presence", text, *_choices(demands))
        return Presence(others, optional=True)
    if REFUSED_SOMEWHERE.search(field.value) and not optional:
        _judge_contradiction(demands)
        return Presence(others, optional=True)
    return Presence(others, optional)


def is_optional(field: Field) -> bool:
    """Whether its annotator is free to leave it out: also where nothing is said but where not."""
    word = re.search(r"\b(MUST|MAY|SHOULD)(?! NOT)\b", field.annotation)
    if word is None:
        return NOT_IF.search(field.annotation) is not None
    return word[0] != "MUST"


def _judge_contradiction(demands: Demands) -> None:
    """It must stand, and must not: one of both is meant for some datasets only."""
    said = next(s for s in demands.source.value.splitlines() if REFUSED_SOMEWHERE.search(s))
    text = (
        f"whether every dataset has the column: the annotator's row says "
        f"{demands.source.annotation!r}, and the value's row {_sentence(said)!r}"
    )
    demands.judge("presence", text, *_choices(demands))


def _sentence(line: str) -> str:
    parts = re.split(r"(?<=\.)\s", line)
    return next(part for part in parts if REFUSED_SOMEWHERE.search(part))


def _choices(demands: Demands) -> list[Choice]:
    effects = {
        "may be absent": "a dataset without the column passes, and isn't annotated by it",
        "always": "a dataset without the column fails",
    }
    changes = {"always": {demands.path("optional"): None, demands.path("not_alone"): None}}
    return [
        Choice(
            answer=answer,
            effect=effect,
            proposed=answer == "may be absent",
            changes=changes.get(answer, {}),
        )
        for answer, effect in effects.items()
    ]


def where_of(annotation: str, document: DocumentTerms) -> tuple[Circumstance, ...]:
    """The circumstances in which alone a column stands, by its annotator's sentence, if each is
    understood and about columns that the document describes: "Curator MUST annotate if A;
    otherwise, this key MUST NOT be present", or "This key MUST NOT be present if A".
    """
    demanded = [*ANNOTATE_IF.finditer(annotation)] if ELSE_NOT.search(annotation) else []
    if len(demanded) > 1:  # in either of them: which, no list of circumstances says
        return ()
    parts = [_read(match[2]) for match in demanded]
    # not (A and B) is no list of circumstances
    refused = [_read(match[1]) for match in NOT_IF.finditer(annotation)]
    parts += [(part[0].negated(),) if len(part) == 1 else () for part in refused]
    where = tuple(circumstance for part in parts for circumstance in part)
    is_read = all(parts) and all(document.knows(circumstance.column) for circumstance in where)
    return where if is_read else ()


def _read(condition: str) -> tuple[Circumstance, ...]:
    return circumstances(f"if {condition.rstrip(' .')}") or ()
