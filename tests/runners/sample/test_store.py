"""The stores open as Censuses, and tell of the files beside them."""

import cellxgene_census
import numpy as np
import pandas as pd
import pytest

from runners.census.store import read_datasets
from runners.contract import Manifest
from runners.sample.datasets import NEWER, OLDER, Release, by_key, of_release
from runners.sample.world import World, WorldRelease

from .test_h5ads import h5ad

COLUMNS = [
    "soma_joinid",
    "citation",
    "collection_id",
    "collection_name",
    "collection_doi",
    "collection_doi_label",
    "dataset_id",
    "dataset_version_id",
    "dataset_title",
    "dataset_h5ad_path",
    "dataset_total_cell_count",
]


def table(place: WorldRelease, name: str) -> pd.DataFrame:
    with cellxgene_census.open_soma(uri=str(place.soma)) as census:
        info = census["census_info"]
        rows: pd.DataFrame = info[name].read().concat().to_pandas()
    return rows


def places(world: World) -> list[tuple[Release, WorldRelease]]:
    return [(OLDER, world.older), (NEWER, world.newer)]


def test_datasets_are_the_files(world: World) -> None:
    for release, place in places(world):
        rows = table(place, "datasets")
        assert list(rows) == COLUMNS
        for row, dataset in zip(rows.itertuples(), of_release(release), strict=True):
            assert row.dataset_id == dataset.dataset_id
            assert row.dataset_version_id == dataset.version_id(release)
            assert (place.h5ads / str(row.dataset_h5ad_path)).is_file()
            assert row.collection_doi == dataset.collection.doi


def test_census_counts_fewer_cells_than_the_files_hold(world: World) -> None:
    counts = table(world.newer, "datasets").set_index("dataset_id")["dataset_total_cell_count"]
    fewer = {
        dataset.key
        for dataset in of_release(NEWER)
        if dataset.key != "D12"
        and counts[dataset.dataset_id] < h5ad(world, dataset.key, NEWER).n_obs
    }
    assert fewer == {"D08", "D09"}


def test_manifest_of_the_older_release_leads_to_its_datasets(world: World) -> None:
    manifest = Manifest.from_file(world.manifests / "2020-01-15.toml")
    assert len(read_datasets(manifest)) == len(of_release(OLDER)) == 5


def test_summary(world: World) -> None:
    for release, place in places(world):
        summary = table(place, "summary").set_index("label")["value"]
        assert summary["census_schema_version"] == release.census_schema_version
        assert summary["dataset_schema_version"] == release.dataset_schema_version
        total = table(place, "datasets")["dataset_total_cell_count"].sum()
        assert summary["total_cell_count"] == str(total)


def test_cell_counts_add_up(world: World) -> None:
    counts = table(world.newer, "summary_cell_counts")
    sums = counts.groupby(["organism", "category"], observed=True)["total_cell_count"].sum()
    for organism in table(world.newer, "organisms")["organism_label"]:
        assert sums[organism].nunique() == 1


@pytest.mark.parametrize("organism", ["Homo sapiens", "Mus musculus", "Macaca mulatta"])
def test_cells_are_those_of_the_files(world: World, organism: str) -> None:
    key = {"Homo sapiens": "D10", "Mus musculus": "D06", "Macaca mulatta": "D07"}[organism]
    only = f"dataset_id == '{by_key(key).dataset_id}'"
    with cellxgene_census.open_soma(uri=str(world.newer.soma)) as census:
        cells = cellxgene_census.get_anndata(census, organism, obs_value_filter=only)
    file = h5ad(world, key)
    genes = file.var_names[file.var["feature_biotype"] == "gene"]
    assert list(cells.obs["observation_joinid"]) == list(file.obs["observation_joinid"])
    taken = cells[:, cells.var["feature_id"].isin(genes)]
    assert (taken.X != file.raw[:, taken.var["feature_id"]].X).nnz == 0
    assert cells.X.sum() == taken.X.sum()


def test_presence_matrix_marks_the_genes_of_each_dataset(world: World) -> None:
    with cellxgene_census.open_soma(uri=str(world.newer.soma)) as census:
        matrix = cellxgene_census.get_presence_matrix(census, "Mus musculus")
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    measured = dict(zip([d.key for d in of_release(NEWER)], sums, strict=True))
    assert {key: count for key, count in measured.items() if count} == {"D05": 490, "D06": 500}
