"""A DatasetProfile against the rules -> findings, notes and what to annotate it with.

Works on sets of distinct values. Plain functions: no file, no database, no clock. A term that
the ontology calls deprecated is CZI's content: it is noted, and fails nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from runners.contract import Finding, Reason
from runners.profile import ColumnProfile, DatasetProfile
from runners.reference import Reference
from runners.rules import Column, Terms

SHOWN = 5
"""Values that a finding shows at most."""

ORGANISM = "organism_ontology_term_id"


@dataclass(frozen=True, order=True)
class Annotation:
    """A value of a column to be linked to: the term of a registry, by ontology id or name.

    `ontology` is the file that has the term; None for special values and enumerations.
    """

    column: str
    registry: str
    term_id: str
    ontology: str | None


@dataclass(frozen=True)
class Validation:
    """What validation found. With findings, the dataset must not be annotated."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    annotations: tuple[Annotation, ...]
    genes: Mapping[str, tuple[str, ...]]
    """Gene ids by the taxon whose gene table has them."""


class Vocabulary:
    """The allowed terms of every column and organism, worked out once and kept."""

    def __init__(self, reference: Reference) -> None:
        self.rules = reference.rules
        self.reference = reference
        self.allowed = cache(self._allowed)

    def organism(self, taxon: str | None) -> str | None:
        """The rules' organism that `taxon` is, or is an allowed descendant of; None if neither."""
        if taxon is None or taxon in self.rules.organisms:
            return taxon
        term = self.reference.organism(taxon)
        above = term.ancestors if term else frozenset()
        found = (t for t, one in self.rules.organisms.items() if one.descendants and t in above)
        return next(found, None)

    def _allowed(self, column: str, taxon: str) -> Mapping[str, Terms]:
        """Term id -> the entry of the rules that allows it in `column` for `taxon`."""
        found: dict[str, Terms] = {}
        for entry in self.entries(column, taxon):
            for term_id in self._term_ids(entry):
                found.setdefault(term_id, entry)
        return found

    def entries(self, column: str, taxon: str) -> Sequence[Terms]:
        terms = self.rules.columns[column].terms
        return terms[taxon] if taxon in terms else terms.get("*", ())

    def _term_ids(self, entry: Terms) -> Iterator[str]:
        under, without_under = set(entry.under), set(entry.without_under)
        everything = not entry.under and not entry.only
        for term in self.reference.terms(entry.ontology).values():
            wanted = everything or term.term_id in entry.only or bool(under & term.ancestors)
            shut_out = term.term_id in entry.without or without_under & term.ancestors
            if wanted and not shut_out:
                yield term.term_id

    def deprecated(self, column: str, taxon: str, term_id: str) -> Terms | None:
        """The entry whose ontology has `term_id` as a deprecated term, if one does."""
        for entry in self.entries(column, taxon):
            term = self.reference.terms(entry.ontology).get(term_id)
            if term is not None and term.deprecated and term_id not in entry.without:
                return entry
        return None


def validate(profile: DatasetProfile, vocabulary: Vocabulary) -> Validation:
    """All that is wrong with the dataset, or all that it is to be annotated with."""
    told = profile.uns.get(ORGANISM)
    taxon = vocabulary.organism(told)
    if told is None or taxon is None:
        return Validation((_organism_finding(told),), (), (), {})
    findings: list[Finding] = []
    notes: list[str] = []
    annotations = {Annotation(ORGANISM, "Organism", told, None)}
    for name, rule in vocabulary.rules.columns.items():
        if rule.slot == "uns":
            continue
        column = (profile.obs if rule.slot == "obs" else profile.var).get(name)
        if column is None:
            findings.append(Finding(reason=Reason.COLUMN_MISSING, column=name))
            continue
        findings += _form_findings(name, rule, column)
        judged = _ColumnJudge(name, rule, taxon, vocabulary)
        judged.values(column.values)
        findings += judged.findings()
        notes += judged.notes
        annotations |= judged.annotations
    genes, gene_findings = _genes(profile.genes, taxon, vocabulary)
    findings += gene_findings
    return Validation(tuple(findings), tuple(notes), tuple(sorted(annotations, key=str)), genes)


def _organism_finding(taxon: str | None) -> Finding:
    if taxon is None:
        return Finding(reason=Reason.COLUMN_MISSING, column=f"uns.{ORGANISM}")
    return _finding(Reason.ORGANISM_UNKNOWN, f"uns.{ORGANISM}", [taxon])


def _finding(reason: Reason, column: str | None, values: Iterable[str]) -> Finding:
    distinct = sorted(set(values))
    return Finding(
        reason=reason, column=column, values=tuple(distinct[:SHOWN]), count=len(distinct)
    )


