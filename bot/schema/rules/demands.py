"""A field's clauses -> what they allow, by organism and circumstance; and what stays open.

Must not know registries, nor how organisms inherit from "all others".
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from bot.schema.field_table import TERM
from bot.schema.field_values import DELIMITER, cardinality
from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.clauses import OTHERS, OTHERWISE, Clause, clauses
from bot.schema.rules.conditions import (
    BY_COLUMN,
    TermPhrase,
    circumstances,
    literals,
    of_row,
    term_phrases,
)
from bot.schema.rules.document_terms import DocumentTerms
from bot.schema.spec import Field
from bot.schema.wording import sentences
from runners.contract import Choice, Judgement
from runners.contract.rules import Circumstance, Remark

Hows = dict[str, list[str]]
Where = tuple[Circumstance, ...]


FOLLOW = re.compile(r"\bfollow the requirements for `(\w+)`")
FREE_TEXT = re.compile(r"\bfree-text\b")
# The value isn't the term alone, in a way that the form of the rules has no word for.
COMPOSED = re.compile(
    r"\b(?:appended|suffix|concatenated|formatted as `|followed by|preceded by|prefixed with)"
)
PREFIXED = re.compile(
    r"(?:\bor )?(?:\ban? |\bone or more )?\b(\w+) (?:terms?|identifiers?) "
    r"(?:prefixed with|with the prefix|preceded by|starting with) `\"([^`\"]+)\"`"
)
# "The value of the role in `uns[...]` MUST be ...": of what stands elsewhere.
OF_ELSEWHERE = re.compile(r"\bvalues? of (?:the )?\w+ in `[^`]+`.* MUST\b")
# The keys of a dictionary in uns are the values.
KEYS_OF = re.compile(r"\bMUST match an? `uns\['(\w+)'\]\[|\bkeys? (?:in|of) `uns\['(\w+)'\]`")
NOT_ALONE = re.compile(r"\ball observations MUST NOT (?:contain|be) `\"([^`\"]+)\"`", re.I)
ABSENT_IF_ALL = re.compile(
    r"\bif all observations are `\"([^`\"]+)\"`,.* MUST NOT be present\b", re.I
)
BOOL, NUMBER = re.compile(r"`(True|False)`"), re.compile(r"`(\d+)`")
IN_RANGE = re.compile(r"\bin / the range\b|\bin the range\b")
# What one observation has, then all observations of the case have.
ALONE = re.compile(r"but then all observations where .* MUST be `\"([^`\"]+)\"`")
SINGLE = re.compile(r"\ball observations MUST contain the same value\b")


@dataclass(slots=True)
class Demands:
    """`allowed` and `refused` by taxon (None: any organism) and ontology; `follows` are fields.

    `cases` hold the same of circumstances; `stated` says of each literal where it may stand.
    `prefixes`: a prefix and its ontology, by what both are called in `allowed`. `only_where`: the
    values that other columns must have where this one stands. If all observations have a value of
    `absent_if_all`, the column must be absent; of `not_alone`, that must not be.
    """

    source: Field
    allowed: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    refused: dict[str | None, dict[str, Hows]] = field(default_factory=dict)
    literals: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    prefixes: dict[str, tuple[str, str]] = field(default_factory=dict)
    free_text: bool = False
    keys_of: str | None = None
    not_alone: list[str] = field(default_factory=list)
    absent_if_all: list[str] = field(default_factory=list)
    only_where: dict[str, list[str]] = field(default_factory=dict)
    delimiter: str | None = None
    alone_terms: frozenset[str] = frozenset()
    ordered: bool = True
    distinct: bool = True
    between: tuple[int, ...] = ()
    alone: tuple[str, ...] = ()
    single: bool = False
    cases: dict[Where, "Demands"] = field(default_factory=dict)
    stated: dict[str, list[Where]] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    unchecked: list[Remark] = field(default_factory=list)

    def remark(self, text: str) -> Remark:
        """A remark at this field, with the field's lines."""
        return Remark(
            place=f"{self.source.component}: {self.source.name}", lines=self.source.lines, text=text
        )

    def judge(self, what: str, text: str, *choices: Choice) -> None:
        """Notes what a person must decide, once."""
        remark = self.remark(f"a person must say {text}")
        same = sum(judgement.text == remark.text for judgement in self.judgements)
        number = sum(judgement.id.startswith(f"{self.id}: {what}") for judgement in self.judgements)
        if not same:
            name = f"{self.id}: {what}{f' {number + 1}' if number else ''}"
            self.judgements.append(
                Judgement(
                    place=remark.place,
                    lines=remark.lines,
                    text=remark.text,
                    id=name,
                    choices=choices,
                )
            )

    @property
    def id(self) -> str:
        """The field's name with its component, as judgements are named after it."""
        return f"{self.source.component}.{self.source.name}"

    def path(self, part: str) -> str:
        """The path of a part of the field's column in the rules."""
        return f"columns/{self.source.name}/{part}"

    def leave(self, text: str) -> None:
        """Notes what the form of the rules can't express, once."""
        if (remark := self.remark(text)) not in self.unchecked:
            self.unchecked.append(remark)

    def case(self, where: Where) -> "Demands":
        """What is gathered under these circumstances; remarks stand with the whole."""
        new = Demands(self.source, judgements=self.judgements, unchecked=self.unchecked)
        return self.cases.setdefault(where, new)


