"""How HDF5 stores texts of any length: references in the array, texts in heaps elsewhere."""

import h5py
import numpy as np
from h5py import h5z

REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("object", "<u4")])
"""To a text of any length, as HDF5 stores it where addresses have eight bytes
(https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, "Variable-length")."""

HEAP = 4096
"""Bytes of a heap of texts, the least that HDF5 makes (the same page, "Global Heap")."""


def is_deflated(array: h5py.Dataset) -> bool:
    """Whether an array's chunks are packed by deflate alone; not if they aren't packed.

    Raises:
        ValueError: they are packed otherwise.
    """
    creation = array.id.get_create_plist()
    filters = [creation.get_filter(number)[0] for number in range(creation.get_nfilters())]
    if filters not in ([], [h5z.FILTER_DEFLATE]):
        raise ValueError(f"{array.name} is packed by {filters}")
    return bool(filters)
