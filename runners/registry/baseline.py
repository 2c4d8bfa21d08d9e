"""What the instance holds of earlier releases, as digests. Never writes.

Rows of records are digested here. Rows of links, of which a release has some 100,000, are summed
up by the database: their number, and the sums of their ids, of what they point to, and of the
products of both. A change of one row changes a sum.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import bionty as bt
import lamindb as ln
from django.db.models import BigIntegerField, Count, F, Sum
from django.db.models.functions import Cast, Coalesce

from runners.records.baseline import CURRENT_SOURCES, Baseline, RecordDigest
from runners.records.transaction_log import digest
from runners.registry import registries, rows
from runners.registry.locations import census
from runners.registry.revisions import of_releases

FLAGS = ("is_latest", "updated_at")


def take_baseline(*, before: str) -> Baseline:
    """What releases before this one hold, and the records that all releases share."""
    return Baseline(
        releases=releases(before=before),
        shared={
            "feature": _shared(ln.Feature.objects.all()),
            "schema": _shared(ln.Schema.objects.all()),
            "storage": _shared(ln.Storage.objects.all()),
            CURRENT_SOURCES: _shared(bt.Source.objects.filter(currently_used=True)),
        },
    )


def take_left(release: str) -> Baseline:
    """What the release itself holds."""
    return Baseline(releases=_releases(version_tag=release), shared={})


def releases(*, before: str) -> dict[str, dict[str, RecordDigest]]:
    """Release -> uid -> what is held of its artifacts and collections."""
    return _releases(version_tag__lt=before)


def _releases(**wanted: str) -> dict[str, dict[str, RecordDigest]]:
    artifacts = of_releases(census().filter(**wanted))
    collections = of_releases(ln.Collection.objects.filter(**wanted))
    links = [*link_tables(), ln.models.ArtifactSchema]
    digests: dict[str, dict[str, RecordDigest]] = defaultdict(dict)
    for release, uid, held in _digests_of(artifacts, links, "artifact"):
        digests[release][uid] = held
    for release, uid, held in _digests_of(
        collections, [ln.models.CollectionArtifact], "collection"
    ):
        digests[release][uid] = held
    return dict(digests)


def link_tables() -> list[Any]:
    """The tables that link artifacts to terms, genes and references."""
    tables = [registries.links(registry)[0] for registry in registries.of_terms()]
    return [*tables, ln.Artifact.genes.through, ln.Artifact.references.through]


def _digests_of(
    records: Any, links: list[Any], name: str
) -> Iterator[tuple[str, str, RecordDigest]]:
    sums: dict[int, list[object]] = defaultdict(list)
    for link in links:
        for record_id, *link_sums in _sums(link, name, records):
            sums[record_id].append([link._meta.db_table, *map(str, link_sums)])
    names = rows.columns(records.model._meta.db_table)
    for key, row in rows.rows_of(records).items():
        fields = dict(zip(names, row, strict=True))
        row_digest = digest(tuple(v for n, v in fields.items() if n not in FLAGS))
        held = RecordDigest(row_digest, digest(tuple(sums[key])), fields["is_latest"])
        yield fields["version_tag"], fields["uid"], held


def _sums(link: Any, name: str, records: Any) -> Any:
    """Of each record: number and sums of its rows in a table of links."""
    foreign_keys = [
        Cast(Coalesce(F(f.attname), 0), BigIntegerField())
        for f in link._meta.concrete_fields
        if f.is_relation and f.name not in (name, "run", "created_by")
    ]
    key = Cast(F("id"), BigIntegerField())
    sums = [
        Count("id"),
        Sum(key),
        *(Sum(o) for o in foreign_keys),
        *(Sum(key * o) for o in foreign_keys),
    ]
    grouped = link.objects.filter(**{f"{name}__in": records}).values(f"{name}_id")
    named = {f"sum_{n}": column_sum for n, column_sum in enumerate(sums)}
    return grouped.annotate(**named).values_list(f"{name}_id", *named).order_by()


def _shared(records: Any) -> dict[str, str]:
    """uid -> digest of its row."""
    names = rows.columns(records.model._meta.db_table)
    positions = [n for n, name in enumerate(names) if name not in FLAGS]
    place = names.index("uid")
    values = rows.rows_of(records).values()
    return {row[place]: digest(tuple(row[n] for n in positions)) for row in values}
