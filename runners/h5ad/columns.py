"""The columns of an h5ad's table as codes, in every encoding that anndata has written
(https://anndata.readthedocs.io/en/latest/fileformat-prose.html).

A column is read a piece at a time: a code per row, -1 where it has no value, and the texts that
the codes stand for. Must not hold a whole column in memory.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.integer]


class ColumnData(Protocol):
    """A column. `dtype` is categorical, str, bool, int, or number (fractions: all codes are -1)."""

    dtype: str
    length: int

    def codes(self, rows: slice) -> Codes:
        """A code for each of the rows, -1 where there is no value."""
        ...

    def missing(self, rows: slice, codes: Codes) -> int:
        """How many of the rows have no value."""
        ...

    def texts(self) -> Sequence[str]:
        """What the codes stand for, of all rows that were read."""
        ...


def column_of(table: h5py.Group, name: str) -> ColumnData:
    """The column `name` of a table; it must have one.

    Raises:
        KeyError: a part of it is missing.
    """
    node = table[name]
    if isinstance(node, h5py.Group) and "codes" in node:
        return _Categorical(node["codes"], node["categories"])
    if isinstance(node, h5py.Group):  # a nullable array
        return _Plain(node["values"], node["mask"])
    legacy = table.get("__categories")  # anndata before 0.8
    if legacy is not None and name in legacy:
        return _Categorical(node, legacy[name])
    return _Plain(node)


def decoded(values: Iterable[object]) -> list[str]:
    """The values as texts."""
    texts: list[Any] = list(values)
    with suppress(TypeError):
        return list(map(bytes.decode, texts))  # in C: most are bytes, and an index has 60,000
    return [value.decode() if isinstance(value, bytes) else str(value) for value in texts]


class _Categorical:
    dtype = "categorical"

    def __init__(self, codes: h5py.Dataset, categories: h5py.Dataset) -> None:
        self._codes, self.length = codes, len(codes)
        self._texts = decoded(categories[:])

    def codes(self, rows: slice) -> Codes:
        codes: Codes = self._codes[rows]
        if codes.size and codes.max() >= len(self._texts):
            raise ValueError(f"{self._codes.name}: code {codes.max()} has no category")
        return codes

    def missing(self, rows: slice, codes: Codes) -> int:
        return int((codes < 0).sum())

    def texts(self) -> Sequence[str]:
        return self._texts


class _Plain:
    """Values as they are, with a mask where some may be missing; each new text gets a code."""

    def __init__(self, values: h5py.Dataset, mask: h5py.Dataset | None = None) -> None:
        self._values, self._mask, self.length = values, mask, len(values)
        self.dtype = dtype_of(values)
        self._code_of_value: dict[object, int] = {}

    def codes(self, rows: slice) -> Codes:
        if self.dtype == "number":
            return np.full(len(range(*rows.indices(self.length))), -1)
        codes, new_values = pd.factorize(self._values[rows])
        code_numbers = np.array(
            [
                self._code_of_value.setdefault(value, len(self._code_of_value))
                for value in new_values
            ],
            int,
        )
        codes = code_numbers[codes] if len(code_numbers) else codes
        return codes if self._mask is None else np.where(self._mask[rows], -1, codes)

    def missing(self, rows: slice, codes: Codes) -> int:
        return 0 if self._mask is None else int(self._mask[rows].sum())

    def texts(self) -> Sequence[str]:
        return decoded(self._code_of_value)


def dtype_of(values: h5py.Dataset) -> str:
    """The kind of the values: str, bool, int or number."""
    if h5py.check_string_dtype(values.dtype) or values.dtype.kind in "SU":
        return "str"
    kinds = {"b": "bool", "i": "int", "u": "int"}
    return kinds.get(values.dtype.kind, "number")
