"""The texts of an array as ids, from the bytes of the heaps in which HDF5 keeps them: as it reads
them itself, one by one, they take a third of the reading of a file.

A heap is a head and objects one after the other, each a head and its data, filled up to a multiple
of eight bytes; what is left is object 0
(https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, "Global Heap").
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from runners.h5ad.references import HEAP, REFERENCE, is_deflated
from runners.rules.ids import LONGEST, MOST, Ids

MOST_BYTES = 32 * 2**20
"""Bytes of all their heaps, and of all their references as they are packed, at most."""

MOST_CHUNKS = 1_000
"""Chunks of an array, at most."""

MOST_MIXED = 32
"""Heaps, at most, that hold other things as well, or texts in another order."""

HEAD = 16
"""Bytes of the head of a heap, and of an object."""

HEAP_HEAD, OBJECT_HEAD = struct.Struct("<4sBxxxQ"), struct.Struct("<HxxxxxxQ")

SIGNATURE = b"\x89HDF\r\n\x1a\n"

SUPERBLOCKS = {
    0: struct.Struct("<9x4xBB9xQ8xQ"),
    1: struct.Struct("<9x4xBB13xQ8xQ"),
    2: struct.Struct("<9xBBxQ8xQ"),
    3: struct.Struct("<9xBBxQ8xQ"),
}
"""Of a file, by the version of what it begins with: bytes of an address and of a size, where its
addresses begin to count, and where the file ends for HDF5 (the same page, "Superblock")."""

VERSION, EXTENSION = 8, slice(20, 28)
"""Where the version stands, and since version 2 the address of what may say that HDF5 shall read
heaps from elsewhere; there is none where it is all ones."""

Stored = Callable[[int, int], bytes]
"""The bytes of a file from one place to another, or fewer."""

BROKEN = (
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class _OtherwiseError(ValueError):
    """The texts stand in a way that only HDF5 itself reads."""


def ids_of(array: h5py.Dataset, stored: Stored) -> Ids | None:
    """The texts of an array of one dimension, exactly as h5py gives them; None where they are long,
    empty, many or not ASCII, or stand in the file as isn't known here.
    """
    try:
        return _ids(array, stored)
    except BROKEN:
        return None  # who reads them by HDF5 says what is wrong with them, if anything is


def _ids(array: h5py.Dataset, stored: Stored) -> Ids:
    end = _end(stored(0, HEAP))
    references = _references(array, stored)
    heaps, objects = (np.ascontiguousarray(references[name]) for name in ("heap", "object"))
    lengths = references["length"].astype(np.int64)
    if lengths.min() < 1 or lengths.max() > LONGEST or heaps.max() >= end:
        raise _OtherwiseError

    def until_end(start: int, stop: int) -> bytes:
        return stored(start, min(stop, end))

    firsts = _firsts(heaps)
    if len(np.unique(heaps[firsts])) == len(firsts):
        content, ends = _ends(heaps[firsts].tolist(), firsts, objects, lengths, until_end)
    else:  # it goes back to earlier heaps
        order = np.lexsort((objects, heaps))
        firsts = _firsts(heaps[order])
        addresses = heaps[order][firsts].tolist()
        ends = np.empty_like(lengths)
        content, ends[order] = _ends(addresses, firsts, objects[order], lengths[order], until_end)
    texts = Ids(content, ends, lengths)
    # at a zero byte, h5py takes a text to end; and what only HDF5 knows tells on the last chunk
    last = (len(texts) - 1) // _rows(array) * _rows(array)
    if not texts.is_ascii or array[last] != texts[last].encode():
        raise _OtherwiseError
    return texts


def _end(begin: bytes) -> int:
    """Where the file ends for HDF5, of which these are the first bytes."""
    if not begin.startswith(SIGNATURE):
        raise _OtherwiseError
    version = begin[VERSION]
    address_size, size_size, base, end = SUPERBLOCKS[version].unpack_from(begin)
    if (address_size, size_size, base) != (8, 8, 0) or end >= 2**63:
        raise _OtherwiseError
    if version >= 2 and begin[EXTENSION] != b"\xff" * 8:
        raise _OtherwiseError
    return int(end)


def _rows(array: h5py.Dataset) -> int:
    """Of a chunk, or of all of the array if it has none."""
    return int((array.chunks or array.shape)[0])


def _references(array: h5py.Dataset, stored: Stored) -> NDArray[Any]:
    """Of shape (texts,)."""
    count, rows = len(array), _rows(array)
    if not 0 < count <= MOST or rows > MOST or count > MOST_CHUNKS * rows:
        raise _OtherwiseError
    if array.chunks is None:
        start = array.id.get_offset()
        content = stored(start, start + count * REFERENCE.itemsize)
    else:
        content = b"".join(_unpacked(array, rows * REFERENCE.itemsize))
    return np.frombuffer(content, REFERENCE)[:count]


def _unpacked(array: h5py.Dataset, size: int) -> Iterator[bytes]:
    """Each chunk of the array, of so many bytes."""
    if not is_deflated(array):  # of a chunk that isn't packed, h5py believes any size
        raise _OtherwiseError
    left = MOST_BYTES
    for first in range(0, len(array), _rows(array)):
        without_filters, packed = array.id.read_direct_chunk((first,))
        left -= len(packed)
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, size + 1)
        if without_filters or left < 0 or not unpacking.eof or len(content) != size:
            raise _OtherwiseError
        yield content


def _firsts(heaps: NDArray[Any]) -> NDArray[np.int64]:
    """The places at which the texts of another heap begin."""
    return np.flatnonzero(np.diff(heaps, prepend=~heaps[:1]))


def _content(addresses: Sequence[int], stored: Stored) -> tuple[bytes, NDArray[np.int64]]:
    """The heaps, one after the other, and where each of them begins and the last ends."""
    heaps: list[bytes] = []
    bounds = [0]
    for address in addresses:
        heap = stored(address, address + HEAP)
        signature, version, size = HEAP_HEAD.unpack_from(heap)
        if (signature, version) != (b"GCOL", 1) or size % 8 or size + bounds[-1] > MOST_BYTES:
            raise _OtherwiseError
        if size > HEAP:
            heap += stored(address + HEAP, address + size)
        if size < HEAP or len(heap) != size:
            raise _OtherwiseError
        heaps.append(heap)
        bounds.append(bounds[-1] + size)
    return b"".join(heaps), np.array(bounds)


def _ends(
    addresses: Sequence[int],
    firsts: NDArray[np.int64],
    objects: NDArray[Any],
    lengths: NDArray[np.int64],
    stored: Stored,
) -> tuple[bytes, NDArray[np.int64]]:
    """The heaps at these addresses, and where in them each text ends; `firsts` are the first texts
    of each heap.
    """
    content, bounds = _content(addresses, stored)
    counts = np.diff(firsts, append=len(lengths))
    starts, ends = bounds[:-1] + HEAD, bounds[1:]
    # where their objects are if each heap holds these alone, in this order
    sizes = HEAD + -(-lengths // 8) * 8
    before = np.cumsum(sizes) - sizes
    places: NDArray[np.int64] = before + np.repeat(starts - before[firsts], counts)
    numbers = np.arange(1, len(lengths) + 1) - np.repeat(firsts, counts)
    is_there = (objects == numbers) & _is_object(content, places, numbers, lengths)
    rest = starts + np.add.reduceat(sizes, firsts)
    left = ends - rest
    is_all = (left >= 0) & ((left < HEAD) | _is_object(content, rest, 0, left))
    mixed = np.flatnonzero(~(np.logical_and.reduceat(is_there, firsts) & is_all))
    if len(mixed) > MOST_MIXED:
        raise _OtherwiseError
    for heap in mixed.tolist():
        found = _objects(content, int(starts[heap]), int(ends[heap]))
        rows = slice(int(firsts[heap]), int(firsts[heap] + counts[heap]))
        wanted = zip(objects[rows].tolist(), lengths[rows].tolist(), strict=True)
        places[rows] = [found[each] for each in wanted]
    return content, places + HEAD + lengths


def _is_object(content: bytes, places: Any, numbers: Any, sizes: Any) -> NDArray[np.bool_]:
    """Whether the head of an object of that number and size stands at each place."""
    words: NDArray[Any] = np.frombuffer(content, "<u8")
    at = np.minimum(places // 8, len(words) - 2)
    is_object: NDArray[np.bool_] = (words[at] % 2**16 == numbers) & (words[at + 1] == sizes)
    return is_object


def _objects(content: bytes, place: int, end: int) -> dict[tuple[int, int], int]:
    """Number and bytes of each object of a heap -> where it begins."""
    found: dict[tuple[int, int], int] = {}
    while end - place >= HEAD:
        number, size = OBJECT_HEAD.unpack_from(content, place)
        after = place + (HEAD + -(-size // 8) * 8 if number else size)
        if after > end or (number == 0 and after != end):
            raise _OtherwiseError
        found[number, size] = place
        place = after
    if len({number for number, _ in found}) < len(found):
        raise _OtherwiseError
    return found
