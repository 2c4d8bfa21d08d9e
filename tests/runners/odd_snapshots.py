"""Questions about what is told of a release, which `odd_records` asks."""

from collections import Counter
from pathlib import Path
from typing import Any

import bionty as bt
import lamindb as ln
from django.db import DatabaseError, transaction
from odd_collections import LATER, TRASH, Question, copied, h5ads

from runners.registry import baseline, snapshot
from runners.registry.collections import TOP_LEVEL
from runners.sample.datasets import NEWER, OLDER

HUMAN, CELL = "NCBITaxon:9606", "CL:0000000"


def digests_of_an_earlier_release() -> Any:
    """What tells in a baseline: a link that points elsewhere, two that have exchanged what they
    point to, a value; not the latest flag.
    """
    (first, second, *_), found = h5ads(OLDER.version), {}
    link = ln.Artifact.cell_types.through
    before = baseline.releases(before=NEWER.version)[OLDER.version]
    row = link.objects.filter(artifact=first).first()
    other = bt.CellType.objects.exclude(pk=row.celltype_id).first()

    def exchange() -> None:
        one, two = link.objects.filter(artifact=first).order_by("id")[:2]
        targets = {two.pk: one.celltype_id, one.pk: two.celltype_id}
        for pk, target in ((one.pk, other.pk), *targets.items()):  # no two alike at any moment
            link.objects.filter(pk=pk).update(celltype=target)

    changes: dict[str, Question] = {
        "link": lambda: link.objects.filter(pk=row.pk).update(celltype=other),
        "exchange": exchange,
        "value": lambda: ln.Artifact.objects.filter(pk=first.pk).update(description="odd"),
        "flag": lambda: ln.Artifact.objects.filter(pk=first.pk).update(
            is_latest=not first.is_latest
        ),
        "nothing": lambda: None,
    }
    for name, change in changes.items():
        with transaction.atomic():
            change()
            now = baseline.releases(before=NEWER.version)[OLDER.version]
            transaction.set_rollback(True)
        was, held = before[first.uid], now[first.uid]
        parts = zip(was, held, strict=True)
        found[name] = [[a == b for a, b in parts], now[second.uid] == before[second.uid]]
    tags = [sorted(baseline.releases(before=release)) for release in (OLDER.version, NEWER.version)]
    return [found, tags, sorted(baseline.take_left(OLDER.version).releases)]


def labels_of_a_snapshot() -> Any:
    """Labels by a feature of a lab's, of a hidden term, and without a feature, are none."""
    first = h5ads(NEWER.version)[0]
    before = snapshot.take_snapshot(NEWER.version, with_earlier=False)
    link = ln.Artifact.ulabels.through
    kind = ln.Feature(name="Lab", is_type=True).save()
    lab = ln.Feature(name="donor_id", dtype="float", type=kind).save()
    own = ln.Feature.objects.get(name="suspension_type", type=None, branch_id=1)
    hidden = ln.ULabel(name="hidden").save()
    ln.ULabel.objects.filter(pk=hidden.pk).update(branch_id=TRASH)
    odd = ln.ULabel(name="odd").save()
    kinds = [(lab, odd), (own, hidden), (None, odd)]
    link.objects.bulk_create(link(artifact=first, feature=f, ulabel=label) for f, label in kinds)
    unchanged = snapshot.take_snapshot(NEWER.version, with_earlier=False).labels == before.labels
    link.objects.bulk_create([link(artifact=first, feature=own, ulabel=odd)])
    after = snapshot.take_snapshot(NEWER.version, with_earlier=False).labels
    return [unchanged, sorted(after[first.pk] - before.labels[first.pk]), len(before.held)]


def release_among_hidden_records() -> Any:
    """What a snapshot doesn't count: an earlier artifact, a later one, a reference, a collection
    and a source in the trash; and a source that has neither address nor table isn't usable.
    """
    (gone, *_), (later, shown, *_) = h5ads(OLDER.version), h5ads(NEWER.version)
    before = snapshot.take_snapshot(NEWER.version, with_earlier=False)
    for number, (file, branch) in enumerate(((later, TRASH), (shown, 1))):
        copy = ln.Artifact.objects.get(pk=file.pk)
        copy.pk, copy.uid = None, f"{file.uid[:-4]}odd{number}"
        copy.hash, copy.version_tag, copy.branch_id = f"odd {number}", LATER, branch
        ln.Artifact.objects.bulk_create([copy])
    for number, tag in enumerate(("1", "v2")):  # of a person's, which are no releases
        copied(gone, number, version_tag=tag)
    ln.Artifact.objects.filter(pk=gone.pk).update(branch_id=TRASH)
    ln.Reference.objects.filter(artifacts=later).update(branch_id=TRASH)
    study_of = ln.Collection.objects.filter(version_tag=NEWER.version).order_by("id").last()
    ln.Collection.objects.filter(pk=study_of.pk).update(branch_id=TRASH)
    usable = sorted(row.uid for row in before.sources if row.is_usable)[:2]
    bt.Source.objects.filter(uid=usable[0]).update(branch_id=TRASH)
    bt.Source.objects.filter(uid=usable[1]).update(url="", dataframe_artifact=None)
    after = snapshot.take_snapshot(NEWER.version, with_earlier=False)
    left = {row.uid: row.is_usable for row in after.sources}
    referred = [file.pk in after.with_reference for file in (later, shown)]
    keys = Counter(c.key for c in before.collections) - Counter(c.key for c in after.collections)
    return [
        [before.trashed == set(), after.trashed == {gone.stem_uid}],
        {row.uid for row in before.earlier} - {row.uid for row in after.earlier} == {gone.uid},
        [before.continued == set(), after.continued == {shown.stem_uid}],
        referred,
        keys == {study_of.key: 1},
        [left.get(uid) for uid in usable],
    ]


