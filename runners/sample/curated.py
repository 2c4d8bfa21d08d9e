"""The newer release's files as a curator would submit them: `python -m runners.sample.curated DIR`.

For a check with CZI's own validator, which wants files without the labels that Discover adds and
lives in an environment of its own; with `--compare` compares the labels that it wrote with ours.
Must not be needed by anything else.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import anndata
import pandas as pd

from runners.sample import files
from runners.sample.building import BROKEN
from runners.sample.datasets import NEWER, Dataset, of_release
from runners.sample.files import Genes
from runners.settings import from_environment

_FEATURE_LABELS = [
    "feature_name",
    "feature_reference",
    "feature_biotype",
    "feature_length",
    "feature_type",
]
_ADDED_UNS = ["citation", "organism", "schema_reference", "schema_version"]


def strip_labels(adata: anndata.AnnData) -> anndata.AnnData:
    """A copy without what Discover adds: labels, joinids, citation, organism, schema."""
    curated = anndata.AnnData(
        X=adata.X,
        obs=adata.obs.drop(columns=[*files.LABELS, "observation_joinid"]),
        var=adata.var.drop(columns=_FEATURE_LABELS),
        obsm=dict(adata.obsm),
        uns={key: value for key, value in adata.uns.items() if key not in _ADDED_UNS},
    )
    curated.raw = anndata.AnnData(X=adata.raw.X, obs=adata.obs[[]], var=curated.var[[]])
    return curated


def differences(ours: anndata.AnnData, theirs: anndata.AnnData) -> Iterator[str]:
    """The label columns whose values differ; joinids are hashed otherwise and left out."""
    pairs = [
        ("obs", ours.obs, theirs.obs, list(files.LABELS)),
        ("var", ours.var, theirs.var, _FEATURE_LABELS),
        ("raw.var", ours.raw.var, theirs.raw.var, _FEATURE_LABELS),
    ]
    for name, our_frame, their_frame, columns in pairs:
        yield from (f"{name}.{c}" for c in columns if not _equal(our_frame, their_frame, c))
    if ours.uns["organism"] != theirs.uns["organism"]:
        yield "uns.organism"


def _equal(ours: pd.DataFrame, theirs: pd.DataFrame, column: str) -> bool:
    return ours[column].astype(object).equals(theirs[column].astype(object))


def _report(dataset: Dataset, adata: anndata.AnnData, labelled: Path) -> str:
    if not labelled.exists():
        return f"{dataset.key}: not labelled"
    differing = ", ".join(differences(adata, anndata.read_h5ad(labelled)))
    return f"{dataset.key}: {differing or 'labels equal'}"


def main() -> None:
    """Writes KEY.h5ad for each readable dataset, or compares what was made of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the files are to be, or are")
    parser.add_argument(
        "--compare", action="store_true", help="the folder holds what CZI labelled: compare it"
    )
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    genes = Genes(from_environment().reference)
    for dataset in of_release(NEWER):
        if dataset.key == BROKEN:
            continue
        adata = files.make(dataset, NEWER, genes)
        path = arguments.folder / f"{dataset.key}.h5ad"
        if arguments.compare:
            print(_report(dataset, adata, path))  # noqa: T201
        else:
            files.write(strip_labels(adata), path)


if __name__ == "__main__":
    main()
