"""What a SOMA store holds in its experiments, and whether its users could read it.

Reads few cells: the datasets of an experiment are the values of a column's dictionary, and the
store itself counts its cells. Stores from before dictionaries (Censuses of 2023) are read by that
one column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from runners.census.slices import SliceError, read_slice
from runners.census.store import open_store, raise_outages, read_store, table_rows
from runners.contract import ContractError, Storage
from runners.records.snapshot import StoreContent
from runners.retries import OutageError

PARTS = ("census_data", "census_spatial_sequencing")
SUMMARY = "census_info/summary"


@dataclass(frozen=True)
class _Experiment:
    """What one experiment holds; `problem` is there where a user could not read it."""

    name: str
    dataset_ids: frozenset[str] = frozenset()
    cells: int = 0
    problem: str | None = None


def read_content(storage: Storage) -> StoreContent:
    """What the store holds, and what of it can't be read as its users read it.

    Raises what TileDB raises where the store doesn't open, an OutageError where S3 doesn't answer.
    """
    with raise_outages(storage.soma), open_store(storage) as census:
        experiments = [_read_experiment(census, *place) for place in places(census)]
        total, problem = _summary_cells(census, storage.soma)
    unread = {one.name: one.problem for one in experiments if one.problem}
    return StoreContent(
        frozenset().union(*(one.dataset_ids for one in experiments)),
        sum(one.cells for one in experiments),
        total,
        unread | ({SUMMARY: problem} if problem else {}),
    )


@dataclass(frozen=True)
class CensusOrganism:
    """An organism of a store by the `name` of its experiments (`homo_sapiens`), with the taxon id
    and the label that the store gives it, and the datasets that have cells there.
    """

    name: str
    also: tuple[str, ...]
    dataset_ids: frozenset[str]


def read_organisms(storage: Storage) -> tuple[CensusOrganism, ...]:
    """The store's organisms by name. No table says which organism a dataset is of: its cells do.

    Raises:
        ContractError: as `read_store`.
    """
    return read_store(storage, "obs of its experiments", lambda census: _organisms(census, storage))


def _organisms(census: Any, storage: Storage) -> tuple[CensusOrganism, ...]:
    dataset_ids: dict[str, frozenset[str]] = {}
    for part, organism in places(census):
        collection = census[part]  # held: a chained read fails on a closed handle
        obs = collection[organism].obs
        found = _dataset_ids(obs) if obs.count else frozenset()
        dataset_ids[organism] = dataset_ids.get(organism, frozenset()) | found
    also = _organism_names(census, storage)
    return tuple(
        CensusOrganism(name, also.get(name, ()), ids) for name, ids in sorted(dataset_ids.items())
    )


def _organism_names(census: Any, storage: Storage) -> dict[str, tuple[str, ...]]:
    """By experiment, what the table of organisms says; older stores have none."""
    if "organisms" not in census.get("census_info", {}):
        return {}
    columns = ["organism", "organism_ontology_term_id", "organism_label"]
    rows = table_rows(census, storage.soma, "organisms", columns)
    return {row["organism"]: (row[columns[1]], row[columns[2]]) for row in rows}


def places(census: Any) -> Iterator[tuple[str, str]]:
    """The part and the organism of each experiment."""
    for part in PARTS:
        if part in census:
            yield from ((part, organism) for organism in census[part])


def _read_experiment(census: Any, part: str, organism: str) -> _Experiment:
    name, collection = f"{part}/{organism}", census[part]
    try:
        with raise_outages(name):
            obs = collection[organism].obs
            cells = obs.count
            dataset_ids = _dataset_ids(obs) if cells else frozenset()
    except OutageError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        return _Experiment(name, problem=f"obs can't be read: {type(error).__name__}: {reason}")
    return _Experiment(
        name, dataset_ids, cells, _slice_problem(census, part, organism) if cells else None
    )


def _slice_problem(census: Any, part: str, organism: str) -> str | None:
    try:
        read_slice(census, part, organism)
    except SliceError as error:
        return str(error)
    return None


def _dataset_ids(obs: Any) -> frozenset[str]:
    column = "dataset_id"
    if pa.types.is_dictionary(obs.schema.field(column).type):
        return frozenset(obs.get_enumeration_values([column])[column].to_pylist())
    parts = (pyarrow.compute.unique(part[column]) for part in obs.read(column_names=[column]))
    return frozenset(value for part in parts for value in part.to_pylist())


def _summary_cells(census: Any, soma: str) -> tuple[int | None, str | None]:
    """How many cells the summary says there are; else what is wrong with it."""
    label = "total_cell_count"
    try:
        rows = table_rows(census, soma, "summary", ["label", "value"])
        return int({row["label"]: row["value"] for row in rows}[label]), None
    except KeyError:
        return None, f"has no row {label}"
    except (ContractError, ValueError) as error:
        return None, str(error)
