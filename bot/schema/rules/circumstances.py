"""The words of a condition -> the circumstances that it tells of other columns.

A condition that says more than circumstances can hold gives none of them. Must not decide what is
asked under them.
"""

import re
from collections.abc import Iterator, Mapping

from bot.schema.field import TERM
from bot.schema.rules.model import Circumstance
from bot.schema.rules.phrases import said
from bot.schema.spec import Spec

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
    terms = list(said(told))
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
