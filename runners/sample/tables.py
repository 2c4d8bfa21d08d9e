"""The tables of `census_info`, computed from files and experiments. Must not write anything."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from runners.sample.datasets import Release
from runners.sample.files import LABELS, citation
from runners.sample.store import Experiment, Files, census_filter

# Categories of summary_cell_counts; development_stage isn't one of them.
_COUNTED = [label for label in LABELS if label != "development_stage"]


def datasets_table(files: Files, release: Release) -> pd.DataFrame:
    """census_info/datasets; the cell count is what the filter left."""
    rows = [
        {
            "soma_joinid": place,
            "citation": citation(dataset, release),
            "collection_id": dataset.collection.collection_id,
            "collection_name": dataset.collection.name,
            "collection_doi": dataset.collection.doi,
            "collection_doi_label": dataset.collection.doi_label,
            "dataset_id": dataset.dataset_id,
            "dataset_version_id": dataset.version_id(release),
            "dataset_title": dataset.title,
            "dataset_h5ad_path": f"{dataset.dataset_id}.h5ad",
            "dataset_total_cell_count": census_filter(adata).n_obs,
        }
        for place, (dataset, adata) in enumerate(files.items())
    ]
    return pd.DataFrame(rows)


def summary_table(built: Sequence[Experiment], release: Release) -> pd.DataFrame:
    """census_info/summary: labels and values, both text."""
    rows = {
        "census_schema_version": release.census_schema_version,
        "census_build_date": release.version,
        "dataset_schema_version": release.dataset_schema_version,
        "total_cell_count": str(sum(len(one.obs) for one in built)),
        "unique_cell_count": str(sum(int(one.obs["is_primary_data"].sum()) for one in built)),
    }
    return _numbered(pd.DataFrame({"label": list(rows), "value": list(rows.values())}))


def organisms_table(built: Sequence[Experiment]) -> pd.DataFrame:
    """census_info/organisms."""
    return _numbered(
        pd.DataFrame(
            {
                "organism_ontology_term_id": [one.organism for one in built],
                "organism_label": [one.label for one in built],
                "organism": [one.name for one in built],
            }
        )
    )


def cell_counts_table(built: Sequence[Experiment]) -> pd.DataFrame:
    """census_info/summary_cell_counts: cells by organism, category and term."""
    counted = [*_COUNTED, "tissue_general"]
    parts = [_counts(one, category) for one in built for category in ["all", *counted]]
    parts += [_counts(one, "suspension_type") for one in built]
    table = pd.concat(parts).sort_values(["organism", "category", "ontology_term_id", "label"])
    return _numbered(table.reset_index(drop=True))


def _counts(one: Experiment, category: str) -> pd.DataFrame:
    cells = pd.DataFrame(
        {
            "organism": one.label,
            "category": category,
            "label": one.obs.get(category, "na"),
            "ontology_term_id": one.obs.get(f"{category}_ontology_term_id", "na"),
            "unique": one.obs["is_primary_data"],
        }
    )
    grouped = cells.groupby(["organism", "category", "label", "ontology_term_id"])["unique"]
    return grouped.agg(total_cell_count="size", unique_cell_count="sum").reset_index()


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    table.insert(0, "soma_joinid", np.arange(len(table)))
    return table
