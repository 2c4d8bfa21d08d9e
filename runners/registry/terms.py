"""Records of sources at the schema's pins, organisms, terms, genes and the schema's own values.

Terms are made by LaminDB's public API, each from the ontology version that the schema pins.
Must not touch artifacts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import bionty as bt
import lamindb as ln
import pandas as pd
from django.db import transaction

from runners.registry.genes import create_genes
from runners.rules import Organism
from runners.rules.reference import Reference, Term
from runners.rules.vocabulary import needed_sources, registry_of_term
from runners.validation.validate import Annotation

FROM_SCHEMA = "From CellxGene schema."
"""LaminDB's description of values that the dataset schema defines, letter for letter."""

ULABEL_TYPES = {
    "tissue_type": (
        "TissueType",
        f'{FROM_SCHEMA} Is "tissue", "organoid", "primary cell culture", or "cell line".',
    ),
    "suspension_type": (
        "SuspensionType",
        f'{FROM_SCHEMA} This MUST be "cell", "nucleus", or "na".',
    ),
}
"""Column -> name and description of the ULabel type that LaminDB keeps its values under."""


class Terms:
    """The terms of one run: saves what is missing, and keeps their ids."""

    def __init__(self, reference: Reference, *, leaves_current: bool = False) -> None:
        """`leaves_current`: sources that are current stay so, for a later release needs them; ours
        become current only where an ontology has none.
        """
        self.reference = reference
        self._leaves_current = leaves_current
        self.rules = reference.rules
        self._ids: dict[tuple[str, str, str], int] = {}
        self._genes: dict[str, set[str]] = {}

    def sources_of(self, organisms: Collection[str]) -> list[tuple[str, str]]:
        """Registry and ontology of every source that datasets of these organisms (by scientific
        name) may need; without organisms, of all that the rules know.

        Made all at once and in this order: what an instance ends up with must not depend on which
        dataset comes first.
        """
        return sorted(needed_sources(self.rules, organisms))

    def ensure(self, annotations: Iterable[Annotation]) -> None:
        """Saves the missing terms of `annotations`, with all ancestors, from the pinned source."""
        wanted: dict[tuple[str, str, str | None], set[str]] = defaultdict(set)
        for annotation in annotations:
            wanted[(*_place(annotation), annotation.ontology)].add(annotation.term_id)
        for (registry, kind, ontology), term_ids in sorted(wanted.items(), key=str):
            self._ensure(registry, kind, ontology, term_ids)

    def id_of(self, annotation: Annotation) -> int:
        """The primary key of a term that `ensure` has seen."""
        return self._ids[(*_place(annotation), annotation.term_id)]

    def _ensure(
        self, registry: str, kind: str, ontology: str | None, term_ids: Collection[str]
    ) -> None:
        self._remember(registry, kind, term_ids)
        missing = sorted(i for i in term_ids if (registry, kind, i) not in self._ids)
        if not missing:
            return
        if ontology is not None:
            self.source(*registry_of_term(registry, ontology))
        with transaction.atomic():  # a term without its ancestors would never be completed
            self._make(registry, kind, ontology, missing)
        self._remember(registry, kind, missing)

    def _make(self, registry: str, kind: str, ontology: str | None, missing: Sequence[str]) -> None:
        if registry == "Organism":
            for taxon in missing:
                self.organism(taxon)
        elif registry == "ULabel":
            _save_labels(kind, missing)
        elif ontology is None:
            for value in missing:
                _model(registry)(ontology_id=value, name=value, description=FROM_SCHEMA).save()
        elif (registry, ontology) == ("Disease", "PATO"):
            self._save_normal()
        else:
            self._import(registry, ontology, missing)

    def _remember(self, registry: str, kind: str, term_ids: Collection[str]) -> None:
        if registry == "ULabel":
            type_name, _ = ULABEL_TYPES[kind]
            labels = ln.ULabel.objects.filter(name__in=list(term_ids), type__name=type_name)
            rows = labels.values_list("name", "id")
        else:
            labels = _model(registry).objects.filter(ontology_id__in=list(term_ids))
            rows = labels.values_list("ontology_id", "id")
        self._ids |= {(registry, kind, key): pk for key, pk in rows}

    def _import(self, registry: str, ontology: str, term_ids: Sequence[str]) -> None:
        model = _model(registry)
        records = model.from_values(
            list(term_ids),
            field=model.ontology_id,
            source=self.source(registry, ontology),
            mute=True,
        )
        ln.save(records)

    def _save_normal(self) -> None:
        """LaminDB keeps "normal" among diseases under the uid that it has as a phenotype."""
        normal = bt.Phenotype.from_source(
            ontology_id="PATO:0000461", source=self.source(*registry_of_term("Disease", "PATO"))
        )
        bt.Disease(
            uid=normal.uid,
            name=normal.name,
            ontology_id=normal.ontology_id,
            description=normal.description,
            source=normal.source,
        ).save()

    def source(self, registry: str, ontology: str) -> Any:
        """The source of `ontology` at its pin, made current for `registry` if it may be."""
        meta = self.rules.ontologies[ontology]
        key = {
            "entity": f"bionty.{registry}",
            "name": meta.source,
            "version": self.reference.pin(ontology).removeprefix("v"),
            "organism": meta.organism,
        }
        source = bt.Source.filter(**key).one_or_none()
        if source is None or source.dataframe_artifact_id is None:
            frame = _frame(self.reference.terms(ontology).values())
            source = _model(registry).add_source(source or bt.Source(**key), df=frame)
        self._make_current(source)
        return source

    def _make_current(self, source: Any) -> None:
        """At most one current source for an entity, a name and an organism."""
        same = {key: getattr(source, key) for key in ("entity", "name", "organism")}
        others = bt.Source.filter(**same, currently_used=True).exclude(id=source.id)
        if self._leaves_current and others.exists():
            return
        others.update(currently_used=False)
        if not source.currently_used:
            source.currently_used = True
            source.save()

    def organism(self, taxon: str) -> Any:
        """The organism's record, found by taxon: what it is called differs between instances."""
        record = bt.Organism.filter(ontology_id=taxon).one_or_none()
        if record is None:
            name, scientific_name = self._organism_names(taxon)
            source = self._bare_source("Organism", "ncbitaxon", self.reference.pin("NCBITaxon"))
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

    def ensure_genes(self, taxon: str, gene_ids: Collection[str]) -> None:
        """Saves a Gene record for each of `gene_ids` (all in the taxon's table) that has none."""
        present_ids = self._known_genes(taxon)
        table = self.reference.genes(self._organism(taxon).genes)
        missing = [table[gene_id] for gene_id in gene_ids if gene_id not in present_ids]
        if not missing:
            return
        organism = self.organism(taxon)
        source = self._gene_source(taxon, organism.name)
        with transaction.atomic():
            create_genes(missing, organism, source)
        present_ids.update(row.gene_id for row in missing)

    def _known_genes(self, taxon: str) -> set[str]:
        """The organism's gene ids in the instance, asked for once."""
        if taxon not in self._genes:
            genes = bt.Gene.objects.filter(organism__ontology_id=taxon)
            self._genes[taxon] = set(genes.values_list("ensembl_gene_id", flat=True))
        return self._genes[taxon]

    def _gene_source(self, taxon: str, organism: str) -> Any:
        """The gene table as a source, named after the wheel that carries it."""
        wheel = self.rules.gene_tables
        name = "ensembl" if taxon in self.rules.organisms else self._organism(taxon).genes
        return self._bare_source("Gene", name, f"{wheel.name}-{wheel.version}", organism)

    def _bare_source(self, registry: str, name: str, version: str, organism: str = "all") -> Any:
        """A current source that only says where records are from, without a table of terms."""
        key = {
            "entity": f"bionty.{registry}",
            "name": name,
            "version": version.removeprefix("v"),
            "organism": organism,
        }
        source = bt.Source.filter(**key).one_or_none()
        if source is None:
            source = bt.Source(**key).save()
        self._make_current(source)
        return source


def _place(annotation: Annotation) -> tuple[str, str]:
    """The registry, and within ULabel the column whose type of labels is meant."""
    kind = annotation.column if annotation.registry == "ULabel" else ""
    return annotation.registry, kind


def _model(registry: str) -> Any:
    return ln.ULabel if registry == "ULabel" else getattr(bt, registry)


def _save_labels(column: str, names: Iterable[str]) -> None:
    type_name, description = ULABEL_TYPES[column]
    label_type = ln.ULabel.filter(name=type_name, is_type=True).one_or_none()
    if label_type is None:
        label_type = ln.ULabel(name=type_name, is_type=True, description=description).save()
    for name in names:
        ln.ULabel(name=name, type=label_type, description=FROM_SCHEMA).save()


def _frame(terms: Iterable[Term]) -> pd.DataFrame:
    """The terms in the columns that bionty reads."""
    rows: list[Mapping[str, object]] = [
        {
            "ontology_id": term.term_id,
            "name": term.label,
            "definition": term.definition or None,
            "synonyms": "|".join(term.synonyms) or None,
            "parents": list(term.parents),
        }
        for term in terms
    ]
    return pd.DataFrame(rows).set_index("ontology_id")
