"""A field's clauses -> its demands.

Must not know registries.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.schema.field_table import TERM
from bot.schema.field_values import DELIMITER, cardinality
from bot.schema.pinned import ORGANISM_FIELD as ORGANISM
from bot.schema.rules.clauses import OTHERS, OTHERWISE, Clause, clauses, told_apart
from bot.schema.rules.conditions import (
    BY_COLUMN,
    TermPhrase,
    circumstances,
    literals,
    of_row,
    term_phrases,
)
from bot.schema.rules.demands import Demands, Where, note_literals, refuse_elsewhere
from bot.schema.rules.document_terms import DocumentTerms
from bot.schema.spec import Field
from bot.schema.wording import sentences
from runners.contract import Choice
from runners.contract.rules import Circumstance

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
BOOL, NUMBER = re.compile(r"`(True|False)`"), re.compile(r"`(-?\d+)`")
IN_RANGE = re.compile(r"\bin / the range\b|\bin the range\b")
# What one observation has, then all observations of the case have.
ALONE = re.compile(r"but then all observations where .* MUST be `\"([^`\"]+)\"`")
SINGLE = re.compile(r"\ball observations MUST contain the same value\b")


def gather(source: Field, document: DocumentTerms) -> Demands:
    """Everything that the field's text says of its values."""
    demands = Demands(source)
    every = [*clauses(source)]
    demands.own, refused = told_apart([one for one in every if one.subject in ("", source.name)])
    for taxon, clause in refused.items():
        _judge_refused(taxon, clause, demands)
    for clause in every:
        _read(clause, demands, document)
    _delimit(demands)
    refuse_elsewhere(demands)
    _free(demands)
    return demands


def _judge_refused(taxon: str, clause: Clause, demands: Demands) -> None:
    choice = Choice(
        answer="those of all other organisms",
        effect=f"{taxon} may have what all other organisms may, but for what is refused",
        proposed=True,
    )
    text = f"which terms are allowed for {taxon}: {clause.sentence}"
    demands.judge(f"terms of {taxon}", text, choice)


def _read(clause: Clause, demands: Demands, document: DocumentTerms) -> None:
    if _is_of_the_whole(clause, demands) or _is_of_elsewhere(clause, demands, document):
        return
    for taxon in (*clause.excepted.split(), clause.taxon):
        if taxon == OTHERS or taxon in demands.own:
            demands.allowed.setdefault(taxon, {})
    if clause.taxon is not None and " " in clause.taxon:
        for taxon in clause.taxon.split():
            _read(replace(clause, taxon=taxon), demands, document)
        return
    text = PREFIXED.sub("", clause.text)
    phrases = list(term_phrases(text, refused=clause.refused))
    values = literals(text)
    followed = [] if clause.refused else FOLLOW.findall(text)
    free = not clause.refused and bool(FREE_TEXT.search(text))
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
        _refuse(clause, values, demands)
        if not clause.condition:
            _add_terms(clause, phrases, demands, document)
        return
    demands.follows += followed
    if free and (clause.condition or clause.taxon is not None):
        demands.free_somewhere.append(clause.sentence)
    elif free:
        demands.free_text = True
    if not free:
        note_literals(demands, values, clause.taxon, where)
    _add_terms(clause, phrases, demands, document)


def _free(demands: Demands) -> None:
    """Frees the whole field of which text is only demanded somewhere, if nothing is demanded of it
    elsewhere; else a person says what that means.
    """
    by_ontology = any(demands.allowed.values()) or demands.follows
    if by_ontology or any(() in places for places in demands.stated.values()):
        for sentence in demands.free_somewhere:
            text = f"how to check values where any text is allowed: {sentence}"
            demands.judge("free text", text, *_forms(demands))
    else:
        demands.free_text |= bool(demands.free_somewhere)


def _refuse(clause: Clause, values: list[str], demands: Demands) -> None:
    """Notes literals that must not stand: at all, with the clause's organism, or otherwise. Where
    another column has a value, its case says it.
    """
    if clause.condition:
        if not clause.on_other_data:
            demands.leave(clause.sentence)
    elif OTHERWISE.match(clause.sentence):
        demands.refused_otherwise |= dict.fromkeys(values, clause.sentence)
    elif clause.taxon == OTHERS:
        demands.leave(clause.sentence)
    elif clause.taxon is None:
        demands.case(()).forbidden += values
    else:
        organism = Circumstance(column=ORGANISM, among=(clause.taxon,))
        demands.case((organism,)).forbidden += values


def _is_of_the_whole(clause: Clause, demands: Demands) -> bool:
    """Notes what a clause says of all observations together, if it does."""
    if match := ABSENT_IF_ALL.search(clause.sentence):
        demands.absent_if_all.append(match[1])
    elif match := NOT_ALONE.search(clause.sentence):
        demands.not_alone.append(match[1])
    elif not clause.refused and (match := KEYS_OF.search(clause.sentence)):
        demands.keys_of = match[1] or match[2]
        note_literals(demands, literals(clause.text), None, ())
    return match is not None


def _is_of_elsewhere(clause: Clause, demands: Demands, document: DocumentTerms) -> bool:
    """Notes what a clause says of the values of other columns, if it does."""
    if clause.subject and clause.subject != demands.source.name:
        values = _values_alone(clause)
        if values and document.knows(clause.subject):
            demands.only_where.setdefault(clause.subject, []).extend(values)
        elif not clause.text.endswith(":"):  # else the list below says it
            demands.leave(clause.sentence)
        return True
    if OF_ELSEWHERE.search(clause.text):
        demands.leave(clause.sentence)
        return True
    return False


def _values_alone(clause: Clause) -> list[str]:
    """The terms and values that a clause demands whatever else holds; none if it says more."""
    phrases = list(term_phrases(clause.text))
    says_more = clause.refused or clause.condition or clause.taxon is not None
    if says_more or any(phrase.how != "only" for phrase in phrases):
        return []
    return [*(phrase.what for phrase in phrases), *literals(clause.text)]


def _add_prefixed(clause: Clause, demands: Demands, document: DocumentTerms) -> bool:
    """Adds terms that a prefix stands before; whether there are any."""
    found = PREFIXED.findall(clause.text)
    if found and clause.refused:
        demands.leave(clause.sentence)
        return True
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
        bounds = tuple(int(number) for number in NUMBER.findall(clause.text))
        if len(bounds) == 2:
            case.between = bounds
        else:
            case.leave(clause.sentence)
    elif clause.refused:
        case.forbidden += [phrase.what for phrase in phrases if phrase.how == "without"]
        case.forbidden += literals(clause.text)
        says_nothing = not (phrases or literals(clause.text) or clause.text.endswith(":"))
        if says_nothing or any(phrase.how != "without" for phrase in phrases):
            case.leave(clause.sentence)
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
