"""What the instance holds of a release, read in a few set-based statements. Never writes."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

import bionty as bt
import lamindb as ln

from runners.facts import ArtifactRow, CollectionRow, Snapshot
from runners.holdings import Holdings
from runners.registry import holdings
from runners.registry.annotations import LINKS
from runners.registry.artifacts import KEY_PREFIX
from runners.registry.holdings import RELATIONS

KINDS = {
    "collections": ln.Collection,
    "genes": bt.Gene,
    "references": ln.Reference,
    "sources": bt.Source,
}


def count_records() -> dict[str, int]:
    """Records of each kind; of artifacts those of the Census, of terms and links those of all
    registries together.
    """
    counts = {kind: model.objects.count() for kind, model in KINDS.items()}
    counts["artifacts"] = ln.Artifact.objects.filter(key__startswith=KEY_PREFIX).count()
    terms = (ln.ULabel if name == "ULabel" else getattr(bt, name) for name in LINKS)
    counts["terms"] = sum(model.objects.count() for model in terms)
    relations = (getattr(ln.Artifact, relation).through for relation in RELATIONS)
    counts["links"] = sum(model.objects.count() for model in relations)
    return dict(sorted(counts.items()))


def take(release: str, previous: str | None) -> Snapshot:
    """The snapshot of `release`; of `previous`, if given, only its artifacts."""
    rows = _artifacts(release)
    ids = [row.id for row in rows]
    return Snapshot(
        release=release,
        artifacts=tuple(row for row in rows if row.key.endswith(".h5ad")),
        stores=tuple(row for row in rows if row.key.endswith("/soma")),
        previous=tuple(r for r in _artifacts(previous) if r.key.endswith(".h5ad")),
        features=_features(ids),
        slots=_slots(ids),
        with_reference=_with_reference(ids),
        collections=_collections(release),
        fingerprints=Holdings(releases=holdings.releases(before=release), shared={}).fingerprints(),
        continued=_continued(release),
    )


def _continued(release: str) -> frozenset[str]:
    later = ln.Artifact.objects.filter(key__startswith=KEY_PREFIX, version_tag__gt=release)
    return frozenset(uid[:-4] for uid in later.values_list("uid", flat=True))


def _artifacts(release: str | None) -> list[ArtifactRow]:
    fields = ("id", "uid", "key", "otype", "hash", "is_latest", "storage__root")
    found = ln.Artifact.objects.filter(key__startswith=KEY_PREFIX, version_tag=release)
    rows = found.order_by("key", "id").values_list(*fields)
    return [
        ArtifactRow(pk, uid, key, otype, digest, is_latest, f"{root}/{key}", _stem(key))
        for pk, uid, key, otype, digest, is_latest, root in rows
    ]


def _stem(key: str) -> str:
    return PurePosixPath(key).stem


def _features(artifact_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
    """Artifact id -> the names of the features that it has a label for."""
    found: dict[int, set[str]] = defaultdict(set)
    for relation in LINKS.values():
        links = getattr(ln.Artifact, relation).through.objects
        rows = links.filter(artifact_id__in=artifact_ids, feature__isnull=False)
        for artifact_id, name in rows.values_list("artifact_id", "feature__name").distinct():
            found[artifact_id].add(name)
    return {artifact_id: frozenset(names) for artifact_id, names in found.items()}


def _slots(artifact_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = ln.models.ArtifactSchema.objects.filter(artifact_id__in=artifact_ids)
    for artifact_id, slot in rows.values_list("artifact_id", "slot"):
        found[artifact_id].add(slot)
    return {artifact_id: frozenset(slots) for artifact_id, slots in found.items()}


def _with_reference(artifact_ids: Collection[int]) -> frozenset[int]:
    links = ln.Artifact.references.through.objects.filter(artifact_id__in=artifact_ids)
    return frozenset(links.values_list("artifact_id", flat=True))


def _collections(release: str) -> tuple[CollectionRow, ...]:
    members: dict[int, set[int]] = defaultdict(set)
    links = ln.models.CollectionArtifact.objects.filter(collection__version_tag=release)
    for collection_id, artifact_id in links.values_list("collection_id", "artifact_id"):
        members[collection_id].add(artifact_id)
    rows = ln.Collection.objects.filter(version_tag=release).order_by("key", "id")
    return tuple(
        CollectionRow(key, reference, frozenset(members[pk]))
        for pk, key, reference in rows.values_list("id", "key", "reference")
    )
