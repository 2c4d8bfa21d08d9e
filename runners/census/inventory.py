"""What a release's store lists: its datasets, and of each organism the cells, genes and assays.

Reads tables and no cell's values. What can't be read becomes an Unknown, so that the rest can
still be compared.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from runners.census.content import places
from runners.census.store import raise_outages, read_store, table_rows
from runners.contract import ComparedAssay, ComparedDataset, Storage
from runners.records.snapshot import Unknown
from runners.retries import OutageError

Value = TypeVar("Value")

VERSION = "dataset_version_id"
COUNTS = "summary_cell_counts"


@dataclass(frozen=True)
class Inventory:
    """What a store lists. `versions`: version id by dataset; `cells` and `genes` (their ids) by
    organism, of all its experiments; `assays` by ontology id.
    """

    datasets: Mapping[str, ComparedDataset] | Unknown
    versions: Mapping[str, str] | Unknown
    cells: Mapping[str, int] | Unknown
    genes: Mapping[str, frozenset[str]] | Unknown
    assays: Mapping[str, ComparedAssay] | Unknown


def read_inventory(storage: Storage) -> Inventory:
    """The store's inventory.

    Raises:
        ContractError: as `read_store`.
    """
    soma = storage.soma
    return read_store(
        storage,
        "its tables",
        lambda census: Inventory(
            datasets=_or_unknown("which datasets it has", lambda: _datasets(census, soma)),
            versions=_or_unknown("which datasets were revised", lambda: _versions(census, soma)),
            cells=_or_unknown("how many cells it has", lambda: _cells(census)),
            genes=_or_unknown("which genes it has", lambda: _genes(census)),
            assays=_or_unknown("which assays it has", lambda: _assays(census, soma)),
        ),
    )


def _or_unknown(what: str, read: Callable[[], Value]) -> Value | Unknown:
    try:
        with raise_outages(what):
            return read()
    except OutageError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".")
        return Unknown(f"{what} can't be told ({reason})")


def _datasets(census: Any, soma: str) -> Mapping[str, ComparedDataset]:
    columns = ["dataset_id", "dataset_title", "collection_name", "dataset_total_cell_count"]
    return {
        row["dataset_id"]: ComparedDataset(
            dataset_id=row["dataset_id"],
            title=row["dataset_title"],
            collection=row["collection_name"],
            cells=row["dataset_total_cell_count"],
        )
        for row in table_rows(census, soma, "datasets", columns)
    }


def _versions(census: Any, soma: str) -> Mapping[str, str]:
    info = census.get("census_info", {})  # held: a chained read fails on a closed handle
    if "datasets" in info and VERSION not in info["datasets"].schema.names:
        raise ValueError(f"{soma}: it has no {VERSION}, which came with census schema 1.1.0")
    rows = table_rows(census, soma, "datasets", ["dataset_id", VERSION])
    if without := sum(not row[VERSION] for row in rows):
        raise ValueError(f"{soma}: {VERSION} is empty in {without:,} of {len(rows):,} rows")
    return {row["dataset_id"]: row[VERSION] for row in rows}


def _cells(census: Any) -> Mapping[str, int]:
    cells: dict[str, int] = {}
    for organism, experiment in _experiments(census):
        cells[organism] = cells.get(organism, 0) + experiment.obs.count
    return cells


def _genes(census: Any) -> Mapping[str, frozenset[str]]:
    genes: dict[str, frozenset[str]] = {}
    for organism, experiment in _experiments(census):
        measurement = experiment.ms["RNA"]  # held: a chained read fails on a closed handle
        column = measurement.var.read(column_names=["feature_id"]).concat()["feature_id"]
        genes[organism] = genes.get(organism, frozenset()) | frozenset(column.to_pylist())
    return genes


def _experiments(census: Any) -> Iterator[tuple[str, Any]]:
    """The organism of each experiment, and the experiment."""
    for part, organism in places(census):
        collection = census[part]
        yield organism, collection[organism]


def _assays(census: Any, soma: str) -> Mapping[str, ComparedAssay]:
    columns = ["category", "ontology_term_id", "label", "total_cell_count"]
    rows = table_rows(census, soma, COUNTS, columns)
    assays: dict[str, ComparedAssay] = {}
    for row in rows:
        if row["category"] == "assay" and row["total_cell_count"]:
            term = row["ontology_term_id"]
            cells = row["total_cell_count"] + (assays[term].cells if term in assays else 0)
            assays[term] = ComparedAssay(ontology_id=term, name=row["label"], cells=cells)
    if not assays:
        raise ValueError(f"{soma}: the table census_info/{COUNTS} counts no assay")
    return assays
