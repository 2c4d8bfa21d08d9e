"""What the instance holds of a release, read in a few set-based statements. Never writes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

import bionty as bt
import lamindb as ln
from django.db import connection, transaction
from django.db.models import Count

from runners.records.snapshot import ArtifactRow, CollectionRow, Label, Snapshot, SourceRow
from runners.registry import baseline, registries
from runners.registry.branches import MAIN, hidden, visible
from runners.registry.locations import census
from runners.registry.revisions import of_later, of_releases

KINDS = {
    "collections": ln.Collection,
    "genes": bt.Gene,
    "references": ln.Reference,
    "sources": bt.Source,
}


def take_snapshot(release: str, *, with_earlier: bool) -> Snapshot:
    """The snapshot of `release`, all of it of one moment.

    `with_earlier`: also what each earlier release holds, to be compared with what it held.
    """
    with _reading():
        rows = _rows(_census().filter(version_tag=release))
        later = of_later(_census(), release).values_list("uid", flat=True)
        continued = frozenset(uid[:-4] for uid in later)
        earlier = of_releases(census().filter(version_tag__lt=release))
        trashed = hidden(earlier).values_list("uid", flat=True)
        return Snapshot(
            release=release,
            artifacts=tuple(row for row in rows if row.address.endswith(".h5ad")),
            stores=tuple(row for row in rows if row.address.endswith("/soma")),
            earlier=_h5ads(visible(earlier)),
            labels=_labels(release),
            slots=_slots(release),
            with_reference=_with_reference(release),
            collections=_collections(release),
            held=baseline.releases(before=release) if with_earlier else {},
            gene_taxa=_gene_taxa(release),
            names=_names(release),
            sources=_sources(release),
            continued=continued,
            trashed=frozenset(uid[:-4] for uid in trashed),
        )


@contextmanager
def _reading() -> Iterator[None]:
    """One view of the database that stays as it is, through which nothing can be written."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("set transaction isolation level repeatable read, read only")
            yield
            return
        cursor.execute("pragma query_only = on")
        try:
            yield
        finally:
            # not Django's, which refuses every statement after one that has failed
            connection.connection.execute("pragma query_only = off")


def _census() -> Any:
    return visible(census())


def _of(release: str) -> dict[str, Any]:
    """The conditions under which a link is one of the release's artifacts."""
    return {"artifact__in": census().filter(version_tag=release).values("id")}


def _rows(artifacts: Any) -> list[ArtifactRow]:
    fields = (
        "id", "uid", "key", "otype", "hash", "is_latest", "address", "version_tag", "size",
        "run_id",
    )  # fmt: skip
    rows = artifacts.order_by("version_tag", "key", "id").values_list(*fields)
    return [
        ArtifactRow(pk, uid, key, otype, digest, is_latest, address, _stem(address), tag, size, run)
        for pk, uid, key, otype, digest, is_latest, address, tag, size, run in rows
    ]


def _stem(key: str) -> str:
    return PurePosixPath(key).stem


def _h5ads(artifacts: Any) -> tuple[ArtifactRow, ...]:
    return tuple(row for row in _rows(artifacts) if row.address.endswith(".h5ad"))


def _labels(release: str) -> Mapping[int, frozenset[Label]]:
    """Artifact id -> the terms that it is linked to by a feature."""
    labels_by_artifact: dict[int, set[Label]] = defaultdict(set)
    for registry in registries.of_terms():
        link, target = registries.links(registry)
        # those of a type are a lab's own, whatever they are called
        rows = link.objects.filter(**_of(release), feature__isnull=False, feature__type=None)
        rows = rows.filter(**{f"{target}__branch_id": MAIN})
        fields = ("artifact_id", "feature__name", f"{target}__{registries.key(registry)}")
        for artifact_id, feature, term in rows.values_list(*fields):
            labels_by_artifact[artifact_id].add((feature, term or ""))
    return {artifact_id: frozenset(labels) for artifact_id, labels in labels_by_artifact.items()}


