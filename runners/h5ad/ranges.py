"""An h5ad opened by ranges, on S3 through blocks that are fetched side by side, or locally.

A storage that doesn't answer is told apart from a broken file, and from one that it doesn't give.
Must not know what is in it.
"""

import asyncio
import errno
import gc
import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import h5py

from runners.h5ad.address import address_of, is_anonymous, is_refused, remedy
from runners.h5ad.blocks import MOST_CONNECTIONS, Blocks, Range
from runners.h5ad.containment import ElsewhereError, refuse_parts_elsewhere
from runners.h5ad.errors import (
    FileArchivedError,
    FileError,
    FileForbiddenError,
    FilePointsElsewhereError,
)
from runners.retries import OutageError

CLIENT = {
    "retries": {"mode": "standard", "total_max_attempts": 1},  # botocore rewrites `max_attempts`
    "max_pool_connections": MOST_CONNECTIONS,
}
"""Of botocore's five attempts for each of s3fs's five, 15 s each, a storage that accepts and never
answers would let one read wait for seven minutes. s3fs's are left, and `retries` comes again.
For its ten connections, requests side by side would have to wait."""

ARCHIVED = "InvalidObjectState"
"""S3's word for an object that was moved to an archive."""


OF_A_DISK = frozenset(
    {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENOLCK}
)
"""By which a disk or a network folder fails, whatever the file holds."""


@dataclass(frozen=True)
class OpenFile:
    """A file that is being read; its `size` in bytes, and on S3 the entity tag of what is read, and
    its blocks, which may be fetched before HDF5 asks for them.
    """

    root: h5py.File
    size: int
    etag: str | None = None
    blocks: Blocks | None = None

    def stored(self, start: int, end: int) -> bytes:
        """The bytes from one place to another, of a remote file as far as they are kept."""
        if self.blocks is not None:
            return self.blocks.kept(start, end)
        return os.pread(self.root.id.get_vfd_handle(), end - start, start)


@contextmanager
def open_h5ad(address: str, *, whole: bool = False) -> Iterator[OpenFile]:
    """The file at `address` (a path or s3://), whose parts are opened by `containment.part`.

    A local file is refused if any part lies in another one; on S3, where each header of a part may
    cost a request, only if it is asked for as a `whole`: to be read by somebody else's code.

    Raises:
        FileNotFoundError: nothing is there.
        FileForbiddenError, FileArchivedError: the storage has it, and doesn't give it.
        FilePointsElsewhereError: a part of it, or one that was opened meanwhile, lies in another.
        OSError, RuntimeError, ValueError: it isn't HDF5, or broken.
        OutageError: the storage didn't answer, which says nothing about the file.
    """
    with ExitStack() as opened:
        if address.startswith("s3://"):
            opened.enter_context(WITHOUT_GARBAGE_COLLECTION)
            stream = opened.enter_context(_remote(address))
            # where HDF5 begins, and where anndata has put uns and what HDF5 writes at the end
            stream.blocks.fetch_ahead([(0, 1), (stream.size - 1, stream.size)])
            root = opened.enter_context(h5py.File(stream, "r"))
            file = OpenFile(root, stream.size, stream.etag, stream.blocks)
        else:
            whole, root = True, opened.enter_context(_local(address))
            file = OpenFile(root, root.id.get_filesize())
        try:
            if whole:
                refuse_parts_elsewhere(root)
            yield file
        except ElsewhereError as error:
            raise FilePointsElsewhereError(
                f"{address}: {error}, so that another file would be read; store its data in it."
            ) from error


class _Uncollected:
    """Within, by however many threads of this process at once, no garbage is collected by whichever
    thread happens to allocate: that goes on once the last one has left, if it did before.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._within = 0
        self._was_enabled = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._within:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._within += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._within -= 1
            if not self._within and self._was_enabled:
                gc.enable()
            is_last = not self._within
        if not is_last:
            gc.collect(1)  # where threads follow each other, nobody may ever be the last


WITHOUT_GARBAGE_COLLECTION = _Uncollected()
"""Who reads holds HDF5's lock while s3fs's thread fetches: if that thread came to collect an HDF5
object, which needs the lock, each would wait for the other. A Dask worker's threads share it."""


