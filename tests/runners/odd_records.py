"""Questions to the connected instance, which holds both releases, each asked among
records that could be taken for the right ones. What a question writes is taken back after it.

`tell` prints all answers; `registry/test_odd_records.py` knows the right ones.
"""

import contextlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from itertools import compress
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import bionty as bt
import lamindb as ln
from bionty import uids
from django.db import transaction
from filled import counted
from instances import REFERENCE
from odd_collections import COLLECTIONS, LATER, TRASH, Question, copied, failure, h5ads, study
from odd_runs import RUNS

from runners import rules
from runners.registry import (
    annotations,
    artifacts,
    baseline,
    branches,
    existing,
    ontology_terms,
    rows,
    snapshot,
)
from runners.registry.collections import TOP_LEVEL
from runners.registry.revisions import neighbours
from runners.registry.schema import ensure_schema
from runners.registry.storage import Stats
from runners.registry.terms import Terms
from runners.rules.gene_tables import Genes
from runners.rules.reference import Reference, Term
from runners.sample.datasets import NEWER, OLDER
from runners.validation.validate import Annotation, Validation

HUMAN, MOUSE = "NCBITaxon:9606", "NCBITaxon:10090"
RULES = rules.load(NEWER.dataset_schema_version)
SIDES = (branches.visible, branches.hidden)


def terms() -> Terms:
    return Terms(Reference(RULES, REFERENCE))


def label_of_its_type() -> Any:
    """A label that only another type has is none of ours."""
    other = ln.ULabel(name="Other", is_type=True).save()
    ln.ULabel(name="slice", type=other).save()
    ln.ULabel(name="slice").save()
    annotation = Annotation("suspension_type", "ULabel", "slice", None)
    asked = terms()
    asked.ensure([annotation])
    label = ln.ULabel.objects.get(pk=asked.id_of(annotation))
    again = terms()
    again.ensure([annotation])
    kind = label.type
    same_name = ln.ULabel.objects.filter(name="slice").count()
    return [kind.name, kind.type_id, again.id_of(annotation) == label.pk, same_name]


def label_of_the_oldest() -> Any:
    """Of two of a type the oldest in sight counts, and of a name that is out of sight none."""
    kind = ln.ULabel.objects.get(name="SuspensionType", is_type=True, type=None)
    made = [ln.ULabel(name=f"slice {n}", type=kind).save().pk for n in range(3)]
    ln.ULabel.objects.filter(pk__in=made).update(name="slice")
    ln.ULabel.objects.filter(pk=made[0]).update(branch_id=TRASH)
    asked, annotation = terms(), Annotation("suspension_type", "ULabel", "slice", None)
    asked.ensure([annotation])
    return made.index(asked.id_of(annotation))


def label_of_two_types_of_a_name() -> Any:
    """A lab's type of the name, though older, is none of ours, which is made and found again."""
    hers = ln.ULabel.objects.get(name="SuspensionType", is_type=True, type=None)
    lab = ln.ULabel(name="Lab", is_type=True).save()
    ln.ULabel.objects.filter(pk=hers.pk).update(type=lab)
    annotation, found = Annotation("suspension_type", "ULabel", "cell", None), []
    for _ in range(2):
        asked = terms()
        asked.ensure([annotation])
        kind = ln.ULabel.objects.get(pk=asked.id_of(annotation)).type
        found.append([kind.pk == hers.pk, kind.type_id])
    return [found, ln.ULabel.objects.filter(name="SuspensionType", is_type=True).count()]


def genes(taxon: str, ids: Sequence[str]) -> Genes:
    return terms().reference.gene_table(RULES.organisms[taxon].genes).split(ids)[0]


def known_genes(asked: Terms, taxon: str) -> set[str]:
    return set(compress(asked._gene_table(taxon).ids, asked._known_genes(taxon)))


