"""Reads one h5ad into a DatasetProfile: what validation and annotation need, and never X.

Reads ranges of the file, locally or on S3 through a block cache, and long columns in chunks, so
that memory doesn't grow with the number of cells.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import h5py
import numpy as np

from runners.h5ad.columns import Codes, ColumnData, column_of, decoded, dtype_of
from runners.h5ad.ranges import open_h5ad

CHUNK = 250_000
"""Rows that are read at once."""

BROKEN = (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
"""What h5py raises, depending on where a file is broken."""

Names = tuple[str, ...]


class FileMissingError(Exception):
    """There is no file."""


class FileUnreadableError(Exception):
    """There is a file, but it is no whole h5ad."""


@dataclass(frozen=True)
class ColumnProfile:
    """A column's kind (categorical, str, bool, int, number) and its distinct values that occur.

    Values are sorted texts; of numbers with a fraction none are kept. `missing` counts cells
    without a value.
    """

    dtype: str
    values: tuple[str, ...]
    missing: int


@dataclass(frozen=True)
class DatasetProfile:
    """What one h5ad says of itself. `genes` is the var index in the file's order.

    `uns` has the values of keys that aren't dictionaries, as columns: of one value, or of all in a
    list; `dicts` what holds keys, with them; a key in a key is written `a.b`. `combinations`: of
    some columns of obs, the values that occur together.
    """

    n_observations: int
    obs: Mapping[str, ColumnProfile]
    var: Mapping[str, ColumnProfile]
    genes: tuple[str, ...]
    uns: Mapping[str, ColumnProfile]
    dicts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    combinations: Mapping[Names, frozenset[Names]] = field(default_factory=dict)


def read_profile(
    address: str, columns: Collection[str], combinations: Collection[Names] = ()
) -> DatasetProfile:
    """The profile of the h5ad at `address` (a path or s3://), of those `columns` that it has.

    Columns of obs and var and keys of uns; and the `combinations` of those of obs that it has.

    Raises:
        FileMissingError: nothing is there.
        FileUnreadableError: truncated, not HDF5, or without obs, var or an index.
        ContractError: the storage didn't answer, which says nothing about the file.
    """
    try:
        with open_h5ad(address) as file:
            return _profile(file, columns, combinations)
    except FileNotFoundError as error:
        raise FileMissingError(address) from error
    except BROKEN as error:
        reason = " ".join(str(error).split())  # HDF5 tells the time with a line break
        reason = reason or type(error).__name__
        raise FileUnreadableError(f"{address}: {reason}") from error


def _profile(
    file: h5py.File, columns: Collection[str], combinations: Collection[Names]
) -> DatasetProfile:
    obs, var = _Table(file, "obs"), _Table(file, "var")
    genes = decoded(var.index[:])
    obs.read(columns, combinations)
    var.read(columns, ())
    values, dicts = _values_and_dicts(file["uns"], columns) if "uns" in file else ({}, {})
    return DatasetProfile(
        n_observations=obs.length,
        obs=obs.profiles(),
        var=var.profiles(),
        genes=tuple(genes),
        uns=values,
        dicts=dicts,
        combinations=obs.combinations(),
    )


class _Table:
    """One of the file's two tables: reads some of its columns side by side, in chunks."""

    def __init__(self, file: h5py.File, name: str) -> None:
        table = file[name]
        if not isinstance(table, h5py.Group):
            raise KeyError(f"{name} is no table of columns")
        self._table = table
        index = table.attrs.get("_index", "_index")
        self.index: h5py.Dataset = table[index.decode() if isinstance(index, bytes) else index]
        self.length = len(self.index)
        self._columns: dict[str, ColumnData] = {}
        self._present: dict[str, set[int]] = {}
        self._missing: dict[str, int] = {}
        self._codes_together: dict[Names, set[tuple[int, ...]]] = {}

    def read(self, names: Collection[str], combinations: Collection[Names]) -> None:
        for name in sorted(names):
            if name in self._table:
                self._add(name, column_of(self._table, name))
        there = [tuple(name for name in each if name in self._columns) for each in combinations]
        self._codes_together = {names: set() for names in there if len(names) > 1}
        for start in range(0, self.length, CHUNK):
            self._read(slice(start, min(start + CHUNK, self.length)))

    def _add(self, name: str, column: ColumnData) -> None:
        if column.length != self.length:
            raise ValueError(f"{name} has {column.length} rows, its table {self.length}")
        self._columns[name] = column
        self._present[name], self._missing[name] = set(), 0

    def _read(self, rows: slice) -> None:
        chunk: dict[str, Codes] = {}
        for name, column in self._columns.items():
            codes = chunk[name] = column.codes(rows)
            self._present[name].update(np.unique(codes[codes >= 0]).tolist())
            self._missing[name] += column.missing(rows, codes)
        for names, seen in self._codes_together.items():
            seen.update(_rows_of([chunk[name] for name in names]))

    def profiles(self) -> dict[str, ColumnProfile]:
        return {name: self._profile(name, column) for name, column in self._columns.items()}

    def _profile(self, name: str, column: ColumnData) -> ColumnProfile:
        texts = column.texts()
        values = sorted({texts[code] for code in self._present[name]})
        return ColumnProfile(column.dtype, tuple(values), self._missing[name])

    def combinations(self) -> dict[Names, frozenset[Names]]:
        return {names: frozenset(self._texts(names)) for names in self._codes_together}

    def _texts(self, names: Names) -> Iterator[Names]:
        texts = [self._columns[name].texts() for name in names]
        for codes in self._codes_together[names]:
            yield tuple(column[code] for column, code in zip(texts, codes, strict=True))


def _rows_of(columns: list[Codes]) -> Iterator[tuple[int, ...]]:
    """The distinct rows of several columns of codes, without those where one has no value."""
    has_every_value = np.logical_and.reduce([codes >= 0 for codes in columns])
    kept_codes = [codes[has_every_value].astype(np.int64) for codes in columns]
    sizes = [int(codes.max()) + 1 if len(codes) else 1 for codes in kept_codes]
    distinct = np.unique(np.ravel_multi_index(kept_codes, sizes))
    for row in zip(*np.unravel_index(distinct, sizes), strict=True):
        yield tuple(map(int, row))


MOST_VALUES = 1_000
"""Of a list in uns; a longer one is no list of names."""


def _values_and_dicts(
    uns: h5py.Group, names: Collection[str]
) -> tuple[dict[str, ColumnProfile], dict[str, frozenset[str]]]:
    """Those of the names that are values or short lists, and the keys of those that hold some."""
    nodes = {name: uns.get(name.replace(".", "/")) for name in names}
    values = {
        name: _value(node)
        for name, node in nodes.items()
        if isinstance(node, h5py.Dataset) and node.size is not None and node.size <= MOST_VALUES
    }
    dicts = {name: frozenset(node) for name, node in nodes.items() if isinstance(node, h5py.Group)}
    return values, dicts


def _value(node: h5py.Dataset) -> ColumnProfile:
    if node.shape == ():
        return ColumnProfile(dtype_of(node), tuple(decoded([node[()]])), 0)
    return ColumnProfile("list", tuple(sorted(set(decoded(node[:].ravel().tolist())))), 0)
