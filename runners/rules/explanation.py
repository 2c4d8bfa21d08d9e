"""Why a value is no allowed term of a column, and what would be right, in a person's words.

Asked only of values that the vocabulary refuses. Must not decide what is allowed.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runners.contract import Reason
from runners.contract.rules import ORGANISM, Column, Terms
from runners.rules.reference import Term, normalised
from runners.rules.vocabulary import Vocabulary, entries_for, term_of

SHOWN = 3
"""Terms or words that a sentence lists at most."""

AN_ID = re.compile(r"\w+:[\w.-]*\d[\w.-]*|\w+://\S+")
LIKE_AN_ID = re.compile(r"\s*(?:\S*/)?(?P<prefix>[A-Za-z]+)[:_](?P<number>\w+)\s*")
SEPARATOR = re.compile(r"\s*(?:\|\||[,;|])\s*")
LEAST_LIKENESS = 0.85
"""How alike a value and a label must be, by difflib's ratio, to be taken for a misspelling."""

ONE_OR_TWO = 2
"""Characters by which a misspelling is longer or shorter, at most."""


LONGEST = 80
"""Characters of a value within a sentence."""


def _no_remedy() -> str:
    return ""


@dataclass(frozen=True)
class Refusal:
    """Why a value was refused. Many values may have the same cause; each may have its remedy, which
    takes a search and is made when it is asked for.
    """

    reason: Reason
    cause: str
    remedy: Callable[[], str] = _no_remedy


def _ids(names: Iterable[str]) -> list[str]:
    """Those that are ids of terms: files also have "False" and `South:Asia` for one."""
    return [name for name in names if AN_ID.fullmatch(name)]


def quoted(value: str) -> str:
    """A value of a file as a sentence can hold it: on one line, printable and short."""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def listed(words: Iterable[str], last: str = "or") -> str:
    """The words as a sentence lists them, the first few of many."""
    distinct = list(dict.fromkeys(words))
    if more := distinct[SHOWN + 1 :]:  # what is one too many is as short as "1 more"
        distinct = [*distinct[:SHOWN], f"{len(more) + 1} more"]
    return f" {last} ".join(filter(None, (", ".join(distinct[:-1]), *distinct[-1:])))


