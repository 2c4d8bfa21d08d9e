"""`python curate.py STORAGE RELEASE ORGANISM=H5AD...`: datasets by LaminDB's own curator.

Registers and annotates each file in the instance of this place, as the script that we replace
does. Made to work without network: every source gets its table of terms from the pinned reference
data, and the organism of a gene id is told by its prefix instead of by a table on S3. Nothing of
`runners` may decide what is written here, but for the Source and Storage rows.
"""

import re
import sys
from typing import Any

from instances import INSTANCE, REFERENCE

from runners import rules
from runners.reference import Reference
from runners.registry import instance

PREFIXES = {"ENSG": "human", "ENSMUSG": "mouse"}
ORGANISMS = {
    "NCBITaxon:9606": ("human", "Homo sapiens"),
    "NCBITaxon:10090": ("mouse", "Mus musculus"),
    "NCBITaxon:9544": ("rhesus macaque", "Macaca mulatta"),
    "NCBITaxon:9825": ("domestic pig", "Sus scrofa domesticus"),
    "NCBITaxon:9598": ("chimpanzee", "Pan troglodytes"),
    "NCBITaxon:9483": ("white-tufted-ear marmoset", "Callithrix jacchus"),
    "NCBITaxon:7955": ("zebrafish", "Danio rerio"),
}
"""Those that LaminDB saves as defaults."""

TABLES = {"human": "homo_sapiens", "mouse": "mus_musculus"}
SOURCES = (
    ("CellType", "CL"),
    ("DevelopmentalStage", "HsapDv"),
    ("DevelopmentalStage", "MmusDv"),
    ("Disease", "MONDO"),
    ("Ethnicity", "HANCESTRO"),
    ("ExperimentalFactor", "EFO"),
    ("Phenotype", "PATO"),
    ("Tissue", "UBERON"),
)


def main(storage: str, release: str, *files: str) -> None:
    """Curates the files in order; prints a line for each that isn't valid."""
    instance.connect(INSTANCE)
    import anndata
    import lamindb as ln
    from lamindb.examples.cellxgene import create_cellxgene_schema, save_cellxgene_defaults

    from runners.registry import artifacts

    ln.settings.creation.search_names = True  # as by default; else each call makes new Features
    prepare_sources(Reference(rules.load("7.0.0"), REFERENCE))
    replace_lookup_of_organisms()
    save_cellxgene_defaults()
    artifacts.ensure_storage(artifacts.storage_root(storage), None)
    for file in files:
        organism, _, path = file.partition("=")
        schema = create_cellxgene_schema(field_types="ontology_id", organism=organism)
        data = anndata.read_h5ad(path, backed="r")
        title, cells = data.uns["title"], data.n_obs
        artifact = ln.Artifact(path, description=title, version_tag=release, run=False)
        artifact.n_observations = cells
        artifact.save()
        curator = ln.curators.AnnDataCurator(artifact, schema)
        try:
            curator.validate()
        except ln.errors.ValidationError as error:
            print(f"{path}: {error}")  # noqa: T201
            continue
        curator.save_artifact()


def prepare_sources(reference: Reference) -> None:
    """Makes current, each with its table: the organisms, the ontologies, the genes."""
    import bionty as bt
    import pandas as pd

    from runners.registry.terms import Terms

    terms = Terms(reference)
    organisms = pd.DataFrame(
        [(key, *names) for key, names in ORGANISMS.items()],
        columns=["ontology_id", "name", "scientific_name"],
    )
    add(bt.Organism, "ncbitaxon", reference.pin("NCBITaxon"), "all", organisms, "ontology_id")
    for registry, ontology in SOURCES:
        terms.source(registry, ontology)
    wheel = reference.rules.gene_tables
    for organism, table in TABLES.items():
        bt.Organism.from_source(
            name=organism, source=bt.Source.get(name="ncbitaxon", currently_used=True)
        ).save()
        rows = [(g.gene_id, g.symbol, g.biotype) for g in reference.genes(table).values()]
        genes = pd.DataFrame(rows, columns=["ensembl_gene_id", "symbol", "biotype"])
        version = f"{wheel.name}-{wheel.version}"
        add(bt.Gene, "ensembl", version, organism, genes, "ensembl_gene_id")


def add(registry: Any, name: str, version: str, organism: str, table: Any, index: str) -> None:
    """A source with its table, the only current one of its entity, name and organism."""
    import bionty as bt

    key = {"entity": f"bionty.{registry.__name__}", "name": name, "organism": organism}
    bt.Source.filter(**key, currently_used=True).update(currently_used=False)
    source = bt.Source.filter(**key, version=version.removeprefix("v")).one_or_none()
    source = source or bt.Source(**key, version=version.removeprefix("v"))
    source = registry.add_source(source, df=table.set_index(index))
    source.currently_used = True
    source.save()


def replace_lookup_of_organisms() -> None:
    import bionty as bt
    from bionty import _organism

    def infer(gene_id: str, using_key: str | None = None) -> Any:
        prefix = re.match(r"[A-Za-z]*", gene_id)
        name = PREFIXES.get(prefix.group() if prefix else "")
        return bt.Organism.filter(name=name).one_or_none() if name else None

    _organism.infer_organism_from_ensembl_id = infer


if __name__ == "__main__":
    main(*sys.argv[1:])
