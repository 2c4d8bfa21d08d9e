"""What a field's clauses say, put together by organism, ontology and circumstance.

Must not read text.


A field's clauses -> what they allow, by organism and ontology; and what stays open.

Must not know registries, nor how organisms inherit from "all others".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bot.schema.field_values import cardinality
from bot.schema.pinned import FIELD as ORGANISM
from bot.schema.rules.clauses import OTHERS, Clause, clauses
from bot.schema.rules.conditions import (
    BY_COLUMN,
    TermPhrase,
    circumstances,
    literals,
    of_row,
    term_phrases,
)
from bot.schema.rules.document_terms import DocumentTerms
from bot.schema.rules.model import Circumstance, Remark
from bot.schema.spec import Field

Hows = dict[str, list[str]]
Where = tuple[Circumstance, ...]


@dataclass(slots=True)
class Demands:
    """`allowed` and `refused` by taxon (None: any organism) and ontology; `follows` are fields.

    `cases` hold the same of circumstances; `told` says of each literal where it may stand.
    """

    source: Field
    allowed: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    refused: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    literals: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    free_text: bool = False
    delimiter: str | None = None
    between: tuple[int, ...] = ()
    alone: tuple[str, ...] = ()
    single: bool = False
    cases: dict[Where, "Demands"] = field(default_factory=dict)
    told: dict[str, list[Where]] = field(default_factory=dict)
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

    def case(self, where: Where) -> "Demands":
        """What is gathered under these circumstances; remarks stand with the whole."""
        new = Demands(self.source, judgements=self.judgements, unchecked=self.unchecked)
        return self.cases.setdefault(where, new)


def note_literals(
    found: Demands, values: list[str], taxon: str | None, where: Where | None
) -> None:
    """Adds literals that are allowed, and where: for the taxon, and under the circumstances."""
    found.literals += [one for one in values if one not in found.literals]
    scope = () if taxon is None else (Circumstance(ORGANISM, among=(taxon,)),)
    for one in values:
        found.told.setdefault(one, []).append((*scope, *(where or ())))


def refuse_elsewhere(found: Demands) -> None:
    """A literal that is told only under some circumstances must not stand under others."""
    taxa = tuple(taxon for taxon in found.allowed if taxon not in (None, OTHERS))
    for literal, places in found.told.items():
        if () in places:
            continue
        if any(len(place) > 1 for place in places):
            found.leave(f'"{literal}" stands only where the document says so')
            continue
        elsewhere = tuple(dict.fromkeys(_negated(place[0], taxa) for place in places))
        found.case(elsewhere).forbidden.append(literal)


def _negated(one: Circumstance, taxa: tuple[str, ...]) -> Circumstance:
    """That the circumstance isn't met; "all other organisms" are those but `taxa`."""
    if one.among == (OTHERS,):
        return replace(one, among=taxa)
    return replace(one, otherwise=not one.otherwise)


FOLLOW = re.compile(r"\bfollow the requirements for `(\w+)`")
FREE_TEXT = re.compile(r"\bfree-text\b")
# The value isn't the term alone, which the form of the rules has no word for.
COMPOSED = re.compile(r"\b(?:appended|prefixed|MUST include)\b")

BOOL, NUMBER = re.compile(r"`(True|False)`"), re.compile(r"`(\d+)`")
IN_RANGE = re.compile(r"\bin / the range\b|\bin the range\b")
# What one observation has, then all observations of the case have.
ALONE = re.compile(r"but then all observations where .* MUST be `\"([^`\"]+)\"`")
SINGLE = re.compile(r"\ball observations MUST contain the same value\b")


def gather(source: Field, book: DocumentTerms) -> Demands:
    """Everything that the field's text says of its values."""
    found = Demands(source)
    for clause in clauses(source):
        _read(clause, found, book)
    _delimit(found)
    refuse_elsewhere(found)
    return found


def _read(clause: Clause, found: Demands, book: DocumentTerms) -> None:
    if clause.taxon is not None:
        found.allowed.setdefault(clause.taxon, {})
    told = list(term_phrases(clause.text, refused=clause.refused))
    values = literals(clause.text)
    followed = FOLLOW.findall(clause.text)
    free = bool(FREE_TEXT.search(clause.text))
    if COMPOSED.search(clause.text):
        found.judge(f"how to check values of this form: {clause.sentence}")
        return
    where = _where(clause, book)
    if where:
        _narrow(clause, found.case(where), told, book)
    elif not _is_checked(clause, where, bool(told or values or followed or free)):
        found.leave(clause.sentence)
    if clause.refused and (clause.condition or values):
        return
    found.free_text |= free
    found.follows += followed
    if not free:
        note_literals(found, values, clause.taxon, where)
    _add_terms(clause, told, found, book)


def _where(clause: Clause, book: DocumentTerms) -> Where | None:
    """The circumstances of the clause, none if it has none; None if they can't be expressed."""
    if not clause.on_other_data:
        return ()
    if BY_COLUMN.match(clause.table):
        found = of_row(clause.condition, clause.table)
    else:
        found = circumstances(clause.condition.partition("but then ")[0])
    return found if found and all(book.knows(one.column) for one in found) else None


def _is_checked(clause: Clause, where: Where | None, says_something: bool) -> bool:
    """Whether the form of the rules holds all that the clause demands."""
    return clause.text.endswith(":") or (where is not None and says_something)


def _narrow(clause: Clause, case: Demands, told: list[TermPhrase], book: DocumentTerms) -> None:
    """Adds to a case what the clause demands under its circumstances."""
    if found := ALONE.search(clause.sentence):
        case.alone = (found[1],)
    case.single |= bool(SINGLE.search(clause.text))
    if IN_RANGE.search(clause.table):
        case.between = tuple(int(one) for one in NUMBER.findall(clause.text))
    elif clause.refused:
        case.forbidden += [one.what for one in told if one.how == "without"]
    elif not re.search(r"\bMAY\b", clause.text):
        is_flag = case.source.type == "bool"
        case.literals += BOOL.findall(clause.text) if is_flag else literals(clause.text)
        case.follows += FOLLOW.findall(clause.text)
        _add_terms(clause, told, case, book)


def _add_terms(clause: Clause, told: list[TermPhrase], found: Demands, book: DocumentTerms) -> None:
    for how, what, ontology in _resolved(clause, told, found, book):
        shelf = found.refused if clause.refused else found.allowed
        hows = shelf.setdefault(clause.taxon, {}).setdefault(ontology, {})
        terms = hows.setdefault(how, [])
        if what not in terms:
            terms.append(what)


def _resolved(
    clause: Clause, told: list[TermPhrase], found: Demands, book: DocumentTerms
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


def _delimit(found: Demands) -> None:
    """The delimiter, if there is one; rules then ask for ascending order, and each term once."""
    facts = cardinality(found.source)
    delimiters = [one.split("'")[1] for one in facts if one.startswith("delimiter '")]
    if len(delimiters) > 1:
        found.judge(f"which delimiter separates terms: {' or '.join(sorted(delimiters))}")
    elif delimiters:
        found.delimiter = delimiters[0]
        if not {"sorted", "unique"} <= facts:
            found.judge("whether terms must stand in ascending order, each once")
