"""A sentence of a field -> what it says of which terms: all, below one, without one.

Must not know columns, organisms or registries.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.schema.facts import DELIMITER, KIND_OF_TERM, LITERAL, PRINTED, SAME_RELATION
from bot.schema.field import TERM

ITS_DESCENDANTS = re.compile(
    r"\b(?:and|or|or preferably|or one of) its (?:most accurate )?(?:descendants?|child(?:ren)?)\b"
)
DESCENDANT_OF = re.compile(r"\b(?:descendants?|child(?:ren)?) (?:/ )?of\b[^,]*$")
EXCEPT = re.compile(r"\bexcluding\b|\bexcept\b")
ANOTHER = re.compile(r"\bor\b|\bwhile allowing\b")


@dataclass(frozen=True, slots=True)
class Said:
    """`how` is a field of `Terms`, or "all"; `what` a term, or the name of an ontology."""

    how: str
    what: str


def said(text: str, *, refused: bool = False) -> Iterator[Said]:
    """What the text says of terms, in its order; with `refused`, of terms that are forbidden."""
    bare = PRINTED.sub("", DELIMITER.sub("", text))
    if not refused:
        for names in KIND_OF_TERM.findall(bare):
            yield from (Said("all", name) for name in names.split(" or "))
    found = list(TERM.finditer(bare))
    ends = [*(term.start() for term in found[1:]), len(bare)]
    # Without a term there is one end too many.
    place, how = 0, "only"
    for term, end in zip(found, ends, strict=False):
        how = "without" if refused else _how(bare[place : term.start()], how, first=not place)
        place = term.end()
        yield from _with_descendants(how, term[0], bare[place:end])


def _with_descendants(how: str, term: str, after: str) -> Iterator[Said]:
    yield Said(how, term)
    if how != "under" and ITS_DESCENDANTS.search(after):
        yield Said("without_under" if how == "without" else "under", term)


def _how(before: str, last: str, *, first: bool) -> str:
    """How a term is meant by the words since the term before it."""
    if not first and SAME_RELATION.fullmatch(before):
        return last
    if EXCEPT.search(before):
        return "without"
    if last == "without" and not ANOTHER.search(before):
        return last
    return "under" if DESCENDANT_OF.search(before) else "only"


def literals(text: str) -> list[str]:
    """The quoted values of the text that are no terms."""
    bare = PRINTED.sub("", DELIMITER.sub("", text))
    return [one for one in LITERAL.findall(bare) if not TERM.fullmatch(one)]


def prefix(term: str) -> str:
    return re.split("[:_]", term)[0]
