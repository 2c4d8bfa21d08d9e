"""One h5ad as Discover publishes it, from its recipe, with real genes out of CZI's tables.

Equal arguments give equal bytes. Only genes whose rows are equal at both schema versions of the
sample are taken, so that one file can be valid under both.
"""

import hashlib
from base64 import b85encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from runners import rules
from runners.rules.reference import GeneRow, Reference
from runners.sample.contents import CONTENTS, Content, Sample
from runners.sample.datasets import RELEASES, Dataset, Release
from runners.sample.vocabulary import DELIMITER, SYNTHETIC, term_id

_POOL = 900  # so that datasets of one organism share many genes, but never all
_BIOTYPES = {"protein_coding", "lncRNA"}


LABELS = (
    "assay",
    "cell_type",
    "development_stage",
    "disease",
    "self_reported_ethnicity",
    "sex",
    "tissue",
)
_SCHEMA = "https://github.com/chanzuckerberg/single-cell-curation/blob/main/schema"
_SITE = "cellxgene.cziscience.com"


@dataclass(frozen=True)
class Feature:
    """A row of var. `reference` is the organism that it belongs to."""

    row: GeneRow
    reference: str
    biotype: str


class Genes:
    """The genes of the sample, read once each from the gene tables below `root`."""

    def __init__(self, root: Path) -> None:
        self._references = [
            Reference(rules.load(release.dataset_schema_version), root) for release in RELEASES
        ]
        self._pool = cache(self._read_pool)

    def choose(self, organism: str, count: int, spike_ins: int, seed: int) -> tuple[Feature, ...]:
        """`count` genes of an organism and `spike_ins` ERCC controls; equal for equal arguments."""
        pool = self._pool(organism)
        chosen = np.random.default_rng(seed).choice(len(pool), count, replace=False)
        genes = (Feature(pool[index], organism, "gene") for index in sorted(chosen))
        ercc = list(self._references[-1].genes("ercc").values())[:spike_ins]
        return (*genes, *(Feature(row, SYNTHETIC, "spike-in") for row in ercc))

    def _read_pool(self, organism: str) -> list[GeneRow]:
        table = self._references[-1].rules.organisms[organism].genes
        older, newer = (reference.genes(table) for reference in self._references)
        # The pseudoautosomal copies on Y carry a suffix; the rest of the world reads plain ids.
        same = [
            row
            for gene_id, row in sorted(newer.items())
            if row.biotype in _BIOTYPES and older.get(gene_id) == row and "_" not in gene_id
        ]
        chosen = np.random.default_rng(0).choice(len(same), _POOL, replace=False)
        return [same[index] for index in sorted(chosen)]


def make(dataset: Dataset, release: Release, genes: Genes) -> anndata.AnnData:
    """The file of `dataset` in `release`, in memory."""
    number = dataset.versions[release]
    content = CONTENTS[dataset.key, number]
    seed = _seed(f"{dataset.key}-{number}")
    features = genes.choose(dataset.organism, content.genes, content.spike_ins, seed)
    rng = np.random.default_rng(seed)
    obs = _obs(dataset.key, content, rng)
    counts = _counts(len(obs), len(features), rng)
    filtered = rng.random(len(features)) < 0.05
    var = _var(features)
    embedding = rng.normal(size=(len(obs), 2)).astype(np.float32)
    adata = anndata.AnnData(
        X=_normalized(counts, filtered),
        obs=obs,
        var=var.assign(feature_is_filtered=filtered),
        obsm={} if content.before_analysis else {"X_umap": embedding},
        uns=_uns(dataset, _first_release(dataset, number), content),
    )
    adata.raw = anndata.AnnData(X=counts, obs=obs[[]], var=var)
    return adata


def write(adata: anndata.AnnData, path: Path) -> None:
    """Writes `path`, compressed as Discover does."""
    adata.write_h5ad(path, compression="gzip")


def truncate(path: Path) -> None:
    """Cuts the last third off, as a broken copy would; HDF5 then refuses the file."""
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size * 2 // 3)


def citation(dataset: Dataset, release: Release) -> str:
    """What Discover writes into uns and the Census repeats; without publication if there's none."""
    study = dataset.collection
    publication = f"Publication: https://doi.org/{study.doi} " if study.doi else ""
    return (
        f"{publication}Dataset Version: "
        f"https://datasets.{_SITE}/{dataset.version_id(release)}.h5ad curated and distributed by "
        f"CZ CELLxGENE Discover in Collection: https://{_SITE}/collections/{study.collection_id}"
    )


