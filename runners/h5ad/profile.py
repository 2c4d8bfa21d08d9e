"""Reads one h5ad into a DatasetProfile: what validation and annotation need, and never X.

Reads ranges of the file, locally or on S3, there ahead and side by side; and long columns in
chunks, so that memory doesn't grow with the number of cells.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import h5py
import numpy as np

from runners.h5ad.ahead import fetch_profile, fetch_rows
from runners.h5ad.arrays import (
    MOST_TEXT,
    ROWS_AT_ONCE,
    TooLargeError,
    decoded,
    has_kind,
    is_text_of_any_length,
    kind_of,
    refuse_large,
    shortened,
)
from runners.h5ad.blocks import Blocks
from runners.h5ad.columns import (
    MOST_VALUES,
    Codes,
    Column,
    column_of,
    encoding_of,
    is_array,
    table_of,
)
from runners.h5ad.containment import Node, part
from runners.h5ad.errors import FileMissingError, FileTooLargeError, FileUnreadableError
from runners.h5ad.heaps import ids_of
from runners.h5ad.ranges import OpenFile, open_h5ad

CHUNK = ROWS_AT_ONCE
"""Rows that are read at once."""

MOST_CELLS = 1_000_000_000
"""Rows of a table; no dataset has as many, and a file may declare more at no cost."""

LARGE_REMEDY = (
    "correct the file, or give readers more memory by READER_MEGABYTES where that was the limit."
)

BROKEN = (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What h5py raises, depending on where a file is broken."""

Names = tuple[str, ...]


@dataclass(frozen=True)
class ColumnProfile:
    """A column's kind (categorical, str, bool, int, number) and its distinct values that occur.

    Values are sorted texts, and shortened where they are very long; of numbers with a fraction none
    are kept. `missing` counts cells without a value.
    """

    dtype: str
    values: tuple[str, ...]
    missing: int


@dataclass(frozen=True)
class DatasetProfile:
    """What one h5ad says of itself. `genes` is the var index in the file's order.

    `dicts` has the keys of uns that are dictionaries, with what they hold; `uns` has every other
    key, as a column: of one value, or with the kind `list` of all values. What is neither has no
    values and the kind `array` (long, or of several dimensions), `null`, `other` (of a type that no
    value has) or anndata's name of the encoding (`dataframe`, `csr_matrix`). A key in a key is
    written `a.b`. `combinations`: of some columns of obs, the values that occur together. `size` in
    bytes, and on S3 the entity tag of what was read.
    """

    n_observations: int
    obs: Mapping[str, ColumnProfile]
    var: Mapping[str, ColumnProfile]
    genes: Sequence[str]
    uns: Mapping[str, ColumnProfile]
    dicts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    combinations: Mapping[Names, frozenset[Names]] = field(default_factory=dict)
    size: int = 0
    etag: str | None = None


def read_profile(
    address: str, columns: Collection[str], combinations: Collection[Names] = ()
) -> DatasetProfile:
    """The profile of the h5ad at `address` (a path or s3://), of those `columns` that it has.

    Columns of obs and var and keys of uns; and the `combinations` of those of obs that it has.

    Raises:
        FileMissingError: nothing is there.
        FileForbiddenError, FileArchivedError: the storage has it, and doesn't give it.
        FileUnreadableError: truncated, not HDF5, or without obs, var or an index.
        FilePointsElsewhereError: a part of it lies in another file.
        FileTooLargeError: what is needed of it takes more memory than a reader may use.
        OutageError: the storage didn't answer, which says nothing about the file.
    """
    try:
        with open_h5ad(address) as file:
            profile = _profile(file, columns, combinations)
            return replace(profile, size=file.size, etag=file.etag)
    except FileNotFoundError as error:
        raise FileMissingError(address) from error
    except (TooLargeError, MemoryError) as error:
        raise FileTooLargeError(f"{address}: {_reason(error)}; {LARGE_REMEDY}") from error
    except BROKEN as error:
        if is_out_of_memory(error):
            raise FileTooLargeError(f"{address}: {_reason(error)}; {LARGE_REMEDY}") from error
        raise FileUnreadableError(f"{address}: {_reason(error)}") from error


