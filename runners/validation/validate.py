"""Checks a DatasetProfile against the rules: findings, notes and what to annotate it with.

Works on sets of distinct values; must not touch a file, a database or a clock. A term that the
ontology calls deprecated is noted where the rules allow its branch, and fails nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runners.contract import Finding, Reason
from runners.contract.rules import LABELS, ORGANISM, Column, Rules
from runners.h5ad.profile import ColumnProfile, DatasetProfile
from runners.rules.explanation import Explanation, Refusal, listed, quoted
from runners.rules.gene_tables import Genes
from runners.rules.vocabulary import Vocabulary, entries_for, term_of
from runners.validation.cases import (
    KINDS,
    SHOWN,
    Cases,
    column_of,
    is_of_type,
    place_of,
    type_finding,
    where_text,
)

SCHEMA_VERSION = "schema_version"
"""The key of uns by which a file says which dataset schema it holds to."""


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
    """The result of a validation. With findings, the dataset must not be annotated."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    annotations: tuple[Annotation, ...]
    genes: Mapping[str, Genes]
    """By the taxon whose gene table has them."""
    absent: tuple[str, ...] = ()
    """Columns that have a feature and that the dataset lacks."""


def validate(profile: DatasetProfile, vocabulary: Vocabulary) -> Validation:
    """All that is wrong with the dataset, or all that it is to be annotated with."""
    rule = vocabulary.rules.columns[ORGANISM]
    column = column_of(profile, ORGANISM, rule)
    taxa = column.values if column else ()
    taxon = vocabulary.organism(taxa[0]) if len(taxa) == 1 else None
    findings = list(_cell_findings(profile))
    findings += _organism_findings(rule, column, vocabulary, is_known=taxon is not None)
    notes = list(_version_notes(profile, vocabulary.rules))
    if taxon is None:
        return Validation(tuple(findings), tuple(notes), (), {})
    annotations = {Annotation(ORGANISM, "Organism", taxa[0], None)}
    cases = Cases(profile, vocabulary, taxon)
    absent: list[str] = []
    for name, rule in vocabulary.rules.columns.items():
        column = column_of(profile, name, rule)
        if name == ORGANISM:
            continue
        if not cases.is_beyond_reach(name):
            findings += _presence_findings(name, vocabulary.rules, column, cases.stands(rule))
        if column is None:
            absent.append(name)
            continue
        findings += _form_findings(place_of(name, vocabulary.rules), rule, column)
        if not is_of_type(column, rule):
            continue
        validator = _ColumnValidator(name, rule, taxon, vocabulary, profile)
        validator.values(column.values)
        findings += validator.findings()
        findings += cases.findings(name, rule, validator.wrong)
        notes += validator.notes
        annotations |= validator.annotations
    genes, gene_findings = _genes(profile.genes, taxon, vocabulary)
    findings += gene_findings
    return Validation(
        tuple(findings),
        tuple(notes),
        tuple(sorted(annotations, key=str)),
        genes,
        tuple(name for name in absent if name in vocabulary.rules.features()),
    )


def columns_to_read(rules: Rules) -> frozenset[str]:
    """The columns and keys of a file that are judged: those of the rules, and its own version."""
    return frozenset({*rules.columns, SCHEMA_VERSION})


def _version_notes(profile: DatasetProfile, rules: Rules) -> Iterator[str]:
    """What a file says of its own dataset schema, where that isn't the one it is judged by."""
    stated = profile.uns.get(SCHEMA_VERSION)
    if stated is not None and stated.values != (rules.dataset_schema_version,):
        version = listed(map(quoted, stated.values), "and") or KINDS.get(stated.dtype, stated.dtype)
        yield (
            f"uns.{SCHEMA_VERSION}: the file says {version}, and was checked against dataset "
            f"schema {rules.dataset_schema_version}"
        )


def _cell_findings(profile: DatasetProfile) -> Iterator[Finding]:
    if not profile.n_observations:
        yield Finding(reason=Reason.CELLS_MISSING, column="obs")


