"""Datasets for both sides of a trial, made from the sample's: as they are, broken, or large."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from instances import REFERENCE, newer_manifest
from scipy import sparse

from runners import rules
from runners.census.store import CensusDataset
from runners.contract import Storage
from runners.registry.canary import subset
from runners.registry.canary.differences import SEVERAL, SEVERAL_GENOMES, UNDECLARED, UNSAVED
from runners.registry.canary.scratch_instances import Trial
from runners.sample.datasets import NEWER, by_key
from runners.sample.vocabulary import HUMAN, MOUSE
from runners.sample.world import World

COMPARED = {"D01": "human", "D04": "human", "D05": "mouse", "D06": "mouse", "D09": "human",
            "D11": "human"}  # fmt: skip
"""What the curator can do: ordinary ones of both organisms, unknown values and categories that no
cell uses, cells in culture, a deprecated term."""

EXCLUDED = {
    "D02": ("human", (SEVERAL,)),
    "D03": ("human", (SEVERAL,)),
    "D08": ("human", (UNDECLARED, UNSAVED)),
    "D10": ("human", (SEVERAL_GENOMES,)),
}
"""Content that the schema allows and the curator refuses, with its refusals."""

REFUSED = {"unknown-term", "term-of-another-ontology", "unknown-label", "unknown-gene",
           "gene-of-mouse", "no-column", "no-organism"}  # fmt: skip
"""What both must refuse, of those that `files_of_sample` makes."""


def files_of_sample(world: World) -> dict[str, AnnData]:
    """What the curator can do of the sample, and what both must refuse, each with a cell type of
    its own: what a refused dataset leaves behind shows.
    """
    plain = of_sample(world, "D01")
    genes = list(plain.var_names)

    def of_type(term: str, **columns: list[str]) -> AnnData:
        return with_values(plain, cell_type_ontology_term_id=[term], **columns)

    refused = {
        "unknown-term": with_values(plain, cell_type_ontology_term_id=["CL:0000540", "CL:9999999"]),
        "term-of-another-ontology": of_type("CL:0000127", assay_ontology_term_id=["CL:0000127"]),
        "unknown-label": of_type("CL:0000066", suspension_type=["slice"]),
        "unknown-gene": with_genes(plain, [*genes, "ENSG00009999999"]),
        "gene-of-mouse": with_genes(plain, [*genes, "ENSMUSG00000000381"]),
        "no-column": plain.copy(),
        "no-organism": of_type("CL:0000057"),
    }
    del refused["no-column"].obs["tissue_type"]
    del refused["no-organism"].uns["organism_ontology_term_id"]
    assert set(refused) == REFUSED
    fine = {key: of_sample(world, key) for key in COMPARED}
    return {**fine, **refused}


def of_sample(world: World, key: str) -> AnnData:
    """What the newer release's file of that dataset holds, but for its counts."""
    return read(world.newer.h5ads / f"{by_key(key).dataset_id}.h5ad")


def read(file: Path) -> AnnData:
    """What a file of the newer release's dataset schema holds, but for its counts."""
    return subset.read_subset(str(file), rules.load(NEWER.dataset_schema_version))


def with_values(data: AnnData, **columns: Sequence[str]) -> AnnData:
    """The same with those values in columns of obs, in turn."""
    data = data.copy()
    for name, values in columns.items():
        data.obs[name] = pd.Categorical(np.resize(np.array(values), data.n_obs))
    return data


def with_genes(data: AnnData, genes: Sequence[str]) -> AnnData:
    """The same cells with other genes, as many as there are."""
    counts = sparse.csr_matrix((data.n_obs, len(genes)), dtype="float32")
    var = pd.DataFrame({"feature_is_filtered": False}, index=pd.Index(genes))
    return AnnData(counts, obs=data.obs, var=var, uns=data.uns)


def make(folder: Path, world: World, files: Mapping[str, AnnData]) -> Trial:
    """A trial of those files, which are called by their name."""
    h5ads = folder / "cell-census" / NEWER.version / "h5ads"
    h5ads.mkdir(parents=True)
    for name, data in files.items():
        data.write_h5ad(h5ads / f"{name}.h5ad")
    storage = Storage(soma=str(h5ads.with_name("soma")), h5ads=str(h5ads))
    return Trial(
        folder,
        newer_manifest(world).model_copy(update={"storage": storage, "previous": None}),
        REFERENCE,
        tuple(_dataset(name, data) for name, data in files.items()),
        {name: _taxon(data) for name, data in files.items()},
    )


def _dataset(name: str, data: AnnData) -> CensusDataset:
    return CensusDataset(
        dataset_id=name,
        dataset_version_id=name,
        title=data.uns["title"],
        path=f"{name}.h5ad",
        collection_id="trial",
        collection_name="Trial",
        collection_doi="",
        cell_count=data.n_obs,
    )


def _taxon(data: AnnData) -> str:
    return HUMAN if data.var_names[0].startswith("ENSG") else MOUSE
