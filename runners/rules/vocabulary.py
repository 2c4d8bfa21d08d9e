"""The terms and organisms that the rules allow at the pinned versions of the ontologies, and the
LaminDB sources that datasets need for them.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from runners import rules
from runners.contract import ContractError, Manifest
from runners.contract.rules import LABELS, Circumstance, Rules, Terms
from runners.rules.consistency import package_of
from runners.rules.reference import Reference, Term

SourceKey = tuple[str, str, str]
"""What names a source but for its version: entity, name, organism."""

ByTaxon = Mapping[str, Sequence[Terms]]
"""Entries of allowed terms by organism (taxon), or `*` for all others."""


def entries_for(terms: ByTaxon, taxon: str) -> Sequence[Terms]:
    """The entries for the organism `taxon`; those of `*` if it has none of its own."""
    return terms[taxon] if taxon in terms else terms.get("*", ())


def term_of(entry: Terms, value: str) -> str:
    """The id of the term that a value of the entry names: what comes after the entry's prefix."""
    return value.removeprefix(entry.prefix)


class Vocabulary:
    """The allowed terms of every column and organism."""

    def __init__(self, reference: Reference) -> None:
        self.rules = reference.rules
        self.reference = reference
        self.organism = cache(self._organism)

    def _organism(self, taxon: str) -> str | None:
        """The rules' organism that `taxon` is, or is an allowed descendant of; None if neither."""
        if taxon in self.rules.organisms:
            return taxon
        term = self.reference.organism(taxon)
        above = term.ancestors if term else frozenset()
        broader_taxa = (
            t for t, organism in self.rules.organisms.items() if organism.descendants and t in above
        )
        return next(broader_taxa, None)

    def entry(self, entries: Sequence[Terms], value: str) -> Terms | None:
        """The first of the entries that allows the value."""
        # Most terms stand in the ontology of their prefix; the others needn't be read for them.
        fitting = [entry for entry in entries if value.startswith(entry.prefix)]
        ordered = sorted(fitting, key=lambda e: not term_of(e, value).startswith(e.ontology))
        allowing = (entry for entry in ordered if self._allows(entry, term_of(entry, value)))
        return next(allowing, None)

    def _allows(self, entry: Terms, term_id: str) -> bool:
        if term_id in entry.without:
            return False
        if self.rules.ontologies[entry.ontology].by_form:
            return re.fullmatch(rf"{re.escape(entry.ontology)}[:_][\w.-]+", term_id) is not None
        term = self.reference.terms(entry.ontology).get(term_id)
        if term is None:
            return False
        return self._allows_obsolete(entry, term) if term.deprecated else _is_within(entry, term)

    def _allows_obsolete(self, entry: Terms, term: Term) -> bool:
        """Whether a deprecated term is within the entry by what its ontology still knows of it: its
        last parents, or what it was replaced by. Where nothing is known, only a whole ontology has
        it; an enumeration has none; and a term without a name can't be recorded.

        What its editors would `consider` instead proves nothing: it may be something else.
        """
        enumerates = bool(entry.only) and not entry.under
        if enumerates or not term.is_named:
            return False
        last = term if term.ancestors else self.reference.successor(entry.ontology, term)
        if last is None:
            return False
        is_known = bool(last.ancestors) or not last.deprecated
        return _is_within(entry, last) if is_known else _is_whole(entry)

    def deprecated(self, entry: Terms, value: str) -> bool:
        """Whether the entry's ontology has the value as a deprecated term."""
        if self.rules.ontologies[entry.ontology].by_form:
            return False
        term = self.reference.terms(entry.ontology).get(term_of(entry, value))
        return term is not None and term.deprecated

    def holds(self, circumstance: Circumstance, value: str, taxon: str) -> bool:
        """Whether a value of the circumstance's column meets it."""
        met = value in circumstance.among
        if not met:
            column = self.rules.columns[circumstance.column]
            met = any(
                term.term_id in circumstance.among or term.ancestors & set(circumstance.under)
                for entry in entries_for(column.terms, taxon)
                if (term := self._current(entry, value))
            )
        return met != circumstance.otherwise

    def _current(self, entry: Terms, value: str) -> Term | None:
        """The term that the value names in the entry's ontology; of a deprecated one, what it was
        replaced by.
        """
        if self.rules.ontologies[entry.ontology].by_form:
            return None
        term = self.reference.terms(entry.ontology).get(term_of(entry, value))
        return term and self.reference.successor(entry.ontology, term)


def _is_whole(entry: Terms) -> bool:
    """Whether the entry has all of its ontology, but for terms that it names one by one."""
    return not (entry.under or entry.only or entry.without_under)


def _is_within(entry: Terms, term: Term) -> bool:
    """Whether the entry's lists have a term, by its id and its ancestors."""
    if term.term_id in entry.without or term.ancestors & set(entry.without_under):
        return False
    everything = not entry.under and not entry.only
    return everything or term.term_id in entry.only or bool(term.ancestors & set(entry.under))


def rules_of(manifest: Manifest) -> Rules:
    """The rules of the manifest's schema version, which must have the manifest's pins.

    A document says `2025-09-15 EFO 3.82.0` where a manifest may keep one of these words.

    Raises:
        ContractError: there are no such rules, or they have another pin.
    """
    document = rules.load(manifest.dataset_schema_version)
    for prefix, pin in manifest.pins.items():
        pin_of_rules = document.ontologies[prefix].pin if prefix in document.ontologies else None
        if pin_of_rules is not None and not set(pin.split()) <= set(pin_of_rules.split()):
            raise ContractError(
                f"manifest {manifest.release}: field pins.{prefix}: {pin!r} is not what the rules "
                f"of dataset schema {manifest.dataset_schema_version} have, {pin_of_rules!r}; "
                "make the rules from the document that the manifest names."
            )
    return document


def pinned_sources(reference: Reference, organisms: Collection[str]) -> Mapping[SourceKey, str]:
    """The version of every source that datasets of these organisms (scientific names) may need.

    Without organisms, or with one that the rules know by no such name, of all that they know.
    """
    versions: dict[SourceKey, str] = {}
    for registry, ontology in needed_sources(reference.rules, organisms):
        meta = reference.rules.ontologies[ontology]
        key = (entity_of(registry), str(meta.source), meta.organism)
        versions[key] = reference.pin(ontology).removeprefix("v")
    return versions


def entity_of(registry: str) -> str:
    """The name of a registry with its package, as bionty's sources have it: `bionty.Tissue`."""
    return ".".join(package_of(registry))


def needed_sources(schema: Rules, organisms: Collection[str]) -> set[tuple[str, str]]:
    """Registry and ontology of each source; `organisms` as in `pinned_sources`."""
    names = {taxon: organism.scientific_name for taxon, organism in schema.organisms.items()}
    are_known = bool(organisms) and set(organisms) <= set(names.values())
    taxa = [taxon for taxon, name in names.items() if name in organisms or not are_known]
    return {
        registry_of_term(entry.registry, entry.ontology)
        for column in schema.annotated().values()
        for taxon in taxa
        for entry in entries_for(column.terms, taxon)
        if entry.registry and entry.registry != LABELS and schema.ontologies[entry.ontology].source
    }


def registry_of_term(registry: str, ontology: str) -> tuple[str, str]:
    """The registry whose source has the term: "normal" is a phenotype among the diseases."""
    return ("Phenotype" if ontology == "PATO" else registry), ontology
