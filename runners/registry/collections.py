"""The collections of a release: the one of all its datasets, and one per study.

Each release gets rows of its own. LaminDB's constructor finds a collection by the hash of its
members and would re-tag the previous release's row where a study did not change, which takes it
away from that release.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import lamindb as ln
from django.db.models import Q
from lamindb_setup.core.hashing import hash_set

from runners.census.store import CensusDataset
from runners.registry.branches import is_hidden
from runners.registry.locations import census
from runners.registry.registries import fitted
from runners.registry.revisions import (
    RELEASE,
    Neighbours,
    neighbours,
    put_in_place,
    restored_in_chain,
)
from runners.registry.tracking import claim

TOP_LEVEL = "cellxgene-census"
REFERENCE_TYPE = "CELLxGENE Collection ID"


@dataclass(frozen=True)
class _Wanted:
    """A collection that the release must have: what is told by its `fields`, of these artifacts;
    `same` are the rows of it that there are, of any release.
    """

    fields: Mapping[str, Any]
    artifacts: Sequence[Any]
    same: Sequence[Any]


def ensure_top_level(artifacts: Sequence[Any], *, release: str) -> None:
    """The collection of all the release's artifacts, made if absent."""
    same = ln.Collection.objects.filter(key=TOP_LEVEL)
    _ensure([_Wanted({"key": TOP_LEVEL}, artifacts, list(same))], release)


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
    for uid, reference, key, held in links.exclude(artifact__version_tag=None).distinct():
        holds[uid, reference, key].add(held)
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
    artifacts = list(ln.Artifact.objects.filter(id__in=links.values("artifact_id")))
    place = neighbours(chain, release)
    own = {field: getattr(last, field) for field in fields}
    collection = _unsaved(artifacts, place, release, **own)
    put_in_place([(collection, place)])
    _set_hashes([(collection, collection.hash)])
    del collection._artifacts  # saving would make links anew
    collection.save()
    links.update(collection_id=collection.id)
    return collection


def ensure_studies(studies: Sequence[tuple[CensusDataset, Sequence[Any]]], *, release: str) -> None:
    """The collection of each study, which any of its datasets names, of these artifacts."""
    ids = [study.collection_id for study, _ in studies]
    of_studies = ln.Collection.objects.filter(reference__in=ids, reference_type=REFERENCE_TYPE)
    same: dict[str, list[Any]] = defaultdict(list)
    for row in of_studies:
        same[row.reference].append(row)
    names = {study.collection_id: _as_key(study.collection_name) for study, _ in studies}
    holders: dict[str, set[str]] = defaultdict(set)  # key -> whose: a chain's or a new study's
    for row in ln.Collection.objects.filter(key__in=set(names.values())):
        holders[row.key].add(row.stem_uid)
    wanted = []
    for study, artifacts in studies:
        own = same[study.collection_id]
        key = _study_key(study, own, holders[names[study.collection_id]])
        if artifacts:
            holders[key].add(study.collection_id)
        fields = {
            "key": key,
            "description": study.collection_doi or None,
            "reference": study.collection_id,
            "reference_type": REFERENCE_TYPE,
        }
        wanted.append(_Wanted(fields, artifacts, own))
    _ensure(wanted, release)


def _study_key(study: CensusDataset, own: Sequence[Any], holders: Collection[str]) -> str:
    """The study's name, with its id where another study or a person has a collection of that name:
    LaminDB's users get a collection by its key.
    """
    others = set(holders) - {row.stem_uid for row in own}
    return _as_key(study.collection_name, f" ({study.collection_id})" if others else "")


def _as_key(name: str, end: str = "") -> str:
    return fitted(ln.Collection, "key", name, end)


