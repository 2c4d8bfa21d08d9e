"""What people do in an instance, by LaminDB's own API; import it once an instance is connected.

`before` makes what stands there before our first release: types, terms without ids, old names, a
trash, collections and a store of their own. `between` is what they do to our rows before the next
one. Of our code, it only uses what makes a record of storage, because LaminDB would ask LaminHub.
"""

from pathlib import Path

import bionty as bt
import lamindb as ln

from runners.registry import artifacts

BLOOD = "Sample atlas of human blood, lung and liver"
BRAIN = "Sample atlas of the mammalian brain"


def before(soma: str) -> None:
    """`soma`: the older release's store."""
    features()
    terms()
    labels()
    contribution()
    collections()
    artifacts.ensure_storage(artifacts.storage_root(soma), None)
    ln.Artifact(soma, description="Census 2020-01-15", run=False).save()


def features() -> None:
    """A lab's own, of the schema's names."""
    lab = ln.Feature(name="Lab", is_type=True).save()
    for name in ("disease_ontology_term_id", "donor_id", "tissue_type"):
        ln.Feature(name=name, dtype="float", type=lab).save()
    other = ln.Feature(name="Other lab", is_type=True).save()
    ln.Feature(name="donor_id", dtype="int", type=other).save()
    ln.Feature(name="suspension_type", dtype="float").save().delete()


def terms() -> None:
    """Terms as notebooks make them: by name alone, under old names, with ids that aren't theirs."""
    for registry in (bt.Phenotype, bt.DevelopmentalStage, bt.Ethnicity, bt.Tissue):
        registry(name="unknown").save()
        registry(name="na").save()
    bt.CellType(name="Kupffer cell").save()
    bt.CellType(name="professional cell", ontology_id="CL:0000145").save()
    bt.CellType(name="liver cell", ontology_id="CL:0000182").save()
    double = bt.CellType(uid="secondOfThatId", name="another", ontology_id="CL:0000145")
    double.save().delete()
    bt.CellType(name="hepatocyte", ontology_id="LAB:1").save()
    bt.ExperimentalFactor(name="RNA assay").save()
    bt.CellLine(name="K-562").save()
    bt.Tissue(name="abdomen", ontology_id="UBERON:0000916").save().delete()
    bt.Disease(name="arterial disorder", ontology_id="MONDO:0000473").save().delete()
    macaque = bt.Organism(name="macaque", scientific_name="macaca_mulatta").save()
    bt.Gene(stable_id="ENSMMUG00000000208", symbol="first", organism=macaque).save()
    bt.Gene(stable_id="ENSMMUG00000000238", symbol="second", organism=macaque).save().delete()


def labels() -> None:
    lab = ln.ULabel(name="Lab", is_type=True).save()
    ours = ln.ULabel(name="SuspensionType", is_type=True, type=lab).save()
    ln.ULabel(name="cell", type=ours).save()
    ln.ULabel(name="True").save()
    ln.ULabel(name="nucleus").save()


def contribution() -> None:
    """What somebody works on, on a branch of its own that isn't merged."""
    branch = ln.Branch(name="contribution").save()
    cortex = {"name": "cerebral cortex", "ontology_id": "UBERON:0000956"}
    microglia = {"name": "microglial cell", "ontology_id": "CL:0000129"}
    for record in (bt.Tissue(**cortex), bt.CellType(**microglia), ln.ULabel(name="cell")):
        record.branch = branch
        record.save()


def collections() -> None:
    """A person's, of names that ours have."""
    note = Path.cwd() / "note.txt"
    note.write_text("hers")
    own = ln.Artifact(str(note), key="hers/note.txt", run=False).save()
    for key in ("cellxgene-census", BLOOD, BRAIN):
        ln.Collection([own], key=key, description="hers", skip_hash_lookup=True, run=False).save()


def between() -> None:
    """What people do to the rows of our older release."""
    h5ads = ln.Artifact.filter(key__startswith="cell-census/", suffix=".h5ad").order_by("key")
    described, trashed, deleted, revised, contributed = h5ads[:5]
    contributed.branch = ln.Branch.get(name="contribution")
    contributed.save()
    described.description = "hers"
    described.save()
    trashed.delete(permanent=False, storage=False)
    for collection in deleted.collections.all():
        collection.artifacts.remove(deleted)
    deleted.delete(permanent=True, storage=False)
    note = Path.cwd() / "revision.txt"
    note.write_text("hers, too")
    ln.Artifact(str(note), key="hers/revision.txt", revises=revised, run=False).save()
    ln.Reference.filter(name=BRAIN).one().delete(permanent=False)
    ln.ULabel.filter(name="tissue", type__name="TissueType").one().delete(permanent=False)
    ours = ln.Collection.filter(reference__isnull=False, key__startswith=BLOOD).one()
    ours.delete(permanent=False)
    feature = ln.Feature.filter(name="assay_ontology_term_id", type=None).one()
    feature._dtype_str = "cat[bionty.ExperimentalFactor.ontology_id[source__uid=anyOfThem]]"
    feature.save()  # as LaminDB's `create_cellxgene_schema` leaves it
    ln.Collection.filter(key="cellxgene-census", version_tag="2020-01-15").one().delete(
        permanent=True
    )
    own = ln.Collection([described], key="cellxgene-census", description="hers", run=False)
    own.version_tag = "v1"
    own.save()
    ln.Schema.filter(name__startswith="obs of CELLxGENE").one().delete(permanent=False)