def genes_of_their_organism() -> Any:
    """What is known of an organism's genes, and one of its ids that stands under another one."""
    asked = terms()
    known = {taxon: known_genes(asked, taxon) for taxon in (HUMAN, MOUSE)}
    begin = {taxon: sorted({gene[:6] for gene in genes}) for taxon, genes in known.items()}
    table = asked.reference.genes(RULES.organisms[HUMAN].genes)
    first, second, third = sorted(table.keys() - known[HUMAN])[:3]
    mouse = bt.Organism.objects.get(ontology_id=MOUSE)
    bt.Gene(ensembl_gene_id=first, symbol="hers", organism=mouse).save()
    hidden = bt.Gene(ensembl_gene_id=second, symbol="hidden", organism=mouse).save()
    bt.Gene.objects.filter(pk=hidden.pk).update(branch_id=TRASH)
    pairs = [first, second], [second, third]
    asked.ensure_genes(HUMAN, [genes(HUMAN, ids) for ids in pairs])
    made = bt.Gene.objects.filter(ensembl_gene_id__in=[first, second, third])
    fields = ("symbol", "organism__ontology_id", "branch_id")
    found = list(made.order_by("ensembl_gene_id").values_list(*fields))
    right = [table[third].symbol, HUMAN, 1]
    return [begin, found[:2], list(found[2]) == right, third in known_genes(asked, HUMAN)]


def adopted_by_name() -> Any:
    """Of records of a name without an id, the oldest in sight gets it; without one, a hidden."""
    made = [bt.CellType(name=f"odd cell {n}").save().pk for n in range(3)]
    bt.CellType.objects.filter(pk__in=made).update(name="odd cell")
    bt.CellType.objects.filter(pk=made[0]).update(branch_id=TRASH)
    other = bt.CellType(name="odd hidden").save()
    bt.CellType.objects.filter(pk=other.pk).update(branch_id=TRASH)
    existing.adopt_terms("CellType", {"X:1": "odd cell", "X:2": "odd hidden", "X:3": "no such"})
    ids = dict(
        bt.CellType.objects.filter(ontology_id__startswith="X:").values_list("id", "ontology_id")
    )
    shown = bt.CellType.objects.get(pk=other.pk).branch_id
    return [[ids.get(pk) for pk in made], ids.get(other.pk), shown, len(ids)]


def one_of_a_release_for_a_dataset() -> Any:
    """Of several artifacts of a dataset and release, one in sight counts, of those the newest."""
    (first, *_), copies = h5ads(NEWER.version), []
    for number, branch in enumerate((1, TRASH)):
        copy = ln.Artifact.objects.get(pk=first.pk)
        copy.pk, copy.uid, copy.branch_id = None, f"odd{number:013}0000", branch
        copy.hash = f"odd {number}"
        copies += ln.Artifact.objects.bulk_create([copy])
    name = first.key.rpartition("/")[2].removesuffix(".h5ad")
    chosen = [
        artifacts.registered(NEWER.version)[name],
        artifacts.of_release(rows := artifacts.known([name])[name], NEWER.version),
        artifacts.registered_otherwise(rows, first.address, LATER),
    ]
    own = artifacts.registered_otherwise(rows, first.address, NEWER.version)
    return [[c.uid == copies[0].uid for c in chosen], own is None]


def one_of_a_key_whose_file_lies_elsewhere() -> Any:
    """A person's artifact of a new file's key, and a file of other content: two, each the latest of
    its own chain.
    """
    (first, *_), address = h5ads(NEWER.version), "{root}/cell-census/{release}/h5ads/odd.h5ad"
    address = address.format(root=first.storage.root, release=NEWER.version)
    key = address.removeprefix(f"{first.storage.root}/")
    hers = ln.Artifact.objects.get(pk=first.pk)
    hers.pk, hers.uid, hers.hash, hers.version_tag = None, "odd-key000000000000", "hers", None
    hers.key, hers._real_key = key, "elsewhere/odd.h5ad"
    ln.Artifact.objects.bulk_create([hers])
    place = neighbours(artifacts.known(["odd"])["odd"], NEWER.version)
    stats: Stats = {"size": 3, "hash": "ours", "hash_type": "md5"}
    new = artifacts.NewArtifact(address, first.storage, stats, "Odd", 5, place)
    artifacts.register([new], NEWER.version)
    fields = ("hash", "_hash_type", "is_latest")
    made = ln.Artifact.objects.filter(key=key).order_by("id")
    return [list(made.values_list(*fields)), len({each.stem_uid for each in made})]


