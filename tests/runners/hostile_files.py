"""h5ads of which one node was replaced by something else that HDF5 allows to stand there."""

import ctypes
import os
import select
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from h5ad_files import obs_of, write
from profiles import HUMAN, ORGANISM, VALUES

CELLS = 30
SECRET = "sentinel-of-another-file"
"""What stands in the files that no reader may open."""

Put = Callable[[h5py.Group, str, Path], object]
"""Puts something into a group under a name; the path is the folder with the secret files."""

POINTING: dict[str, Put] = {
    "external link": lambda group, name, secrets: group.__setitem__(
        name, h5py.ExternalLink(secrets / "secret.h5", "secret")
    ),
    "external link to nothing": lambda group, name, secrets: group.__setitem__(
        name, h5py.ExternalLink(secrets / "absent.h5", "secret")
    ),
    "external storage": lambda group, name, secrets: group.create_dataset(
        name, (1,), "S24", external=[(secrets / "secret.txt", 0, h5py.h5f.UNLIMITED)]
    ),
    "external storage of a scalar": lambda group, name, secrets: external_scalar(
        group, name, secrets
    ),
    "virtual dataset": lambda group, name, secrets: group.create_virtual_dataset(
        name, virtual(secrets, (CELLS,), (CELLS,))
    ),
    "virtual dataset without end": lambda group, name, secrets: group.create_virtual_dataset(
        name, virtual(secrets, (CELLS,), (None,))
    ),
    "soft link to an external link": lambda group, name, secrets: soft_to_external(
        group, name, secrets
    ),
}
WRONG: dict[str, Put] = {
    "int": lambda group, name, _: group.__setitem__(name, 7),
    "float": lambda group, name, _: group.__setitem__(name, 0.5),
    "text": lambda group, name, _: group.__setitem__(name, "text"),
    "flag": lambda group, name, _: group.__setitem__(name, True),
    "null": lambda group, name, _: group.__setitem__(name, h5py.Empty("f8")),
    "empty array": lambda group, name, _: group.__setitem__(name, np.zeros(0)),
    "ints": lambda group, name, _: group.__setitem__(name, np.arange(CELLS)),
    "unsigned": lambda group, name, _: group.__setitem__(
        name, np.full(CELLS, 2**64 - 1, np.uint64)
    ),
    "fractions": lambda group, name, _: group.__setitem__(name, np.linspace(0, 1, CELLS)),
    "not numbers": lambda group, name, _: group.__setitem__(name, np.full(CELLS, np.nan)),
    "infinite": lambda group, name, _: group.__setitem__(name, np.full(CELLS, np.inf)),
    "flags": lambda group, name, _: group.__setitem__(name, np.ones(CELLS, bool)),
    "texts": lambda group, name, _: group.__setitem__(name, ["a"] * CELLS),
    "bytes that are no text": lambda group, name, _: group.__setitem__(
        name, np.array([b"\xff\xfe"] * CELLS)
    ),
    "two dimensions": lambda group, name, _: group.__setitem__(name, np.ones((CELLS, 2))),
    "group": lambda group, name, _: group.create_group(name),
    "group of codes": lambda group, name, _: group.__setitem__(f"{name}/codes", [0] * CELLS),
    "group of itself": lambda group, name, _: group.create_group(name).__setitem__("codes", group),
    "soft link to itself": lambda group, name, _: group.__setitem__(
        name, h5py.SoftLink(f"{group.name.rstrip('/')}/{name}")
    ),
    "soft link to nothing": lambda group, name, _: group.__setitem__(name, h5py.SoftLink("/no")),
    "soft link to the root": lambda group, name, _: group.__setitem__(name, h5py.SoftLink("/")),
    "soft link to obs": lambda group, name, _: group.__setitem__(name, h5py.SoftLink("/obs")),
    "records": lambda group, name, _: group.__setitem__(
        name, np.zeros(CELLS, [("a", "S3"), ("b", "i4")])
    ),
    "opaque": lambda group, name, _: group.__setitem__(name, np.void(b"\0\1\2\3")),
    "enumeration": lambda group, name, _: group.create_dataset(
        name, data=np.ones(CELLS, "i1"), dtype=h5py.enum_dtype({"x": 1}, "i1")
    ),
    "references": lambda group, name, _: group.create_dataset(
        name, data=[group.file.ref] * CELLS, dtype=h5py.ref_dtype
    ),
    "regions": lambda group, name, _: group.create_dataset(name, (CELLS,), h5py.regionref_dtype),
    "lists": lambda group, name, _: group.create_dataset(name, (CELLS,), h5py.vlen_dtype("i4")),
    "arrays": lambda group, name, _: group.create_dataset(name, (CELLS,), np.dtype(("i4", (3,)))),
    "complex": lambda group, name, _: group.__setitem__(name, np.ones(CELLS, complex)),
    "type": lambda group, name, _: group.__setitem__(name, np.dtype("f4")),
    "endless": lambda group, name, _: group.create_dataset(name, (2**40,), "i1", chunks=(2**20,)),
    "long": lambda group, name, _: group.create_dataset(
        name, (30_000_000,), h5py.string_dtype(), chunks=(100_000,)
    ),
    "large chunk": lambda group, name, _: group.create_dataset(
        name, (2**31,), "i8", chunks=(2**28,), compression="gzip"
    ),
    "large values": lambda group, name, _: group.create_dataset(name, (CELLS,), f"S{2**30}"),
    **POINTING,
}