def order_of_a_snapshot() -> Any:
    """Artifacts and collections, whenever they were registered: by release, then by key."""
    (first, *_), (other, *_) = h5ads(OLDER.version), h5ads(NEWER.version)
    copied(first, 1, version_tag="2019-01-15", key="z/cell-census/z.h5ad", _real_key=None)
    copied(first, 2, key="a/cell-census/a.h5ad", _real_key=None)
    copied(other, 3, key="a/cell-census/a.h5ad", _real_key=None)
    twin = copied(first, 4, key="a/cell-census/a.h5ad", _real_key=None)
    ln.Artifact.objects.filter(pk=twin.pk).update(id=first.pk * 1000)
    ln.Collection.objects.filter(version_tag=NEWER.version, key=TOP_LEVEL).update(key="zzz")
    taken = snapshot.take_snapshot(NEWER.version, with_earlier=False)
    earlier = [(row.release, row.key, row.id) for row in taken.earlier]
    keys = [[row.key for row in rows] for rows in (taken.artifacts, taken.collections)]
    return [earlier == sorted(earlier), *(own == sorted(own) for own in keys)]


def all_of_a_snapshot() -> Any:
    """A snapshot beside what the tables say of the same; with a dataset of odd terms in it."""
    own = h5ads(NEWER.version)
    first, ids = own[0], {file.pk for file in own}
    run = ln.Run(transform=ln.Transform(key="hers", kind="pipeline").save()).save()
    ln.Artifact.objects.filter(pk=first.pk).update(run=run)
    feature = ln.Feature.objects.get(name="cell_type_ontology_term_id", type=None)
    link, nameless = ln.Artifact.cell_types.through, bt.CellType(name="odd").save()
    unlinked = bt.CellType(name="odd too", ontology_id="X:1").save()
    link.objects.create(artifact=first, celltype=nameless, feature=feature)
    link.objects.create(artifact=first, celltype=unlinked, feature=None)
    gene = bt.Gene(ensembl_gene_id="odd", organism=bt.Organism(name="odd").save()).save()
    ln.Artifact.genes.through.objects.create(artifact=first, gene=gene)
    taken = snapshot.take_snapshot(NEWER.version, with_earlier=True)
    row = next(row for row in taken.artifacts if row.id == first.pk)
    cells = link.objects.filter(artifact__in=ids, feature__isnull=False).values("celltype")
    cells_by_id = bt.CellType.objects.filter(pk__in=cells).exclude(ontology_id=None)
    named = {cell.ontology_id: frozenset({cell.name}) for cell in cells_by_id}
    of_kinds = Counter(c.source.uid for c in cells_by_id if c.source)
    sources = {source.uid: source for source in bt.Source.objects.all()}
    told = {one.uid: one for one in taken.sources}
    usable = {i: bool(s.url) or s.dataframe_artifact_id is not None for i, s in sources.items()}
    unwanted = [name for name in (HUMAN, "X:1", CELL, None) if name in taken.names]
    of_ids = {*taken.labels, *taken.slots, *taken.gene_taxa, *taken.with_reference}
    rows = ln.Collection.objects.filter(version_tag=NEWER.version).order_by("key")
    members = [len(row.artifacts.all()) for row in rows]
    return [
        [row.dataset_id == Path(first.key).stem, row.size == first.size, row.run_id == run.pk],
        [{row.id for row in taken.artifacts} == ids, len(taken.stores), [*taken.held]],
        sorted({Path(row.address).suffix for row in taken.earlier}),
        of_ids == ids - {file.pk for file in own if file.schema_id is None},
        [sorted(taken.slots[first.pk]), "" in taken.gene_taxa[first.pk]],
        [term for _, term in taken.labels[first.pk] if not term],
        [named.items() <= taken.names.items(), unwanted],
        [len(each.members) for each in taken.collections] == members,
        {i: one.is_usable for i, one in told.items()} == usable,
        all(told[uid].terms == count for uid, count in of_kinds.items()),
        (order := [(*one.key, one.version) for one in taken.sources]) == sorted(order),
    ]


def written_while_reading() -> Any:
    """Whether a snapshot can write, and whoever comes after it."""
    label = ln.ULabel(name="odd").save()
    own = ln.ULabel.objects.filter(pk=label.pk)
    try:
        with snapshot._reading():
            own.update(name="written")
    except DatabaseError:
        pass
    before = own.get().name
    own.update(name="after")
    return [before, own.get().name]


SNAPSHOTS: tuple[Question, ...] = (
    digests_of_an_earlier_release,
    labels_of_a_snapshot,
    release_among_hidden_records,
    order_of_a_snapshot,
    all_of_a_snapshot,
    written_while_reading,
)
