"""A Census release's SOMA store, locally or on S3: the datasets of its own table, and its contents.

See https://chanzuckerberg.github.io/cellxgene-census/cellxgene_census_docsite_schema.html. Never
asks the live curation API, which describes another day. Reads no cells: the datasets of an
experiment are the values of a column's dictionary, and the store itself counts its cells.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from runners import settings
from runners.contract import ContractError, Manifest, Storage
from runners.records.snapshot import StoreContent

COLUMNS = (
    "collection_id",
    "collection_name",
    "collection_doi",
    "dataset_id",
    "dataset_version_id",
    "dataset_title",
    "dataset_h5ad_path",
    "dataset_total_cell_count",
)


PARTS = ("census_data", "census_spatial_sequencing")


@dataclass(frozen=True)
class CensusDataset:
    """One row of `census_info/datasets`.

    `cell_count` counts after the Census's own filter: fewer cells than the file may hold.
    `collection_doi` is empty where the collection has none.
    """

    dataset_id: str
    dataset_version_id: str
    title: str
    path: str
    collection_id: str
    collection_name: str
    collection_doi: str
    cell_count: int


def read_datasets(manifest: Manifest) -> tuple[CensusDataset, ...]:
    """The datasets of the manifest's release, by dataset id.

    Raises:
        ContractError: the store can't be opened, lacks a column, or holds another number of
            datasets than the manifest says.
    """
    soma = manifest.storage.soma
    try:
        rows = _read_table(manifest.storage)
    except Exception as error:
        raise ContractError(
            f"{soma}: census_info/datasets can't be read ({error}); "
            "check the field storage.soma of the manifest."
        ) from error
    datasets = tuple(sorted(map(_dataset, rows), key=lambda dataset: dataset.dataset_id))
    if len(datasets) != manifest.dataset_count:
        raise ContractError(
            f"{soma}: holds {len(datasets)} datasets, but the manifest's dataset_count is "
            f"{manifest.dataset_count}; correct the manifest or ask why the release changed."
        )
    return datasets


@contextmanager
def open_store(storage: Storage) -> Iterator[Any]:
    """The release's SOMA store, open for reading; anonymously on S3."""
    import tiledbsoma  # 7 s the first time: only where it is needed

    options = _s3_options(storage.region) if storage.soma.startswith("s3://") else {}
    context = tiledbsoma.SOMATileDBContext(tiledb_config=options)
    with tiledbsoma.open(storage.soma, context=context) as census:
        yield census


def _read_table(storage: Storage) -> list[dict[str, object]]:
    with open_store(storage) as census:
        info = census["census_info"]  # held: a chained read fails on a closed handle
        table = info["datasets"].read(column_names=list(COLUMNS)).concat()
        rows: list[dict[str, object]] = table.to_pylist()
    return rows


def _s3_options(region: str | None) -> dict[str, str]:
    """TileDB's settings to read anonymously; it knows no AWS_ENDPOINT_URL."""
    options = {"vfs.s3.no_sign_request": "true"}
    if region:
        options["vfs.s3.region"] = region
    if endpoint := settings.from_environment().s3_endpoint:
        scheme, _, host = endpoint.partition("://")
        options |= {
            "vfs.s3.scheme": scheme,
            "vfs.s3.endpoint_override": host,
            "vfs.s3.use_virtual_addressing": "false",
        }
    return options


def _dataset(row: Mapping[str, object]) -> CensusDataset:
    return CensusDataset(
        dataset_id=str(row["dataset_id"]),
        dataset_version_id=str(row["dataset_version_id"]),
        title=str(row["dataset_title"]),
        path=str(row["dataset_h5ad_path"]),
        collection_id=str(row["collection_id"]),
        collection_name=str(row["collection_name"]),
        collection_doi=str(row["collection_doi"] or ""),
        cell_count=int(str(row["dataset_total_cell_count"])),
    )


def location(manifest: Manifest, dataset: CensusDataset) -> str:
    """The address of the dataset's h5ad in the manifest's storage."""
    return f"{manifest.storage.h5ads.rstrip('/')}/{dataset.path}"


def read_content(storage: Storage) -> StoreContent:
    """The datasets and cells in the store's experiments. Raises what TileDB raises."""
    dataset_ids: set[str] = set()
    cells = 0
    with open_store(storage) as census:
        for experiment in _experiments(census):
            obs = experiment["obs"]
            cells += obs.count
            if obs.count:
                values = obs.get_enumeration_values(["dataset_id"])["dataset_id"]
                dataset_ids.update(values.to_pylist())
        summary = census["census_info"]["summary"]
        rows = summary.read(column_names=["label", "value"]).concat().to_pylist()
    summary_values = {row["label"]: row["value"] for row in rows}
    return StoreContent(frozenset(dataset_ids), cells, int(summary_values["total_cell_count"]))


def _experiments(census: Any) -> Iterator[Any]:
    for part in PARTS:
        if part in census:
            collection = census[part]  # held: a chained read fails on a closed handle
            for name in collection:
                yield collection[name]
