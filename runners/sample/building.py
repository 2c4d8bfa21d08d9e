"""The steps that fill a world's folder. Must not decide whether to build (`__init__`).

What the release page tells of a store, read back from it. Must not know how it was made."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import pandas as pd
import tiledbsoma as soma

from runners.sample import files, pages, store
from runners.sample.datasets import NEWER, OLDER, RELEASES, Release, of_release
from runners.sample.files import Genes

if TYPE_CHECKING:
    from runners.sample import World, WorldRelease

BROKEN = "D12"


COLUMNS = (
    "assay",
    "cell_type",
    "development_stage",
    "disease",
    "self_reported_ethnicity",
    "sex",
    "suspension_type",
    "tissue",
    "tissue_general",
)


@dataclass(frozen=True)
class Counts:
    """What a store says of itself; `cells` is organism -> (total, unique)."""

    datasets: int
    cells: Mapping[str, tuple[int, int]]
    values: Mapping[str, Mapping[str, int]]


def build_parts(
    world: "World", final: "World", reference_root: Path, progress: Callable[[str], None]
) -> None:
    """Fills the folder of `world`; documents name the places of `final`, where it will be moved."""
    genes = Genes(reference_root)
    for release, place in ((OLDER, world.older), (NEWER, world.newer)):
        _build_release(release, place, genes, progress)
    progress("sample world: pages and documents")
    _write_documents(world, final)


def _build_release(
    release: Release, place: "WorldRelease", genes: Genes, progress: Callable[[str], None]
) -> None:
    datasets = of_release(release)
    place.h5ads.mkdir(parents=True)
    made = {}
    for number, dataset in enumerate(datasets, start=1):
        progress(f"sample world: {release.version} h5ads {number}/{len(datasets)}")
        made[dataset] = files.make(dataset, release, genes)
        path = place.h5ads / f"{dataset.dataset_id}.h5ad"
        files.write(made[dataset], path)
        if dataset.key == BROKEN:
            files.truncate(path)
    progress(f"sample world: {release.version} SOMA store")
    store.write(made, release, place.soma)


def _write_documents(world: "World", final: "World") -> None:
    for place, release in zip((world.older, world.newer), RELEASES, strict=True):
        _write(place.schema, _document(f"{release.dataset_schema_version}.md"))
    stores = {OLDER: world.older.soma, NEWER: world.newer.soma}
    found = {release: read_counts(path) for release, path in stores.items()}
    _write(world.page, pages.release_page(found))
    _write(world.directory, pages.release_directory(final.root))
    _write(world.manifests / f"{OLDER.version}.toml", _manifest(final.older, found[OLDER]))


def _manifest(older: "WorldRelease", found: Counts) -> str:
    return Template(_document(f"{older.version}.toml")).substitute(
        count=found.datasets,
        soma=older.soma,
        h5ads=older.h5ads,
        schema=older.schema,
        blob=_blob_sha(_document(f"{OLDER.dataset_schema_version}.md").encode()),
    )


def _blob_sha(content: bytes) -> str:
    """The name that git gives a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _document(name: str) -> str:
    return (resources.files(__package__) / "documents" / name).read_text("utf-8")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def read_counts(soma_path: Path) -> Counts:
    """The counts in the store at `soma_path`."""
    with soma.open(str(soma_path)) as census:
        info, data = census["census_info"], census["census_data"]
        table = info["summary_cell_counts"].read().concat().to_pandas()
        names = info["organisms"].read().concat().to_pandas().set_index("organism_label")
        every = table[table["category"] == "all"].set_index("organism")
        every = every.sort_values("total_cell_count", ascending=False)
        values = {
            label: _distinct(data[name].obs.read(column_names=list(COLUMNS)).concat().to_pandas())
            for label, name in names["organism"].items()
        }
        return Counts(
            datasets=info["datasets"].count,
            cells={
                label: (int(row["total_cell_count"]), int(row["unique_cell_count"]))
                for label, row in every.iterrows()
            },
            values=values,
        )


def _distinct(obs: pd.DataFrame) -> dict[str, int]:
    """How many values each column has; a value that joins several counts as each of them."""
    parts = {column: obs[column].astype(str).str.split(" || ", regex=False) for column in COLUMNS}
    return {column: values.explode().nunique() for column, values in parts.items()}
