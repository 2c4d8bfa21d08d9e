"""The tables of an h5ad and their columns as codes, in every encoding that anndata reads
(https://anndata.readthedocs.io/en/latest/fileformat-prose.html).

A column is read a piece at a time: a code per row, -1 where it has no value, and the texts that
the codes stand for. Must not hold a whole column in memory. anndata's own readers of parts aren't
used: they take all columns of a table, and a categorical's codes as they come.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from runners.h5ad.arrays import MOST_TEXT, Array, TooLargeError, decoded, has_kind, shortened
from runners.h5ad.containment import Node, part

Codes = NDArray[np.integer]

MOST_VALUES = 1_000_000
"""Distinct values of a column."""

ARRAYS = ("categorical", "nullable-integer", "nullable-boolean", "nullable-string-array")
"""anndata's names of arrays that are groups."""


class Piece(NamedTuple):
    """Some rows of a column: their codes, and how many of them have no value."""

    codes: Codes
    missing: int


class Column(Protocol):
    """A column. `dtype` is categorical, str, bool, int, or number (fractions: all codes are -1)."""

    dtype: str
    length: int

    @property
    def arrays(self) -> Sequence[h5py.Dataset]:
        """Of what rows are read."""
        ...

    def read(self, rows: slice) -> Piece:
        """The rows as codes."""
        ...

    def texts(self) -> Sequence[str]:
        """What the codes stand for, of all rows that were read."""
        ...

    def names(self, most: int) -> Sequence[str]:
        """The text of every row, in order.

        Raises:
            ValueError: a row has none.
            TooLargeError: they have more than `most` characters.
        """
        ...


class Table(Protocol):
    """A table of columns, with an index that names its rows."""

    def index(self) -> Column:
        """The names of the rows."""
        ...

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        ...


def table_of(file: h5py.File, name: str) -> Table:
    """The table `name` of the file.

    Raises:
        ValueError: there is none.
    """
    node = part(file, name)
    if isinstance(node, h5py.Group):
        return _Columns(node)
    if isinstance(node, h5py.Dataset) and node.dtype.names and len(node.shape or ()) == 1:
        return _Records(node, part(file, "uns"))
    raise ValueError(f"{name} is no table of columns" if node else f"there is no {name}")


class _Columns:
    """A table as a group of columns, which anndata writes since 0.7."""

    def __init__(self, group: h5py.Group) -> None:
        self._group = group
        self._categories = part(group, "__categories")  # anndata before 0.8

    def index(self) -> Column:
        return column_of(_needed(self._group, text_attribute(self._group, "_index") or "_index"))

    def column(self, name: str) -> Column | None:
        node = part(self._group, name)
        if node is None:
            return None
        if isinstance(node, h5py.Dataset) and isinstance(self._categories, h5py.Group):
            categories = part(self._categories, name)
            return column_of(node) if categories is None else _Categorical(Array(node), categories)
        return column_of(node)


class _Records:
    """A table as one dataset of records, as before 0.7; categories stand in `uns`."""

    def __init__(self, records: h5py.Dataset, uns: object) -> None:
        self._records = records
        self._uns = uns if isinstance(uns, h5py.Group) else None

    def index(self) -> Column:
        return _Plain(Array(self._records, self._records.dtype.names[0]))

    def column(self, name: str) -> Column | None:
        if name not in self._records.dtype.names[1:]:
            return None
        values = Array(self._records, name)
        categories = part(self._uns, f"{name}_categories") if self._uns else None
        if isinstance(categories, h5py.Dataset) and categories.shape != () and values.kind == "int":
            return _Categorical(values, categories)
        return _Plain(values)


def is_array(node: Node) -> bool:
    """Whether the node has one value after the other, of a type that a column may have."""
    if isinstance(node, h5py.Group):
        return encoding_of(node) in ARRAYS
    return isinstance(node, h5py.Dataset) and len(node.shape or ()) == 1 and has_kind(node.dtype)


def column_of(node: Node) -> Column:
    """The column, or index, of this node.

    Raises:
        ValueError: it is none, or a part of it is missing.
    """
    if not isinstance(node, h5py.Group):
        return _Plain(Array(node))
    if (codes := part(node, "codes")) is not None:
        return _Categorical(Array(codes), _needed(node, "categories"))
    return _Plain(Array(_needed(node, "values")), Array(_needed(node, "mask")))


def _needed(group: h5py.Group, path: str) -> Node:
    """The part of the group. Raises ValueError if it isn't there."""
    if (node := part(group, path)) is None:
        raise ValueError(f"{group.name} has no {path}")
    return node


def text_attribute(node: Node, name: str) -> str | None:
    """The attribute, if the node has it.

    Raises:
        ValueError: it is no text.
    """
    if name not in node.attrs:
        return None
    # the type first: a list of texts may take any amount of memory
    value = node.attrs[name] if node.attrs.get_id(name).shape == () else None
    if not isinstance(value, str | bytes):
        raise ValueError(f"the attribute {name} of {node.name} must be a text")
    return value.decode() if isinstance(value, bytes) else value


