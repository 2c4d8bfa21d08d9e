"""What the release page tells of a store, read back from it. Must not know how it was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import tiledbsoma as soma

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