@contextmanager
def _local(address: str) -> Iterator[h5py.File]:
    """A local file whose failing reads aren't taken for a broken file."""
    try:
        with h5py.File(address, "r") as root:
            yield root
    except PermissionError as error:
        raise _refusal(address, error) from error
    except (KeyError, OSError, RuntimeError) as error:
        if _errno(error) == errno.EAGAIN:  # of HDF5's own lock
            raise OutageError(
                f"{address}: somebody has it open to write it; let them close it."
            ) from error
        if _errno(error) in OF_A_DISK:
            raise _refusal(address, error) from error
        raise


def _errno(error: Exception) -> int | None:
    """The system's number of what HDF5 failed at, where it was asked for something."""
    stated = re.search(r"errno = (\d+)", str(error))
    return int(stated[1]) if stated else getattr(error, "errno", None)


def _remote(address: str) -> "_Watched":
    import fsspec

    storage = fsspec.filesystem("s3", anon=is_anonymous(address), config_kwargs=CLIENT)
    try:
        return _Watched(storage.open(address, "rb", cache_type="none"))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise _refusal(address, error) from error


class _Watched(io.RawIOBase):
    """A remote file whose failing reads aren't taken for a broken file."""

    def __init__(self, stream: Any) -> None:
        """`stream`: of s3fs, which asks only for ranges of what has this entity tag."""
        self._stream = stream
        self._at = 0
        self.size: int = stream.size
        self.etag: str | None = stream.details.get("ETag")
        self.blocks = Blocks(self.size, self._fetch)

    def _fetch(self, ranges: Sequence[Range]) -> Sequence[bytes]:
        try:
            answers = _side_by_side(self._stream, ranges)
            for (start, end), answer in zip(ranges, answers, strict=True):
                if len(answer) != end - start:
                    raise OSError(f"{len(answer)} of {end - start} bytes came from {start} on")
            return answers
        except MemoryError:  # this reader's own
            raise
        except Exception as error:
            raise _refusal(address_of(self._stream), error) from error

    def readinto(self, buffer: Any) -> int:
        size = self.blocks.read_into(buffer, self._at)
        self._at += size
        return size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()


def _side_by_side(stream: Any, ranges: Sequence[Range]) -> list[bytes]:
    """The ranges, each asked for as the stream itself would.

    Raises:
        Exception: a refusal, else the first that failed. Then none is on its way any more.
    """
    from fsspec.asyn import sync
    from s3fs.core import _inner_fetch

    async def fetched() -> list[bytes | BaseException]:
        what = stream.fs, stream.bucket, stream.key, stream.version_id
        asked = [_inner_fetch(*what, start, end, stream.req_kw) for start, end in ranges]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    answers: list[bytes | BaseException] = sync(stream.fs.loop, fetched)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    if errors:
        raise next(filter(_is_definite, errors), errors[0])
    return [answer for answer in answers if isinstance(answer, bytes)]


def _is_definite(error: BaseException) -> bool:
    """Whether the same would be said of the file if it were asked for again."""
    return isinstance(error, Exception) and (is_refused(error) or ARCHIVED in _codes(error))


def _refusal(address: str, error: Exception) -> FileError | OutageError:
    """What it means for the file that the storage didn't give it."""
    reason = " ".join(str(error).split())
    if ARCHIVED in _codes(error):
        return FileArchivedError(
            f"{address}: the storage keeps it in an archive ({reason}); have it restored."
        )
    if is_refused(error):
        return FileForbiddenError(
            f"{address}: the storage refuses to show it ({reason}); {_remedy(address)}."
        )
    return OutageError(
        f"{address}: the storage does not answer ({reason}); run it again later: it goes on."
    )


def _remedy(address: str) -> str:
    if address.startswith("s3://"):
        return remedy(anonymous=is_anonymous(address))
    return "let this user read it"


def _codes(error: BaseException | None) -> Iterator[str]:
    """S3's own codes for the error and for what caused it."""
    while error is not None:
        answer = getattr(error, "response", None)  # None of botocore's, where there was none
        yield answer.get("Error", {}).get("Code", "") if isinstance(answer, dict) else ""
        error = error.__cause__