def encoding_of(node: h5py.Group) -> str:
    """anndata's name of what stands in a group; a dictionary where it has none."""
    return text_attribute(node, "encoding-type") or "dict"


def refuse_many(array: Array) -> None:
    """Does nothing if the array is short enough to be kept.

    Raises:
        TooLargeError: it isn't.
    """
    if array.length > MOST_VALUES:
        raise TooLargeError(f"{array.name} has {array.length:,} values, more than {MOST_VALUES:,}")


class _Categorical:
    dtype = "categorical"

    def __init__(self, codes: Array, categories: Node) -> None:
        if codes.kind not in ("int", "number"):
            raise ValueError(f"{codes.name} must be numbers, and is {codes.kind}")
        self._codes, self.length = codes, codes.length
        self._texts = shortened(column_of(categories).names(MOST_TEXT))
        self.arrays = (codes.node,)

    def read(self, rows: slice) -> Piece:
        codes = self._codes.read(rows)
        if self._codes.kind == "number":  # written by hand: NaN where there is no value
            codes = self._whole(codes)
        if codes.size and not -1 <= codes.min() <= codes.max() < len(self._texts):
            wrong = codes.min() if codes.min() < -1 else codes.max()
            raise ValueError(f"{self._codes.name}: code {wrong} has no category")
        signed = codes.astype(np.int64) if codes.dtype.kind == "u" else codes
        return Piece(signed, int(np.count_nonzero(signed < 0)))

    def _whole(self, numbers: NDArray[np.floating]) -> Codes:
        with np.errstate(invalid="ignore"):
            codes = np.where(np.isnan(numbers), -1, numbers).astype(np.int64)
        if not np.array_equal(codes, np.where(np.isnan(numbers), -1, numbers)):
            raise ValueError(f"{self._codes.name}: codes must be whole numbers")
        return codes

    def texts(self) -> Sequence[str]:
        return self._texts

    def names(self, most: int) -> Sequence[str]:
        refuse_many(self._codes)
        codes, missing = self.read(slice(None))
        if missing:
            raise ValueError(f"{self._codes.name}: {missing} rows have no value")
        if codes.size * max(map(len, self._texts), default=0) > most:
            raise TooLargeError(f"{self._codes.name} has more than {most:,} characters")
        return [self._texts[code] for code in codes.tolist()]


class _Plain:
    """Values as they are, with a mask where some may be missing; each new text gets a code."""

    def __init__(self, values: Array, mask: Array | None = None) -> None:
        if mask is not None and (mask.kind != "bool" or mask.length != values.length):
            raise ValueError(f"{mask.name} must be {values.length:,} flags")
        self._values, self._mask = values, mask
        self.length, self.dtype = values.length, values.kind
        self.arrays = (values.node,) if mask is None else (values.node, mask.node)
        self._code_of_value: dict[Any, int] = {}
        self._characters = 0

    def read(self, rows: slice) -> Piece:
        start, end, _ = rows.indices(self.length)
        is_missing = np.zeros(end - start, bool) if self._mask is None else self._mask.read(rows)
        if self.dtype == "number":
            is_missing = is_missing | np.concatenate([*map(np.isnan, self._values.pieces(rows))])
            return Piece(np.full(end - start, -1), int(np.count_nonzero(is_missing)))
        pieces = [self._coded(values) for values in self._values.pieces(rows)]
        codes = np.where(is_missing, -1, np.concatenate(pieces))
        return Piece(codes, int(np.count_nonzero(is_missing)))

    def _coded(self, values: NDArray[np.generic]) -> Codes:
        known = len(self._code_of_value)
        if values.dtype.kind in "OS":  # texts, which np.unique would sort
            codes = self._codes_of(values.tolist())
        else:
            distinct, places = np.unique(values, return_inverse=True)
            codes = self._codes_of(distinct.tolist())[places]
        if new := len(self._code_of_value) - known:
            self._refuse_many(islice(reversed(self._code_of_value), new))
        return codes

    def _codes_of(self, values: Sequence[Any]) -> Codes:
        codes = self._code_of_value
        return np.fromiter((codes.setdefault(v, len(codes)) for v in values), int, len(values))

    def _refuse_many(self, new_values: Iterable[Any]) -> None:
        if self.dtype == "str":
            self._characters += sum(map(len, new_values))
        if len(self._code_of_value) > MOST_VALUES or self._characters > MOST_TEXT:
            raise TooLargeError(
                f"{self._values.name} has more than {MOST_VALUES:,} distinct values, or texts of "
                f"more than {MOST_TEXT:,} characters"
            )

    def texts(self) -> Sequence[str]:
        return shortened(decoded(self._code_of_value))

    def names(self, most: int) -> Sequence[str]:
        refuse_many(self._values)
        if self._mask is not None and any(mask.any() for mask in self._mask.pieces()):
            raise ValueError(f"{self._mask.name}: a row has no value")
        return self._values.texts(most)
