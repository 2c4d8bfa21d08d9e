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

from runners.registry.canary.differences import DEFAULT_ORGANISMS, SUPPORTED
from runners.registry.sources import Sources, genes_table, give_table, terms_table
from runners.rules.reference import Reference

PREFIXES = {"ENSG": "human", "ENSMUSG": "mouse"}
"""What the gene ids of an organism begin with, by LaminDB's name of the organism."""


def prepare(reference: Reference, organisms: Collection[str]) -> None:
    """Gives the instance LaminDB's defaults, and sources for datasets of these organisms (by
    scientific name).
    """
    ln.settings.creation.search_names = True  # as by default; else each call makes new Features
    _organism.infer_organism_from_ensembl_id = _organism_of  # its own asks a table on S3
    sources = Sources(reference)
    _use(sources.of_organisms(), _organisms())
    for registry, ontology in sources.needed(organisms):
        terms = reference.terms(ontology).each()
        _use(sources.pinned(registry, ontology), terms_table(registry, terms))
    for taxon in SUPPORTED:
        organism = reference.rules.organisms[taxon]
        bt.Organism.from_source(
            name=organism.name, source=bt.Source.get(name="ncbitaxon", currently_used=True)
        ).save()
        genes = genes_table(reference.genes(organism.genes).values())
        _use(sources.of_genes(taxon, organism.name), genes)
    save_cellxgene_defaults()


def _organism_of(gene_id: str, using_key: str | None = None) -> Any:
    prefix = re.match(r"[A-Za-z]*", gene_id)
    name = PREFIXES.get(prefix.group() if prefix else "")
    return bt.Organism.filter(name=name).one_or_none() if name else None


def _organisms() -> pd.DataFrame:
    return pd.DataFrame(
        [(taxon, *names) for taxon, names in DEFAULT_ORGANISMS.items()],
        columns=["ontology_id", "name", "scientific_name"],
    ).set_index("ontology_id")


def _use(source: Any, table: pd.DataFrame) -> None:
    """Gives the source a table, if it has none, and makes it the only current one of its entity,
    name and organism: the curator looks terms up in what is current.
    """
    if source.dataframe_artifact_id is None:
        give_table(source, table)
    source.currently_used = True
    source.save()  # makes the others not current


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
