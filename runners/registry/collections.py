"""The collections of a release: the one of all its datasets, and one per study.

Each release gets rows of its own. LaminDB's constructor finds a collection by the hash of its
members and would re-tag the previous release's row where a study did not change, which takes it
away from that release.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import lamindb as ln

from runners.census import CensusDataset

TOP_LEVEL = "cellxgene-census"
REFERENCE_TYPE = "CELLxGENE Collection ID"


def ensure_top_level(artifacts: Sequence[Any], *, release: str) -> None:
    """The collection of all the release's artifacts, made if absent."""
    same = ln.Collection.objects.filter(key=TOP_LEVEL)
    _ensure(same, artifacts, release=release, key=TOP_LEVEL)


def ensure_study(study: CensusDataset, artifacts: Sequence[Any], *, release: str) -> None:
    """The collection of one study, which `study`, any of its datasets, names."""
    same = ln.Collection.objects.filter(
        reference=study.collection_id, reference_type=REFERENCE_TYPE
    )
    _ensure(
        same,
        artifacts,
        release=release,
        key=study.collection_name,
        description=study.collection_doi or None,
        reference=study.collection_id,
        reference_type=REFERENCE_TYPE,
    )


def _ensure(same: Any, artifacts: Sequence[Any], *, release: str, **fields: Any) -> None:
    if same.filter(version_tag=release).exists() or not artifacts:
        return
    collection = ln.Collection(
        list(artifacts),
        revises=same.order_by("version_tag", "id").last(),
        skip_hash_lookup=True,
        run=False,
        **fields,
    )
    collection.version_tag = release
    if ln.Collection.objects.filter(key=fields["key"], hash=collection.hash).exists():
        collection.hash = None  # unique with the key; the previous release's row keeps it
    collection.save()


def by_study(datasets: Iterable[CensusDataset]) -> dict[str, list[CensusDataset]]:
    """Collection id -> its datasets, in order."""
    studies: dict[str, list[CensusDataset]] = {}
    for dataset in datasets:
        studies.setdefault(dataset.collection_id, []).append(dataset)
    return dict(sorted(studies.items()))
