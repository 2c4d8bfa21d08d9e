"""How HDF5 stores texts of any length: references in the array, texts in heaps elsewhere."""

import zlib
from collections.abc import Callable

import h5py
import numpy as np
from h5py import h5z

from runners.h5ad.arrays import refuse_large
from runners.h5ad.blocks import Range

MOST_CHUNKS = 1_000
"""Chunks of an array whose addresses are looked up, at most."""

MOST_IN_TABLE = 4_096
"""Chunks that an array may have: HDF5 looks through all of them for the address of one."""

REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("object", "<u4")])
"""To a text of any length, as HDF5 stores it where addresses have eight bytes
(https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, "Variable-length")."""

HEAP = 4096
"""Bytes of a heap of texts, the least that HDF5 makes (the same page, "Global Heap")."""

Unpack = Callable[[bytes, int], bytes]
"""What makes an array's values of its stored bytes, up to a size."""


def places_of(array: h5py.Dataset, rows: slice) -> list[Range]:
    """Where the rows of an array stand in the file; none where that isn't known."""
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


def unpacking(array: h5py.Dataset) -> Unpack:
    """
    Raises:
        ValueError: it isn't known how the array is packed.
    """
    creation = array.id.get_create_plist()
    filters = [creation.get_filter(number)[0] for number in range(creation.get_nfilters())]
    if filters == [h5z.FILTER_DEFLATE]:
        return lambda data, most: zlib.decompressobj().decompress(data, max(1, most))
    if filters:
        raise ValueError(f"{array.name} is packed by {filters}")
    return lambda data, most: data[:most]