def _seed(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def _first_release(dataset: Dataset, number: int) -> Release:
    return next(release for release, held in dataset.versions.items() if held == number)


def _obs(key: str, content: Content, rng: np.random.Generator) -> pd.DataFrame:
    obs = pd.concat([_sample(sample, rng) for sample in content.samples], ignore_index=True)
    for column in LABELS:
        obs[f"{column}_ontology_term_id"] = obs[column].map(term_id)
    for column in obs.columns.drop("is_primary_data"):
        obs[column] = obs[column].astype("category")
    for column, labels in content.unused.items():
        obs[column] = obs[column].cat.add_categories(list(labels))
        ids = f"{column}_ontology_term_id"
        obs[ids] = obs[ids].cat.add_categories([term_id(label) for label in labels])
    if content.before_analysis:
        obs = obs.drop(columns=["cell_type", "cell_type_ontology_term_id"])
    obs = obs.assign(**_perturbed(content, len(obs)))
    # Cells keep their name through revisions, as publishers' barcodes do.
    obs.index = pd.Index([f"{key}-cell-{number:04d}" for number in range(len(obs))])
    obs["observation_joinid"] = [_joinid(name) for name in obs.index]
    return obs


def _perturbed(content: Content, cells: int) -> dict[str, "pd.Categorical[str]"]:
    """The columns of conditions and perturbations, where the file has any."""
    columns: dict[str, pd.Categorical[str]] = {}
    if content.conditions:
        conditions = np.resize(np.array(content.conditions), cells)
        columns["experimental_condition_ontology_term_id"] = pd.Categorical(conditions)
    if content.perturbations:
        ids = np.resize(np.array([*content.perturbations]), cells)
        columns["genetic_perturbation_id"] = pd.Categorical(ids)
        strategies = [content.perturbations[name] for name in ids]
        columns["genetic_perturbation_strategy"] = pd.Categorical(strategies)
    return columns


def _sample(sample: Sample, rng: np.random.Generator) -> pd.DataFrame:
    def spread(values: Sequence[str]) -> list[str]:
        return [values[index] for index in rng.permutation(sample.cells) % len(values)]

    donors = [sample.donors[index % len(sample.donors)] for index in range(sample.cells)]
    return pd.DataFrame(
        {
            "assay": spread(sample.assays),
            "cell_type": spread(sample.cell_types),
            "development_stage": [donor.stage for donor in donors],
            "disease": [donor.disease for donor in donors],
            "donor_id": [donor.donor_id for donor in donors],
            "is_primary_data": sample.is_primary_data,
            "self_reported_ethnicity": [donor.ethnicity for donor in donors],
            "sex": [donor.sex for donor in donors],
            "suspension_type": sample.suspension_type,
            "tissue": spread(sample.tissues),
            "tissue_type": sample.tissue_type,
        }
    )


def _joinid(name: str) -> str:
    # Discover hashes with xxh3; only length and alphabet matter here.
    return b85encode(hashlib.blake2b(name.encode(), digest_size=8).digest()).decode()


def _counts(cells: int, genes: int, rng: np.random.Generator) -> sparse.csr_matrix:
    """Counts as float32, as the schema asks; no empty cell, four fifths zeros."""
    rates = rng.gamma(0.15, 1.5, size=genes)
    counts = rng.poisson(rates * rng.uniform(0.6, 1.6, size=(cells, 1)))
    counts[np.arange(cells), rng.integers(genes, size=cells)] += 1
    return sparse.csr_matrix(counts.astype(np.float32))


def _normalized(counts: sparse.csr_matrix, filtered: np.ndarray) -> sparse.csr_matrix:
    """ln(1 + counts per ten thousand); a filtered gene has only zeros, as the schema asks."""
    scaled = sparse.diags(1e4 / counts.sum(axis=1).A1) @ counts @ sparse.diags(1.0 - filtered)
    normalized = sparse.csr_matrix(scaled.log1p(), dtype=np.float32)
    normalized.eliminate_zeros()
    return normalized


def _var(features: Sequence[Feature]) -> pd.DataFrame:
    """Label columns are all categorical, even the length: so does CZI's own program."""
    columns = {
        "feature_name": [feature.row.symbol for feature in features],
        "feature_reference": [feature.reference for feature in features],
        "feature_biotype": [feature.biotype for feature in features],
        "feature_length": [feature.row.length for feature in features],
        "feature_type": [feature.row.biotype for feature in features],
    }
    index = pd.Index([feature.row.gene_id for feature in features])
    return pd.DataFrame(columns, index=index).astype("category")


def _uns(dataset: Dataset, release: Release, content: Content) -> dict[str, object]:
    version = release.dataset_schema_version
    schema = rules.load(version)
    uns: dict[str, object] = {
        "citation": citation(dataset, release),
        "organism": schema.organisms[dataset.organism].scientific_name,
        "organism_ontology_term_id": dataset.organism,
        "schema_reference": f"{_SCHEMA}/{version}/schema.md",
        "schema_version": version,
        "title": dataset.title,
    }
    if not content.before_analysis:
        uns["default_embedding"] = "X_umap"
    if "is_pre_analysis" in schema.columns:
        uns["is_pre_analysis"] = content.before_analysis
    if content.perturbations:
        uns["genetic_perturbations"] = _guides(content)
    return uns


def _guides(content: Content) -> dict[str, dict[str, str]]:
    """What uns says of each perturbation."""
    strategies = {
        name: strategy
        for value, strategy in content.perturbations.items()
        for name in value.split(DELIMITER)
        if name != "na"
    }
    return {
        name: {
            "role": "control" if strategy == "control" else "targeting",
            "protospacer_sequence": "ACGTACGTACGTACGTACGT",
            "protospacer_adjacent_motif": "3' NGG",
        }
        for name, strategy in strategies.items()
    }
