"""What reading a profile will need of a remote file, fetched level by level and side by side.

HDF5 reads one thing after the other: the header of a group, of a column in it, of its codes, their
chunks, their texts. Here the things of a level are looked up first, and fetched together. No more:
what is broken, hostile or of an unknown kind is left to who reads it, and says so.
"""

import zlib
from collections.abc import Callable, Collection, Sequence
from typing import ParamSpec, TypeVar

import h5py
import numpy as np
from h5py import h5l, h5o

from runners.h5ad.arrays import TooLargeError, is_text_of_any_length, refuse_large
from runners.h5ad.blocks import Blocks, Range
from runners.h5ad.columns import text_attribute
from runners.h5ad.containment import ElsewhereError, Node, part
from runners.h5ad.headers import below, continued, indexes, messages, texts
from runners.h5ad.references import HEAP, REFERENCE, is_deflated

HEADER = 4096
"""Bytes of an object's header that are looked at."""

AROUND = 32 * 1024
"""Bytes after a header, and half as many before it, that are fetched with it: HDF5 puts beside it
what was made with it."""

SHARE, MOST_NEAR = 128, 2**20
"""The same of a table: this part of the file, but at most so many bytes."""

MOST_CHUNKS = 1_000
"""Chunks of an array whose addresses are looked up, at most."""

MOST_IN_TABLE = 4_096
"""Chunks that an array may have: HDF5 looks through all of them for the address of one."""

MOST_CONTINUED = 3
"""Times that a header goes on elsewhere, at most."""

MOST_NAMED = 1_000
"""Places that headers of a level name and that are looked at, at most."""

MOST_UNPACKED = 4 * 2**20
"""Bytes of references to texts that are looked at, at most, of an array."""

PARTS = ("codes", "categories", "values", "mask")
"""Of a column that is a group, those that are read (runners/h5ad/columns.py)."""