def _form_findings(name: str, rule: Column, column: ColumnProfile) -> Iterator[Finding]:
    if column.dtype != rule.dtype and {column.dtype, rule.dtype} != {"str", "categorical"}:
        yield Finding(
            reason=Reason.COLUMN_TYPE,
            column=name,
            detail=f"is {column.dtype}, must be {rule.dtype}",
        )
    if column.missing:
        yield Finding(
            reason=Reason.VALUE_NOT_ALLOWED,
            column=name,
            values=("(no value)",),
            count=1,
            detail=f"{column.missing} cells without a value",
        )


class _ColumnJudge:
    """The values of one column, sorted into annotations, notes and what is wrong."""

    def __init__(self, name: str, rule: Column, taxon: str, vocabulary: Vocabulary) -> None:
        self.name, self.rule, self.taxon, self.vocabulary = name, rule, taxon, vocabulary
        self.annotations: set[Annotation] = set()
        self.notes: list[str] = []
        self._wrong: dict[Reason, list[str]] = {}

    def values(self, values: Iterable[str]) -> None:
        for value in values:
            if self.rule.values:
                self._enumerated(value)
            elif self.rule.terms:
                self._termed(value)

    def findings(self) -> list[Finding]:
        return [_finding(reason, self.name, values) for reason, values in self._wrong.items()]

    def _refuse(self, reason: Reason, value: str) -> None:
        self._wrong.setdefault(reason, []).append(value)

    def _annotate(self, registry: str | None, term_id: str, ontology: str | None) -> None:
        if registry is not None:
            self.annotations.add(Annotation(self.name, registry, term_id, ontology))

    def _enumerated(self, value: str) -> None:
        if value in self.rule.values:
            self._annotate(self.rule.registry, value, None)
        else:
            self._refuse(Reason.VALUE_NOT_ALLOWED, value)

    def _termed(self, value: str) -> None:
        if value in self.rule.special:
            self._annotate(self.rule.registry, value, None)
            return
        parts = value.split(self.rule.delimiter) if self.rule.delimiter else [value]
        if parts != sorted(parts):
            self._refuse(Reason.TERMS_UNORDERED, value)
        if max(Counter(parts).values()) > 1:
            self._refuse(Reason.TERMS_REPEATED, value)
        for part in parts:
            self._term(part)

    def _term(self, term_id: str) -> None:
        entry = self.vocabulary.allowed(self.name, self.taxon).get(term_id)
        deprecated = self.vocabulary.deprecated(self.name, self.taxon, term_id)
        if deprecated is not None:
            note = f"{self.name}: {term_id} is deprecated in {deprecated.ontology}"
            if note not in self.notes:
                self.notes.append(note)
        entry = entry or deprecated
        if entry is None:
            self._refuse(Reason.TERM_UNKNOWN, term_id)
        else:
            self._annotate(entry.registry, term_id, entry.ontology)


def _genes(
    genes: Sequence[str], taxon: str, vocabulary: Vocabulary
) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
    """Gene ids by taxon, and what is wrong with those that are of none or another's."""
    rules, table_of = vocabulary.rules, vocabulary.reference.genes
    remaining = dict.fromkeys(genes)
    found: dict[str, tuple[str, ...]] = {}
    for gene_taxon, organism in {taxon: rules.organisms[taxon], **rules.foreign_genes}.items():
        table = table_of(organism.genes)
        if mine := tuple(gene for gene in remaining if gene in table):
            found[gene_taxon] = mine
            remaining = dict.fromkeys(gene for gene in remaining if gene not in table)
    wrong = (
        [_finding(Reason.GENE_REPEATED, "var", repeated)] if (repeated := _repeated(genes)) else []
    )
    if not remaining:
        return found, wrong
    foreign = {gene for gene in remaining if _is_known(gene, vocabulary)}
    reasons = {
        Reason.GENE_OF_OTHER_ORGANISM: foreign,
        Reason.GENE_UNKNOWN: remaining.keys() - foreign,
    }
    return found, wrong + [_finding(why, "var", ids) for why, ids in reasons.items() if ids]


def _repeated(genes: Sequence[str]) -> list[str]:
    if len(set(genes)) == len(genes):
        return []
    return [gene for gene, count in Counter(genes).items() if count > 1]


def _is_known(gene: str, vocabulary: Vocabulary) -> bool:
    tables = (organism.genes for organism in vocabulary.rules.organisms.values())
    return any(gene in vocabulary.reference.genes(table) for table in tables)