def is_out_of_memory(error: Exception) -> bool:
    """Whether HDF5, which has no error of its own for it, was refused memory."""
    return "memory allocation failed" in str(error) or "unable to allocate" in str(error)


def _reason(error: Exception) -> str:
    """The error on one line: HDF5 tells the time with a line break, and of a folder an address in
    memory.
    """
    if isinstance(error, IsADirectoryError):
        return "a folder, which is no h5ad"
    return " ".join(str(error).split()) or type(error).__name__


def _profile(
    opened: OpenFile, columns: Collection[str], combinations: Collection[Names]
) -> DatasetProfile:
    file, blocks = opened.root, opened.blocks
    if blocks is not None:
        fetch_profile(file, columns, CHUNK, blocks)
    obs, var = _Reading(file, "obs", blocks), _Reading(file, "var", blocks)
    genes = _names(var.index, opened)
    obs.read(columns, combinations)
    var.read(columns, ())
    values, dicts = _values_and_dicts(part(file, "uns"), columns)
    return DatasetProfile(
        n_observations=obs.length,
        obs=obs.profiles(),
        var=var.profiles(),
        genes=genes,
        uns=values,
        dicts=dicts,
        combinations=obs.combinations(),
    )


def _names(index: Column, file: OpenFile) -> Sequence[str]:
    """The texts of an index."""
    arrays = index.arrays
    is_plain = len(arrays) == 1 and is_text_of_any_length(arrays[0].dtype)
    ids = ids_of(arrays[0], file.stored) if is_plain else None
    return tuple(index.names(MOST_TEXT)) if ids is None else ids


class _Reading:
    """One of the file's two tables: reads some of its columns side by side, in chunks."""

    def __init__(self, file: h5py.File, name: str, blocks: Blocks | None) -> None:
        self._blocks = blocks
        self._table = table_of(file, name)
        self.index = self._table.index()
        self.length = self.index.length
        if self.length > MOST_CELLS:
            raise TooLargeError(f"{name} has {self.length:,} rows, more than {MOST_CELLS:,}")
        self._columns: dict[str, Column] = {}
        self._present: dict[str, set[int]] = {}
        self._missing: dict[str, int] = {}
        self._codes_together: dict[Names, set[tuple[int, ...]]] = {}

    def read(self, names: Collection[str], combinations: Collection[Names]) -> None:
        for name in sorted(names):
            if (column := self._table.column(name)) is not None:
                self._add(name, column)
        there = [tuple(name for name in each if name in self._columns) for each in combinations]
        self._codes_together = {names: set() for names in there if len(names) > 1}
        for start in range(0, self.length, CHUNK):
            self._read(slice(start, min(start + CHUNK, self.length)))

    def _add(self, name: str, column: Column) -> None:
        if column.length != self.length:
            raise ValueError(f"{name} has {column.length} rows, its table {self.length}")
        self._columns[name] = column
        self._present[name], self._missing[name] = set(), 0

    def _read(self, rows: slice) -> None:
        if self._blocks is not None:
            arrays = [array for column in self._columns.values() for array in column.arrays]
            fetch_rows(arrays, rows, self._blocks)
        chunk: dict[str, Codes] = {}
        for name, column in self._columns.items():
            chunk[name], missing = column.read(rows)
            self._present[name].update(_distinct(chunk[name]))
            self._missing[name] += missing
        for names, seen in self._codes_together.items():
            seen.update(_rows_of([chunk[name] for name in names]))
            if len(seen) > MOST_VALUES:
                raise TooLargeError(
                    f"{', '.join(names)} have more than {MOST_VALUES:,} distinct values together"
                )

    def profiles(self) -> dict[str, ColumnProfile]:
        return {name: self._profile(name, column) for name, column in self._columns.items()}

    def _profile(self, name: str, column: Column) -> ColumnProfile:
        texts = column.texts()
        values = sorted({texts[code] for code in self._present[name]})
        return ColumnProfile(column.dtype, tuple(values), self._missing[name])

    def combinations(self) -> dict[Names, frozenset[Names]]:
        return {names: frozenset(self._texts(names)) for names in self._codes_together}

    def _texts(self, names: Names) -> Iterator[Names]:
        texts = [self._columns[name].texts() for name in names]
        for codes in self._codes_together[names]:
            yield tuple(column[code] for column, code in zip(texts, codes, strict=True))