def genes_up_to_the_limit() -> Any:
    """A dataset of as many genes as LaminDB annotates by is linked to them; of one more, not."""
    one, other = h5ads(OLDER.version)[:2]
    organism = bt.Organism.objects.get(ontology_id=MOUSE)
    asked = terms()
    ids = sorted({*asked._gene_table(MOUSE).ids} - known_genes(asked, MOUSE))[:4]
    made = [bt.Gene(ensembl_gene_id=i, symbol=i, organism=organism).save().pk for i in ids]
    told = {
        file.pk: Validation((), (), (), {MOUSE: genes(MOUSE, some)})
        for file, some in ((one, ids[:3]), (other, ids))
    }
    limit, schema = ln.settings.annotation.n_max_records, ensure_schema(RULES)
    ln.settings.annotation.n_max_records = 3
    for _ in range(2):  # the second time nothing is missing
        annotations.annotate(told, terms(), schema)
    ln.settings.annotation.n_max_records = limit
    links = ln.Artifact.genes.through.objects.filter(gene_id__in=made)
    found = sorted(links.values_list("artifact_id", "gene_id", "feature__name"))
    return found == [(one.pk, pk, "var_index") for pk in made[:3]]


def references_of_studies() -> Any:
    """A study's reference by its DOI, another's by its page, and one that two studies share."""
    files = h5ads(OLDER.version)[:3]
    hers = ln.Reference(name="Hers", doi="10.1/odd", _skip_validation=True).save()
    named = ln.Reference(name="Odd", _skip_validation=True).save()
    studies = [
        study("Odd", "10.1/odd"),
        study("Odd", collection_id="2"),
        study("Third", "10.1/odd"),
    ]
    of = {file.pk: own for file, own in zip(files, studies, strict=True)}
    link = ln.Artifact.references.through
    before = set(link.objects.values_list("id", flat=True))
    for _ in range(2):
        annotations.attach_references(of, {})
    new = link.objects.exclude(id__in=before).order_by("artifact_id")
    found = dict(new.values_list("artifact_id", "reference_id"))
    made = ln.Reference.objects.get(pk=found[files[1].pk])
    same = [found[files[0].pk] == hers.pk, found[files[2].pk] == hers.pk, made.pk == named.pk]
    return [new.count(), same, made.name, made.url, made.doi]


