"""The experiments of a Census release, and the tables of `census_info`, computed from its files.

Follows the Census builder: its cell filter, its columns. Must not write anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from runners import rules
from runners.sample.datasets import Dataset, Release
from runners.sample.files import LABELS, citation

_TERMS = [
    "assay",
    "assay_ontology_term_id",
    "cell_type",
    "cell_type_ontology_term_id",
    "development_stage",
    "development_stage_ontology_term_id",
    "disease",
    "disease_ontology_term_id",
    "donor_id",
    "is_primary_data",
    "observation_joinid",
    "self_reported_ethnicity",
    "self_reported_ethnicity_ontology_term_id",
    "sex",
    "sex_ontology_term_id",
    "suspension_type",
    "tissue",
    "tissue_ontology_term_id",
    "tissue_type",
]


# The builder rolls tissues up by a map of its own; of ours only these two have a parent in it.
_GENERAL = {
    "cerebral cortex": ("brain", "UBERON:0000955"),
    "frontal cortex": ("brain", "UBERON:0000955"),
}


Files = Mapping[Dataset, anndata.AnnData]


# Categories of summary_cell_counts; development_stage isn't one of them.
_COUNTED = [label for label in LABELS if label != "development_stage"]


@dataclass(frozen=True)
class Experiment:
    """One organism: obs and var, both by soma_joinid, raw counts, and which dataset has a gene."""

    organism: str
    label: str
    name: str
    obs: pd.DataFrame
    var: pd.DataFrame
    raw: sparse.csr_matrix
    presence: sparse.coo_matrix

    @property
    def normalized(self) -> sparse.csr_matrix:
        """Counts divided by their sum per cell."""
        totals = self.raw.sum(axis=1).A1
        return sparse.csr_matrix(sparse.diags(1 / totals) @ self.raw, dtype=np.float32)


def census_filter(adata: anndata.AnnData) -> anndata.AnnData:
    """The cells and genes that the Census takes: of tissues and organoids, no spike-ins."""
    cells = adata.obs["tissue_type"].isin(["tissue", "organoid"])
    return adata[cells, adata.var["feature_biotype"] == "gene"]


def experiments(files: Files, release: Release) -> tuple[Experiment, ...]:
    """One per organism that the release holds, in order of first appearance."""
    organisms = rules.load(release.dataset_schema_version).organisms
    taxa = dict.fromkeys(dataset.organism for dataset in files)
    return tuple(_experiment(taxon, organisms[taxon].scientific_name, files) for taxon in taxa)


def _experiment(taxon: str, label: str, files: Files) -> Experiment:
    places = {dataset: place for place, dataset in enumerate(files)}
    organism_files = {d: census_filter(adata) for d, adata in files.items() if d.organism == taxon}
    genes = sorted({gene for adata in organism_files.values() for gene in adata.var_names})
    positions = {gene: place for place, gene in enumerate(genes)}
    blocks = [_spread(adata, positions) for adata in organism_files.values()]
    raw = sparse.csr_matrix(sparse.vstack(blocks))
    measured = [
        sorted(positions[gene] for gene in adata.var_names) for adata in organism_files.values()
    ]
    rows = np.repeat(
        [places[dataset] for dataset in organism_files], [len(columns) for columns in measured]
    )
    columns = np.concatenate(measured)
    shape = (len(files), len(genes))
    return Experiment(
        organism=taxon,
        label=label,
        name=label.lower().replace(" ", "_"),
        obs=_obs(organism_files, raw),
        var=_var(organism_files, genes, raw),
        raw=raw,
        presence=sparse.coo_matrix((np.ones(len(rows), bool), (rows, columns)), shape=shape),
    )


def _spread(adata: anndata.AnnData, positions: Mapping[str, int]) -> sparse.csr_matrix:
    """Raw counts of a file, its genes moved to their columns in the Census."""
    raw = adata.raw[:, adata.var_names].X.tocoo()
    columns = np.array([positions[gene] for gene in adata.var_names])[raw.col]
    shape = (adata.n_obs, len(positions))
    return sparse.csr_matrix((raw.data, (raw.row, columns)), shape=shape)


def _obs(organism_files: Files, raw: sparse.csr_matrix) -> pd.DataFrame:
    # what a file lacks, as a cell type before the analysis, isn't known
    tables = [adata.obs.reindex(columns=_TERMS) for adata in organism_files.values()]
    parts = [table.astype(object).where(table.notna(), "unknown") for table in tables]
    obs: pd.DataFrame = pd.concat(parts, ignore_index=True)
    obs["is_primary_data"] = obs["is_primary_data"].astype(bool)
    obs.insert(
        0, "dataset_id", _repeat(organism_files, [dataset.dataset_id for dataset in organism_files])
    )
    obs.insert(0, "soma_joinid", np.arange(len(obs)))
    general = [_GENERAL.get(tissue, (tissue, None))[0] for tissue in obs["tissue"]]
    ids = [
        _GENERAL.get(tissue, (tissue, own_id))[1]
        for tissue, own_id in zip(obs["tissue"], obs["tissue_ontology_term_id"], strict=True)
    ]
    obs["tissue_general"], obs["tissue_general_ontology_term_id"] = general, ids
    obs["raw_sum"] = raw.sum(axis=1, dtype=np.float64).A1
    obs["nnz"] = raw.getnnz(axis=1).astype(np.int64)
    obs["raw_mean_nnz"] = obs["raw_sum"] / obs["nnz"]
    obs["raw_variance_nnz"] = [_variance(raw, row) for row in range(raw.shape[0])]
    obs["n_measured_vars"] = _repeat(
        organism_files, [adata.n_vars for adata in organism_files.values()]
    )
    return obs


def _variance(raw: sparse.csr_matrix, row: int) -> float:
    values = raw.data[raw.indptr[row] : raw.indptr[row + 1]].astype(np.float64)
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _repeat(organism_files: Files, values: Sequence[object]) -> np.ndarray:
    return np.repeat(np.array(values), [adata.n_obs for adata in organism_files.values()])


def _var(organism_files: Files, genes: Sequence[str], raw: sparse.csr_matrix) -> pd.DataFrame:
    rows = pd.concat([adata.var.astype(object) for adata in organism_files.values()])
    var = rows[~rows.index.duplicated()].loc[list(genes)]
    measured = [np.isin(genes, adata.var_names) * adata.n_obs for adata in organism_files.values()]
    return pd.DataFrame(
        {
            "soma_joinid": np.arange(len(genes)),
            "feature_id": list(genes),
            "feature_name": var["feature_name"].to_numpy(),
            "feature_type": var["feature_type"].to_numpy(),
            "feature_length": var["feature_length"].to_numpy(np.int64),
            "nnz": raw.getnnz(axis=0).astype(np.int64),
            "n_measured_obs": np.sum(measured, axis=0, dtype=np.int64),
        }
    )


def datasets_table(files: Files, release: Release) -> pd.DataFrame:
    """census_info/datasets; the cell count is what the filter left."""
    rows = [
        {
            "soma_joinid": place,
            "citation": citation(dataset, release),
            "collection_id": dataset.collection.collection_id,
            "collection_name": dataset.collection.name,
            "collection_doi": dataset.collection.doi,
            "collection_doi_label": dataset.collection.doi_label,
            "dataset_id": dataset.dataset_id,
            "dataset_version_id": dataset.version_id(release),
            "dataset_title": dataset.title,
            "dataset_h5ad_path": f"{dataset.dataset_id}.h5ad",
            "dataset_total_cell_count": census_filter(adata).n_obs,
        }
        for place, (dataset, adata) in enumerate(files.items())
    ]
    return pd.DataFrame(rows)


def summary_table(built: Sequence[Experiment], release: Release) -> pd.DataFrame:
    """census_info/summary: labels and values, both text."""
    rows = {
        "census_schema_version": release.census_schema_version,
        "census_build_date": release.version,
        "dataset_schema_version": release.dataset_schema_version,
        "total_cell_count": str(sum(len(experiment.obs) for experiment in built)),
        "unique_cell_count": str(
            sum(int(experiment.obs["is_primary_data"].sum()) for experiment in built)
        ),
    }
    return _numbered(pd.DataFrame({"label": list(rows), "value": list(rows.values())}))


def organisms_table(built: Sequence[Experiment]) -> pd.DataFrame:
    """census_info/organisms."""
    return _numbered(
        pd.DataFrame(
            {
                "organism_ontology_term_id": [experiment.organism for experiment in built],
                "organism_label": [experiment.label for experiment in built],
                "organism": [experiment.name for experiment in built],
            }
        )
    )


def cell_counts_table(built: Sequence[Experiment]) -> pd.DataFrame:
    """census_info/summary_cell_counts: cells by organism, category and term."""
    counted = [*_COUNTED, "tissue_general"]
    parts = [
        _counts(experiment, category) for experiment in built for category in ["all", *counted]
    ]
    parts += [_counts(experiment, "suspension_type") for experiment in built]
    table = pd.concat(parts).sort_values(["organism", "category", "ontology_term_id", "label"])
    return _numbered(table.reset_index(drop=True))


def _counts(experiment: Experiment, category: str) -> pd.DataFrame:
    cells = pd.DataFrame(
        {
            "organism": experiment.label,
            "category": category,
            "label": experiment.obs.get(category, "na"),
            "ontology_term_id": experiment.obs.get(f"{category}_ontology_term_id", "na"),
            "unique": experiment.obs["is_primary_data"],
        }
    )
    grouped = cells.groupby(["organism", "category", "label", "ontology_term_id"])["unique"]
    return grouped.agg(total_cell_count="size", unique_cell_count="sum").reset_index()


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    table.insert(0, "soma_joinid", np.arange(len(table)))
    return table
