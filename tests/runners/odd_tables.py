"""Questions about whole tables: what is digested and counted of them, what is written in bulk, and
what a run is told of its release; `odd_records` asks them.
"""

import sqlite3
from contextlib import closing
from typing import Any
from unittest.mock import patch

import bionty as bt
import lamindb as ln
from bionty import uids
from django.db import connection, transaction
from instances import REFERENCE
from lamindb.base.uids import base62_12
from odd_collections import LAST, LATER, TRASH, Question, copied, failure, h5ads, study, taken
from odd_runs import dataset, manifest, request

from runners import rules
from runners.contract import Finding, Reason
from runners.records.baseline import CURRENT_SOURCES
from runners.registry import (
    annotations,
    artifacts,
    baseline,
    collections,
    exclusive,
    existing,
    genes,
    locations,
    lock,
    rows,
    snapshot,
    tracking,
)
from runners.registry.schema import ensure_schema
from runners.registry.sources import Sources
from runners.registry.terms import Terms
from runners.registry.writer import Writer
from runners.rules.reference import GeneRow, Reference
from runners.sample.datasets import NEWER, OLDER
from runners.validation.validate import Validation

HUMAN, MOUSE = "NCBITaxon:9606", "NCBITaxon:10090"
RULES = rules.load(NEWER.dataset_schema_version)


def rows_in_several_statements() -> Any:
    """Rows read, given back their values, pointed to and deleted, two at a time."""
    table, own = "lamindb_ulabel", [ln.ULabel(name=f"odd {n}").save() for n in range(5)]
    ids = [row.pk for row in own]
    link, file = ln.Artifact.ulabels.through, h5ads(NEWER.version)[0]
    link.objects.bulk_create([link(artifact=file, ulabel=row) for row in own])
    with patch.object(rows, "CHUNK", 2):
        read = {key: row["name"] for key, row in rows.read_rows({table: ids})[table].items()}
        rows.restore_rows({table: {pk: {"description": "odd"} for pk in ids}})
        given = set(ln.ULabel.objects.filter(pk__in=ids).values_list("description", flat=True))
        pointed = sorted(to for _, _, to in rows.users(table, ids, {}))
        links = link.objects.filter(ulabel__in=ids)
        rows.delete_rows({link._meta.db_table: set(links.values_list("pk", flat=True))})
        rows.delete_rows({table: set(ids)})
    left = ln.ULabel.objects.filter(pk__in=ids).count() + links.count()
    return [[*read.values()], sorted(given), pointed == ids, left]


def later_revisions_of_ours() -> Any:
    """Of a chain of four revisions, made in any order, those that are later than all of ours."""
    file, chain = h5ads(NEWER.version)[0], f"odd{9:013}"
    made = {
        end: copied(file, end, uid=f"{chain}000{end}", version_tag=f"r{end}", key=f"k{end}").pk
        for end in (3, 1, 2, 0)
    }
    asked: list[set[int]] = [{1}, {0, 1}, {3, 0}, {2, 0}, set()]
    return [
        sorted(rows.continuing({"lamindb_artifact": {made[end] for end in ends}})) for ends in asked
    ]


def genes_made_in_bulk() -> Any:
    """Genes made two in a statement, each with its own values and with those that all share."""
    organism = bt.Organism.objects.get(ontology_id=MOUSE)
    source = bt.Source.objects.filter(entity="bionty.Gene").first()
    new = [GeneRow(f"ODD{n}", f"symbol {n}", 9, f"type {n}") for n in range(6)]
    with patch.object(genes, "ROWS", 2):
        genes.create_genes(new, organism, source)
    fields = ("ensembl_gene_id", "symbol", "biotype", "uid")
    made = bt.Gene.objects.filter(
        organism=organism, source=source, ensembl_gene_id__startswith="OD"
    )
    told = list(made.order_by("ensembl_gene_id").values_list(*fields))
    right = [(row.gene_id, row.symbol, row.biotype, uids.ontology(row.gene_id)) for row in new]
    with patch.object(genes, "version", lambda _: "2.13.0"):
        other = failure(lambda: genes.create_genes(new[:1], organism, source))
    return [told == right, other.partition(":")[0]]


