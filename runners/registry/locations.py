"""Which artifacts are the Census's: told by where their files lie, root and key together.

LaminDB gives an artifact the deepest registered root that contains its file, and a key that begins
there (`check_path_in_existing_storage` in lamindb/models/artifact.py). What it has uploaded lies at
its uid, and may have any key, a virtual one (`auto_storage_key_from_artifact` in
lamindb/core/storage/paths.py). A person may register a root above or below `cell-census` before or
after us, and the same release may lie in two buckets. Must not write.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lamindb as ln
from django.db.models import TextField, Value
from django.db.models.functions import Coalesce, Concat, Length, Right

CENSUS = "/cell-census/"
"""What the address of every file of a release has, after its bucket or folder."""

RELEASE_STORE = f"{CENSUS}{{release}}/soma"
"""The end of the address of a release's SOMA store."""


def census() -> Any:
    """A query set of all artifacts of all releases, each with its `address`."""
    key = Coalesce("_real_key", "key", output_field=TextField())
    address = Concat("storage__root", Value("/"), key, output_field=TextField())
    rows = ln.Artifact.objects.exclude(_key_is_virtual=True, _real_key=None)
    rows = rows.annotate(address=address)
    return rows.filter(address__contains=CENSUS)


def h5ads() -> Any:
    """A query set of all releases' h5ads."""
    return census().filter(suffix=".h5ad")


def stores() -> Any:
    """A query set of all releases' SOMA stores, each with the `place` that its address ends in."""
    length = len(RELEASE_STORE.format(release="2020-01-15"))
    return census().filter(address__endswith="/soma").annotate(place=Right("address", length))


def storages() -> list[Any]:
    """All Storage records, those with the longest root first."""
    return list(ln.Storage.objects.select_related("space").order_by(Length("root").desc(), "id"))


def storage_of(address: str, storages: Iterable[Any]) -> Any | None:
    """The first of the storages whose root contains the address, which LaminDB would take."""
    return next((storage for storage in storages if _contains(storage.root, address)), None)


def _contains(root: str, address: str) -> bool:
    if "://" in root or "://" in address:
        return address.startswith(f"{root.rstrip('/')}/")
    return Path(root).resolve() in Path(address).resolve().parents
