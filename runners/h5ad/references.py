"""How HDF5 stores texts of any length: references in the array, texts in heaps elsewhere."""

import zlib
from collections.abc import Callable

import h5py
import numpy as np
from h5py import h5z

REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("object", "<u4")])
"""To a text of any length, as HDF5 stores it where addresses have eight bytes
(https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, "Variable-length")."""

HEAP = 4096
"""Bytes of a heap of texts, the least that HDF5 makes (the same page, "Global Heap")."""

Unpack = Callable[[bytes, int], bytes]
"""What makes an array's values of its stored bytes, up to a size."""


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
