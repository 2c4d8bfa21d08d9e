"""Storage records and Artifacts of a release, found or made, with their revision chains.

Must not annotate: links to terms are made in `annotations`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import lamindb as ln
from django.db.models import Q
from django.db.models.functions import Left
from lamindb.base.uids import base62_12
from upath import UPath

from runners import settings
from runners.contract import ContractError
from runners.h5ad.address import is_anonymous
from runners.records.snapshot import SOMA
from runners.registry.branches import MAIN, is_hidden, visible
from runners.registry.locations import CENSUS, RELEASE_STORE, h5ads, storage_of, storages, stores
from runners.registry.revisions import (
    Neighbours,
    put_in_place,
    restored_in_chain,
)
from runners.registry.storage import Stats
from runners.registry.tracking import claim

AMAZON = "https://s3.amazonaws.com"
"""The endpoint of paths at which nothing is read."""

STEM = ln.Artifact._len_stem_uid
"""Length of the part of a uid that all revisions share."""


def storage_root(address: str) -> str:
    """The bucket or folder that holds `cell-census/`, in which the address lies.

    Raises:
        ContractError: the address has no folder `cell-census`.
    """
    root, separator, _ = address.partition(CENSUS)
    if not separator:
        raise ContractError(
            f"{address}: has no folder cell-census; "
            "correct the field storage.h5ads of the manifest."
        )
    return root


def ensure_storage(root: str, region: str | None) -> None:
    """Makes a Storage record for the bucket or folder `root`, unless one contains it already.

    It is recorded as managed by nobody: LaminDB must neither write a marker into it nor ever
    delete from it.
    """
    if storage_of(f"{root}{CENSUS}", storages()):
        return
    is_s3 = root.startswith("s3://")
    ln.Storage(
        uid=base62_12(),
        root=root,
        type="s3" if is_s3 else "local",
        region=region if is_s3 else None,
        instance_uid=None,
        _skip_preparation=True,
    ).save()


def known(dataset_ids: Collection[str]) -> Mapping[str, Sequence[Any]]:
    """Dataset id -> its artifacts of all releases and of none, by id; in one statement.

    Found by the end of the address, so that neither another bucket nor a skipped release matters.
    """
    found: dict[str, list[Any]] = {dataset_id: [] for dataset_id in dataset_ids}
    for row in of_datasets(dataset_ids).order_by("id"):
        found[Path(row.address).stem].append(row)
    return found


def registered(release: str) -> Mapping[str, Any]:
    """Dataset id -> the Artifact of `release`."""
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in h5ads().filter(version_tag=release):
        rows[Path(row.address).stem].append(row)
    return {dataset_id: of_release(own, release) for dataset_id, own in rows.items()}


def of_release(rows: Iterable[Any], release: str) -> Any | None:
    """The release's one of a dataset's artifacts; a hidden one only where no other is."""
    return _shown(row for row in rows if row.version_tag == release)


def registered_otherwise(rows: Iterable[Any], address: str, release: str) -> Any | None:
    """The artifact at this address that is none of the release: a person's, say; a hidden one only
    where no other is.
    """
    return _shown(r for r in rows if r.address == address and r.version_tag != release)


def _shown(rows: Iterable[Any]) -> Any | None:
    """The newest in sight, else the newest."""
    return max(rows, key=lambda row: (not is_hidden(row), row.id), default=None)


def of_datasets(dataset_ids: Iterable[str]) -> Any:
    """A query set of the datasets' artifacts of all releases."""
    ends = (Q(address__endswith=f"/{dataset_id}.h5ad") for dataset_id in dataset_ids)
    return h5ads().filter(reduce(or_, ends, Q(pk__in=())))


def stems(artifacts: Any) -> Any:
    """A query set of the stems of a query set's uids."""
    return artifacts.annotate(stem=Left("uid", STEM)).values("stem")


def chains(stems: Any) -> Any:
    """A query set of all artifacts in the revision chains of these stems, whoever made them."""
    return ln.Artifact.objects.alias(stem=Left("uid", STEM)).filter(stem__in=stems)


def adopted(
    other: Any, release: str, title: str, n_observations: int | None, place: Neighbours
) -> Any | None:
    """A person's artifact of the file as the release's; None if it stands for another version, has
    a schema, is hidden, or belongs into another chain. What the person has said of it stays.
    """
    is_single = ln.Artifact.objects.filter(uid__startswith=other.stem_uid).count() == 1
    has_more = other.version_tag is not None or other.schema_id is not None
    if has_more or other.branch_id != MAIN or place.revises or not is_single:
        return None
    said = {"description": title, "n_observations": n_observations}
    lacking = {name: value for name, value in said.items() if getattr(other, name) is None}
    ln.Artifact.objects.filter(id=other.id).update(version_tag=release, **lacking)
    return other


