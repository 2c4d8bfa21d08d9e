"""Sentences of a field -> terms (all, below one, without one), and circumstances in other columns.

A condition that says more than circumstances can hold gives none of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.schema.field_table import TERM
from bot.schema.field_values import (
    DELIMITER,
    KIND_OF_TERM,
    LITERAL,
    PRINTED,
    SAME_RELATION,
    names_of_terms,
)
from bot.schema.spec import Spec
from runners.contract.rules import Circumstance

ITS_DESCENDANTS = re.compile(
    r"\b(?:and|or|nor)(?: preferably)?(?: one| any| all)?(?: of)? its (?:most accurate )?"
    r"(?:descendants?|child(?:ren)?)\b"
)
THEIR_DESCENDANTS = re.compile(
    r"\b(?:and|or|nor)(?: any| all)?(?: of)? their (?:descendants?|child(?:ren)?)\b"
)
DESCENDANT_OF = re.compile(r"\b(?:descendants?|child(?:ren)?) (?:/ )?of\b[^,]*$")
EXCEPT = re.compile(
    r"\b(?:excluding|except(?: for)?|other than|but not|apart from|not including)\b"
)
ANOTHER = re.compile(r"\bor\b|\bwhile allowing\b")


NAMED = r"`(\w+|obs\['\w+'\]|uns(?:\['\w+'\])+)`"
SUBJECT = re.compile(rf"{NAMED} is (NOT )?")
EITHER_COLUMN = re.compile(rf"\bor (?:if |when )?(?=(?:the corresponding value of )?{NAMED} is )")
OF_ALL = re.compile(r"\bfor (?:all|any|every|each)\b")
PRESENT = re.compile(r"(NOT )?present\b")
IN_UNS = re.compile(r"uns((?:\['\w+'\])+)")
IN_OBS = re.compile(r"obs\['(\w+)'\]")
NAME = re.compile(r"(?<=`) for [\w\s'.-]+?(?=,| or | and | then\b|[;:.]|$)")
PLAIN = re.compile(r"`\"?([^`\"]+)\"?`")
# What may stand between the parts of a condition that are read.
GLUE = re.compile(
    r"\b(?:otherwise|if|when|then|either|an?|descendants? of|or|and|its descendants|"
    r"the corresponding value of|only)\b|[,:.]",
    re.I,
)
BY_COLUMN = re.compile(r"\| For (\w+) \|")


@dataclass(frozen=True, slots=True)
class TermPhrase:
    """`how` is a field of `Terms`, or "all"; `what` a term, or the name of an ontology."""

    how: str
    what: str


def term_phrases(text: str, *, refused: bool = False) -> Iterator[TermPhrase]:
    """What the text says of terms, in its order; with `refused`, of terms that are forbidden."""
    bare = PRINTED.sub("", DELIMITER.sub("", text))
    if not refused:
        for named in KIND_OF_TERM.finditer(bare):
            yield from (TermPhrase("all", name) for name in names_of_terms(named))
    terms = list(TERM.finditer(bare))
    ends = [*(term.start() for term in terms[1:]), len(bare)]
    # Without a term there is one end too many.
    place, how = 0, "only"
    with_all = bool(THEIR_DESCENDANTS.search(bare))
    for term, end in zip(terms, ends, strict=False):
        how = _how(bare[place : term.start()], how, first=not place)
        place = term.end()
        meant = FORBIDDEN[how] if refused else how
        yield from _with_descendants(meant, term[0], bare[place:end], with_all=with_all)


FORBIDDEN = {
    "only": "without",
    "under": "without_under",
    "without": "without",
    "without_under": "without_under",
}
"""What a sentence that forbids terms means by what it says of them."""


def _with_descendants(
    how: str, term: str, after: str, *, with_all: bool = False
) -> Iterator[TermPhrase]:
    yield TermPhrase(how, term)
    if how in ("only", "without") and (with_all or ITS_DESCENDANTS.search(after)):
        yield TermPhrase("without_under" if how == "without" else "under", term)


def _how(before: str, last: str, *, first: bool) -> str:
    """How a term is meant by the words since the term before it."""
    if not first and SAME_RELATION.fullmatch(before):
        return last
    if excluded := EXCEPT.search(before):
        return "without_under" if DESCENDANT_OF.search(before[excluded.end() :]) else "without"
    if last.startswith("without") and not ANOTHER.search(before):
        return last
    return "under" if DESCENDANT_OF.search(before) else "only"


def literals(text: str) -> list[str]:
    """The quoted values of the text that are no terms."""
    bare = PRINTED.sub("", DELIMITER.sub("", text))
    return [literal for literal in LITERAL.findall(bare) if not TERM.fullmatch(literal)]


def prefix(term: str) -> str:
    """The term's prefix: CL of `CL:0000540`, CVCL of `CVCL_0001`."""
    return re.split("[:_]", term)[0]