def note_literals(
    demands: Demands, values: list[str], taxon: str | None, where: Where | None
) -> None:
    """Adds literals that are allowed, and where: for the taxon, and under the circumstances."""
    demands.literals += [value for value in values if value not in demands.literals]
    scope = () if taxon is None else (Circumstance(column=ORGANISM, among=(taxon,)),)
    for value in values:
        demands.stated.setdefault(value, []).append((*scope, *(where or ())))


def refuse_elsewhere(demands: Demands) -> None:
    """A literal that is told only under some circumstances must not stand under others."""
    taxa = tuple(taxon for taxon in demands.allowed if taxon not in (None, OTHERS))
    for literal, places in demands.stated.items():
        if () in places:
            continue
        if any(len(place) > 1 for place in places):
            demands.leave(f'"{literal}" stands only where the document says so')
            continue
        if not taxa and any(place[0].among == (OTHERS,) for place in places):
            demands.leave(f'"{literal}" stands only with other organisms than some unnamed ones')
            continue
        elsewhere = tuple(dict.fromkeys(_negated(place[0], taxa) for place in places))
        demands.case(elsewhere).forbidden.append(literal)


def _negated(circumstance: Circumstance, taxa: tuple[str, ...]) -> Circumstance:
    """That the circumstance isn't met; "all other organisms" are those but `taxa`."""
    if circumstance.among == (OTHERS,):
        return circumstance.model_copy(update={"among": taxa})
    return circumstance.negated()


def gather(source: Field, document: DocumentTerms) -> Demands:
    """Everything that the field's text says of its values."""
    demands = Demands(source)
    for clause in clauses(source):
        _read(clause, demands, document)
    _delimit(demands)
    refuse_elsewhere(demands)
    return demands


def _read(clause: Clause, demands: Demands, document: DocumentTerms) -> None:
    if _is_of_the_whole(clause, demands) or _is_of_elsewhere(clause, demands):
        return
    for taxon in clause.excepted.split():
        demands.allowed.setdefault(taxon, {})
    if clause.taxon is not None and " " in clause.taxon:
        for taxon in clause.taxon.split():
            _read(replace(clause, taxon=taxon), demands, document)
        return
    if clause.taxon is not None:
        demands.allowed.setdefault(clause.taxon, {})
    text = PREFIXED.sub("", clause.text)
    phrases = list(term_phrases(text, refused=clause.refused))
    values = literals(text)
    followed = FOLLOW.findall(text)
    free = bool(FREE_TEXT.search(text))
    prefixed = _add_prefixed(clause, demands, document)
    if COMPOSED.search(text):
        demands.judge(
            "form", f"how to check values of this form: {clause.sentence}", *_forms(demands)
        )
        return
    where = _where(clause, document)
    if where:
        _narrow(clause, demands.case(where), phrases, document)
    elif not _is_checked(clause, where, bool(phrases or values or followed or free or prefixed)):
        demands.leave(clause.sentence)
    if clause.refused and (clause.condition or values):
        if not clause.condition and clause.taxon is None and not OTHERWISE.match(clause.sentence):
            demands.case(()).forbidden += values
        return
    demands.free_text |= free
    demands.follows += followed
    if not free:
        note_literals(demands, values, clause.taxon, where)
    _add_terms(clause, phrases, demands, document)


