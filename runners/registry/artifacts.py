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
from runners.records.snapshot import SOMA
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


def latest_by_dataset(dataset_ids: Iterable[str], *, before: str) -> Mapping[str, Any]:
    """Dataset id -> its newest Artifact of any release before `before`.

    Found by the end of the key, so that neither another bucket nor a skipped release matters.
    """
    wanted = set(dataset_ids)
    newest: dict[str, Any] = {}
    older = ln.Artifact.objects.filter(
        key__startswith=KEY_PREFIX, suffix=".h5ad", version_tag__lt=before
    )
    for artifact in older.order_by("version_tag", "id"):
        dataset_id = Path(artifact.key).stem
        if dataset_id in wanted:
            newest[dataset_id] = artifact
    return newest


def registered(release: str) -> Mapping[str, Any]:
    """Dataset id -> the Artifact of `release`."""
    rows = ln.Artifact.objects.filter(key__startswith=KEY_PREFIX, suffix=".h5ad")
    return {Path(row.key).stem: row for row in rows.filter(version_tag=release)}


def chains(uids: Iterable[str]) -> Any:
    """A query set of all artifacts in the revision chains of these, whoever made them."""
    stems = {uid[:STEM] for uid in uids}
    return ln.Artifact.objects.alias(stem=Left("uid", STEM)).filter(stem__in=stems)


def stores() -> Any:
    """A query set of all releases' SOMA stores."""
    return ln.Artifact.objects.filter(key__startswith=KEY_PREFIX, key__endswith="/soma")


def register(
    address: str, *, release: str, title: str, n_observations: int | None, revises: Any | None
) -> Any:
    """The saved Artifact of the h5ad at `address`, a revision of `revises` where that is given."""
    artifact = ln.Artifact(
        _path(address), revises=revises, version_tag=release, description=title, run=False
    )
    artifact.n_observations = n_observations
    claim(artifact)
    return artifact.save()


def _path(address: str) -> str | UPath:
    """The address as LaminDB takes it, where it has an endpoint of its own to be read from."""
    endpoint = settings.from_environment().s3_endpoint
    if endpoint is None or not address.startswith("s3://"):
        return address
    # with an endpoint, LaminDB doesn't ask LaminHub for credentials
    return UPath(address, endpoint_url=endpoint, anon=True)


def register_store(address: str, *, release: str, previous: str | None) -> None:
    """Registers the store at `address`, a revision of the `previous` release's.

    Where the release has one already, that is only given the right otype.
    """
    release_stores = stores().filter(version_tag=release)
    if release_stores.exists():
        release_stores.update(otype=SOMA)  # the old script left it empty
        return
    revises = stores().filter(version_tag=previous).first() if previous else None
    artifact = ln.Artifact(
        _path(address.rstrip("/")),
        revises=revises,
        version_tag=release,
        description=f"Census {release}",
        run=False,
    )
    artifact.otype = SOMA
    claim(artifact)
    artifact.save()
