"""What a release's SOMA store holds, told without reading its cells. Compares nothing.

The datasets of an experiment are the values of its column's dictionary, and its cells are counted
by the store itself.
"""

from collections.abc import Iterator
from typing import Any

from runners.census import open_store
from runners.contract import Storage
from runners.facts import StoreContent

PARTS = ("census_data", "census_spatial_sequencing")


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
    said = {row["label"]: row["value"] for row in rows}
    return StoreContent(frozenset(dataset_ids), cells, int(said["total_cell_count"]))


def _experiments(census: Any) -> Iterator[Any]:
    for part in PARTS:
        if part in census:
            collection = census[part]  # held: a chained read fails on a closed handle
            for name in collection:
                yield collection[name]
