"""Parts of an HDF5 file, which must lie in the file itself.

HDF5 lets a file name others, which it opens by itself with the rights of whoever reads: external
links, links of a class of somebody's own, external storage of a dataset's bytes, virtual datasets
(https://support.hdfgroup.org/documentation/hdf5/latest/). So a part is opened link by link, and of
a dataset its header is looked at before its data. References to objects must not be followed: they
reach what no link does.
"""

from typing import TypeAlias

import h5py
from h5py import h5d, h5g, h5i, h5l, h5o
from h5py._objects import ObjectID

MOST_SOFT = 16
"""Soft links on the way to one part, as HDF5's own limit is."""


class ElsewhereError(Exception):
    """A part of the file lies in another one; the text says which, and how it points there."""


Node: TypeAlias = h5py.Group | h5py.Dataset | h5py.Datatype


def part(group: h5py.Group, path: str) -> Node | None:
    """What stands at the path from the group, or from the root if it starts with "/"; None if
    nothing does.

    Raises:
        ElsewhereError: it lies in another file.
        OSError, RuntimeError, ValueError: the file is broken there.
    """
    opened = _open(group.id, path.encode(), MOST_SOFT)
    if isinstance(opened, h5d.DatasetID):
        return h5py.Dataset(opened, readonly=True)
    if isinstance(opened, h5g.GroupID):
        return h5py.Group(opened)
    return None if opened is None else h5py.Datatype(opened)


def _open(start: h5g.GroupID, path: bytes, soft_links: int) -> ObjectID | None:
    opened: ObjectID | None = h5o.open(start, b"/") if path.startswith(b"/") else start
    for name in path.split(b"/"):
        if name in (b"", b"."):
            continue
        if not isinstance(opened, h5g.GroupID) or not opened.links.exists(name):
            return None
        kind = opened.links.get_info(name).type
        how = _of_link(kind)
        parent = opened
        if kind == h5l.TYPE_SOFT:
            if not soft_links:
                raise ValueError(f"{_within(parent, name)} leads through too many soft links")
            opened = _open(parent, parent.links.get_val(name), soft_links - 1)
        elif how is None:
            opened = h5o.open(parent, name)
            how = _of_object(opened)
        if how is not None:
            raise ElsewhereError(f"{_within(parent, name)} is {how}")
    return opened


def _within(group: h5g.GroupID, name: bytes) -> str:
    path = b"/".join([h5i.get_name(group) or b"", name]).strip(b"/")
    return path.decode(errors="replace")


def refuse_parts_elsewhere(file: h5py.File) -> None:
    """Looks at every link and header of the file. After that, soft links end within it, too.

    Raises:
        ElsewhereError: a part lies in another file.
        OSError, RuntimeError, ValueError: the file is broken there.
    """
    links: list[tuple[bytes, int]] = []
    # collected first: an error within a visit may end in a SystemError of h5py's
    file.id.links.visit(lambda path, link: links.append((path, link.type)), info=True)
    for path, kind in links:
        opened = h5o.open(file.id, path) if kind == h5l.TYPE_HARD else None
        if how := _of_link(kind) or _of_object(opened):
            raise ElsewhereError(f"{path.decode(errors='replace')} is {how}")


def _of_link(kind: int) -> str | None:
    if kind == h5l.TYPE_EXTERNAL:
        return "an external link"
    return None if kind in (h5l.TYPE_HARD, h5l.TYPE_SOFT) else "a link of an unknown class"


def _of_object(opened: ObjectID | None) -> str | None:
    if not isinstance(opened, h5d.DatasetID):
        return None
    creation = opened.get_create_plist()
    if creation.get_layout() == h5d.VIRTUAL:
        return "a virtual dataset"
    return "a dataset with external storage" if creation.get_external_count() else None