def correct(files: Iterable[tuple[Any, Stats, int | None]]) -> None:
    """Gives each artifact that isn't annotated stats and number of observations of the file as it
    was read: what it was registered by may have been replaced since, and nothing else says so.
    """
    replaced = [one for one in files if one[0].schema_id is None and one[0].hash != one[1]["hash"]]
    if not replaced:
        return
    # LaminDB allows one artifact of a key and hash
    same = ln.Artifact.objects.filter(hash__in=[stats["hash"] for _, stats, _ in replaced])
    taken = set(same.values_list("storage_id", "key", "hash"))
    corrected = []
    for artifact, stats, n_observations in replaced:
        if (artifact.storage_id, artifact.key, stats["hash"]) not in taken:
            artifact.size, artifact.n_observations = stats["size"], n_observations
            artifact.hash, artifact._hash_type = stats["hash"], stats["hash_type"]
            corrected.append(artifact)
    fields = ("size", "hash", "_hash_type", "n_observations")
    ln.Artifact.objects.bulk_update(corrected, fields)


@dataclass(frozen=True)
class NewArtifact:
    """What an h5ad of a release is registered by. `storage`: the record whose root contains it;
    `stats`: as in `storage.stats_of`.
    """

    address: str
    storage: Any
    stats: Stats
    title: str
    n_observations: int | None
    place: Neighbours


def register(files: Sequence[NewArtifact], release: str) -> list[Any]:
    """The saved Artifacts of h5ads, in order, each at its place in its dataset's chain.

    The rows are those of `ln.Artifact(...).save()`, which asks for each row's storage several times
    and saves one row at a time.
    """
    artifacts = [_unsaved(file, release) for file in files]
    put_in_place((a, file.place) for a, file in zip(artifacts, files, strict=True))
    return list(ln.Artifact.objects.bulk_create(artifacts))


def _unsaved(file: NewArtifact, release: str) -> Any:
    # without a hash, LaminDB doesn't ask whether another artifact has it, or the key
    sizes = {"size": file.stats["size"], "hash": None, "hash_type": None}
    endpoint = settings.from_environment().s3_endpoint or AMAZON
    artifact = ln.Artifact(
        _path(file.address, endpoint),
        storage=_as_read(file.storage, endpoint),
        skip_check_exists=True,
        _stats=sizes,
        revises=file.place.revises,
        version_tag=release,
        description=file.title,
        run=False,
    )
    artifact.hash, artifact._hash_type = file.stats["hash"], file.stats["hash_type"]
    artifact.n_observations = file.n_observations
    claim(artifact)
    return artifact


def _path(address: str, endpoint: str | None) -> str | UPath:
    """The address as LaminDB takes it, where it is read otherwise than LaminDB would choose."""
    if not address.startswith("s3://") or (endpoint is None and is_anonymous(address)):
        return address
    # with an endpoint, LaminDB doesn't ask LaminHub for credentials
    options = {"endpoint_url": endpoint} if endpoint else {}
    return UPath(address, anon=is_anonymous(address), **options)


def _as_read(storage: Any | None, endpoint: str | None) -> Any | None:
    """The storage, whose row stays as it is, as LaminDB takes it for that of a `_path`.

    LaminDB compares endpoints too (`check_path_is_child_of_root` in lamindb/core/storage/paths.py);
    where they differ, it looks for the storage and saves it again with every artifact.
    """
    if storage is None or endpoint is None or not storage.root.startswith("s3://"):
        return storage
    read = copy(storage)
    read.root = f"{storage.root}?endpoint_url={endpoint}"
    return read


def register_store(address: str, *, release: str) -> None:
    """Registers the store at `address`, a revision of the release's before.

    Where the release has one already, that is only given what it lacks: the maintainers' have no
    version, and the old script's no otype.
    """
    place = RELEASE_STORE.format(release=release)
    own = stores().filter(Q(version_tag=release) | Q(version_tag=None, place=place))
    store = visible(own).order_by("id").first() or own.order_by("id").first()
    if store is not None:
        restored_in_chain(store)
        own.filter(id=store.id).update(version_tag=release, otype=SOMA)
        return
    neighbours = _neighbouring_stores(release)
    endpoint = settings.from_environment().s3_endpoint
    artifact = ln.Artifact(
        _path(address, endpoint),
        storage=_as_read(storage_of(address, storages()), endpoint),
        revises=neighbours.revises,
        version_tag=release,
        description=f"Census {release}",
        run=False,
    )
    artifact.otype = SOMA
    put_in_place([(artifact, neighbours)])
    claim(artifact)
    artifact.save()


def _neighbouring_stores(release: str) -> Neighbours:
    """Of the release's store, by places: not every store has a version."""
    place = RELEASE_STORE.format(release=release)
    pattern = RELEASE_STORE.format(release=r"\d{4}-\d{2}-\d{2}")
    of_any = stores().filter(place__regex=f"^{pattern}$").order_by("place", "id")
    earlier, later = of_any.filter(place__lt=place), of_any.filter(place__gt=place)
    return Neighbours(visible(earlier).last() or earlier.last(), visible(later).first())
