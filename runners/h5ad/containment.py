"""Whether all of an HDF5 file lies in the file itself.

HDF5 lets a file name others, which it opens by itself with the rights of whoever reads: external
links, links of a class of somebody's own, external storage of a dataset's bytes, virtual datasets
(https://support.hdfgroup.org/documentation/hdf5/latest/). Links and headers of the whole file are
looked at, no data. After that, soft links end within the file, too. References to objects must
not be followed: they reach what no link does.
"""

import h5py
from h5py import h5d, h5l, h5o

IN_FILE = (h5l.TYPE_HARD, h5l.TYPE_SOFT)


def part_elsewhere(file: h5py.File) -> str | None:
    """The first part of the file that lies in another, and how it points there; None if none does.

    Raises:
        OSError, RuntimeError, ValueError: the file is broken there.
    """
    root = file.id

    def look(path: bytes, link: h5l.LinkInfo) -> str | None:
        if link.type == h5l.TYPE_SOFT:
            return None
        how = _of_link(link) or _of_object(h5o.open(root, path))
        return how and f"{path.decode(errors='replace')} is {how}"

    found: str | None = root.links.visit(look, info=True)
    return found


def _of_link(link: h5l.LinkInfo) -> str | None:
    if link.type == h5l.TYPE_EXTERNAL:
        return "an external link"
    return None if link.type in IN_FILE else "a link of an unknown class"


def _of_object(opened: object) -> str | None:
    if not isinstance(opened, h5d.DatasetID):
        return None
    creation = opened.get_create_plist()
    if creation.get_layout() == h5d.VIRTUAL:
        return "a virtual dataset"
    return "a dataset with external storage" if creation.get_external_count() else None