def source_of_no_use() -> Any:
    """A pin without table and address is given a table; one that has either stays as it is."""
    reference, asked = Reference(RULES, REFERENCE), ("DevelopmentalStage", "HsapDv")
    own = bt.Source.objects.filter(pk=Sources(reference).pinned(*asked).pk)
    found = []
    for fields in ({"url": "https://odd"}, {"url": None}, {"url": ""}):
        own.update(dataframe_artifact=None, **fields)
        again = Sources(reference).pinned(*asked)
        table = again.dataframe_artifact
        told = table and [table.key.startswith("df_"), table.kind, table.run]
        found.append([own.get().pk == again.pk, again.currently_used, told])
    return found


def source_of_genes() -> Any:
    """The sources of an organism's genes and of those that are no organism's of the Census."""
    sources, wheel = Sources(Reference(RULES, REFERENCE)), RULES.gene_tables
    foreign, organism = next(iter(RULES.foreign_genes.items()))
    made = [sources.of_genes(MOUSE, "mouse"), sources.of_genes(foreign, "odd")]
    version = f"{wheel.name}-{wheel.version}"
    told = [[one.name, one.organism, one.version == version, one.entity] for one in made]
    return [told[0], told[1] == [organism.genes, "odd", True, "bionty.Gene"]]


def digests_of_all_links() -> Any:
    """Whether a baseline tells that an artifact of an earlier release lacks a link of any kind, or
    has one by another feature.
    """
    first, found = h5ads(OLDER.version)[0], []
    tables = (ln.Artifact.genes.through, ln.Artifact.references.through, ln.models.ArtifactSchema)
    links = [table.objects.filter(artifact=first)[:1].get() for table in tables]
    one = ln.Artifact.cell_types.through.objects.filter(artifact=first)[:1].get()
    other = ln.Feature.objects.exclude(pk=one.feature_id).first()
    same = type(one).objects.filter(pk=one.pk)
    changes = [*(link.delete for link in links), lambda: same.update(feature=other), lambda: None]
    before = baseline.releases(before=NEWER.version)[OLDER.version]
    for change in changes:
        with transaction.atomic():
            change()
            now = baseline.releases(before=NEWER.version)[OLDER.version]
            transaction.set_rollback(True)
        found.append([uid for uid in now if now[uid] != before[uid]] == [first.uid])
    return found


def digests_of_what_all_share() -> Any:
    """Which records that all releases share a baseline tells to be changed: features, schemas,
    storages, and of sources those that are current.
    """
    current = bt.Source.objects.filter(currently_used=True).order_by("id")
    others = bt.Source.objects.filter(currently_used=False)
    changed = {
        "feature": [ln.Feature.objects.first()],
        "schema": [ln.Schema.objects.first()],
        "storage": [ln.Storage.objects.first()],
        CURRENT_SOURCES: [*current[:2]],
    }
    before = baseline.take_baseline(before=NEWER.version)
    for name, records in changed.items():
        field = {"schema": "name", "feature": "unit", "storage": "region"}.get(name, "description")
        for record in [*records, *([others.first()] if name == CURRENT_SOURCES else [])]:
            type(record).objects.filter(pk=record.pk).update(**{field: "odd"})
    bt.Source.objects.filter(pk=changed[CURRENT_SOURCES][1].pk).update(currently_used=False)
    after = baseline.take_baseline(before=NEWER.version)
    told = {
        name: sorted(uid for uid, digest in own.items() if after.shared[name].get(uid) != digest)
        for name, own in before.shared.items()
    }
    right = {name: sorted(record.uid for record in records) for name, records in changed.items()}
    return [told == right, sorted(told), [*before.releases]]


def counted_records() -> Any:
    """By how much the counts grow, of one record of each kind more, and of a file that is none of
    the Census's.
    """
    file, before = h5ads(NEWER.version)[0], snapshot.count_records()
    copied(file, 1, key="elsewhere/odd.h5ad", _real_key=None)
    copied(file, 2, version_tag=None)
    term = bt.CellType(name="odd").save()
    label = ln.ULabel(name="odd").save()
    ln.Artifact.cell_types.through.objects.create(artifact=file, celltype=term)
    ln.Artifact.ulabels.through.objects.create(artifact=file, ulabel=label)
    gene = bt.Gene(ensembl_gene_id="odd", organism=bt.Organism.objects.first()).save()
    ln.Artifact.genes.through.objects.create(artifact=file, gene=gene)
    reference = ln.Reference(name="odd", _skip_validation=True).save()
    ln.Artifact.references.through.objects.create(artifact=file, reference=reference)
    bt.Source(entity="bionty.Tissue", name="odd", organism="all", version="1").save()
    now = snapshot.count_records()
    return {kind: count - before[kind] for kind, count in now.items()}


