"""One-dimensional arrays of an h5ad, read a piece at a time and within limits.

What a file declares costs it nothing (a billion rows that were never written, a chunk of a
gigabyte, a million times the same long text), so that sizes are compared before anything is
allocated. What texts take shows only when they are read: few are read first, then more.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

MIB = 2**20

ROWS_AT_ONCE = 250_000
"""Rows of a table that are read at once, at most."""

TEXTS_AT_ONCE = 20_000
"""Texts of no fixed length that are read at once, at most."""

BYTES_AT_ONCE = 64 * MIB
"""Bytes of one array that are read at once, as far as that can be known."""

MOST_CHUNK = 128 * MIB
"""Bytes of a chunk of an array, which HDF5 unpacks whole for a single value of it."""

MOST_TEXT = 256 * MIB
"""Characters of the distinct texts of one array."""

MOST_READ = 4096 * MIB
"""Characters of all texts of one array, which take time even if they are the same."""

LONGEST = 10_000
"""Characters that are kept of a text."""

KINDS = {"b": "bool", "i": "int", "u": "int", "f": "number"}


class TooLargeError(Exception):
    """An array takes more memory than there is for it."""


class Array:
    """A dataset of one dimension, or a field of such a table. `kind` is str, bool, int or number.

    Raises:
        ValueError: the node is none, or of a type that no column has.
        TooLargeError: a value or a chunk of it is larger than what is read at once.
    """

    def __init__(self, node: object, field: str | None = None) -> None:
        name = str(getattr(node, "name", None))
        if not isinstance(node, h5py.Dataset):
            raise ValueError(f"{name} must be an array, and isn't")
        if node.shape is None or len(node.shape) != 1:
            raise ValueError(f"{name} must have one dimension, and its shape is {node.shape}")
        dtype = node.dtype if field is None else node.dtype[field]
        self.name = name if field is None else f"{name}/{field}"
        self.kind = kind_of(dtype, self.name)
        self.length = int(node.shape[0])
        self.node = node
        refuse_large(node)
        self._source = node if field is None else node.fields(field)
        self._characters = 0
        self._is_measured = is_text_of_any_length(dtype)
        self._step = 1 if self._is_measured else BYTES_AT_ONCE // dtype.itemsize

    def pieces(self, rows: slice = slice(None)) -> Iterator[NDArray[Any]]:
        """The values of the rows, in arrays of as many as memory has room for.

        Raises:
            TooLargeError: texts have more characters than a reader has time for.
        """
        start, end, _ = rows.indices(self.length)
        while start < end:
            values = self._source[start : min(start + self._step, end)]
            start += len(values)
            if self.kind == "str":
                self._count(values)
            yield values

    def _count(self, texts: NDArray[Any]) -> None:
        characters = len(b"".join(texts.tolist())) if self._is_measured else texts.nbytes
        self._characters += characters
        if self._characters > MOST_READ:
            raise TooLargeError(f"{self.name} has texts of more than {MOST_READ // MIB:,} MB")
        if self._is_measured:
            mean = max(1, characters // len(texts))
            self._step = max(1, min(8 * self._step, TEXTS_AT_ONCE, BYTES_AT_ONCE // mean))

    def read(self, rows: slice) -> NDArray[Any]:
        """The values of the rows, which must be few, or numbers."""
        values: NDArray[Any] = self._source[rows]
        return values

    def texts(self, most: int = MOST_TEXT) -> list[str]:
        """All values as texts.

        Raises:
            TooLargeError: they have more than `most` characters.
        """
        texts: list[str] = []
        for values in self.pieces():
            if self._characters > most:
                raise TooLargeError(f"{self.name} has texts of more than {most // MIB} MB")
            texts += decoded(values.tolist())
        return texts


def has_kind(dtype: np.dtype[Any]) -> bool:
    """Whether the type is one that a column may have: no table, reference or plain bytes."""
    is_text = h5py.check_string_dtype(dtype) is not None
    return is_text or (dtype.kind in KINDS and dtype.subdtype is None)


def kind_of(dtype: np.dtype[Any], name: str) -> str:
    """str, bool, int or number.

    Raises:
        ValueError: the type is none of these.
    """
    if not has_kind(dtype):
        raise ValueError(f"{name} is of the type {dtype}, which no column has")
    return KINDS.get(dtype.kind, "str")


def is_text_of_any_length(dtype: np.dtype[Any]) -> bool:
    """Whether only reading its values shows how many bytes they take."""
    text = h5py.check_string_dtype(dtype)
    return text is not None and text.length is None


def refuse_large(node: h5py.Dataset) -> None:
    """Does nothing if a value and a chunk of it fit in what may be read at once.

    Raises:
        TooLargeError: they don't.
    """
    if node.dtype.itemsize > BYTES_AT_ONCE:
        raise TooLargeError(f"{node.name} has values of {node.dtype.itemsize // MIB:,} MB")
    chunk = int(np.prod(node.chunks or (0,), dtype=object)) * node.dtype.itemsize
    if chunk > MOST_CHUNK:
        raise TooLargeError(
            f"{node.name} has chunks of {chunk // MIB:,} MB, and must have smaller ones than "
            f"{MOST_CHUNK // MIB}"
        )


def decoded(values: Iterable[object]) -> list[str]:
    """The values as texts."""
    texts: list[Any] = values if isinstance(values, list) else list(values)
    with suppress(TypeError):
        return list(map(bytes.decode, texts))  # in C: most are bytes, and an index has 60,000
    return [value.decode() if isinstance(value, bytes) else str(value) for value in texts]


def shortened(texts: Sequence[str]) -> list[str]:
    """The texts, of which those that are too long to keep end in how long they were."""
    return [
        text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
        for text in texts
    ]