def _organism_findings(
    rule: Column, column: ColumnProfile | None, vocabulary: Vocabulary, *, is_known: bool
) -> Iterator[Finding]:
    name = f"{rule.slot}.{ORGANISM}"
    if column is None:
        yield Finding(reason=Reason.COLUMN_MISSING, column=name)
        return
    yield from _form_findings(name, rule, column)
    if not is_of_type(column, rule):
        return
    if not column.values:
        yield Finding(reason=Reason.COLUMN_MISSING, column=name, detail="has no value")
    elif len(column.values) > 1:
        detail = "cells of several organisms, and a dataset is annotated as one's"
        yield _finding(Reason.ORGANISM_UNKNOWN, name, column.values, detail)
    elif not is_known:
        cause = Explanation(vocabulary).of_organism(column.values[0])
        yield _finding(Reason.ORGANISM_UNKNOWN, name, column.values, cause)


def _finding(
    reason: Reason, column: str | None, values: Iterable[str], detail: str | None = None
) -> Finding:
    distinct = sorted(set(values))
    return Finding(
        reason=reason,
        column=column,
        values=tuple(distinct[:SHOWN]),
        count=len(distinct),
        detail=detail,
    )


def _presence_findings(
    name: str, rules: Rules, column: ColumnProfile | None, stands: bool | None
) -> Iterator[Finding]:
    """`stands`: as `Cases.stands` has it."""
    if stands is None or (column is not None) == stands:
        return
    reason = Reason.COLUMN_MISSING if column is None else Reason.COLUMN_UNEXPECTED
    where = where_text(rules.columns[name].present_where, rules)
    must = "must stand" if stands else "must only stand"
    place = place_of(name, rules)
    yield Finding(reason=reason, column=place, detail=f"{must} {where}" if where else None)


def _form_findings(place: str, rule: Column, column: ColumnProfile) -> Iterator[Finding]:
    if not is_of_type(column, rule):
        yield type_finding(column, place, rule)
    if column.missing:
        yield Finding(
            reason=Reason.VALUE_NOT_ALLOWED,
            column=place,
            values=("(no value)",),
            count=1,
            detail=f"{column.missing} cells without a value",
        )