def circumstances(condition: str) -> tuple[Circumstance, ...] | None:
    """The circumstances, all of which must hold; None if not every word of it is understood."""
    subjects = list(SUBJECT.finditer(condition))
    if not subjects or GLUE.sub("", condition[: subjects[0].start()]).strip():
        return None
    # of two columns, either: which of both can't be said
    if EITHER_COLUMN.search(condition) or OF_ALL.search(condition):
        return None
    ends = [*(subject.start() for subject in subjects[1:]), len(condition)]
    readings = [
        _circumstance(path(subject[1]), condition[subject.end() : end], otherwise=bool(subject[2]))
        for subject, end in zip(subjects, ends, strict=True)
    ]
    return (
        tuple(circumstance for circumstance in readings if circumstance) if all(readings) else None
    )


def _circumstance(column: str, condition: str, *, otherwise: bool) -> Circumstance | None:
    rest = NAME.sub("", condition)
    if PRESENT.match(rest) and not GLUE.sub("", PRESENT.sub("", rest)).strip():
        return Circumstance(column=column, present=True, otherwise=otherwise)
    if GLUE.sub("", PLAIN.sub("", rest)).strip():
        return None
    if not TERM.search(rest):
        return Circumstance(column=column, among=tuple(PLAIN.findall(rest)), otherwise=otherwise)
    return _of_terms(column, rest, otherwise=otherwise)


def _of_terms(column: str, condition: str, *, otherwise: bool = False) -> Circumstance | None:
    terms = list(term_phrases(condition))
    if any(term.how not in ("only", "under") for term in terms):
        return None
    among, under = ([t.what for t in terms if t.how == how] for how in ("only", "under"))
    # "a descendant of A or B": an assay that only B names has no descendants to mean instead.
    among += [term for term in under[1:] if term not in among]
    among += literals(condition)
    return Circumstance(column=column, among=tuple(among), under=tuple(under), otherwise=otherwise)


def of_row(cell: str, table: str) -> tuple[Circumstance, ...] | None:
    """The circumstance of a row, by its first cell; None if its table isn't by another column."""
    by = BY_COLUMN.match(table)
    circumstance = _of_terms(f"{by[1].lower()}_ontology_term_id", cell) if by else None
    return (circumstance,) if circumstance and (circumstance.among or circumstance.under) else None


def path(subject: str) -> str:
    """`uns['a']['b']` -> a.b, `obs['a']` -> a; the name of a column as it is."""
    if in_obs := IN_OBS.fullmatch(subject):
        return in_obs[1]
    keys = IN_UNS.fullmatch(subject)
    return ".".join(re.findall(r"'(\w+)'", keys[1])) if keys else subject


def paths(spec: Spec) -> Mapping[str, str]:
    """The keys below a key of uns that the document speaks of -> their whole path."""
    return {
        path_in_uns.rpartition(".")[2]: path_in_uns
        for path_in_uns in _in_uns(spec)
        if "." in path_in_uns
    }


def _in_uns(spec: Spec) -> Iterator[str]:
    for field in spec.fields():
        yield from (
            path(match[0]) for match in IN_UNS.finditer(f"{field.annotation} {field.value}")
        )