def _distinct(codes: Codes) -> list[int]:
    """The codes that occur, without those of no value."""
    return np.flatnonzero(np.bincount(codes[codes >= 0])).tolist()


def _rows_of(columns: list[Codes]) -> Iterator[tuple[int, ...]]:
    """The distinct rows of several columns of codes, without those where one has no value."""
    has_every_value = np.logical_and.reduce([codes >= 0 for codes in columns])
    kept_codes = [codes[has_every_value].astype(np.int64) for codes in columns]
    sizes = [int(codes.max()) + 1 if len(codes) else 1 for codes in kept_codes]
    if math.prod(sizes) > np.iinfo(np.int64).max:  # too many to number them
        yield from map(tuple, np.unique(np.column_stack(kept_codes), axis=0).tolist())
        return
    distinct = np.unique(np.ravel_multi_index(kept_codes, sizes))
    for row in zip(*np.unravel_index(distinct, sizes), strict=True):
        yield tuple(map(int, row))


MOST_OF_LIST = 1_000
"""Values of a list in uns; a longer one is no list of names."""


def _values_and_dicts(
    uns: Node | None, names: Collection[str]
) -> tuple[dict[str, ColumnProfile], dict[str, frozenset[str]]]:
    """What stands under those of the names that uns has, and the keys of those that hold some."""
    if uns is None:
        return {}, {}
    if not isinstance(uns, h5py.Group):
        raise ValueError("uns must be a dictionary, and is one value")
    nodes = {name: part(uns, name.replace(".", "/")) for name in names}
    dicts, values = {}, {}
    for name, node in nodes.items():
        if isinstance(node, h5py.Group) and encoding_of(node) == "dict":
            dicts[name] = _keys(node)
        elif node is not None:
            values[name] = _value(node)
    return values, dicts


def _keys(node: h5py.Group) -> frozenset[str]:
    if len(node) > MOST_VALUES:
        raise TooLargeError(f"{node.name} has {len(node):,} keys, more than {MOST_VALUES:,}")
    return frozenset(node)


def _value(node: Node) -> ColumnProfile:
    if is_array(node):
        column = column_of(node)
        if column.length > MOST_OF_LIST:
            return ColumnProfile("array", (), 0)
        if not column.length:
            return ColumnProfile("list", (), 0)
        codes = column.read(slice(None)).codes
        texts = column.texts()
        values = sorted({texts[code] for code in _distinct(codes)})
        return ColumnProfile("list", tuple(values), 0)  # what a list lacks are no cells
    if isinstance(node, h5py.Dataset) and node.shape == () and has_kind(node.dtype):
        refuse_large(node)
        values = shortened(decoded([node[()]]))
        return ColumnProfile(kind_of(node.dtype, node.name), tuple(values), 0)
    return ColumnProfile(_kind_without_values(node), (), 0)


def _kind_without_values(node: Node) -> str:
    if isinstance(node, h5py.Group):
        return encoding_of(node)
    if not isinstance(node, h5py.Dataset) or not has_kind(node.dtype):
        return "other"
    return "null" if node.shape is None else "array"