def told_of_a_run_s_release() -> Any:
    """What a writer says is held of earlier releases and of its own, and what one has of others."""
    for number, file in enumerate(h5ads(NEWER.version)[:2]):
        copied(file, number, version_tag=LATER)
    writer = Writer(manifest(NEWER.version), Reference(RULES, REFERENCE), {})
    own = [ln.Artifact.objects.filter(version_tag=NEWER.version).count(), writer.snapshot()]
    told = [sorted(held.releases) for held in (writer.holdings(), writer.left())]
    for name in ("Odd", "Odd too"):
        taken(name, NEWER.version, LATER)
    found = writer.misplaced()
    chains = ln.Collection.objects.filter(key__startswith="Odd").values_list("uid", flat=True)
    return [
        *told,
        len(own[1].artifacts) + len(own[1].stores) == own[0],
        own[1].held,
        len(found),
        found == sorted(set(chains) & set(found)),
    ]


def file_that_a_person_has_registered() -> Any:
    """What is said of a dataset whose file a person has registered as another version, or put out
    of sight, also of one that failed; and what of them is written.
    """
    writer = Writer(manifest(), Reference(RULES, REFERENCE), {})
    writer.prepare()
    first, wrong = h5ads(NEWER.version)[0], Finding(reason=Reason.GENE_UNKNOWN)
    kinds: dict[str, dict[str, Any]] = {
        "other": {"version_tag": "hers"},
        "hidden": {"version_tag": None, "branch_id": TRASH},
    }
    for number, (name, fields) in enumerate(kinds.items()):
        key = f"cell-census/{LATER}/h5ads/{name}.h5ad"
        copied(first, number, **{"key": key, "_real_key": None, "schema": None, **fields})
    batch = [dataset("other", 1), dataset("hidden", 2, wrong), dataset("free", 3)]
    said = [
        [str(one.outcome), *(f"{r.reason}: {r.detail}" for r in one.reasons)]
        for one in writer.write(batch)
    ]
    made = ln.Artifact.objects.filter(version_tag=LATER).values_list("key", flat=True)
    hers = ln.Artifact.objects.get(version_tag="hers")
    address = f"{first.storage.root}/cell-census/{LATER}/h5ads"
    texts = [[text.replace(address, "").replace(hers.uid, "uid") for text in one] for one in said]
    hidden = ln.Artifact.objects.get(key__endswith="/hidden.h5ad").uid
    return [[[text.replace(hidden, "uid") for text in one] for one in texts], list(made)]


def slots_that_some_lack() -> Any:
    """A dataset that lacks one of its slots, and one that lacks all, have each once again."""
    one, other = h5ads(NEWER.version)[:2]
    slots = ln.models.ArtifactSchema.objects.filter(artifact__in=[one, other])
    slots.filter(artifact=one, slot="uns").delete()
    slots.filter(artifact=other).delete()
    told = {file.pk: Validation((), (), (), {}) for file in (one, other)}
    annotations.annotate(told, Terms(Reference(RULES, REFERENCE)), ensure_schema(RULES))
    return [sorted(slots.filter(artifact=f).values_list("slot", flat=True)) for f in (one, other)]


def genes_of_two_organisms() -> Any:
    """A dataset of more genes than LaminDB annotates by, though of each organism it has fewer."""
    file, terms = h5ads(OLDER.version)[0], Terms(Reference(RULES, REFERENCE))
    by_taxon = {}
    for taxon in (HUMAN, MOUSE):
        table = terms.reference.gene_table(RULES.organisms[taxon].genes)
        known = bt.Gene.objects.filter(organism__ontology_id=taxon).order_by("id")[:2]
        by_taxon[taxon] = table.split([gene.ensembl_gene_id for gene in known])[0]
    links = ln.Artifact.genes.through.objects.filter(artifact=file)
    links.delete()
    limit, found = ln.settings.annotation.n_max_records, []
    for most in (3, 4):
        ln.settings.annotation.n_max_records = most
        annotations.annotate(
            {file.pk: Validation((), (), (), by_taxon)}, terms, ensure_schema(RULES)
        )
        found.append(links.count())
    ln.settings.annotation.n_max_records = limit
    return found


def study_that_has_lost_its_doi() -> Any:
    """What a study's collections of two releases are described by."""
    files = h5ads(NEWER.version)[:2]
    collections.ensure_studies([(study("Odd", "10.1/odd"), files)], release=LATER)
    collections.ensure_studies([(study("Odd"), files)], release=LAST)
    own = ln.Collection.objects.filter(key="Odd").order_by("version_tag")
    return list(own.values_list("description", flat=True))