def digests_of_an_earlier_release() -> Any:
    """What tells in a baseline: a link that points elsewhere, a value; not the latest flag."""
    (first, second, *_), found = h5ads(OLDER.version), {}
    link = ln.Artifact.cell_types.through
    before = baseline.releases(before=NEWER.version)[OLDER.version]
    row = link.objects.filter(artifact=first).first()
    other = bt.CellType.objects.exclude(pk=row.celltype_id).first()
    changes: dict[str, Question] = {
        "link": lambda: link.objects.filter(pk=row.pk).update(celltype=other),
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


def rows_of_any_table() -> Any:
    """Rows given back their values, deleted, and who points to them."""
    first, second = h5ads(OLDER.version)[:2]
    table, fields = "lamindb_artifact", ("description", "n_observations")
    values: dict[int, dict[str, Any]] = {
        first.pk: {"description": "odd"},
        second.pk: {"description": "odd", "n_observations": 7},
    }
    rows.restore_rows({table: values})
    after = ln.Artifact.objects.in_bulk([first.pk, second.pk])
    given = [[getattr(after[row.pk], field) for field in fields] for row in (first, second)]
    link = ln.Artifact.cell_types.through
    links = list(link.objects.filter(artifact=second).values_list("pk", flat=True))
    name = link._meta.db_table
    users = list(rows.users(table, [second.pk], {}))
    ours = list(rows.users(table, [second.pk], {name: set(links[1:])}))
    rows.delete_rows({name: set(links[1:])})
    left = list(link.objects.filter(artifact=second).values_list("pk", flat=True))
    pointing = sorted((key, to) for user, key, to in users if user == name)
    right = pointing == sorted((pk, second.pk) for pk in links)
    lone = [(key, to) for user, key, to in ours if user == name] == [(links[0], second.pk)]
    top = rows.highest_ids()[name] >= max(links[:1])
    return [
        given == [["odd", first.n_observations], ["odd", 7]],
        right,
        lone,
        left == links[:1],
        top,
    ]


def first_in_sight() -> Any:
    """The oldest in sight, else the oldest hidden, which is brought to main; and values so."""
    made = [ln.ULabel(name=f"odd {n}").save().pk for n in range(4)]
    own = ln.ULabel.objects.filter(pk__in=made)
    own.filter(pk__in=[made[0], made[3]]).update(branch_id=TRASH)
    chosen: Any = branches.first(own.all())
    with counted() as sent:
        branches.restored(chosen)
    hidden: Any = branches.first(own.filter(pk__in=[made[0], made[3]]))
    none = branches.first(own.none())
    found = [made.index(chosen.pk), made.index(hidden.pk), hidden.branch_id, none, len(sent)]
    for in_sight in (None, made[0], made[1], None):
        found.append([made.index(pk) for pk in branches.visible(own).values_list("pk", flat=True)])
        own.update(name="odd", branch_id=TRASH)
        own.filter(pk=in_sight).update(branch_id=1)
        found.append(sorted(branches.shown_values(own.all(), "name")))
    return found


def told_of_what_is_hidden() -> Any:
    """Hidden rows among others: which they are, and what is said of those that are brought back;
    of one without a name, its uid.
    """
    made = [ln.ULabel(name=f"odd {n}").save().pk for n in range(8)]
    own = ln.ULabel.objects.filter(pk__in=made)
    own.exclude(pk=made[0]).update(branch_id=TRASH)
    parts = [sorted(map(made.index, part(own).values_list("pk", flat=True))) for part in SIDES]
    schema = ln.Schema.objects.filter(name=None)
    schema.update(uid="itsUid", branch_id=TRASH)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        branches.restore(own.filter(pk__in=made[:6]))
        branches.restore(own.filter(pk__in=made[:6]))  # there is nothing to say
        branches.restore(own)
        branches.restore(schema)
    few = [branches.shortened(map(str, range(count))) for count in (5, 6)]
    return [parts, said.getvalue().splitlines(), few]


def branch_to_write_on() -> Any:
    """The main one; another is refused by its name."""
    lab = SimpleNamespace(id=7, name="lab")
    found = [failure(lambda: branches.require_main("a/b"))]
    with patch.object(type(ln.setup.settings), "branch", lab):
        return [*found, failure(lambda: branches.require_main("a/b"))]


def of_the_connection() -> Any:
    """What LaminDB would do at each record otherwise: ask LaminHub, search for names, say so."""
    creation = ln.settings.creation
    return [ln.setup.settings.instance.is_on_hub, creation.search_names, ln.settings.verbosity]


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


def parents_among_odd_records() -> Any:
    """A new term is linked to the oldest of its parent's records in sight; what is there stays."""
    made = [bt.CellType(name=f"odd cell {n}", ontology_id=f"X:{n}").save().pk for n in range(3)]
    own = bt.CellType.objects.filter(pk__in=made)
    own.update(ontology_id="X:parent")
    own.filter(pk=made[0]).update(branch_id=TRASH)
    parents = {"X:child": ("X:parent", "X:none"), "X:parent": ("X:top",), "X:top": ()}
    terms_by_id = {
        i: Term(
            i, i, deprecated=False, parents=above, ancestors=frozenset(), synonyms=(), definition=""
        )
        for i, above in parents.items()
    }
    source = bt.Source.objects.filter(entity="bionty.CellType").first()
    for _ in range(2):  # the second time nothing is missing
        ontology_terms.save_with_ancestors("CellType", terms_by_id, ["X:child"], source)
    new = bt.CellType.objects.filter(ontology_id__in=["X:child", "X:top"]).order_by("ontology_id")
    links = bt.CellType.parents.through.objects.filter(from_celltype__in=[*new, *own])
    found = links.values_list("from_celltype__ontology_id", "to_celltype")
    return [[row.ontology_id for row in new], [(i, made.index(pk)) for i, pk in found]]


def organism_by_its_names() -> Any:
    """Without a record of the taxon, the oldest in sight of one of the names, however written, gets
    it; of a name that another taxon has, none can be made.
    """
    made = [bt.Organism(name=f"odd {n}").save().pk for n in range(4)]
    own = bt.Organism.objects.filter(pk__in=made)
    own.filter(pk=made[1]).update(name="rarus", branch_id=TRASH)
    own.filter(pk=made[2]).update(scientific_name="mus_rarus")
    own.filter(pk=made[3]).update(scientific_name="Mus rarus")
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        adopted: Any = existing.adopt_organism("X:1", "Rarus", "Mus rarus")
        again = existing.adopt_organism("X:1", "other", "another")
        none = existing.adopt_organism("X:2", "other", "another")
    return [
        [made.index(adopted.pk), adopted.ontology_id, again == adopted, none],
        list(own.order_by("id").values_list("ontology_id", "branch_id")),
        said.getvalue().splitlines(),
        failure(lambda: existing.adopt_organism("X:3", "other", "Mus_musculus")),
    ]


def term_of_a_uid() -> Any:
    """A record without id that has the uid which bionty makes of an id gets it, whatever its name;
    one with another id stands in the way.
    """
    made = [bt.CellType(name=f"odd cell {n}").save().pk for n in range(2)]
    own = bt.CellType.objects.filter(pk__in=made)
    own.filter(pk=made[0]).update(uid=uids.ontology("X:1"))
    own.filter(pk=made[1]).update(uid=uids.ontology("X:2"), ontology_id="X:other")
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        existing.adopt_terms("CellType", {"X:1": "no such"})
        existing.adopt_terms("CellType", {"X:1": "odd cell 1"})  # there is nothing to say
    fields = ("ontology_id", "name")
    return [
        list(own.order_by("id").values_list(*fields)),
        said.getvalue().splitlines(),
        failure(lambda: existing.adopt_terms("CellType", {"X:2": "no such"})),
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


QUESTIONS: tuple[Question, ...] = (
    *COLLECTIONS,
    *RUNS,
    label_of_its_type,
    label_of_the_oldest,
    label_of_two_types_of_a_name,
    genes_of_their_organism,
    adopted_by_name,
    one_of_a_release_for_a_dataset,
    one_of_a_key_whose_file_lies_elsewhere,
    genes_up_to_the_limit,
    references_of_studies,
    digests_of_an_earlier_release,
    labels_of_a_snapshot,
    rows_of_any_table,
    first_in_sight,
    told_of_what_is_hidden,
    branch_to_write_on,
    of_the_connection,
    release_among_hidden_records,
    parents_among_odd_records,
    organism_by_its_names,
    term_of_a_uid,
    order_of_a_snapshot,
)


def tell() -> None:
    """Prints the answers by the questions' names; what a question raises is its answer."""
    answers: dict[str, Any] = {}
    for question in QUESTIONS:
        with transaction.atomic():
            try:
                answers[question.__name__] = question()
            except Exception as error:
                answers[question.__name__] = f"{type(error).__name__}: {error}"
            transaction.set_rollback(True)
    print(json.dumps(answers))  # noqa: T201
