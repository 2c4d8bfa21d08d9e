"""The collections of a release: the one of all its datasets, and one per study.

Each release gets rows of its own. LaminDB's constructor finds a collection by the hash of its
members and would re-tag the previous release's row where a study did not change, which takes it
away from that release.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import lamindb as ln
from django.db.models import Q
from lamindb.base.uids import base62
from lamindb_setup.core.hashing import hash_set

from runners.census.store import CensusDataset
from runners.registry.branches import visible
from runners.registry.locations import census
from runners.registry.revisions import (
    RELEASE,
    Neighbours,
    neighbours,
    of_releases,
    put_in_place,
    restored_in_chain,
)
from runners.registry.tracking import claim

TOP_LEVEL = "cellxgene-census"
REFERENCE_TYPE = "CELLxGENE Collection ID"


def ensure_top_level(artifacts: Sequence[Any], *, release: str) -> None:
    """The collection of all the release's artifacts, made if absent."""
    same = of_releases(ln.Collection.objects.filter(key=TOP_LEVEL))
    _ensure(same, artifacts, release=release, key=TOP_LEVEL)


def exist(release: str) -> bool:
    """True if the release has its collection of everything, which is made first."""
    return bool(ln.Collection.objects.filter(key=TOP_LEVEL, version_tag=release).exists())


def links_since(release: str) -> Any:
    """A query set of the links of collections of the release and of later ones, also of those that
    they took.
    """
    return _links(collection__version_tag__gte=release)


def _links(**wanted: str) -> Any:
    studies = Q(collection__reference_type=REFERENCE_TYPE) | Q(collection__key=TOP_LEVEL)
    return ln.models.CollectionArtifact.objects.filter(
        studies,  # others are a person's, who may call a version as a release
        artifact__in=census().values("id"),
        collection__version_tag__regex=RELEASE,
        **wanted,
    )


def misplaced(release: str) -> dict[str, list[str]]:
    """Collections that the release has taken from earlier ones, or later ones from this. uid -> the
    releases whose artifacts it holds, in order.
    """
    tags = links_since(release).values_list("collection__version_tag", flat=True)
    return {
        uid: held
        for later in sorted(set(tags.distinct()))
        for uid, held in _of_others(later).items()
        if later == release or release in held
    }


def _of_others(release: str) -> dict[str, list[str]]:
    """Collections that LaminDB's constructor has taken from an earlier release: it has tagged them
    with this one, and added its artifacts. uid -> the releases whose artifacts it holds, in order.
    """
    earlier = ln.Collection.objects.filter(version_tag__lt=release)
    theirs = set(earlier.values_list("reference", "key", "version_tag"))
    holds: dict[tuple[str, str | None, str], set[str]] = defaultdict(set)
    fields = ("uid", "reference", "key")
    links = _links(collection__version_tag=release).values_list(
        *(f"collection__{field}" for field in fields), "artifact__version_tag"
    )
    for uid, reference, key, held in links.distinct():
        holds[uid, reference, key].add(held or release)
    return {
        uid: sorted(held)
        for (uid, *study), held in holds.items()
        # one that has a collection again lacks none
        if min(held) < release
        and not any((*study, release_held) in theirs for release_held in held)
    }


def give_back(release: str) -> None:
    """Gives each release its misplaced collections again; each has its own row then."""
    for uid, (owner, *later_releases) in misplaced(release).items():
        ln.Collection.objects.filter(uid=uid).update(version_tag=owner)
        last = ln.Collection.objects.get(uid=uid)
        for later_release in later_releases:
            last = _split(uid, last, later_release)


def _split(uid: str, last: Any, release: str) -> Any:
    """A revision of `last` that takes over the release's links of a collection."""
    links = ln.models.CollectionArtifact.objects.filter(
        collection__uid=uid, artifact__version_tag=release
    )
    fields = ("key", "description", "reference", "reference_type")
    chain = ln.Collection.objects.filter(uid__startswith=last.stem_uid)
    collection = _new_collection(
        list(ln.Artifact.objects.filter(id__in=links.values("artifact_id"))),
        neighbours(chain, release)._replace(earlier=last),
        release=release,
        **{field: getattr(last, field) for field in fields},
    )
    del collection._artifacts  # saving would make links anew
    collection.save()
    links.update(collection_id=collection.id)
    return collection


