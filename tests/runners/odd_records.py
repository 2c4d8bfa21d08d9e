"""Questions to the connected instance, which holds both releases, each asked among
records that could be taken for the right ones. What a question writes is taken back after it.

`tell` prints all answers; `registry/test_odd_records.py` knows the right ones.
"""

import contextlib
import io
import json
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
from odd_artifacts import ARTIFACTS
from odd_collections import COLLECTIONS, TRASH, Question, failure, h5ads
from odd_definitions import DEFINITIONS
from odd_runs import RUNS
from odd_snapshots import SNAPSHOTS
from odd_tables import TABLES

from runners import rules
from runners.registry import (
    annotations,
    branches,
    existing,
    ontology_terms,
    rows,
)
from runners.registry.schema import ensure_schema
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
    first, second, third, fourth = sorted(table.keys() - known[HUMAN])[:4]
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
    own = bt.Gene(ensembl_gene_id=fourth, organism=bt.Organism.objects.get(ontology_id=HUMAN))
    bt.Gene.objects.filter(pk=own.save().pk).update(branch_id=TRASH)
    not_known = len({first, fourth} & known_genes(terms(), HUMAN))
    return [
        begin,
        found[:2],
        list(found[2]) == right,
        third in known_genes(asked, HUMAN),
        not_known,
    ]


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


def adopted_with_what_is_above() -> Any:
    """Terms that a person has made without their ids are linked to their parents, and these to
    theirs: asked for themselves, found by their uid, above one that is new, or with a parent that
    she has linked. One that has its id stays as it is.
    """
    asked = terms()
    known = asked.reference.terms("CL")
    hers = {i: bt.CellType(name=known[i].label).save() for i in ("CL:0000171", "CL:0000101")}
    hers["CL:0000101"].parents.add(bt.CellType(name=known["CL:0000526"].label).save())
    named = bt.CellType(name=known["CL:0000187"].label).save()
    by_uid = bt.CellType(name="odd cell", uid=uids.ontology("CL:0000775")).save()
    own = bt.CellType(name="odd retina", ontology_id="CL:0000561").save()
    wanted = [*hers, "CL:0000746", "CL:0000775", "CL:0000561"]
    for _ in range(2):  # the second time nothing is missing
        asked.ensure(Annotation("cell_type_ontology_term_id", "CellType", i, "CL") for i in wanted)
    rows = {row.ontology_id: row for row in bt.CellType.objects.all()}
    found = {
        i: {row.ontology_id for row in rows[i].parents.all()} == set(known[i].parents)
        for i in [*wanted, "CL:0000187"]
    }
    above = {i for one in wanted[:-1] for i in known[one].ancestors}
    made = [hers["CL:0000171"].pk, named.pk, by_uid.pk, own.pk]
    same = [rows[i].pk for i in ("CL:0000171", "CL:0000187", "CL:0000775", "CL:0000561")] == made
    return [found, above <= rows.keys(), same]


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
        with patch.object(ontology_terms, "CHUNK", 2):
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
    made = [bt.CellType(name=f"odd cell {n}").save().pk for n in range(3)]
    own = bt.CellType.objects.filter(pk__in=made)
    own.filter(pk=made[0]).update(uid=uids.ontology("X:1"))
    own.filter(pk=made[1]).update(uid=uids.ontology("X:2"), ontology_id="X:other")
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        existing.adopt_terms("CellType", {"X:1": "odd cell 2"})
        existing.adopt_terms("CellType", {"X:1": "odd cell 1"})  # there is nothing to say
    fields = ("ontology_id", "name")
    return [
        list(own.order_by("id").values_list(*fields)),
        said.getvalue().splitlines(),
        failure(lambda: existing.adopt_terms("CellType", {"X:2": "no such"})),
    ]


QUESTIONS: tuple[Question, ...] = (
    *COLLECTIONS,
    *RUNS,
    *ARTIFACTS,
    *SNAPSHOTS,
    *TABLES,
    *DEFINITIONS,
    label_of_its_type,
    label_of_the_oldest,
    label_of_two_types_of_a_name,
    genes_of_their_organism,
    adopted_by_name,
    adopted_with_what_is_above,
    genes_up_to_the_limit,
    rows_of_any_table,
    first_in_sight,
    told_of_what_is_hidden,
    branch_to_write_on,
    of_the_connection,
    parents_among_odd_records,
    organism_by_its_names,
    term_of_a_uid,
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