def _ensure(wanted: Iterable[_Wanted], release: str) -> None:
    """Completes the collections of the release that there are, and makes the others."""
    members: list[tuple[Any, Sequence[Any]]] = []
    new: list[tuple[Any, Neighbours]] = []
    for one in wanted:
        of_release = [row for row in one.same if row.version_tag == release]
        if of_release:
            existing = min(of_release, key=lambda row: (is_hidden(row), row.id))
            members.append((restored_in_chain(existing), one.artifacts))
        elif one.artifacts:
            place = neighbours(one.same, release)
            collection = _unsaved(one.artifacts, place, release, **one.fields)
            new.append((collection, place))
            members.append((collection, one.artifacts))
    put_in_place(new)
    _set_hashes([(collection, collection.hash) for collection, _ in new])
    ln.Collection.objects.bulk_create(collection for collection, _ in new)
    _complete(members, new={collection.id for collection, _ in new})


def _unsaved(artifacts: Sequence[Any], place: Neighbours, release: str, **fields: Any) -> Any:
    """A collection of the release that is not saved."""
    key = fields.pop("key")
    if place.revises is not None:
        # not saved: LaminDB would demand a person's choice of schema of each of our artifacts
        place.revises.schema = None
    collection = ln.Collection(
        # LaminDB's constructor refuses two files of equal content
        list({artifact.hash: artifact for artifact in artifacts}.values()),
        # without a record to revise, LaminDB revises whoever's has the key
        key=key if place.revises is not None else uuid4().hex,
        revises=place.revises,
        skip_hash_lookup=True,
        run=False,
        **fields,
    )
    collection.key = key
    collection.description = fields.get("description")  # LaminDB takes the revised one's for none
    collection.version_tag = release
    claim(collection)
    return collection


def _complete(collections: Sequence[tuple[Any, Sequence[Any]]], new: Collection[int]) -> None:
    """Adds the artifacts that saved collections lack: all of a `new` one, which has their hash, or
    what a later run of the same release has registered, e.g. a file that was mended. That run may
    know no others of it. All but the new ones are given the hash of what they have then.
    """
    link = ln.models.CollectionArtifact
    ids = [collection.id for collection, _ in collections]
    pairs = link.objects.filter(collection_id__in=ids).values_list("collection_id", "artifact_id")
    present = set(pairs)
    missing = {
        collection.id: [a.id for a in artifacts if (collection.id, a.id) not in present]
        for collection, artifacts in collections
    }
    link.objects.bulk_create(
        link(collection_id=pk, artifact_id=artifact_id)
        for pk, artifact_ids in missing.items()
        for artifact_id in artifact_ids
    )
    others = {one.id: one for one, _ in collections if one.id not in new}
    before = {pk: one.hash for pk, one in others.items()}
    digests = _digests_of_members(others)
    _set_hashes([(others[pk], hash_set(own)) for pk, own in digests.items()])
    changed = [one for pk, one in others.items() if one.hash != before[pk]]
    ln.Collection.objects.bulk_update(changed, ["hash"])


def _digests_of_members(collections: Iterable[int]) -> Mapping[int, set[str]]:
    """Primary key of a saved collection -> the hashes of all its artifacts."""
    links = ln.models.CollectionArtifact.objects.filter(collection_id__in=collections)
    digests: dict[int, set[str]] = defaultdict(set)
    for pk, digest in links.values_list("collection_id", "artifact__hash"):
        if digest is not None:
            digests[pk].add(digest)
    return digests


def _set_hashes(collections: Sequence[tuple[Any, str]]) -> None:
    """Sets each one's hash, of its members; none where another row of that key has it already."""
    digests = [digest for _, digest in collections]
    taken = {
        (key, digest): pk
        for key, digest, pk in ln.Collection.objects.filter(hash__in=digests).values_list(
            "key", "hash", "id"
        )
    }
    for collection, digest in collections:
        other = taken.get((collection.key, digest), collection.id)
        collection.hash = digest if other == collection.id else None


def by_study(datasets: Iterable[CensusDataset]) -> dict[str, list[CensusDataset]]:
    """Collection id -> its datasets, in order."""
    studies: dict[str, list[CensusDataset]] = {}
    for dataset in datasets:
        studies.setdefault(dataset.collection_id, []).append(dataset)
    return dict(sorted(studies.items()))
