"""A Census's store in memory: as much of what its client opens as is read here.

What it doesn't model: what a store refuses of itself, and columns with a dictionary (`stores` has
both).
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from runners.contract import Storage

SOMA = "s3://bucket/cell-census/2020-07-15/soma"
STORAGE = Storage(soma=SOMA, h5ads="")
ROWS: Mapping[str, Sequence[Any]] = {
    "collection_id": ["c-1", "c-2"],
    "collection_name": ["First", "Second"],
    "collection_doi": ["10.1/1", "10.1/2"],
    "dataset_id": ["d-2", "d-1"],
    "dataset_version_id": ["v-2", "v-1"],
    "dataset_title": ["Two", "One"],
    "dataset_h5ad_path": ["d-2.h5ad", "d-1.h5ad"],
    "dataset_total_cell_count": [20, 10],
}
"""A table of datasets."""


class Table:
    """A table, whose rows are read one at a time."""

    def __init__(self, columns: Mapping[str, Sequence[object]]) -> None:
        self._rows = pa.table({name: list(values) for name, values in columns.items()})
        self.schema = self._rows.schema
        self.count = self._rows.num_rows

    def read(self, *, column_names: Sequence[str]) -> "Read":
        return Read(self._rows.select(column_names))

    def non_empty_domain(self) -> Any:
        return ((0, self.count - 1),)


class Read:
    """What is read of a table."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[pa.Table]:
        return (self._rows.slice(number, 1) for number in range(self._rows.num_rows))

    def concat(self) -> pa.Table:
        return self._rows


class Silent:
    """A part of a store whose storage doesn't answer."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"[HTTP Response Code: 503] {name}")

    def __getitem__(self, name: str) -> Any:
        raise RuntimeError(f"[HTTP Response Code: 503] {name}")


def experiment(dataset_ids: Sequence[str], genes: Sequence[str] = ()) -> Any:
    """One with a cell of each of the datasets."""
    measurement = SimpleNamespace(var=Table({"feature_id": genes}))
    return SimpleNamespace(obs=Table({"dataset_id": dataset_ids}), ms={"RNA": measurement})


def census(
    tables: Mapping[str, Mapping[str, Sequence[object]]], **parts: Mapping[str, Any]
) -> dict[str, Any]:
    """A store with these tables of `census_info`, and parts of experiments by organism."""
    info = {name: Table(columns) for name, columns in tables.items()}
    return {"census_info": info, **parts}


def opened(monkeypatch: pytest.MonkeyPatch, store: Any, **functions: Any) -> list[dict[str, Any]]:
    """How the client is asked from now on to open a store, which is this one; `functions` are what
    else it has.
    """
    asked: list[dict[str, Any]] = []

    def open_soma(**words: Any) -> AbstractContextManager[Any]:
        asked.append(words)
        if isinstance(store, Exception):
            raise store
        return nullcontext(store)

    client = SimpleNamespace(open_soma=open_soma, **functions)
    monkeypatch.setitem(sys.modules, "cellxgene_census", client)
    monkeypatch.setenv("PATIENCE_SECONDS", "0.1")
    return asked
