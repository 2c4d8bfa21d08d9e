"""Writes a TileDB-SOMA store laid out as the Census is.

What it writes is computed in `tables`. Fragment and metadata names carry the time
of writing; TileDB has no way to leave it out, so two stores hold equal rows, never equal bytes.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import tiledbsoma as soma
from scipy import sparse

from runners.sample.datasets import Release
from runners.sample.tables import (
    Experiment,
    Files,
    cell_counts_table,
    datasets_table,
    experiments,
    organisms_table,
    summary_table,
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
        for computed in built:
            _write_experiment(data.add_new_collection(computed.name, soma.Experiment), computed)
        root.add_new_collection("census_spatial_sequencing")


def _write_info(
    info: soma.Collection, files: Files, release: Release, built: Sequence[Experiment]
) -> None:
    _write_table(info, "summary", summary_table(built, release))
    _write_table(info, "datasets", datasets_table(files, release))
    coded = {"organism", "category"}
    _write_table(info, "summary_cell_counts", cell_counts_table(built), coded)
    _write_table(info, "organisms", organisms_table(built))


def _write_experiment(experiment: soma.Experiment, computed: Experiment) -> None:
    text = {name for name in computed.obs.columns if computed.obs[name].dtype == object}
    _write_table(experiment, "obs", computed.obs, text - _PLAIN)
    rna = experiment.add_new_collection("ms").add_new_collection("RNA", soma.Measurement)
    _write_table(rna, "var", computed.var)
    layers = rna.add_new_collection("X")
    _write_matrix(layers, "raw", computed.raw, pa.float32())
    _write_matrix(layers, "normalized", computed.normalized, pa.float32())
    _write_matrix(rna, "feature_dataset_presence_matrix", computed.presence, pa.bool_())


def _write_table(
    parent: soma.Collection, name: str, table: pd.DataFrame, coded: set[str] | None = None
) -> None:
    """Writes a dataframe; columns in `coded` become dictionaries, as the Census has them."""
    rows = table.assign(**{column: table[column].astype("category") for column in coded or ()})
    arrow = pa.Table.from_pandas(rows, preserve_index=False)
    domain = [(0, len(rows) - 1)]
    frame = parent.add_new_dataframe(
        name, schema=arrow.schema, index_column_names=["soma_joinid"], domain=domain
    )
    # Through the handle that created it, tiledbsoma 2 writes dictionary columns that read back
    # broken: close it, and write through a new one.
    frame.close()
    with soma.open(frame.uri, "w") as writable:
        writable.write(arrow)


def _write_matrix(
    parent: soma.Collection, name: str, matrix: sparse.spmatrix, kind: pa.DataType
) -> None:
    array = parent.add_new_sparse_ndarray(name, type=kind, shape=matrix.shape)
    array.write(pa.SparseCOOTensor.from_scipy(matrix.tocoo()))
