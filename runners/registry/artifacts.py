"""Storage records and Artifacts of a release, found or made, with their revision chains.

Must not annotate: links to terms are made in `annotations`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import lamindb as ln
from django.db.models.functions import Left
from lamindb.base.uids import base62_12
from upath import UPath

from runners import settings
from runners.contract import ContractError
from runners.h5ad.address import is_anonymous
from runners.records.snapshot import SOMA
from runners.registry.revisions import Neighbours, neighbours, of_later, put_in_place
from runners.registry.tracking import claim

KEY_PREFIX = "cell-census/"
STEM = ln.Artifact._len_stem_uid
"""Length of the part of a uid that all revisions share."""


def storage_root(address: str) -> str:
    """The bucket or folder that holds `cell-census/`, in which the address lies.

    Raises:
        ContractError: the address has no folder `cell-census`.
    """
    root, separator, _ = address.partition(f"/{KEY_PREFIX}")
    if not separator:
        raise ContractError(
            f"{address}: has no folder cell-census; "
            "correct the field storage.h5ads of the manifest."
        )
    return root


def ensure_storage(root: str, region: str | None) -> None:
    """Makes a Storage record for the bucket or folder `root`, if there is none.

    It is recorded as managed by nobody: LaminDB must neither write a marker into it nor ever
    delete from it.
    """
    if ln.Storage.filter(root=root).exists():
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


def has_later(release: str) -> bool:
    """True if a later release is registered, be it in part."""
    registered = ln.Artifact.objects.filter(key__startswith=KEY_PREFIX)
    return bool(of_later(registered, release).exists())


def neighbours_by_dataset(dataset_ids: Iterable[str], release: str) -> Mapping[str, Neighbours]:
    """Dataset id -> its artifacts of the nearest other releases.

    Found by the end of the key, so that neither another bucket nor a skipped release matters.
    """
    earlier = _h5ads().filter(version_tag__lt=release).order_by("version_tag", "id")
    newest = _by_dataset(earlier)
    oldest = _by_dataset(of_later(_h5ads(), release).order_by("-version_tag", "-id"))
    return {name: Neighbours(newest.get(name), oldest.get(name)) for name in dataset_ids}


def reread(places: Mapping[str, Neighbours]) -> Mapping[str, Neighbours]:
    """The same artifacts as they stand now: LaminDB saves the whole row of what is revised."""
    ids = {artifact.id for place in places.values() for artifact in place if artifact}
    rows = ln.Artifact.objects.in_bulk(ids)
    return {
        dataset_id: Neighbours(*(artifact and rows.get(artifact.id) for artifact in place))
        for dataset_id, place in places.items()
    }


def registered(release: str) -> Mapping[str, Any]:
    """Dataset id -> the Artifact of `release`."""
    return _by_dataset(_h5ads().filter(version_tag=release))


def _by_dataset(rows: Any) -> dict[str, Any]:
    """Dataset id -> the last of its rows."""
    return {Path(row.key).stem: row for row in rows}


def _h5ads() -> Any:
    return ln.Artifact.objects.filter(key__startswith=KEY_PREFIX, suffix=".h5ad")


def chains(uids: Iterable[str]) -> Any:
    """A query set of all artifacts in the revision chains of these, whoever made them."""
    stems = {uid[:STEM] for uid in uids}
    return ln.Artifact.objects.alias(stem=Left("uid", STEM)).filter(stem__in=stems)


def stores() -> Any:
    """A query set of all releases' SOMA stores."""
    return ln.Artifact.objects.filter(key__startswith=KEY_PREFIX, key__endswith="/soma")


def register(
    address: str, *, release: str, title: str, n_observations: int | None, place: Neighbours
) -> Any:
    """The saved Artifact of the h5ad at `address`, at its place in its dataset's chain."""
    artifact = ln.Artifact(
        _path(address), revises=place.revises, version_tag=release, description=title, run=False
    )
    artifact.n_observations = n_observations
    put_in_place(artifact, place)
    claim(artifact)
    return artifact.save()


def _path(address: str) -> str | UPath:
    """The address as LaminDB takes it, where it is read otherwise than LaminDB would choose."""
    endpoint = settings.from_environment().s3_endpoint
    if not address.startswith("s3://") or (endpoint is None and is_anonymous(address)):
        return address
    # with an endpoint, LaminDB doesn't ask LaminHub for credentials
    options = {"endpoint_url": endpoint} if endpoint else {}
    return UPath(address, anon=is_anonymous(address), **options)


def register_store(address: str, *, release: str) -> None:
    """Registers the store at `address`, a revision of the release's before.

    Where the release has one already, that is only given the right otype.
    """
    release_stores = stores().filter(version_tag=release)
    if release_stores.exists():
        release_stores.update(otype=SOMA)  # the old script left it empty
        return
    place = neighbours(stores(), release)
    artifact = ln.Artifact(
        _path(address),
        revises=place.revises,
        version_tag=release,
        description=f"Census {release}",
        run=False,
    )
    artifact.otype = SOMA
    put_in_place(artifact, place)
    claim(artifact)
    artifact.save()
