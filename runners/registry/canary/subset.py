"""A dataset of the release -> small files that both sides are given: all but X, and fewer genes.

The curator never looks at X, and LaminDB annotates by gene up to a number of genes: a dataset of
more gives two files, one on either side of that number. So the released curator, whose time is
quadratic in the genes, is compared as it is. Everything else of the file is kept as it stands, and
each categorical column of texts gets a category that no cell uses, as files of the Census have: who
counts it shows. Must not know LaminDB.
"""

from pathlib import Path
from typing import Any

import anndata
import h5py
import pandas as pd
from anndata import AnnData
from anndata.io import read_elem
from pandas.api.types import is_string_dtype
from scipy import sparse

from runners.contract.rules import Rules
from runners.h5ad.ranges import open_h5ad

ANNOTATED = 1000
"""Genes that LaminDB annotates by at most (`ln.settings.annotation.n_max_records`)."""

UNUSED = "of no cell"


def read_subset(address: str, rules: Rules) -> AnnData:
    """The h5ad at `address` (a path or s3://) without X, layers, embeddings and all that is large
    in uns; of a dictionary, only where the rules have one.
    """
    with open_h5ad(address, whole=True) as opened:  # anndata's readers follow what they find
        root = opened.root
        obs, var = read_elem(root["obs"]), read_elem(root["var"])
        uns = {
            name: _without_arrays(node)
            for name, node in root["uns"].items()
            if _is_scalar(node) or (name in rules.columns and isinstance(node, h5py.Group))
        }
    counts = sparse.csr_matrix((len(obs), len(var)), dtype="float32")
    return AnnData(counts, obs=obs, var=var, uns=uns)


def _without_arrays(node: h5py.Group | h5py.Dataset) -> Any:
    """A dictionary with its keys, their keys and all scalars, or a scalar itself."""
    if isinstance(node, h5py.Dataset):
        return read_elem(node)
    children = node.items()
    return {
        name: _without_arrays(child)
        for name, child in children
        if isinstance(child, h5py.Group) or _is_scalar(child)
    }


def _is_scalar(node: h5py.Group | h5py.Dataset) -> bool:
    return isinstance(node, h5py.Dataset) and node.shape == ()


def write_subsets(data: AnnData, folder: Path, name: str) -> list[Path]:
    """The files made of `data`, one or two."""
    sizes = [data.n_vars] if data.n_vars <= ANNOTATED else [ANNOTATED, ANNOTATED + 1]
    return [_write_subset(data, size, folder / f"{name}-{size}.h5ad") for size in sizes]


def _write_subset(data: AnnData, genes: int, file: Path) -> Path:
    counts = sparse.csr_matrix((data.n_obs, genes), dtype="float32")
    obs, var = _with_unused(data.obs), data.var.iloc[:genes]
    # as the file itself may have them: pandas 3 writes an index and categories so
    with anndata.settings.override(allow_write_nullable_strings=True):
        AnnData(counts, obs=obs, var=var, uns=data.uns).write_h5ad(file)
    return file


def _with_unused(obs: pd.DataFrame) -> pd.DataFrame:
    categorical = obs.select_dtypes("category")
    of_texts = [name for name in categorical if is_string_dtype(obs[name].cat.categories)]
    return obs.assign(**{str(name): obs[name].cat.add_categories(UNUSED) for name in of_texts})
