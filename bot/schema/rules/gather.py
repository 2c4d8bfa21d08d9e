"""A field's clauses -> what they allow, by organism and ontology; and what stays open.

Must not know registries, nor how organisms inherit from "all others".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.schema.facts import cardinality
from bot.schema.rules.book import Book
from bot.schema.rules.clauses import Clause, clauses
from bot.schema.rules.model import Remark
from bot.schema.rules.phrases import Said, literals, said
from bot.schema.spec import Field

FOLLOW = re.compile(r"\bfollow the requirements for `(\w+)`")
FREE_TEXT = re.compile(r"\bfree-text\b")
# The value isn't the term alone, which the form of the rules has no word for.
COMPOSED = re.compile(r"\b(?:appended|prefixed|MUST include)\b")

Hows = dict[str, list[str]]


@dataclass(slots=True)
class Gathered:
    """`allowed` and `refused` by taxon (None: any organism) and ontology; `follows` are fields."""

    source: Field
    allowed: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    refused: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    literals: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    free_text: bool = False
    delimiter: str | None = None
    judgements: list[Remark] = field(default_factory=list)
    unchecked: list[Remark] = field(default_factory=list)

    def remark(self, text: str) -> Remark:
        return Remark(f"{self.source.component}: {self.source.name}", self.source.lines, text)

    def judge(self, text: str) -> None:
        if (remark := self.remark(f"a person must say {text}")) not in self.judgements:
            self.judgements.append(remark)

    def leave(self, text: str) -> None:
        if (remark := self.remark(text)) not in self.unchecked:
            self.unchecked.append(remark)


def gather(source: Field, book: Book) -> Gathered:
    """Everything that the field's text says of its values."""
    found = Gathered(source)
    for clause in clauses(source):
        _read(clause, found, book)
    _delimit(found)
    return found


def _read(clause: Clause, found: Gathered, book: Book) -> None:
    if clause.taxon is not None:
        found.allowed.setdefault(clause.taxon, {})
    told = list(said(clause.text, refused=clause.refused))
    values = literals(clause.text)
    followed = FOLLOW.findall(clause.text)
    free = bool(FREE_TEXT.search(clause.text))
    if COMPOSED.search(clause.text):
        found.judge(f"how to check values of this form: {clause.sentence}")
        return
    if _is_unchecked(clause, bool(told or values or followed or free)):
        found.leave(clause.sentence)
    if clause.refused and (clause.condition or values):
        return
    found.free_text |= free
    found.follows += followed
    found.literals += [] if free else [one for one in values if one not in found.literals]
    _add_terms(clause, told, found, book)


def _is_unchecked(clause: Clause, says_something: bool) -> bool:
    """Whether the form of the rules holds less than the clause demands."""
    if clause.text.endswith(":"):
        return False
    scoped_value = clause.taxon is not None and bool(literals(clause.text))
    return clause.on_other_data or scoped_value or not says_something


def _add_terms(clause: Clause, told: list[Said], found: Gathered, book: Book) -> None:
    for how, what, ontology in _resolved(clause, told, found, book):
        shelf = found.refused if clause.refused else found.allowed
        hows = shelf.setdefault(clause.taxon, {}).setdefault(ontology, {})
        terms = hows.setdefault(how, [])
        if what not in terms:
            terms.append(what)


def _resolved(
    clause: Clause, told: list[Said], found: Gathered, book: Book
) -> Iterator[tuple[str, str, str]]:
    """What is told, with corrected terms and their ontologies; what has none is left aside."""
    for one in told:
        term, ontology = book.term(one.what), book.file(one.what)
        if term is None:
            found.judge(f"which term {one.what} means: its link goes to another")
        elif ontology is not None:
            yield one.how, term, ontology
        elif clause.refused and clause.text.endswith(":"):
            # An imported term of no pinned ontology; those below it are listed one by one.
            found.leave(clause.sentence)
        else:
            found.judge(f"which pinned ontology has {one.what}: {clause.sentence}")


def _delimit(found: Gathered) -> None:
    """The delimiter, if there is one; rules then ask for ascending order, and each term once."""
    facts = cardinality(found.source)
    delimiters = [one.split("'")[1] for one in facts if one.startswith("delimiter '")]
    if len(delimiters) > 1:
        found.judge(f"which delimiter separates terms: {' or '.join(sorted(delimiters))}")
    elif delimiters:
        found.delimiter = delimiters[0]
        if not {"sorted", "unique"} <= facts:
            found.judge("whether terms must stand in ascending order, each once")
