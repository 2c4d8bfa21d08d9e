"""Small stores laid out as the Censuses of other schema versions, as their changelog tells them.

See docs/cellxgene_census_schema.md of chanzuckerberg/cellxgene-census. That obs has dictionaries
since 2024 is told by its docs/articles/2024/20240404-categoricals.md.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import tiledbsoma as soma

from runners.contract import Manifest, Storage

DATASETS = ("d-1", "d-2")
PATHS = ("d-1.h5ad", "d-2.h5ad")
CELLS_EACH, GENES = 4, 6
LAYOUTS = ("0.1.0", "1.0.0", "1.1.0", "1.3.0", "2.0.0", "2.1.0", "2.3.0", "2.4.0")
"""Those in which tables or columns came."""


def write(
    path: Path,
    layout: str = "2.4.0",
    *,
    parts: tuple[str, ...] = ("census_data",),
    paths: tuple[str, ...] = PATHS,
    cells_of: Mapping[str, Sequence[str]] = MappingProxyType({}),
    cells_each: int = CELLS_EACH,
    columns: Mapping[str, Sequence[Any]] = MappingProxyType({}),
) -> Path:
    """A store of two datasets of one organism at `path`, as a census schema version has it, but for
    these `columns` of its table of them. Each part has `cells_each` of both, unless `cells_of` says
    of which.
    """
    with soma.Collection.create(str(path)) as root:
        info = root.add_new_collection("census_info")
        table(info, "summary", summary(layout))
        table(info, "datasets", datasets(layout, paths).assign(**columns))
        for part in parts:
            data = root.add_new_collection(part)
            made = data.add_new_collection("homo_sapiens", soma.Experiment)
            experiment(made, layout, cells_of.get(part, DATASETS), cells_each)
        if layout >= "2.3.0" and "census_spatial_sequencing" not in parts:
            root.add_new_collection("census_spatial_sequencing")
    return path


def manifest(path: Path) -> Manifest:
    """A manifest that names the store, with h5ads that nobody reads."""
    return Manifest(
        release="2020-07-15",
        census_schema_version="2.4.0",
        dataset_schema_version="7.0.0",
        dataset_count=len(DATASETS),
        storage=Storage(soma=str(path), h5ads=f"{path}/h5ads"),
    )


def summary(layout: str) -> pd.DataFrame:
    before = "" if layout >= "1.0.0" else "cell_"
    values = {
        f"{before}census_schema_version": layout,
        f"{before}census_build_date": "2020-07-15",
        "total_cell_count": str(len(DATASETS) * CELLS_EACH),
    }
    rows = pd.DataFrame({"label": list(values), "value": list(values.values())})
    return rows.assign(soma_joinid=range(len(rows)))


def datasets(layout: str, paths: tuple[str, ...]) -> pd.DataFrame:
    rows = pd.DataFrame({"soma_joinid": range(len(DATASETS)), "dataset_id": DATASETS})
    rows["collection_id"] = rows["collection_name"] = "c-1"
    rows["collection_doi"] = ["", "10.1/2"]
    rows["dataset_title"] = [f"Title of {name}" for name in DATASETS]
    rows["dataset_h5ad_path"] = paths
    rows["dataset_total_cell_count"] = CELLS_EACH
    since = {
        "dataset_version_id": "1.1.0",
        "citation": "1.3.0",
        "collection_doi_label": "2.1.0",
    }
    for column, first in since.items():
        if layout >= first:
            rows[column] = [f"{column} of {name}" for name in DATASETS]
    return rows


def experiment(made: Any, layout: str, names: Sequence[str], cells_each: int) -> None:
    """An experiment of so many cells of each of the datasets, one dataset after another."""
    counts = np.arange(len(names) * cells_each * GENES).reshape(-1, GENES) % 4
    obs = pd.DataFrame(
        {
            "soma_joinid": range(len(counts)),
            "dataset_id": np.repeat(names, cells_each),
            "cell_type": "neuron",
        }
    )
    if layout >= "1.1.0":
        obs["nnz"] = (counts != 0).sum(axis=1)
    coded = ("dataset_id", "cell_type") if layout >= "2.0.0" else ()
    table(made, "obs", obs, coded)
    rna = made.add_new_collection("ms").add_new_collection("RNA", soma.Measurement)
    var = pd.DataFrame({"soma_joinid": range(GENES), "feature_name": "gene"})
    table(rna, "var", var.assign(feature_id=[f"ENSG{i}" for i in range(GENES)]))
    layers = rna.add_new_collection("X")
    raw = layers.add_new_sparse_ndarray("raw", type=pa.float32(), shape=counts.shape)
    rows, columns = counts.nonzero()
    values = counts[rows, columns].astype(np.float32)
    raw.write(pa.SparseCOOTensor.from_numpy(values, np.column_stack([rows, columns]), counts.shape))


def table(parent: Any, name: str, rows: pd.DataFrame, coded: tuple[str, ...] = ()) -> None:
    arrow = pa.Table.from_pandas(
        rows.astype(dict.fromkeys(coded, "category")), preserve_index=False
    )
    frame = parent.add_new_dataframe(name, schema=arrow.schema, domain=[(0, len(rows) - 1)])
    frame.close()  # else dictionary columns read back broken
    with soma.open(frame.uri, "w") as writable:
        writable.write(arrow)


def add_organism_without_cells(part: Path, name: str, listed: Sequence[str]) -> None:
    """An experiment whose obs has no row, though the dictionary of its column lists datasets."""
    with soma.open(str(part), "w") as data:
        made = data.add_new_collection(name, soma.Experiment)
        column = pa.dictionary(pa.int32(), pa.string())
        schema = pa.schema([("soma_joinid", pa.int64()), ("dataset_id", column)])
        obs = made.add_new_dataframe("obs", schema=schema, domain=[(0, 0)])
    with soma.open(obs.uri, "w") as writable:
        writable.extend_enumeration_values({"dataset_id": pa.array(listed)})


def empty(store: Path, array: str) -> Path:
    """The store after the array has lost its data: its folder of fragments is gone."""
    for name in ("__fragments", "__commits", "__fragment_meta"):
        shutil.rmtree(store / array / name, ignore_errors=True)
    return store


def break_files(store: Path, array: str) -> Path:
    """The store after the array's files were cut, as a copy that was broken off leaves them."""
    files = [file for file in (store / array / "__fragments").rglob("a*.tdb") if file.is_file()]
    for file in files:
        file.write_bytes(file.read_bytes()[:10])
    return store


def drop(store: Path, collection: str, name: str) -> Path:
    """The store without one member of a collection."""
    with soma.open(str(store / collection), "d") as group:
        del group[name]
    return store
