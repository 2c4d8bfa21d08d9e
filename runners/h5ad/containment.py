"""Whether all of an HDF5 file lies in the file itself.

HDF5 lets a file name others, which it opens by itself with the rights of whoever reads: external
links, links of a class of somebody's own, external storage of a dataset's bytes, virtual datasets
(https://support.hdfgroup.org/documentation/hdf5/latest/). Links and headers of the whole file are
looked at, no data. After that, soft links end within the file, too. References to objects must
not be followed: they reach what no link does.
"""

import h5py
from h5py import h5d, h5l, h5o


def part_elsewhere(file: h5py.File) -> str | None:
    """The first part of the file that lies in another, and how it points there; None if none does.

    Raises:
        OSError, RuntimeError, ValueError: the file is broken there.
    """
    links: list[tuple[bytes, int]] = []
    # collected first: an error within a visit may end in a SystemError of h5py's
    file.id.links.visit(lambda path, link: links.append((path, link.type)), info=True)
    for path, kind in links:
        if how := _of_link(kind) or _of_object(file, path, kind):
            return f"{path.decode(errors='replace')} is {how}"
    return None


def _of_link(kind: int) -> str | None:
    if kind == h5l.TYPE_EXTERNAL:
        return "an external link"
    return None if kind in (h5l.TYPE_HARD, h5l.TYPE_SOFT) else "a link of an unknown class"


def _of_object(file: h5py.File, path: bytes, kind: int) -> str | None:
    opened = h5o.open(file.id, path) if kind == h5l.TYPE_HARD else None
    if not isinstance(opened, h5d.DatasetID):
        return None
    creation = opened.get_create_plist()
    if creation.get_layout() == h5d.VIRTUAL:
        return "a virtual dataset"
    return "a dataset with external storage" if creation.get_external_count() else None
