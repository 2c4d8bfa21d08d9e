"""Records of organisms, terms, genes and the schema's own values.

Terms are made by LaminDB's public API, each from the ontology version that the schema pins.
Must not touch artifacts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import bionty as bt
import lamindb as ln
import numpy as np
from django.db import transaction
from django.db.models import TextField, Value
from django.db.models.functions import Cast
from numpy.typing import NDArray

from runners.contract.rules import LABELS, Organism
from runners.registry import branches
from runners.registry.existing import adopt_genes, adopt_organism, adopt_terms
from runners.registry.genes import create_genes
from runners.registry.ontology_terms import new_record, save_with_ancestors
from runners.registry.registries import key, model, stored_id
from runners.registry.sources import Sources
from runners.rules.consistency import entries_of, package_of
from runners.rules.gene_tables import Genes, GeneTable
from runners.rules.reference import Reference
from runners.rules.vocabulary import registry_of_term
from runners.validation.validate import Annotation

FROM_SCHEMA = "From CellxGene schema."
"""LaminDB's description of values that the dataset schema defines, letter for letter."""

TAXON_OF_CODE = {
    "CAEEL": "NCBITaxon:6239",
    "DROME": "NCBITaxon:7227",
    "DANRE": "NCBITaxon:7955",
    "CALJA": "NCBITaxon:9483",
    "MACFA": "NCBITaxon:9541",
    "MACMU": "NCBITaxon:9544",
    "GORGO": "NCBITaxon:9595",
    "PANTR": "NCBITaxon:9598",
    "HUMAN": "NCBITaxon:9606",
    "PIG": "NCBITaxon:9823",
    "RABIT": "NCBITaxon:9986",
    "MOUSE": "NCBITaxon:10090",
    "RAT": "NCBITaxon:10116",
    "MICMU": "NCBITaxon:30608",
}
"""UniProt's codes of species (https://www.uniprot.org/docs/speclist), of the Census's organisms."""


TermKey = tuple[str, str, str]
"""Registry, name of its type among labels, term id."""