class _ColumnValidator:
    """The values of one column, sorted into annotations, notes and what is wrong."""

    def __init__(
        self,
        name: str,
        rule: Column,
        taxon: str,
        vocabulary: Vocabulary,
        profile: DatasetProfile,
    ) -> None:
        self.name, self.rule, self.taxon, self.vocabulary = name, rule, taxon, vocabulary
        is_in_dict = rule.keys_of is not None and rule.keys_of not in profile.uns
        self._keys = profile.dicts.get(str(rule.keys_of), frozenset()) if is_in_dict else None
        self._seen: tuple[str, ...] = ()
        self._place = place_of(name, vocabulary.rules)
        self.annotations: set[Annotation] = set()
        self.notes: list[str] = []
        self._wrong: dict[tuple[Reason, str], dict[str, Refusal]] = {}
        self._explanation = Explanation(vocabulary)

    @property
    def wrong(self) -> set[str]:
        """The values that were refused, or have a part that was."""
        refused = {value for values in self._wrong.values() for value in values}
        return {value for value in self._seen if refused & {value, *self._parts(value)}}

    def values(self, values: Iterable[str]) -> None:
        self._seen = tuple(values)
        if self._seen and set(self._seen) <= set(self.rule.not_alone):
            for value in self._seen:
                self._refuse(Reason.VALUE_NOT_ALLOWED, value, "must not be all that it has")
        for value in self._seen:
            if self.rule.values:
                self._check_enumerated(value)
            elif self.rule.terms or self._keys is not None:
                self._check_terms(value)

    def findings(self) -> list[Finding]:
        return [self._told(*key, refusals) for key, refusals in self._wrong.items()]

    def _told(self, reason: Reason, cause: str, refusals: Mapping[str, Refusal]) -> Finding:
        """All values that were refused for one cause, with the remedies of the first of them."""
        remedies = (refusals[value].remedy() for value in sorted(refusals)[:SHOWN])
        detail = "; ".join(filter(None, (cause, *remedies)))
        return _finding(reason, self._place, refusals, detail)

    def _refuse(self, reason: Reason, value: str, cause: str) -> None:
        self._refuse_as(Refusal(reason, cause), value)

    def _refuse_as(self, refusal: Refusal, value: str) -> None:
        self._wrong.setdefault((refusal.reason, refusal.cause), {})[value] = refusal

    def _annotate(self, registry: str | None, term_id: str, ontology: str | None) -> None:
        if registry is not None and self.rule.is_annotated:
            self.annotations.add(Annotation(self.name, registry, term_id, ontology))

    def _check_enumerated(self, value: str) -> None:
        parts = self._parts(value)
        self._check_order(value, parts)
        for part in parts:
            if part in self.rule.values:
                self._annotate(self.rule.registry, part, None)
            else:
                self._refuse(Reason.VALUE_NOT_ALLOWED, part, f"must be {listed(self.rule.values)}")

    def _check_order(self, value: str, parts: Sequence[str]) -> None:
        if self.rule.ordered and list(parts) != sorted(parts):
            self._refuse(Reason.TERMS_UNORDERED, value, "must be in ascending order")
        if self.rule.distinct and max(Counter(parts).values()) > 1:
            self._refuse(Reason.TERMS_REPEATED, value, "must name each term once")

    def _check_terms(self, value: str) -> None:
        if value in self.rule.special:
            self._annotate(self.rule.registry, value, None)
            return
        if value in self.rule.borrowed:
            self._annotate(self.rule.borrowed[value], value, None)
            return
        parts = self._parts(value)
        self._check_order(value, parts)
        for part in parts:
            if self._keys is None:
                self._check_term(part, beside=len(parts) > 1)
            elif part not in self._keys:
                cause = f"is no key of uns.{self.rule.keys_of}"
                self._refuse(Reason.VALUE_NOT_ALLOWED, part, cause)

    def _parts(self, value: str) -> list[str]:
        return value.split(self.rule.delimiter) if self.rule.delimiter else [value]

    def _check_term(self, value: str, *, beside: bool) -> None:
        entry = self.vocabulary.entry(entries_for(self.rule.terms, self.taxon), value)
        if entry is None:
            self._refuse_as(self._explanation.refusal(self.rule, self.taxon, value), value)
            return
        if entry.alone and beside:
            self._refuse(Reason.VALUE_NOT_ALLOWED, value, "stands alone, never beside another term")
            return
        # a label has the whole value, a record of a registry the term's id
        term_id = value if entry.registry == LABELS else term_of(entry, value)
        self._annotate(entry.registry, term_id, entry.ontology)
        note = f"{self._place}: {value} is deprecated in {entry.ontology}"
        if self.vocabulary.deprecated(entry, value) and note not in self.notes:
            self.notes.append(note)


def _genes(
    genes: Sequence[str], taxon: str, vocabulary: Vocabulary
) -> tuple[dict[str, Genes], list[Finding]]:
    """Genes by taxon, and what is wrong with those that are of none or another's."""
    rules, remaining = vocabulary.rules, genes
    genes_by_taxon: dict[str, Genes] = {}
    for gene_taxon, organism in {taxon: rules.organisms[taxon], **rules.foreign_genes}.items():
        if remaining:
            own, remaining = vocabulary.reference.gene_table(organism.genes).split(remaining)
            if len(own):
                genes_by_taxon[gene_taxon] = own
    unknown = set(remaining)
    wrong = [] if genes else [Finding(reason=Reason.GENES_MISSING, column="var")]
    if sum(map(len, genes_by_taxon.values())) + len(unknown) < len(genes):
        repeated = [gene for gene, count in Counter(genes).items() if count > 1]
        wrong.append(_finding(Reason.GENE_REPEATED, "var", repeated))
    if not unknown:
        return genes_by_taxon, wrong
    foreign = {gene for gene in unknown if _is_known(gene, vocabulary)}
    reasons = {
        Reason.GENE_OF_OTHER_ORGANISM: foreign,
        Reason.GENE_UNKNOWN: unknown - foreign,
    }
    return genes_by_taxon, wrong + [
        _finding(reason, "var", ids) for reason, ids in reasons.items() if ids
    ]


def _is_known(gene: str, vocabulary: Vocabulary) -> bool:
    tables = (organism.genes for organism in vocabulary.rules.organisms.values())
    return any(gene in vocabulary.reference.gene_table(table) for table in tables)
