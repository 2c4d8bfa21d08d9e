"""An h5ad opened by ranges, on S3 through a block cache or locally.

A storage that doesn't answer is told apart from a broken file. Must not know what is in it.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py

from runners.contract import ContractError
from runners.h5ad.address import address_of, is_anonymous, is_refused, remedy
from runners.retries import OutageError

BLOCK = 256 * 1024
"""Bytes per request to S3."""


@contextmanager
def open_h5ad(address: str) -> Iterator[h5py.File]:
    """The file at `address` (a path or s3://).

    Raises:
        FileNotFoundError: nothing is there.
        OSError: it isn't HDF5.
        OutageError: the storage didn't answer, which says nothing about the file.
        ContractError: it refuses to.
    """
    if not address.startswith("s3://"):
        with h5py.File(address, "r") as file:
            yield file
        return
    with _remote(address) as stream, h5py.File(stream, "r") as file:
        yield file


def _remote(address: str) -> "_Watched":
    import fsspec

    storage = fsspec.filesystem("s3", anon=is_anonymous(address))
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
            raise _silent(address_of(self._stream), error) from error

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
    if is_refused(error):
        return ContractError(
            f"{address}: the storage refuses to show it ({reason}); "
            f"{remedy(anonymous=is_anonymous(address))}."
        )
    return OutageError(
        f"{address}: the storage does not answer ({reason}); run it again later: it goes on."
    )
