"""Datasets by LaminDB's own curator, the released way, as the script that we replace does it.

Only sources and storage are ours: every source gets its table from the pinned reference data, so
that code is compared and not versions of ontologies, and nothing asks the network. Writes into
the connected instance, in a process of its own: it replaces a look-up of bionty's.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import anndata
import bionty as bt
import lamindb as ln
import pandas as pd
from bionty import _organism
from lamindb.examples.cellxgene import create_cellxgene_schema, save_cellxgene_defaults

from runners.registry.canary.differences import SUPPORTED
from runners.registry.terms import Terms
from runners.rules.reference import Reference

PREFIXES = {"ENSG": "human", "ENSMUSG": "mouse"}
"""What the gene ids of an organism begin with, by LaminDB's name of the organism."""

DEFAULTS = {
    "NCBITaxon:9606": ("human", "Homo sapiens"),
    "NCBITaxon:10090": ("mouse", "Mus musculus"),
    "NCBITaxon:9544": ("rhesus macaque", "Macaca mulatta"),
    "NCBITaxon:9825": ("domestic pig", "Sus scrofa domesticus"),
    "NCBITaxon:9598": ("chimpanzee", "Pan troglodytes"),
    "NCBITaxon:9483": ("white-tufted-ear marmoset", "Callithrix jacchus"),
    "NCBITaxon:7955": ("zebrafish", "Danio rerio"),
}
"""The organisms that LaminDB saves as defaults."""


def prepare(reference: Reference, organisms: Collection[str]) -> None:
    """Gives the instance LaminDB's defaults, and sources for datasets of these organisms (by
    scientific name).
    """
    ln.settings.creation.search_names = True  # as by default; else each call makes new Features
    _organism.infer_organism_from_ensembl_id = _organism_of  # its own asks a table on S3
    _organisms(reference)
    terms = Terms(reference)
    for registry, ontology in terms.sources.needed(organisms):
        terms.sources.pinned(registry, ontology)
    wheel = reference.rules.gene_tables
    for organism in (reference.rules.organisms[taxon] for taxon in SUPPORTED):
        bt.Organism.from_source(
            name=organism.name, source=bt.Source.get(name="ncbitaxon", currently_used=True)
        ).save()
        rows = [(g.gene_id, g.symbol, g.biotype) for g in reference.genes(organism.genes).values()]
        genes = pd.DataFrame(rows, columns=["ensembl_gene_id", "symbol", "biotype"])
        version = f"{wheel.name}-{wheel.version}"
        _add_source(bt.Gene, "ensembl", version, organism.name, genes.set_index("ensembl_gene_id"))
    save_cellxgene_defaults()


def _organism_of(gene_id: str, using_key: str | None = None) -> Any:
    prefix = re.match(r"[A-Za-z]*", gene_id)
    name = PREFIXES.get(prefix.group() if prefix else "")
    return bt.Organism.filter(name=name).one_or_none() if name else None


def _organisms(reference: Reference) -> None:
    table = pd.DataFrame(
        [(taxon, *names) for taxon, names in DEFAULTS.items()],
        columns=["ontology_id", "name", "scientific_name"],
    )
    version = reference.pin("NCBITaxon")
    _add_source(bt.Organism, "ncbitaxon", version, "all", table.set_index("ontology_id"))


def _add_source(registry: Any, name: str, version: str, organism: str, table: Any) -> None:
    """A source with its table, the only current one of its entity, name and organism."""
    key = {"entity": f"bionty.{registry.__name__}", "name": name, "organism": organism}
    bt.Source.filter(**key, currently_used=True).update(currently_used=False)
    source = bt.Source.filter(**key, version=version.removeprefix("v")).one_or_none()
    source = source or bt.Source(**key, version=version.removeprefix("v"))
    source = registry.add_source(source, df=table)
    source.currently_used = True
    source.save()


def curate(file: Path, *, release: str, title: str, organism: str) -> str:
    """Registers a file, and annotates it unless the curator refuses it: then, what it says."""
    schema = create_cellxgene_schema(field_types="ontology_id", organism=organism)
    artifact = ln.Artifact(str(file), description=title, version_tag=release, run=False)
    artifact.n_observations = anndata.read_h5ad(file, backed="r").n_obs
    artifact.save()
    curator = ln.curators.AnnDataCurator(artifact, schema)
    try:
        curator.validate()
    except ln.errors.ValidationError as error:
        return " ".join(str(error).split())
    curator.save_artifact()
    return ""