class Explanation:
    """Explains by the rules and the pinned ontologies of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._rules, self._reference = vocabulary.rules, vocabulary.reference
        self._specials = {value for c in self._rules.columns.values() for value in c.special}

    def refusal(self, column: Column, taxon: str, value: str) -> Refusal:
        """Why `value`, or this part of one, is no allowed term of the column."""
        if not value.strip():
            return Refusal(Reason.TERM_UNKNOWN, "is empty")
        if value in column.special or value in column.borrowed:
            return Refusal(Reason.VALUE_NOT_ALLOWED, "stands alone, never beside a term")
        if value in self._specials:
            wanted = self._wanted(column, taxon)
            return Refusal(Reason.VALUE_NOT_ALLOWED, f"isn't allowed in a column of {wanted}")
        found = self._find(column, taxon, value)
        if found is None:
            return self._of_text(column, taxon, value)
        ontology, term = found
        entries = [e for e in entries_for(column.terms, taxon) if e.ontology == ontology]
        if not entries:
            return Refusal(Reason.TERM_NOT_ALLOWED, self._of_another(column, taxon, ontology))
        is_forbidden = any(term.term_id in entry.without for entry in entries)
        if term.deprecated and not is_forbidden:
            return self._obsolete(ontology, term)
        bound = "the schema forbids it here" if is_forbidden else self._bounds(entries, term)
        return Refusal(Reason.TERM_NOT_ALLOWED, f"is in {ontology}, but {bound}")

    def of_organism(self, value: str) -> str:
        """Why a value is none of the rules' organisms."""
        for taxon, organism in self._rules.organisms.items():
            if normalised(value) in map(normalised, (organism.name, organism.scientific_name)):
                return f"looks like a label; the id of {quoted(value)} is {taxon}"
        names = (f"{taxon} ({o.name})" for taxon, o in self._rules.organisms.items())
        return f"must be {listed(names)}"

    def allowed(self, entries: Sequence[Terms]) -> str:
        """What the entries allow, as in "a term of UBERON below UBERON:0001062"."""
        return listed(f"a term of {self._entry_text(entry)}" for entry in entries)

    def _entry_text(self, entry: Terms) -> str:
        roots = [self._named(entry.ontology, root) for root in entry.under]
        below = f" below {listed(roots)}" if roots else ""
        chosen = "" if roots or not entry.only else f" ({listed(entry.only)})"
        return f"{entry.prefix}{entry.ontology}{below}{chosen}"

    def _find(self, column: Column, taxon: str, value: str) -> tuple[str, Term] | None:
        """The ontology that has the value as a term, and the term: one of the column's for this
        organism, or for another, or one of the rules by the value's prefix.
        """
        match = LIKE_AN_ID.fullmatch(value.strip())
        others = [entry for entries in column.terms.values() for entry in entries] if match else []
        for entry in (*entries_for(column.terms, taxon), *others):
            if term := self._term(entry.ontology, term_of(entry, value)):
                return entry.ontology, term
        prefix = match["prefix"] if match else ""
        term = self._term(prefix, value) if prefix in self._rules.ontologies else None
        return (prefix, term) if term else None

    def _term(self, ontology: str, term_id: str) -> Term | None:
        if self._rules.ontologies[ontology].by_form:
            return None
        if ontology == "NCBITaxon":
            return self._reference.organism(term_id)
        return self._reference.terms(ontology).get(term_id)

    def _named(self, ontology: str, term_id: str) -> str:
        """The id with its label, where the ontology has one."""
        term = self._term(ontology, term_id)
        return f"{term_id} ({term.label})" if term and term.is_named else term_id

    def _of_another(self, column: Column, taxon: str, ontology: str) -> str:
        """That a term is of an ontology that the column hasn't, for this organism at least."""
        owners = [
            self._rules.organisms[t].name
            for t, entries in column.terms.items()
            if t in self._rules.organisms and any(e.ontology == ontology for e in entries)
        ]
        own = self._rules.organisms[taxon].name
        is_by_organism = set(column.terms) != {"*"}
        whose = f", for {listed(owners, 'and')}" if owners else ""
        where = f"for {own} this column has" if is_by_organism else "this column has"
        return f"is of {ontology}{whose}; {where} {self._wanted(column, taxon)}"

    def _wanted(self, column: Column, taxon: str) -> str:
        """What the column has for this organism: terms, or else special values alone."""
        ontologies = [entry.ontology for entry in entries_for(column.terms, taxon)]
        if ontologies:
            return f"terms of {listed(ontologies)}"
        refused = {
            value
            for case in column.cases
            for value in case.refused
            if all(
                c.column == ORGANISM and self._vocabulary.holds(c, taxon, taxon) for c in case.where
            )
        }
        return listed(value for value in column.special if value not in refused)

    def _bounds(self, entries: Sequence[Terms], term: Term) -> str:
        """Which bound of the entries, all of one ontology, the term is beyond."""
        ontology = entries[0].ontology
        for entry in entries:
            if above := sorted(term.ancestors & set(entry.without_under)):
                return f"below {self._named(ontology, above[0])}, which the schema forbids here"
        if roots := [root for entry in entries for root in entry.under]:
            if term.term_id in roots:
                return "only terms below it are allowed here"
            return f"not below {listed(self._named(ontology, root) for root in roots)}"
        chosen = (self._named(ontology, each) for entry in entries for each in entry.only)
        return f"must be {listed(chosen)}"

    def _obsolete(self, ontology: str, term: Term) -> Refusal:
        successors, others = _ids([term.replaced_by or ""]), _ids(term.consider)
        if successors:
            remedy = f"{term.term_id} was replaced by {self._named(ontology, successors[0])}"
        elif others:
            new = listed(self._named(ontology, each) for each in others)
            remedy = f"instead of {term.term_id}, its editors consider {new}"
        else:
            cause = f"is obsolete in {ontology}, which gives no id of a replacement"
            return Refusal(Reason.TERM_OBSOLETE, cause)
        return Refusal(Reason.TERM_OBSOLETE, f"is obsolete in {ontology}", lambda: remedy)

    def _of_text(self, column: Column, taxon: str, value: str) -> Refusal:
        """Why a text is a term of no ontology."""
        entries = entries_for(column.terms, taxon)
        if self._names_several(column, entries, value):
            cause = (
                f"separates its terms by something else than {column.delimiter!r}"
                if column.delimiter
                else "names several terms, and a cell has one here"
            )
            return Refusal(Reason.VALUE_NOT_ALLOWED, cause)
        if term_id := self._as_id(entries, value):
            cause = "isn't written as the ontology writes its ids"
            form = f"write {term_id} for {quoted(value)}"
            return Refusal(Reason.TERM_UNKNOWN, cause, lambda: form)
        if term_id := self._by_label(entries, value):
            is_allowed = self._vocabulary.entry(entries, term_id) is not None
            remedy = f"the id of {quoted(value)} is {term_id}"
            remedy += "" if is_allowed else ", not allowed here"
            return Refusal(Reason.TERM_UNKNOWN, "looks like a label", lambda: remedy)
        match = LIKE_AN_ID.fullmatch(value)
        if match and match["prefix"] in self._rules.ontologies:
            ontology = match["prefix"]
            return Refusal(Reason.TERM_UNKNOWN, f"isn't in {ontology} {self._pin(ontology)}")
        cause = f"is no id of {listed(entry.ontology for entry in entries)}"
        if not entries:
            cause = f"isn't allowed for {self._rules.organisms[taxon].name}, which has "
            cause += self._wanted(column, taxon)
        return Refusal(Reason.TERM_UNKNOWN, cause, lambda: self._nearest(entries, value))

    def _pin(self, ontology: str) -> str:
        if self._rules.ontologies[ontology].by_form:
            return self._rules.ontologies[ontology].pin
        return self._reference.pin(ontology).removeprefix("v")

    def _names_several(self, column: Column, entries: Sequence[Terms], value: str) -> bool:
        parts = SEPARATOR.split(value)
        return len(parts) > 1 and all(
            part in column.special or self._vocabulary.entry(entries, part) for part in parts
        )

    def _as_id(self, entries: Sequence[Terms], value: str) -> str | None:
        """The allowed id that is meant by `cl_0000084` or the term's address."""
        match = LIKE_AN_ID.fullmatch(value)
        if match is None:
            return None
        known = (e.ontology for e in entries if e.ontology.lower() == match["prefix"].lower())
        for prefix in (match["prefix"], *known):
            for term_id in (f"{prefix}:{match['number']}", f"{prefix}_{match['number']}"):
                if self._vocabulary.entry(entries, term_id):
                    return term_id
        return None

    def _by_label(self, entries: Sequence[Terms], value: str) -> str | None:
        """The value that names the term with this label or synonym, of an allowed term first."""
        found = [
            entry.prefix + term_id
            for entry in self._searched(entries, value)
            if (term_id := self._labels(entry).get(normalised(term_of(entry, value))))
        ]
        allowed = (each for each in found if self._vocabulary.entry(entries, each))
        return next(allowed, None) or next(iter(found), None)

    def _nearest(self, entries: Sequence[Terms], value: str) -> str:
        """What a misspelt label may mean."""
        for entry in self._searched(entries, value):
            label = normalised(term_of(entry, value))
            labels = self._labels(entry)
            as_long = [each for each in labels if abs(len(each) - len(label)) <= ONE_OR_TWO]
            for near in difflib.get_close_matches(label, as_long, n=1, cutoff=LEAST_LIKENESS):
                term_id = labels[near]
                if self._vocabulary.entry(entries, entry.prefix + term_id):
                    name = self._reference.terms(entry.ontology)[term_id].label
                    return f"{quoted(value)} may be {name}, {entry.prefix}{term_id}"
        return ""

    def _searched(self, entries: Sequence[Terms], value: str) -> list[Terms]:
        """The entries whose ontologies have labels; first those of the value's prefix."""
        with_labels = (e for e in entries if not self._rules.ontologies[e.ontology].by_form)
        fitting = (entry for entry in with_labels if value.startswith(entry.prefix))
        return sorted(fitting, key=lambda entry: -len(entry.prefix))

    def _labels(self, entry: Terms) -> dict[str, str]:
        return self._reference.labels(entry.ontology)
