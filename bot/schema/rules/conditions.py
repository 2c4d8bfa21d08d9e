"""A sentence of a field -> what it says of which terms: all, below one, without one.

Must not know columns, organisms or registries.


The words of a condition -> the circumstances that it tells of other columns.

A condition that says more than circumstances can hold gives none of them. Must not decide what is
asked under them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.schema.field import TERM
from bot.schema.field_values import DELIMITER, KIND_OF_TERM, LITERAL, PRINTED, SAME_RELATION
from bot.schema.rules.model import Circumstance
from bot.schema.spec import Spec

ITS_DESCENDANTS = re.compile(
    r"\b(?:and|or|or preferably|or one of) its (?:most accurate )?(?:descendants?|child(?:ren)?)\b"
)
DESCENDANT_OF = re.compile(r"\b(?:descendants?|child(?:ren)?) (?:/ )?of\b[^,]*$")
EXCEPT = re.compile(r"\bexcluding\b|\bexcept\b")
ANOTHER = re.compile(r"\bor\b|\bwhile allowing\b")


@dataclass(frozen=True, slots=True)
class TermPhrase:
    """`how` is a field of `Terms`, or "all"; `what` a term, or the name of an ontology."""

    how: str
    what: str


def term_phrases(text: str, *, refused: bool = False) -> Iterator[TermPhrase]:
    """What the text says of terms, in its order; with `refused`, of terms that are forbidden."""
    bare = PRINTED.sub("", DELIMITER.sub("", text))
    if not refused:
        for names in KIND_OF_TERM.findall(bare):
            yield from (TermPhrase("all", name) for name in names.split(" or "))
    found = list(TERM.finditer(bare))
    ends = [*(term.start() for term in found[1:]), len(bare)]
    # Without a term there is one end too many.
    place, how = 0, "only"
    for term, end in zip(found, ends, strict=False):
        how = "without" if refused else _how(bare[place : term.start()], how, first=not place)
        place = term.end()
        yield from _with_descendants(how, term[0], bare[place:end])


def _with_descendants(how: str, term: str, after: str) -> Iterator[TermPhrase]:
    yield TermPhrase(how, term)
    if how != "under" and ITS_DESCENDANTS.search(after):
        yield TermPhrase("without_under" if how == "without" else "under", term)


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


SUBJECT = re.compile(r"`(\w+|uns(?:\['\w+'\])+)` is (NOT )?")
IN_UNS = re.compile(r"uns((?:\['\w+'\])+)")
NAME = re.compile(r"(?<=`) for [\w\s'.-]+?(?=,| or | and | then\b|[;:.]|$)")
PLAIN = re.compile(r"`\"?([^`\"]+)\"?`")
# What may stand between the parts of a condition that are read.
GLUE = re.compile(
    r"\b(?:otherwise|if|when|then|either|an?|descendants? of|or|and|its descendants|"
    r"the corresponding value of)\b|[,:.]",
    re.I,
)
BY_COLUMN = re.compile(r"\| For (\w+) \|")


def circumstances(condition: str) -> tuple[Circumstance, ...] | None:
    """The circumstances, all of which must hold; None if not every word of it is understood."""
    subjects = list(SUBJECT.finditer(condition))
    if not subjects or GLUE.sub("", condition[: subjects[0].start()]).strip():
        return None
    ends = [*(one.start() for one in subjects[1:]), len(condition)]
    found = [
        _circumstance(path(one[1]), condition[one.end() : end], otherwise=bool(one[2]))
        for one, end in zip(subjects, ends, strict=True)
    ]
    return tuple(one for one in found if one) if all(found) else None


def _circumstance(column: str, told: str, *, otherwise: bool) -> Circumstance | None:
    rest = NAME.sub("", told)
    if GLUE.sub("", PLAIN.sub("", rest)).strip():
        return None
    if not TERM.search(rest):
        return Circumstance(column, among=tuple(PLAIN.findall(rest)), otherwise=otherwise)
    return _of_terms(column, rest, otherwise=otherwise)


def _of_terms(column: str, told: str, *, otherwise: bool = False) -> Circumstance | None:
    terms = list(term_phrases(told))
    if any(one.how not in ("only", "under") for one in terms):
        return None
    among, under = ([t.what for t in terms if t.how == how] for how in ("only", "under"))
    # "a descendant of A or B": an assay that only B names has no descendants to mean instead.
    among += [one for one in under[1:] if one not in among]
    return Circumstance(column, tuple(among), tuple(under), otherwise)


def of_row(cell: str, table: str) -> tuple[Circumstance, ...] | None:
    """The circumstance of a row, by its first cell; None if its table isn't by another column."""
    by = BY_COLUMN.match(table)
    found = _of_terms(f"{by[1].lower()}_ontology_term_id", cell) if by else None
    return (found,) if found and (found.among or found.under) else None


def path(subject: str) -> str:
    """`uns['a']['b']` -> a.b; the name of a column as it is."""
    keys = IN_UNS.fullmatch(subject)
    return ".".join(re.findall(r"'(\w+)'", keys[1])) if keys else subject


def paths(spec: Spec) -> Mapping[str, str]:
    """The keys below a key of uns that the document speaks of -> their whole path."""
    return {found.rpartition(".")[2]: found for found in _in_uns(spec) if "." in found}


def _in_uns(spec: Spec) -> Iterator[str]:
    for field in spec.fields():
        yield from (path(one[0]) for one in IN_UNS.finditer(f"{field.annotation} {field.value}"))