def ensure_study(study: CensusDataset, artifacts: Sequence[Any], *, release: str) -> None:
    """The collection of one study, which `study`, any of its datasets, names."""
    same = ln.Collection.objects.filter(
        reference=study.collection_id, reference_type=REFERENCE_TYPE
    )
    _ensure(
        same,
        artifacts,
        release=release,
        key=_study_key(study, same),
        description=study.collection_doi or None,
        reference=study.collection_id,
        reference_type=REFERENCE_TYPE,
    )


def _study_key(study: CensusDataset, same: Any) -> str:
    """The study's name, with its id where another study or a person has a collection of that name:
    LaminDB's users get a collection by its key.
    """
    named = ln.Collection.objects.filter(key=study.collection_name)
    holders, own = ({row.stem_uid for row in rows} for rows in (named, same))
    name, collection_id = study.collection_name, study.collection_id
    return f"{name} ({collection_id})" if holders - own else name


def _ensure(same: Any, artifacts: Sequence[Any], *, release: str, **fields: Any) -> None:
    of_release = same.filter(version_tag=release).order_by("id")
    existing = visible(of_release).first() or of_release.first()
    if existing is not None:
        _complete(restored_in_chain(existing), artifacts)
        return
    if not artifacts:
        return
    collection = _new_collection(artifacts, neighbours(same, release), release, **fields)
    collection.save()
    _complete(collection, artifacts)  # LaminDB's constructor refuses two files of equal content


def _new_collection(
    artifacts: Sequence[Any], place: Neighbours, release: str, **fields: Any
) -> Any:
    """A collection of the release, at its place in its chain, that is not saved."""
    key = fields.pop("key")
    if place.revises is not None:
        # not saved: LaminDB would demand a person's choice of schema of each of our artifacts
        place.revises.schema = None
    collection = ln.Collection(
        list({artifact.hash: artifact for artifact in artifacts}.values()),
        # without a record to revise, LaminDB revises whoever's has the key
        key=key if place.revises is not None else base62(16),
        revises=place.revises,
        skip_hash_lookup=True,
        run=False,
        **fields,
    )
    collection.key = key
    collection.description = fields.get("description")  # LaminDB takes the revised one's for none
    put_in_place([(collection, place)])
    collection.version_tag = release
    claim(collection)
    _set_hash(collection, collection.hash)
    return collection


def _complete(collection: Any, artifacts: Sequence[Any]) -> None:
    """Adds what a later run of the same release has registered, e.g. a file that was mended."""
    present = set(collection.artifacts.values_list("id", flat=True))
    missing = [artifact.id for artifact in artifacts if artifact.id not in present]
    if not missing:
        return
    link = ln.models.CollectionArtifact
    link.objects.bulk_create(link(collection_id=collection.id, artifact_id=pk) for pk in missing)
    _set_hash(collection, hash_set({a.hash for a in artifacts if a.hash is not None}))
    ln.Collection.objects.filter(id=collection.id).update(hash=collection.hash)


def _set_hash(collection: Any, digest: str) -> None:
    """Sets the hash of the members; none where another release's row of that key has it already."""
    same_hash = ln.Collection.objects.filter(key=collection.key, hash=digest)
    collection.hash = None if same_hash.exclude(id=collection.id).exists() else digest


def by_study(datasets: Iterable[CensusDataset]) -> dict[str, list[CensusDataset]]:
    """Collection id -> its datasets, in order."""
    studies: dict[str, list[CensusDataset]] = {}
    for dataset in datasets:
        studies.setdefault(dataset.collection_id, []).append(dataset)
    return dict(sorted(studies.items()))