def terms_of_one_name() -> Any:
    """Of two terms of a name one gets the record that a person has made of it."""
    made = bt.CellType(name="odd cell").save()
    found = existing.adopt_terms("CellType", {"X:1": "odd cell", "X:2": "odd cell"})
    return [sorted(found), bt.CellType.objects.get(pk=made.pk).ontology_id]


def organism_of_an_unknown_code() -> Any:
    """It is made once, however many proteins name it, and goes by its code."""
    terms = Terms(Reference(RULES, REFERENCE))
    made = [terms._organism_of_code(code) for code in ("ODD", "ODD", "MOUSE")]
    named = [[one.name, one.scientific_name] for one in made[:1]]
    return [made[0].pk == made[1].pk, named, made[2].ontology_id]


def storages_by_their_roots() -> Any:
    """Storages within storages, and which of them an address is of."""
    for root in ("/odd", "/odd/within/it", "/odd/within", "s3://odd/a"):
        ln.Storage(uid=base62_12(), root=root, type="local", _skip_preparation=True).save()
    own = [one for one in locations.storages() if one.root.startswith(("/odd", "s3://odd"))]
    addresses = ("/odd/x", "/odd/within/x", "/odd/within/it/x/y", "/odd/within-it/x", "/odds/x")
    found = [locations.storage_of(address, own) for address in addresses]
    return [[one.root for one in own], [one and one.root for one in found]]


def store_of_a_run() -> Any:
    """Run and space of a release's store that a tracked run registers."""
    older = locations.stores().get(version_tag=OLDER.version)
    gone = {"version_tag": "hers", "key": "a/soma", "_real_key": None, "hash": "odd"}
    ln.Artifact.objects.filter(pk=older.pk).update(**gone)
    space = ln.Space(name="Atlas", uid="atlas0000000").save()
    try:
        tracking.begin_tracking(request("odd", track=True, space="Atlas"), manifest())
        artifacts.register_store(older.address, release=OLDER.version)
    finally:
        ln.context._run = tracking._space = None
    made = locations.stores().get(version_tag=OLDER.version)
    return [made.run.name, made.space == space]


def lock_that_is_lost() -> Any:
    """What is said of a transaction with the instance's lock, and without it."""
    lock.take_database_lock("odd")
    found = [failure(lock.prove)]
    with patch.dict(lock._held, clear=True):
        found.append(failure(lock.prove))
    return found


def tables_to_itself() -> Any:
    """Whether others can write before an exclusive transaction, in one of no table, and in it."""
    lock.take_database_lock("odd")

    def others_may() -> bool:
        with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0)) as other:
            try:
                other.execute("begin immediate")
            except sqlite3.OperationalError:
                return False
        return True

    found = [others_may()]
    for tables in ((), ("lamindb_ulabel",)):
        with exclusive.transaction(tables):
            found.append(others_may())
    return found


def rows_that_a_lab_s_tables_point_to() -> Any:
    """Who points to an artifact: of tables that aren't LaminDB's, without a key."""
    first, second = h5ads(NEWER.version)[:2]
    with connection.cursor() as cursor:
        for statement in (
            'create table "her table" (file integer references lamindb_artifact, id text)',
            "create table hers (a integer, b integer references LaminDB_artifact (id))",
            f'insert into "her table" values ({first.pk}, null)',
            f"insert into hers values ({second.pk}, {first.pk}), (null, {second.pk})",
        ):
            cursor.execute(statement)
    found = [rows.users("lamindb_artifact", [file.pk], {}) for file in (first, second)]
    return [
        sorted([table, key, to == file.pk] for table, key, to in own if table.startswith("her"))
        for file, own in zip((first, second), found, strict=True)
    ]


TABLES: tuple[Question, ...] = (
    rows_in_several_statements,
    later_revisions_of_ours,
    genes_made_in_bulk,
    source_of_no_use,
    source_of_genes,
    digests_of_all_links,
    digests_of_what_all_share,
    counted_records,
    told_of_a_run_s_release,
    file_that_a_person_has_registered,
    slots_that_some_lack,
    genes_of_two_organisms,
    study_that_has_lost_its_doi,
    terms_of_one_name,
    organism_of_an_unknown_code,
    storages_by_their_roots,
    store_of_a_run,
    lock_that_is_lost,
    tables_to_itself,
    rows_that_a_lab_s_tables_point_to,
)
