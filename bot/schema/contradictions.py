"""What a document says of one field, and denies of it elsewhere: a person must decide which holds.

Raises only what stands in the document; must not choose.
"""

import re
from collections.abc import Iterator

from bot.schema.changes import Contradiction
from bot.schema.field_summary import is_demanded, says_presence
from bot.schema.field_values import LITERAL, WHOLE_COLUMN, Kind, allowed_values
from bot.schema.spec import Field, Requirement, Spec
from bot.schema.wording import sentences

ONLY_WITH = re.compile(
    r"\bMUST annotate (?:only )?(?:if|when) `(?:obs|uns|var)?\[?'?(\w+)'?\]?` is present\b(?! and)"
)
DEMANDED = {
    Requirement.MUST,
    Requirement.CONDITIONAL_MUST,
    Requirement.CONDITIONAL_MUST_ELSE_NOT,
}


def contradictions(old: Spec, new: Spec) -> tuple[Contradiction, ...]:
    """Those of the newer document that the older one doesn't have."""
    known = {(one.field.component, one.field.name, one.what) for one in _all(old)}
    return tuple(
        one for one in _all(new) if (one.field.component, one.field.name, one.what) not in known
    )


def _all(spec: Spec) -> Iterator[Contradiction]:
    for field in spec.fields():
        says = (*_of_presence(field), *_of_values(field), *_of_the_column(field))
        yield from (Contradiction(field, what) for what in says)
    yield from _of_each_other(spec)


def _of_presence(field: Field) -> Iterator[str]:
    """The annotator is told to fill it in, and the value's text that it isn't there; or not to."""
    if field.requirement is Requirement.UNSTATED:
        return
    demanded = field.requirement in DEMANDED
    for sentence in sentences(field.value):
        if says_presence(field, sentence) not in (None, demanded):
            first = next(iter(sentences(field.annotation)), field.annotation).rstrip(".;")
            yield f"\u201c{first}\u201d, but \u201c{sentence.rstrip('.')}\u201d"


def _of_values(field: Field) -> Iterator[str]:
    """A special value that is allowed in one sentence and forbidden in another."""
    special = {text for kind, text in allowed_values(field) if kind is Kind.SPECIAL_VALUE}
    for text in sorted(special):
        if f'not "{text}"' in special:
            yield f'it may be "{text}", and it MUST NOT be'


def _of_the_column(field: Field) -> Iterator[str]:
    """A special value that is allowed, and that "all observations MUST NOT contain"."""
    special = {text for kind, text in allowed_values(field) if kind is Kind.SPECIAL_VALUE}
    for sentence in sentences(field.value):
        subject, refuses, rest = sentence.partition(" MUST NOT ")
        for text in LITERAL.findall(rest) if refuses and WHOLE_COLUMN.search(subject) else ():
            if text in special:
                yield (
                    f'it may be "{text}", but \u201c{sentence.rstrip(".")}\u201d: '
                    "of none of them, or not of all?"
                )


def _of_each_other(spec: Spec) -> Iterator[Contradiction]:
    """Two fields, each of which is there if the other is: nothing says when they must be."""
    needed = {
        field.name: (field, match[1])
        for field in spec.fields()
        if is_demanded(field) and (match := ONLY_WITH.search(field.annotation))
    }
    for name, (field, other) in needed.items():
        if other in needed and needed[other][1] == name and name < other:
            yield Contradiction(
                field, f"it is present if {other} is, and {other} if {name} is: when must they be?"
            )
