"""One field -> what a curator must know of it, briefly: presence, number, values, and what is left.

What values and numbers don't hold is kept in the document's own words. Must not compare.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.schema.field_values import (
    REQUIRES,
    Kind,
    allowed_values,
    cardinality,
    forbidden,
    has_unnamed_values,
    is_about_values,
    is_conditional,
    values_of_new,
)
from bot.schema.spec import Field, Requirement
from bot.schema.wording import sentences

MANY = re.compile(
    r"\b(?i:one or more|set of|list of) ([\w '-]+?)"
    r"(?= in (?:the |ascending|descending|lexical)| separated| delimited| for | with | joined|"
    r"[,;:.(]|$)"
)
FLAG = re.compile(r"`(True|False)`")
EITHER = re.compile(r"\beither `(-?\d+)`[^.;]*?\bor `(-?\d+)`")
ANNOTATE = re.compile(r"\b(?:MUST|MAY|SHOULD)(?: NOT)?(?: only)? annotate\b")
FEW = 5
WORDS = {
    "sorted": "ascending",
    "sorted descending": "descending",
    "unique": "no doubles",
}


@dataclass(frozen=True, slots=True)
class FieldSummary:
    """`presence` is who annotates and when; `number` one or many, delimiter, order and doubles.

    `demands` are the sentences that the rest doesn't hold, as the document has them.
    """

    presence: str
    number: tuple[str, ...]
    allowed: tuple[str, ...]
    forbidden: tuple[str, ...]
    demands: tuple[str, ...]


def summary(field: Field) -> FieldSummary:
    """The field's summary."""
    values = sorted(values_of_new(field), key=lambda value: value[1])
    ranges = sorted(text for kind, text in allowed_values(field) if kind is Kind.RANGE)
    others = [*ranges, *_unquoted(field)]
    return FieldSummary(
        presence=" ".join(_presence(field)),
        number=_number(field),
        allowed=tuple([value[1] for value in values if not forbidden(value)] + others),
        forbidden=tuple(text for value in values if (text := forbidden(value))),
        demands=tuple(_demands(field)),
    )


def in_short(known: FieldSummary) -> str:
    """The summary in a line; of what is forbidden, how much."""
    parts = [
        known.presence.rstrip("."),
        ", ".join(known.number),
        f"allowed: {', '.join(known.allowed)}" if known.allowed else "",
        f"forbidden: {_few(known.forbidden)}" if known.forbidden else "",
    ]
    return "; ".join(part for part in parts if part)


def _few(names: tuple[str, ...]) -> str:
    first = ", ".join(names[:FEW])
    return f"{first} and {len(names) - FEW} more" if len(names) > FEW else first


def enumeration(field: Field) -> tuple[str, ...]:
    """The values of which the field holds one, if it has a list of them and nothing else."""
    values = values_of_new(field)
    listed = all(kind is Kind.SPECIAL_VALUE for kind, _ in values)
    names = tuple(sorted(value[1] for value in values if not forbidden(value)))
    if not listed or len(names) < 2 or _number(field) or has_unnamed_values(field):
        return ()
    return names


def is_demanded(field: Field) -> bool:
    """Whether curators must fill it in, in some datasets at least."""
    free = (Requirement.MAY, Requirement.SHOULD, Requirement.MUST_NOT)
    conditional = (Requirement.CONDITIONAL_MAY, Requirement.CONDITIONAL_MAY_ELSE_NOT)
    return field.annotator == "curator" and field.requirement not in (*free, *conditional)


def is_always_there(field: Field) -> bool:
    """Whether every dataset has it, by its annotator's sentence alone."""
    return field.requirement in (Requirement.MUST, Requirement.UNSTATED)


def says_presence(field: Field, sentence: str) -> bool | None:
    """Whether the sentence demands that the field is there (True) or isn't; None if neither."""
    subject = rf"\b(?:this|the) (?:field|key|column)\b|`{re.escape(field.name)}`"
    match = re.search(
        rf"(?:{subject}) (MUST NOT|MUST) be (present|included|annotated|absent|omitted)\b",
        sentence,
        re.I,
    )
    if match is None:
        return None
    return (match[1].upper() == "MUST") == (match[2] in ("present", "included", "annotated"))


def _presence(field: Field) -> Iterator[str]:
    first, *rest = sentences(field.annotation) or [field.annotation]
    yield first
    yield from (
        text
        for text in rest
        if text.startswith("otherwise")
        or ANNOTATE.search(text)
        or says_presence(field, text) is False
    )
    yield from (text for text in sentences(field.value) if says_presence(field, text) is not None)


def _number(field: Field) -> tuple[str, ...]:
    facts = cardinality(field)
    if "many" not in facts:
        return ("a list",) if "list" in facts else ()
    named = MANY.search(" ".join(sentences(field.value)))
    delimiters = sorted(fact for fact in facts if fact.startswith("delimiter"))
    rest = sorted(facts - {"many", "per dataset", *delimiters})
    many = f"one or more {named[1]}" if named else "one or more"
    return (many, *delimiters, *(WORDS.get(fact, fact) for fact in rest))


def _unquoted(field: Field) -> list[str]:
    """The truth values, or the two numbers, of which the field holds one."""
    if field.type == "bool":
        return sorted(set(FLAG.findall(field.value)))
    either = EITHER.search(field.value) if field.type.endswith("int") else None
    return list(either.groups()) if either else []


def _demands(field: Field) -> Iterator[str]:
    others = sentences(field.annotation)[1:]
    told = set(_presence(field))
    yield from (text for text in others if REQUIRES.search(text) and text not in told)
    before = False
    for head, items in _passages(field.key):
        if REQUIRES.search(" ".join([head, *items])):
            yield _passage(head, items)
    for head, items in _passages(field.value):
        goes_on = before and re.match(r"otherwise\b", head, re.I)
        before = bool(goes_on) or (head not in told and _is_left(head, items, field))
        if before:
            yield _passage(head, items)


def _passage(head: str, items: list[str]) -> str:
    return " ".join([head, "; ".join(item.removeprefix("- ") for item in items)]).strip()


def _passages(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each sentence with the list items or table rows beneath it."""
    passages: list[tuple[str, list[str]]] = []
    for sentence in sentences(text):
        if passages and sentence.startswith(("- ", "| ")):
            passages[-1][1].append(sentence)
        else:
            passages.append((sentence, []))
    yield from passages


def _is_left(head: str, items: list[str], field: Field) -> bool:
    """Whether values and numbers don't hold what a passage demands."""
    if not REQUIRES.search(" ".join([head, *items])):
        return False
    if not is_about_values(head, field) or any(map(is_conditional, (head, *items))):
        return True
    alone = replace(field, value="\n".join([head, *items]))
    kinds = {kind for kind, _ in allowed_values(alone)}
    return not kinds and not any(fact.startswith("delimiter") for fact in cardinality(alone))