def _is_of_the_whole(clause: Clause, demands: Demands) -> bool:
    """Notes what a clause says of all observations together, if it does."""
    if match := ABSENT_IF_ALL.search(clause.sentence):
        demands.absent_if_all.append(match[1])
    elif match := NOT_ALONE.search(clause.sentence):
        demands.not_alone.append(match[1])
    elif match := KEYS_OF.search(clause.sentence):
        demands.keys_of = match[1] or match[2]
        note_literals(demands, literals(clause.text), None, ())
    return match is not None


def _is_of_elsewhere(clause: Clause, demands: Demands) -> bool:
    """Notes what a clause says of the values of other columns, if it does."""
    if clause.subject and clause.subject != demands.source.name:
        demands.only_where.setdefault(clause.subject, []).extend(
            phrase.what for phrase in term_phrases(clause.text) if phrase.how == "only"
        )
        return True
    if OF_ELSEWHERE.search(clause.text):
        demands.leave(clause.sentence)
        return True
    return False


def _add_prefixed(clause: Clause, demands: Demands, document: DocumentTerms) -> bool:
    """Adds terms that a prefix stands before; whether there are any."""
    found = PREFIXED.findall(clause.text)
    for name, prefix in found:
        if (ontology := document.file(name)) is not None:
            demands.prefixes[prefix + ontology] = (prefix, ontology)
            by_ontology = demands.allowed.setdefault(clause.taxon, {})
            by_ontology.setdefault(prefix + ontology, {}).setdefault("all", []).append(ontology)
    return bool(found)


def _forms(demands: Demands) -> tuple[Choice, Choice]:
    """What can be done about values whose form the rules have no word for."""
    parts = ("terms", "values", "special", "delimiter", "cases", "registry")
    return (
        Choice(
            answer="as read",
            effect="values are checked and annotated by what else the document says of the field; "
            "where they have this form, datasets fail",
            proposed=True,
        ),
        Choice(
            answer="any text",
            effect="its values are neither checked nor annotated; leave the field out of the patch",
            changes={demands.path(part): None for part in parts},
        ),
    )


def _where(clause: Clause, document: DocumentTerms) -> Where | None:
    """The circumstances of the clause, none if it has none; None if they can't be expressed."""
    if not clause.on_other_data:
        return ()
    if BY_COLUMN.match(clause.table):
        where = of_row(clause.condition, clause.table)
    else:
        where = circumstances(clause.condition.partition("but then ")[0])
    return (
        where
        if where and all(document.knows(circumstance.column) for circumstance in where)
        else None
    )


def _is_checked(clause: Clause, where: Where | None, says_something: bool) -> bool:
    """Whether the form of the rules holds all that the clause demands."""
    return clause.text.endswith(":") or (where is not None and says_something)


def _narrow(
    clause: Clause, case: Demands, phrases: list[TermPhrase], document: DocumentTerms
) -> None:
    """Adds to a case what the clause demands under its circumstances."""
    if match := ALONE.search(clause.sentence):
        case.alone = (match[1],)
    case.single |= bool(SINGLE.search(clause.text))
    if IN_RANGE.search(clause.table):
        case.between = tuple(int(number) for number in NUMBER.findall(clause.text))
    elif clause.refused:
        case.forbidden += [phrase.what for phrase in phrases if phrase.how == "without"]
    elif not re.search(r"\bMAY\b", clause.text):
        is_flag = case.source.type == "bool"
        case.literals += BOOL.findall(clause.text) if is_flag else literals(clause.text)
        case.follows += FOLLOW.findall(clause.text)
        _add_terms(clause, phrases, case, document)


