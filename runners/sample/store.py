"""The experiments of a Census release, one per organism, computed from its files.

Follows the Census builder: its cell filter, its columns. Must not write anything.


Writes a TileDB-SOMA store laid out as the Census is.

Must not compute what it writes (`census`, `tables`). Fragment and metadata names carry the time
of writing; TileDB has no way to leave it out, so two stores hold equal rows, never equal bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pyarrow as pa
import tiledbsoma as soma
from scipy import sparse

from runners import rules
from runners.sample.datasets import Dataset, Release
from runners.sample.tables import (
    cell_counts_table,
    datasets_table,
    organisms_table,
    summary_table,
)

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
    known = rules.load(release.dataset_schema_version).organisms
    found = dict.fromkeys(dataset.organism for dataset in files)
    return tuple(_experiment(taxon, known[taxon].scientific_name, files) for taxon in found)


def _experiment(taxon: str, label: str, files: Files) -> Experiment:
    places = {dataset: place for place, dataset in enumerate(files)}
    own = {d: census_filter(adata) for d, adata in files.items() if d.organism == taxon}
    genes = sorted({gene for adata in own.values() for gene in adata.var_names})
    positions = {gene: place for place, gene in enumerate(genes)}
    blocks = [_spread(adata, positions) for adata in own.values()]
    raw = sparse.csr_matrix(sparse.vstack(blocks))
    measured = [sorted(positions[gene] for gene in adata.var_names) for adata in own.values()]
    rows = np.repeat([places[dataset] for dataset in own], [len(columns) for columns in measured])
    columns = np.concatenate(measured)
    shape = (len(files), len(genes))
    return Experiment(
        organism=taxon,
        label=label,
        name=label.lower().replace(" ", "_"),
        obs=_obs(own, raw),
        var=_var(own, genes, raw),
        raw=raw,
        presence=sparse.coo_matrix((np.ones(len(rows), bool), (rows, columns)), shape=shape),
    )


def _spread(adata: anndata.AnnData, positions: Mapping[str, int]) -> sparse.csr_matrix:
    """Raw counts of a file, its genes moved to their columns in the Census."""
    raw = adata.raw[:, adata.var_names].X.tocoo()
    columns = np.array([positions[gene] for gene in adata.var_names])[raw.col]
    shape = (adata.n_obs, len(positions))
    return sparse.csr_matrix((raw.data, (raw.row, columns)), shape=shape)


def _obs(own: Files, raw: sparse.csr_matrix) -> pd.DataFrame:
    parts = [adata.obs[_TERMS].astype(object) for adata in own.values()]
    obs: pd.DataFrame = pd.concat(parts, ignore_index=True)
    obs["is_primary_data"] = obs["is_primary_data"].astype(bool)
    obs.insert(0, "dataset_id", _repeat(own, [dataset.dataset_id for dataset in own]))
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
    obs["n_measured_vars"] = _repeat(own, [adata.n_vars for adata in own.values()])
    return obs


def _variance(raw: sparse.csr_matrix, row: int) -> float:
    values = raw.data[raw.indptr[row] : raw.indptr[row + 1]].astype(np.float64)
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _repeat(own: Files, values: Sequence[object]) -> np.ndarray:
    return np.repeat(np.array(values), [adata.n_obs for adata in own.values()])


def _var(own: Files, genes: Sequence[str], raw: sparse.csr_matrix) -> pd.DataFrame:
    rows = pd.concat([adata.var.astype(object) for adata in own.values()])
    var = rows[~rows.index.duplicated()].loc[list(genes)]
    measured = [np.isin(genes, adata.var_names) * adata.n_obs for adata in own.values()]
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


_PLAIN = {"soma_joinid", "observation_joinid", "feature_id", "feature_name", "feature_type"}


def write(files: Files, release: Release, path: Path) -> None:
    """Writes the store of `release`, made of `files`, at `path`, which must not exist."""
    built = experiments(files, release)
    with soma.Collection.create(str(path)) as root:
        root.metadata["created_on"] = f"{release.version}T00:00:00+00:00"
        root.metadata["git_commit_sha"] = "sample"
        info = root.add_new_collection("census_info")
        _write_info(info, files, release, built)
        data = root.add_new_collection("census_data")
        for one in built:
            _write_experiment(data.add_new_collection(one.name, soma.Experiment), one)
        root.add_new_collection("census_spatial_sequencing")


def _write_info(
    info: soma.Collection, files: Files, release: Release, built: Sequence[Experiment]
) -> None:
    _write_table(info, "summary", summary_table(built, release))
    _write_table(info, "datasets", datasets_table(files, release))
    coded = {"organism", "category"}
    _write_table(info, "summary_cell_counts", cell_counts_table(built), coded)
    _write_table(info, "organisms", organisms_table(built))


def _write_experiment(experiment: soma.Experiment, one: Experiment) -> None:
    text = {name for name in one.obs.columns if one.obs[name].dtype == object}
    _write_table(experiment, "obs", one.obs, text - _PLAIN)
    rna = experiment.add_new_collection("ms").add_new_collection("RNA", soma.Measurement)
    _write_table(rna, "var", one.var)
    layers = rna.add_new_collection("X")
    _write_matrix(layers, "raw", one.raw, pa.float32())
    _write_matrix(layers, "normalized", one.normalized, pa.float32())
    _write_matrix(rna, "feature_dataset_presence_matrix", one.presence, pa.bool_())


def _write_table(
    parent: soma.Collection, name: str, table: pd.DataFrame, coded: set[str] | None = None
) -> None:
    """Writes a dataframe; columns in `coded` become dictionaries, as the Census has them."""
    rows = table.assign(**{column: table[column].astype("category") for column in coded or ()})
    arrow = pa.Table.from_pandas(rows, preserve_index=False)
    domain = [(0, len(rows) - 1)]
    made = parent.add_new_dataframe(
        name, schema=arrow.schema, index_column_names=["soma_joinid"], domain=domain
    )
    # Through the handle that created it, tiledbsoma 2 writes dictionary columns that read back
    # broken: close it, and write through a new one.
    made.close()
    with soma.open(made.uri, "w") as again:
        again.write(arrow)


def _write_matrix(
    parent: soma.Collection, name: str, matrix: sparse.spmatrix, kind: pa.DataType
) -> None:
    array = parent.add_new_sparse_ndarray(name, type=kind, shape=matrix.shape)
    array.write(pa.SparseCOOTensor.from_scipy(matrix.tocoo()))