class Terms:
    """The terms of one run: saves what is missing, and keeps their ids."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.sources = Sources(reference)
        self.rules = reference.rules
        self._ids: dict[TermKey, int] = {}
        self._genes: dict[str, NDArray[np.bool_]] = {}

    def ensure(self, annotations: Iterable[Annotation]) -> None:
        """Saves the missing terms of `annotations`, with all ancestors, from the pinned source."""
        wanted: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
        for annotation in annotations:
            wanted[(*self._place(annotation), annotation.ontology)].add(annotation.term_id)
        there = self._look_up(wanted)
        for (registry, kind, ontology), term_ids in sorted(wanted.items(), key=str):
            missing = sorted(i for i in term_ids if (registry, kind, i) not in there)
            if missing:
                self._ensure(registry, kind, ontology, missing)

    def id_of(self, annotation: Annotation) -> int:
        """The primary key of a term that `ensure` has seen."""
        return self._ids[(*self._place(annotation), annotation.term_id)]

    def _place(self, annotation: Annotation) -> tuple[str, str]:
        """The registry, and among labels the name of their type."""
        labels = self.rules.columns[annotation.column].labels
        kind = labels.name if labels and annotation.registry == LABELS else ""
        return annotation.registry, kind

    def _ensure(
        self, registry: str, kind: str, ontology: str | None, missing: Sequence[str]
    ) -> None:
        if ontology is not None and self.sources.has(registry, ontology):
            self.sources.pinned(*registry_of_term(registry, ontology))
        adopted = set[str]()
        if registry not in (LABELS, "Organism"):
            adopted = adopt_terms(registry, self._names(registry, ontology, missing))
            there = self._look_up({(registry, kind, ontology): missing})
            missing = [i for i in missing if (registry, kind, i) not in there]
        with transaction.atomic():  # a term without its ancestors would never be completed
            self._make(registry, kind, ontology, missing, adopted)
        self._look_up({(registry, kind, ontology): missing})

    def _names(
        self, registry: str, ontology: str | None, term_ids: Collection[str]
    ) -> dict[str, str]:
        """Stored id -> name, of these terms and of all above them, which come along."""
        if ontology is None or self.rules.ontologies[ontology].by_form:
            return {stored_id(registry, term_id): term_id for term_id in term_ids}
        terms = self.reference.terms(ontology)
        every = {*term_ids, *(above for i in term_ids for above in terms[i].ancestors)}
        return {stored_id(registry, i): terms[i].label for i in sorted(every & terms.keys())}

    def _make(
        self,
        registry: str,
        kind: str,
        ontology: str | None,
        missing: Sequence[str],
        adopted: Collection[str],
    ) -> None:
        if registry == "Organism":
            for taxon in missing:
                self.organism(taxon)
        elif registry == LABELS:
            self._save_labels(kind, ontology, missing)
        elif ontology is None:
            for value in missing:
                model(registry)(
                    **{key(registry): value}, name=value, description=FROM_SCHEMA
                ).save()
        elif (registry, ontology) == ("Disease", "PATO"):
            self._save_phenotypes_among_diseases(missing)
        elif model(registry).require_organism():
            self._save_of_organisms(registry, ontology, missing)
        elif package_of(registry)[0] != "bionty":
            self._save_bare(registry, ontology, missing)
        else:
            self._import(registry, ontology, missing, adopted)

    def _look_up(
        self, wanted: Mapping[tuple[str, str, str | None], Collection[str]]
    ) -> set[TermKey]:
        """Which of these terms are there, whose ids are kept; in one statement, however many
        registries have them.
        """
        parts, terms = [], dict[TermKey, str]()
        for (registry, kind, _), term_ids in wanted.items():
            field = key(registry)
            stored = {stored_id(registry, term_id): term_id for term_id in term_ids}
            terms |= {(registry, kind, name): term_id for name, term_id in stored.items()}
            rows = branches.visible(model(registry).objects.filter(**{f"{field}__in": stored}))
            if registry == LABELS:
                types = branches.visible(_label_types(kind)).order_by("id")
                rows = rows.filter(type_id=types.values("id")[:1])
            place = (Value(name, TextField()) for name in (registry, kind))
            parts.append(rows.order_by().values_list(*place, Cast(field, TextField()), "id"))
        if not parts:
            return set()
        found = sorted(parts[0].union(*parts[1:], all=True), key=itemgetter(-1), reverse=True)
        # the oldest counts
        there = {(r, k, terms[r, k, name]): pk for r, k, name, pk in found}
        self._ids |= there
        return set(there)

    def _label_type(self, kind: str) -> Any | None:
        """The record of a type of labels, if there is one."""
        return branches.first(_label_types(kind))

    def _save_labels(self, kind: str, ontology: str | None, names: Iterable[str]) -> None:
        """Labels of a type; of an ontology's terms, with what the ontology calls them."""
        columns = self.rules.columns.values()
        labels = next(c.labels for c in columns if c.labels and c.labels.name == kind)
        label_type = (
            self._label_type(kind)
            or ln.ULabel(name=kind, is_type=True, description=labels.description).save()
        )
        for name in names:
            if branches.first(ln.ULabel.objects.filter(name=name, type=label_type)) is None:
                description = FROM_SCHEMA if ontology is None else self._label(ontology, name)
                ln.ULabel(name=name, type=label_type, description=description).save()

    def _label(self, ontology: str, value: str) -> str:
        """What the ontology calls the term of a value, behind the value's prefix."""
        if self.rules.ontologies[ontology].by_form:
            return FROM_SCHEMA
        terms = self.reference.terms(ontology)
        if value in terms:
            return terms[value].label
        prefixes = {e.prefix for c in self.rules.columns.values() for e in entries_of(c)}
        prefix = next(p for p in prefixes if p and value.removeprefix(p) in terms)
        return prefix + terms[value.removeprefix(prefix)].label

    def _save_of_organisms(self, registry: str, ontology: str, term_ids: Sequence[str]) -> None:
        """Records that LaminDB wants to know the organism of, which UniProt's names end in."""
        terms, source = self.reference.terms(ontology), self.sources.pinned(registry, ontology)
        for term_id in term_ids:
            name = terms[term_id].label
            model(registry)(
                **{key(registry): stored_id(registry, term_id)},
                name=name,
                organism=self._organism_of_code(name.rpartition("_")[2]),
                source=source,
            ).save()

    def _organism_of_code(self, code: str) -> Any:
        """The organism that a code of UniProt's stands for
        (https://www.uniprot.org/help/entry_name); one that isn't known here goes by its code.
        """
        taxon = TAXON_OF_CODE.get(code)
        if taxon is not None:
            return self.organism(taxon)
        record = bt.Organism.filter(name=code).one_or_none()
        return record or bt.Organism(name=code, scientific_name=code).save()

    def _save_bare(self, registry: str, ontology: str, term_ids: Sequence[str]) -> None:
        """Records of a module that has no import of its own: id, name and definition."""
        terms = self.reference.terms(ontology)
        for term_id in term_ids:
            term = terms[term_id]
            model(registry)(
                **{key(registry): term_id}, name=term.label, description=term.definition or None
            ).save()

    def _import(
        self, registry: str, ontology: str, missing: Sequence[str], adopted: Collection[str]
    ) -> None:
        source, terms = self.sources.pinned(registry, ontology), self.reference.terms(ontology)
        save_with_ancestors(registry, terms, missing, source, adopted)

    def _save_phenotypes_among_diseases(self, term_ids: Sequence[str]) -> None:
        """LaminDB keeps "normal" among diseases under the uid that it has as a phenotype."""
        registry, ontology = registry_of_term("Disease", "PATO")
        terms, source = self.reference.terms(ontology), self.sources.pinned(registry, ontology)
        for term_id in term_ids:
            phenotype = new_record(registry, terms[term_id], source)
            bt.Disease(
                uid=phenotype.uid,
                name=phenotype.name,
                ontology_id=phenotype.ontology_id,
                description=phenotype.description,
                source=phenotype.source,
            ).save()

    def organism(self, taxon: str) -> Any:
        """The organism's record, found by taxon: what it is called differs between instances."""
        name, scientific_name = self._organism_names(taxon)
        record = adopt_organism(taxon, name, scientific_name)
        if record is None:
            source = self.sources.of_organisms()
            record = bt.Organism(
                name=name, scientific_name=scientific_name, ontology_id=taxon, source=source
            ).save()
        return record

    def _organism_names(self, taxon: str) -> tuple[str, str]:
        """An organism's name and scientific name; one below those of the rules has the latter."""
        organism = {**self.rules.organisms, **self.rules.foreign_genes}.get(taxon)
        if organism is not None:
            return organism.name, organism.scientific_name
        term = self.reference.organism(taxon)
        assert term is not None, taxon  # validation has found it
        return term.label, term.label

    def _organism(self, taxon: str) -> Organism:
        return {**self.rules.organisms, **self.rules.foreign_genes}[taxon]

    def ensure_genes(self, taxon: str, datasets: Iterable[Genes]) -> None:
        """Saves a Gene record for each of the datasets' genes (all in the taxon's table) that has
        none.

        Raises:
            ContractError: a dataset's genes are of another table.
        """
        known, table = self._known_genes(taxon), self._gene_table(taxon)
        lacking = np.zeros(len(table), bool)
        for genes in datasets:
            lacking[table.places(genes)] = True
        lacking &= ~known
        if not lacking.any():
            return
        organism = self.organism(taxon)
        gene_ids = [table.ids[place] for place in np.flatnonzero(lacking)]
        adopted = adopt_genes(gene_ids)
        rows = self.reference.genes(self._organism(taxon).genes)
        missing = [rows[gene_id] for gene_id in gene_ids if gene_id not in adopted]
        if missing:
            source = self.sources.of_genes(taxon, organism.name)
            with transaction.atomic():
                create_genes(missing, organism, source)
        known |= lacking

    def _gene_table(self, taxon: str) -> GeneTable:
        return self.reference.gene_table(self._organism(taxon).genes)

    def gene_ids(self, taxon: str, genes: Genes) -> list[str]:
        """The ids of a dataset's genes of the taxon."""
        table = self._gene_table(taxon)
        return [table.ids[place] for place in table.places(genes)]

    def _known_genes(self, taxon: str) -> NDArray[np.bool_]:
        """Which genes of the organism's table the instance has; asked for once."""
        if taxon not in self._genes:
            genes = branches.visible(bt.Gene.objects.filter(organism__ontology_id=taxon))
            ids = genes.values_list("ensembl_gene_id", flat=True)
            self._genes[taxon] = self._gene_table(taxon).mask(ids)
        return self._genes[taxon]


def _label_types(kind: str) -> Any:
    """A query set of the types of labels of a name, which have no type themselves."""
    return ln.ULabel.objects.filter(name=kind, is_type=True, type=None)
