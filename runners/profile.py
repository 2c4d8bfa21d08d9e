"""One h5ad -> DatasetProfile: what validation and annotation need, and never X.

Reads ranges of the file, locally or on S3 through a block cache, and long columns in chunks, so
that neither bytes nor memory grow with the number of cells. Judges nothing.
"""

import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from runners.contract import ContractError

CHUNK = 1_000_000
"""Rows that are read at once."""

BLOCK = 256 * 1024
"""Bytes per request to S3."""


class FileMissingError(Exception):
    """There is no file."""


class FileUnreadableError(Exception):
    """There is a file, but it is no whole h5ad."""


@dataclass(frozen=True)
class ColumnProfile:
    """A column's kind (categorical, str, bool, number) and its distinct values that occur.

    Values are sorted texts; of numbers none are kept. `missing` counts cells without a value.
    """

    dtype: str
    values: tuple[str, ...]
    missing: int


@dataclass(frozen=True)
class DatasetProfile:
    """What one h5ad says of itself. `genes` is the var index in the file's order."""

    n_observations: int
    obs: Mapping[str, ColumnProfile]
    var: Mapping[str, ColumnProfile]
    genes: tuple[str, ...]
    uns: Mapping[str, str]


def read_profile(address: str, columns: Collection[str]) -> DatasetProfile:
    """The profile of the h5ad at `address` (a path or s3://), of those `columns` that it has.

    Raises:
        FileMissingError: nothing is there.
        FileUnreadableError: truncated, not HDF5, or without obs, var or an index.
        ContractError: the storage didn't answer, which says nothing about the file.
    """
    try:
        with _open(address) as file:
            return _profile(file, columns)
    except FileNotFoundError as error:
        raise FileMissingError(address) from error
    except (OSError, LookupError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())  # HDF5 tells the time with a line break
        raise FileUnreadableError(f"{address}: {reason}") from error


@contextmanager
def _open(address: str) -> Iterator[h5py.File]:
    if not address.startswith("s3://"):
        with h5py.File(address, "r") as file:
            yield file
        return
    with _remote(address) as stream, h5py.File(stream, "r") as file:
        yield file


def _remote(address: str) -> "_Watched":
    import fsspec

    storage = fsspec.filesystem("s3", anon=True)
    try:
        return _Watched(storage.open(address, "rb", block_size=BLOCK, cache_type="blockcache"))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise _silent(address, error) from error


class _Watched(io.RawIOBase):
    """A remote file whose failing reads aren't taken for a broken file."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._stream.readinto(buffer))
        except Exception as error:
            raise _silent(self._stream.path, error) from error

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()


def _silent(address: str, error: Exception) -> ContractError:
    reason = " ".join(str(error).split())
    return ContractError(
        f"{address}: the storage does not answer ({reason}); run it again later: it goes on."
    )


def _profile(file: h5py.File, columns: Collection[str]) -> DatasetProfile:
    obs, var = _group(file, "obs"), _group(file, "var")
    genes = _strings(_index(var)[:])
    return DatasetProfile(
        n_observations=len(_index(obs)),
        obs=_columns(obs, columns),
        var=_columns(var, columns),
        genes=tuple(genes.tolist()),
        uns=_texts(file["uns"]) if "uns" in file else {},
    )


def _group(file: h5py.File, name: str) -> h5py.Group:
    group = file[name]
    if not isinstance(group, h5py.Group):
        raise KeyError(f"{name} is no table of columns")
    return group


def _index(table: h5py.Group) -> h5py.Dataset:
    name = table.attrs.get("_index", "_index")
    return table[name.decode() if isinstance(name, bytes) else name]


def _columns(table: h5py.Group, names: Collection[str]) -> dict[str, ColumnProfile]:
    return {name: _column(table, name) for name in sorted(names) if name in table}


def _column(table: h5py.Group, name: str) -> ColumnProfile:
    node = table[name]
    if isinstance(node, h5py.Group) and "codes" in node:
        return _categorical(node["codes"], node["categories"])
    if isinstance(node, h5py.Group):  # a nullable array
        kept = node["values"][:][~node["mask"][:].astype(bool)]
        return _plain(kept, len(node["values"]) - len(kept))
    legacy = table.get("__categories")  # anndata before 0.8
    if legacy is not None and name in legacy:
        return _categorical(node, legacy[name])
    if h5py.check_string_dtype(node.dtype):
        chunks = (_strings(node[start : start + CHUNK]) for start in range(0, len(node), CHUNK))
        distinct = {value for chunk in chunks for value in np.unique(chunk).tolist()}
        return ColumnProfile("str", tuple(sorted(distinct)), 0)
    return _plain(node[:], 0)


def _categorical(codes: h5py.Dataset, categories: h5py.Dataset) -> ColumnProfile:
    """Only categories that a cell uses count; code -1 is a cell without a value."""
    present: set[int] = set()
    missing = 0
    for start in range(0, len(codes), CHUNK):
        found, counts = np.unique(codes[start : start + CHUNK], return_counts=True)
        missing += int(counts[found < 0].sum())
        present.update(found[found >= 0].tolist())
    texts = _strings(categories[:])[sorted(present)]
    return ColumnProfile("categorical", tuple(sorted(map(str, texts))), missing)


def _plain(values: NDArray[np.generic], missing: int) -> ColumnProfile:
    if values.dtype == bool:
        return ColumnProfile("bool", tuple(sorted(map(str, np.unique(values)))), missing)
    if values.dtype.kind in "OSU":
        distinct = np.unique(_strings(values))
        return ColumnProfile("str", tuple(distinct.tolist()), missing)
    return ColumnProfile("number", (), missing)


def _strings(values: NDArray[np.generic]) -> NDArray[np.object_]:
    decoded = [value.decode() if isinstance(value, bytes) else str(value) for value in values]
    return np.array(decoded, dtype=object)


def _texts(uns: h5py.Group) -> dict[str, str]:
    """The scalar texts of `uns`."""
    texts = {}
    for name, node in uns.items():
        if (
            isinstance(node, h5py.Dataset)
            and node.shape == ()
            and h5py.check_string_dtype(node.dtype)
        ):
            value = node[()]
            texts[name] = value.decode() if isinstance(value, bytes) else str(value)
    return texts
