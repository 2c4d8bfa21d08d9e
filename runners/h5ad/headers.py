"""Where an HDF5 header says that the index of a group's links, or of a dataset's chunks, begins
(https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html).

HDF5's API gives the addresses of headers and of chunks, but none between. Knows what h5py writes by
default; of anything else nothing is found. Must not be relied on: only what is fetched early
depends on it.
"""

import struct
from collections.abc import Iterator

from runners.h5ad.blocks import Range

SYMBOL_TABLE, LAYOUT, ATTRIBUTE, CONTINUED = 0x11, 0x08, 0x0C, 0x10
"""Messages of a header: of a group, of a dataset, of either, and that there are more elsewhere."""

TEXT = 9
"""The class of types of any length."""

PREFIX, MESSAGE = struct.Struct("<BxHIIxxxx"), struct.Struct("<HHBxxx")
LENGTHS, REFERENCE = struct.Struct("<BxHHH"), struct.Struct("<IQI")
CHUNKED = struct.Struct("<BBBQ")
TREE = struct.Struct("<4sBBHQQ")
HEAP = struct.Struct("<4sBxxxQQQ")

INDEX = 4096
"""Bytes of the first node of an index that are fetched; a full one of chunks has about 3,000."""

MOST_CHILDREN = 64
"""Nodes of a tree that are looked at, at most."""


def messages(header: bytes) -> bytes:
    """The messages that a header begins with."""
    if len(header) < PREFIX.size:
        return b""
    version, _, _, size = PREFIX.unpack_from(header)
    return header[PREFIX.size : PREFIX.size + size] if version == 1 else b""


def continued(messages: bytes) -> Iterator[Range]:
    """Where more messages of the header are."""
    for kind, message in _each(messages):
        if kind == CONTINUED and len(message) >= 16:
            start, length = struct.unpack_from("<QQ", message)
            yield start, start + min(length, INDEX)


def indexes(messages: bytes) -> Iterator[Range]:
    """Where the indexes are that messages name: of links their tree and heap, or of chunks."""
    for kind, message in _each(messages):
        yield from _named(kind, message)


def _each(messages: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + MESSAGE.size <= len(messages):
        kind, length, _ = MESSAGE.unpack_from(messages, at)
        at += MESSAGE.size
        yield kind, messages[at : at + length]
        at += length


def _named(kind: int, message: bytes) -> Iterator[Range]:
    if kind == SYMBOL_TABLE and len(message) >= 16:
        for address in struct.unpack_from("<QQ", message):
            yield address, address + INDEX
    elif kind == LAYOUT and len(message) >= CHUNKED.size:
        version, layout, _, address = CHUNKED.unpack_from(message)
        if (version, layout) == (3, 2):
            yield address, address + INDEX


def texts(messages: bytes) -> Iterator[Range]:
    """Where the texts are that attributes have."""
    for kind, message in _each(messages):
        if kind != ATTRIBUTE or len(message) < LENGTHS.size + REFERENCE.size:
            continue
        version, name, _, _ = LENGTHS.unpack_from(message)
        start = LENGTHS.size + (-name % 8 + name if version == 1 else name + (version == 3))
        if start < len(message) and message[start] & 15 == TEXT:
            _, address, _ = REFERENCE.unpack_from(message, len(message) - REFERENCE.size)
            yield address, address + INDEX


def below(node: bytes) -> Iterator[Range]:
    """Where the nodes below one of a tree of links are, or the names of a heap."""
    if node[:4] == b"TREE" and len(node) >= TREE.size:
        _, kind, _, used, _, _ = TREE.unpack_from(node)
        children = range(TREE.size + 8, len(node) - 7, 16)[: min(used, MOST_CHILDREN)]
        for at in children if kind == 0 else ():
            (address,) = struct.unpack_from("<Q", node, at)
            yield address, address + INDEX
    elif node[:4] == b"HEAP" and len(node) >= HEAP.size:
        _, _, size, _, address = HEAP.unpack_from(node)
        yield address, address + min(size, INDEX)