BROKEN = (
    ArithmeticError,
    ElsewhereError,
    LookupError,
    OSError,
    RuntimeError,
    TooLargeError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What a broken or hostile file raises; who reads it raises it again, or needs no such part. What
a storage raises isn't among them, and ends the reading."""

Found = TypeVar("Found")
Given = ParamSpec("Given")


def fetch_profile(file: h5py.File, columns: Collection[str], rows: int, blocks: Blocks) -> None:
    """Fetches what the profile of these columns needs, of long ones the first `rows`.

    Raises:
        Exception: what fetching raises.
    """
    root = _tried(h5o.get_info, file.id)
    _fetch_headers([root.addr] if root else [], blocks)
    near = max(AROUND, min(blocks.size // SHARE, MOST_NEAR))
    tables = _opened([(file, name) for name in ("obs", "var", "uns")], blocks, near)
    named = [(table, name) for table in tables for name in _names(table, columns)]
    nodes = _opened(named, blocks)
    parts = _opened([(node, name) for node in nodes for name in PARTS], blocks)
    parts += _opened([(part, name) for part in parts for name in PARTS], blocks)
    arrays = [node for node in (*tables, *nodes, *parts) if isinstance(node, h5py.Dataset)]
    fetch_rows(arrays, slice(0, rows), blocks)


def fetch_rows(arrays: Sequence[h5py.Dataset], rows: slice, blocks: Blocks) -> None:
    """Fetches those rows of all arrays, and then the texts that stand for them.

    Raises:
        Exception: what fetching raises.
    """
    placed = [(array, _tried(_places, array, rows) or []) for array in arrays]
    blocks.fetch_ahead(place for _, places in placed for place in places)
    heaps = [_tried(_heaps, array, places, blocks) or [] for array, places in placed]
    blocks.fetch_ahead(heap for found in heaps for heap in found)


def _tried(
    look: Callable[Given, Found], *arguments: Given.args, **named: Given.kwargs
) -> Found | None:
    try:
        return look(*arguments, **named)
    except BROKEN:
        return None


def _opened(wanted: Sequence[tuple[Node, str]], blocks: Blocks, near: int = AROUND) -> list[Node]:
    """Those that are there, after their headers, and what these name, were fetched together."""
    there = [(group, name) for group, name in wanted if isinstance(group, h5py.Group)]
    addresses = [_tried(_address, group, name) for group, name in there]
    _fetch_headers([at for at in addresses if at is not None], blocks, near)
    opened = [
        _tried(part, group, name)
        for (group, name), at in zip(there, addresses, strict=True)
        if at is not None
    ]
    return [node for node in opened if node is not None]


def _fetch_headers(addresses: Sequence[int], blocks: Blocks, near: int = AROUND) -> None:
    """Of tables, whose neighbours are fetched too, also the texts of their attributes.

    A header that is kept already has come with its neighbours, or is where the file begins: then
    what it goes on with stands elsewhere, with neighbours of its own.
    """
    new = [at for at in addresses if not blocks.has(at)]
    blocks.guess([(at - near // 2, at + near) for at in new])
    last = [messages(each) for each in _kept([(at, at + HEADER) for at in addresses], blocks)]
    found = list(last)
    for _ in range(MOST_CONTINUED):
        places = [place for each in last for place in continued(each)][:MOST_NAMED]
        new = [start for start, _ in places if not blocks.has(start)]
        blocks.guess([(start - near // 2, start + AROUND) for start in new])
        last = _kept(places, blocks)
        found += last
    named = [place for each in found for place in indexes(each)][:MOST_NAMED]
    attributes = [place for each in found for place in texts(each)] if near > AROUND else []
    blocks.guess([*named, *attributes[:MOST_NAMED]])
    blocks.guess([place for node in _kept(named, blocks) for place in below(node)])


def _kept(places: Sequence[Range], blocks: Blocks) -> list[bytes]:
    """The bytes of those that were fetched, and no others: a file may name any number of places."""
    return [blocks.kept(start, end) for start, end in places if blocks.has(start)]


def _address(group: h5py.Group, name: str) -> int | None:
    """Where the header of what a hard link names begins. A path isn't followed: what stands on its
    way may lie elsewhere.
    """
    links, link = group.id.links, name.encode()
    if b"/" in link or not links.exists(link):
        return None
    info = links.get_info(link)
    return int(info.u) if info.type == h5l.TYPE_HARD else None


def _names(table: Node, columns: Collection[str]) -> list[str]:
    """What is read of a table, or of uns."""
    index = _tried(text_attribute, table, "_index")
    own = ["_index" if index is None else index] if table.name == "/var" else []
    return [*own, *sorted({name.partition(".")[0] for name in columns})]


def _places(array: h5py.Dataset, rows: slice) -> list[Range]:
    """Where the rows of an array stand in the file."""
    refuse_large(array)
    shape = array.shape or (1,)
    start, end, _ = rows.indices(shape[0])
    offset = array.id.get_offset()
    if offset is not None:
        size = array.id.get_storage_size() // max(1, shape[0])
        return [(offset + start * size, offset + end * size)]
    if array.chunks is None or len(shape) != 1:
        return []
    step = array.chunks[0]
    if -(-shape[0] // step) > MOST_IN_TABLE:
        return []
    firsts = range(start - start % step, end, step)[:MOST_CHUNKS]
    chunks = [array.id.get_chunk_info_by_coord((first,)) for first in firsts]
    return [(c.byte_offset, c.byte_offset + c.size) for c in chunks if c.byte_offset is not None]


def _heaps(array: h5py.Dataset, places: Sequence[Range], blocks: Blocks) -> list[Range]:
    """Where the texts of an array stand, whose references are at those places, as far as these
    were fetched.
    """
    if not is_text_of_any_length(array.dtype):
        return []
    is_packed = is_deflated(array)
    addresses: set[int] = set()
    left = MOST_UNPACKED
    for start, end in places:
        if left <= 0:
            break
        stored = blocks.kept(start, min(end, start + left))
        references = zlib.decompressobj().decompress(stored, left) if is_packed else stored
        left -= max(len(stored), len(references))
        whole = len(references) - len(references) % REFERENCE.itemsize
        addresses |= set(np.unique(np.frombuffer(references[:whole], REFERENCE)["heap"]).tolist())
    return [(address, address + HEAP) for address in sorted(addresses - {0})]