def _add_terms(
    clause: Clause, phrases: list[TermPhrase], demands: Demands, document: DocumentTerms
) -> None:
    for how, term, ontology in _resolved(clause, phrases, demands, document):
        by_taxon = demands.refused if clause.refused else demands.allowed
        hows = by_taxon.setdefault(clause.taxon, {}).setdefault(ontology, {})
        terms = hows.setdefault(how, [])
        if term not in terms:
            terms.append(term)


def _resolved(
    clause: Clause, phrases: list[TermPhrase], demands: Demands, document: DocumentTerms
) -> Iterator[tuple[str, str, str]]:
    """What is told, with corrected terms and their ontologies; what has none is left aside."""
    for phrase in phrases:
        term, ontology = document.term(phrase.what), document.file(phrase.what)
        if term is None:
            demands.judge(
                f"term {phrase.what}",
                f"which term {phrase.what} means: its link goes to another",
                _left_out(phrase.what),
            )
        elif ontology is not None:
            yield phrase.how, term, ontology
        elif clause.refused and clause.text.endswith(":"):
            # An imported term of no pinned ontology; those below it are listed one by one.
            demands.leave(clause.sentence)
        else:
            demands.judge(
                f"ontology of {phrase.what}",
                f"which pinned ontology has {phrase.what}: {clause.sentence}",
                _left_out(phrase.what),
            )


def _left_out(term: str) -> Choice:
    return Choice(
        answer="leave it out",
        effect=f"{term} is no part of the rules, and a dataset that has it alone fails; an "
        "override may say more",
        proposed=True,
    )


def _delimit(demands: Demands) -> None:
    """The delimiter, if there is one, and whether terms stand in ascending order, each once."""
    facts = cardinality(demands.source)
    delimiters = sorted(fact.split("'")[1] for fact in facts if fact.startswith("delimiter '"))
    if not delimiters:
        return
    demands.delimiter = delimiters[0]
    demands.alone_terms = frozenset(_alone(demands.source))
    demands.ordered, demands.distinct = "sorted" in facts, "unique" in facts
    if odd := facts & {"sorted descending", "in the order of its terms"}:
        demands.leave(f"terms of one value stand {' and '.join(sorted(odd))}")
    if delimiters[1:]:
        choices = [
            Choice(
                answer=each,
                effect=f"terms of one value stand between {each!r}",
                proposed=each == delimiters[0],
                changes={demands.path("delimiter"): each},
            )
            for each in delimiters
        ]
        text = f"which delimiter separates terms: {' or '.join(delimiters)}"
        demands.judge("delimiter", text, *choices)


def _alone(source: Field) -> Iterator[str]:
    """Terms that a list of alternatives has beside "one or more terms separated by ...": no value
    mixes them with others.
    """
    alternatives: list[str] = []
    for sentence in [*sentences(source.value), ""]:
        if sentence.startswith("- "):
            alternatives.append(sentence)
            continue
        if any(map(DELIMITER.search, alternatives)):
            for alternative in alternatives:
                if not DELIMITER.search(alternative):
                    yield from TERM.findall(alternative)
        alternatives = []


def looked_at(demands: Demands) -> Iterator[str]:
    """The columns that the field's cases and keys look at."""
    for where in demands.cases:
        yield from (circumstance.column for circumstance in where)
    if demands.keys_of is not None:
        yield demands.keys_of


def leave_what_looks_elsewhere(demands: Demands, there: Collection[str]) -> None:
    """Takes away the cases that look at columns which rules can't have, and notes them."""
    for where in [*demands.cases]:
        absent = [c.column for c in where if c.column not in there]
        if absent:
            del demands.cases[where]
            demands.leave(f"what it must be by {', '.join(absent)}, which isn't read")
    if demands.keys_of is not None and demands.keys_of not in there:
        demands.leave(f"its values are keys of uns['{demands.keys_of}'], which isn't described")
        demands.keys_of = None