def _names(release: str) -> Mapping[str, frozenset[str]]:
    """Ontology id -> the names of the release's terms of that id; organisms go by several."""
    names: dict[str, set[str]] = defaultdict(set)
    for registry in registries.of_terms():
        key = registries.key(registry)
        if key == "ontology_id" and registry != "Organism":
            link, target = registries.links(registry)
            linked = link.objects.filter(**_of(release), feature__isnull=False)
            terms = registries.model(registry).objects.filter(id__in=linked.values(target))
            for term, name in terms.exclude(ontology_id=None).values_list(key, "name"):
                names[term].add(name)
    return {term: frozenset(those) for term, those in names.items()}


def _gene_taxa(release: str) -> Mapping[int, frozenset[str]]:
    """Artifact id -> the organisms of the genes that it is linked to."""
    taxa_by_artifact: dict[int, set[str]] = defaultdict(set)
    links = ln.Artifact.genes.through.objects.filter(**_of(release))
    rows = links.values_list("artifact_id", "gene__organism__ontology_id").distinct()
    for artifact_id, taxon in rows:
        taxa_by_artifact[artifact_id].add(taxon or "")
    return {artifact_id: frozenset(taxa) for artifact_id, taxa in taxa_by_artifact.items()}


def _slots(release: str) -> Mapping[int, frozenset[str]]:
    slots_by_artifact: dict[int, set[str]] = defaultdict(set)
    rows = ln.models.ArtifactSchema.objects.filter(**_of(release))
    for artifact_id, slot in rows.values_list("artifact_id", "slot"):
        slots_by_artifact[artifact_id].add(slot)
    return {artifact_id: frozenset(slots) for artifact_id, slots in slots_by_artifact.items()}


def _with_reference(release: str) -> frozenset[int]:
    links = ln.Artifact.references.through.objects.filter(**_of(release))
    links = links.filter(reference__branch_id=MAIN)
    return frozenset(links.values_list("artifact_id", flat=True))


def _collections(release: str) -> tuple[CollectionRow, ...]:
    members: dict[int, set[int]] = defaultdict(set)
    links = ln.models.CollectionArtifact.objects.filter(collection__version_tag=release)
    for collection_id, artifact_id in links.values_list("collection_id", "artifact_id"):
        members[collection_id].add(artifact_id)
    rows = visible(ln.Collection.objects.filter(version_tag=release))
    return tuple(
        CollectionRow(key, reference, frozenset(members[pk]))
        for pk, key, reference in rows.order_by("key", "id").values_list("id", "key", "reference")
    )


def _sources(release: str) -> tuple[SourceRow, ...]:
    terms = _terms_of_sources(release)
    fields = ("id", "uid", "entity", "name", "organism", "version", "currently_used", "url",
              "dataframe_artifact_id")  # fmt: skip
    in_order = ("entity", "name", "organism", "version")
    sources = visible(bt.Source.objects.all()).order_by(*in_order)
    return tuple(
        SourceRow(
            uid,
            (entity, name, organism),
            version,
            is_current,
            is_usable=bool(url) or table_id is not None,
            terms=terms[pk],
        )
        for pk, uid, entity, name, organism, version, is_current, url, table_id in (
            sources.values_list(*fields)
        )
    )


def _terms_of_sources(release: str) -> Counter[int]:
    """Id of a source -> how many of the terms and genes are from it that the release is linked to;
    a term in two registries counts twice.
    """
    counts: Counter[int] = Counter()
    for link, target in _links_to_sourced():
        linked = link.objects.filter(**_of(release)).exclude(**{f"{target}__source": None})
        grouped = linked.values(f"{target}__source_id").order_by()
        rows = grouped.annotate(n=Count(f"{target}_id", distinct=True))
        counts.update(dict(rows.values_list(f"{target}__source_id", "n")))
    return counts


def _links_to_sourced() -> Iterator[tuple[Any, str]]:
    """The tables that link artifacts to records with a source, each with its column of them."""
    for registry in registries.of_terms():
        if hasattr(registries.model(registry), "source_id"):
            yield registries.links(registry)
    yield ln.Artifact.genes.through, "gene"


def count_records() -> dict[str, int]:
    """Kind -> number of records: the Census's artifacts only, terms and links of all registries."""
    counts = {kind: model.objects.count() for kind, model in KINDS.items()}
    counts["artifacts"] = census().count()
    terms = (registries.model(registry) for registry in registries.of_terms())
    counts["terms"] = sum(model.objects.count() for model in terms)
    counts["links"] = sum(table.objects.count() for table in baseline.link_tables())
    return dict(sorted(counts.items()))