def external_scalar(group: h5py.Group, name: str, secrets: Path) -> None:
    """A text whose bytes lie in a secret file, which h5py itself writes of arrays alone."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_external(os.fsencode(secrets / "secret.txt"), 0, len(SECRET))
    text = h5py.h5t.py_create(np.dtype(f"S{len(SECRET)}"))
    space = h5py.h5s.create(h5py.h5s.SCALAR)
    h5py.h5d.create(group.id, name.encode(), text, space, creation)


def virtual(secrets: Path, shape: tuple[int], most: tuple[int | None]) -> h5py.VirtualLayout:
    """One whose source is a secret file."""
    layout = h5py.VirtualLayout(shape, "S24", maxshape=most)
    source = h5py.VirtualSource(secrets / "secret.h5", "secret", shape, maxshape=most)
    if most == (None,):
        layout[: h5py.h5s.UNLIMITED] = source[: h5py.h5s.UNLIMITED]
    else:
        layout[:] = source
    return layout


def soft_to_external(group: h5py.Group, name: str, secrets: Path) -> None:
    """A soft link through a group that another file has."""
    group.file["elsewhere"] = h5py.ExternalLink(secrets / "secret.h5", "/")
    group[name] = h5py.SoftLink("/elsewhere/secret")


def secret_files(folder: Path) -> Path:
    """The folder, with the files that no reader may open."""
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    with h5py.File(folder / "secret.h5", "w") as file:
        file.create_dataset("secret", data=np.full(CELLS, SECRET.encode()), maxshape=(None,))
    return folder


def whole(path: Path) -> Path:
    """A valid dataset of thirty cells."""
    columns = {name: pd.Categorical([values[0]] * CELLS) for name, values in VALUES.items()}
    obs = obs_of(**columns, is_primary_data=[True] * CELLS)
    return write(path, obs, uns={ORGANISM: HUMAN, "title": "T"})


def nodes(path: Path) -> list[str]:
    """The path of every node in the file."""
    found: list[str] = []
    with h5py.File(path) as file:
        file.visit(found.append)
    return found


def replace(source: Path, target: Path, node: str, put: Put, secrets: Path) -> Path:
    """A copy in which something else stands in the place of a node; a group keeps its encoding."""
    shutil.copyfile(source, target)
    parent, _, name = node.rpartition("/")
    with h5py.File(target, "r+") as file:
        group = file[parent or "/"]
        attributes = dict(group[name].attrs)
        del group[name]
        put(group, name, secrets)
        is_own = isinstance(group.get(name, getlink=True), h5py.HardLink)
        if is_own and isinstance(group[name], h5py.Group):
            group[name].attrs.update(attributes)
    return target


def with_link_of_unknown_class(path: Path, target: Path) -> Path:
    """A copy with a link of a class that somebody has made: its type's byte stands before the
    length of its name.
    """
    shutil.copyfile(path, target)
    with h5py.File(target, "r+") as file:
        file["uns/user-link"] = h5py.ExternalLink("x.h5", "/y")
    content = target.read_bytes()
    external, user_defined = b"\x40\x09user-link", b"\x60\x09user-link"
    assert content.count(external) == 1
    target.write_bytes(content.replace(external, user_defined))
    return target


@contextmanager
def opened_files(folder: Path) -> Iterator[list[str]]:
    """Within, the names of those files of the folder that somebody opens, as the kernel tells."""
    libc, opens = ctypes.CDLL(None, use_errno=True), 0x20  # IN_OPEN
    watching = libc.inotify_init1(os.O_NONBLOCK)
    names: list[str] = []
    try:
        assert libc.inotify_add_watch(watching, os.fsencode(folder), opens) > 0
        yield names
        if select.select([watching], [], [], 0)[0]:
            names += _names(os.read(watching, 2**16))
    finally:
        os.close(watching)


def _names(events: bytes) -> list[str]:
    names, place = [], 0
    while place < len(events):
        *_, length = struct.unpack_from("iIII", events, place)
        start = place + struct.calcsize("iIII")
        names.append(events[start : start + length].rstrip(b"\0").decode())
        place = start + length
    return names
