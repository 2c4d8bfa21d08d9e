"""What no dataset schema document says: names of LaminDB's, bionty's and pertdb's.

What isn't here is proposed by rule, and asked of a person. Must not hold anything that a document
says.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from runners.contract.rules import Declaration, LabelType


@dataclass(frozen=True, slots=True)
class Source:
    """An ontology as bionty names its source, and the organism that bionty files it under.

    `shipped` is whether bionty 2.x brings it along; else it must be added with a table of terms.
    `registry` holds its terms where nothing says otherwise.
    """

    name: str
    registry: str
    organism: str = "all"
    shipped: bool = True


@dataclass(frozen=True, slots=True)
class OrganismNames:
    """LaminDB's name of an organism and its gene table in CZI's wheel."""

    name: str
    genes: str
    # Where LaminDB's differs from the document's.
    scientific_name: str | None = None


# Ontologies by their prefix. Prefixes that a document pins in one row share the one that is here.
SOURCES: Mapping[str, Source] = {
    "CL": Source("cl", "CellType"),
    "CVCL": Source("cellosaurus", "CellLine"),
    "EFO": Source("efo", "ExperimentalFactor"),
    "FBbt": Source("fbbt", "Tissue", "fruit fly", shipped=False),
    "FBdv": Source("fbdv", "DevelopmentalStage", "fruit fly", shipped=False),
    "HANCESTRO": Source("hancestro", "Ethnicity", "human"),
    "HsapDv": Source("hsapdv", "DevelopmentalStage", "human"),
    "MONDO": Source("mondo", "Disease"),
    "MmusDv": Source("mmusdv", "DevelopmentalStage", "mouse"),
    "NCBITaxon": Source("ncbitaxon", "Organism"),
    "PATO": Source("pato", "Phenotype"),
    "UBERON": Source("uberon", "Tissue"),
    "WBbt": Source("wbbt", "Tissue", "Caenorhabditis elegans", shipped=False),
    "WBls": Source("wbls", "DevelopmentalStage", "Caenorhabditis elegans", shipped=False),
    "ZFA": Source("zfa", "Tissue", "zebrafish", shipped=False),
    "uniprot": Source("uniprot", "Protein"),
}
# Registries of modules that an instance may lack, and why one might want them.
OTHER_REGISTRIES: Mapping[str, tuple[str, str]] = {
    "CHEBI": (
        "pertdb.Compound",
        "bionty has ChEBI as a source of drugs, but no registry; pertdb's Compound has one, where "
        "the instance has that module",
    ),
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

# Organisms that no dataset is of: a virus, and RNA that is added to a sample.
LENDERS = frozenset({"NCBITaxon:32630", "NCBITaxon:2697049"})

LABELS = "ULabel"  # the registry of values that no ontology has
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
# How LaminDB's module declares the columns that it knows
# (https://github.com/laminlabs/lamindb/blob/main/lamindb/examples/cellxgene/_cellxgene.py).
DECLARED: Mapping[str, Declaration] = {
    "assay_ontology_term_id": Declaration(slot="obs", registries=("ExperimentalFactor",)),
    "cell_type_ontology_term_id": Declaration(slot="obs", registries=("CellType",)),
    "development_stage_ontology_term_id": Declaration(
        slot="obs", registries=("DevelopmentalStage",)
    ),
    "disease_ontology_term_id": Declaration(slot="obs", registries=("Disease",)),
    "donor_id": Declaration(slot="obs", registries=("str",), default="unknown"),
    "feature_is_filtered": Declaration(slot="var", registries=("bool",)),
    "is_primary_data": Declaration(slot="obs", registries=("ULabel",)),
    "organism_ontology_term_id": Declaration(slot="uns", registries=("Organism",)),
    "self_reported_ethnicity_ontology_term_id": Declaration(slot="obs", registries=("Ethnicity",)),
    "sex_ontology_term_id": Declaration(slot="obs", registries=("Phenotype",)),
    "suspension_type": Declaration(slot="obs", registries=("ULabel",)),
    "tissue_ontology_term_id": Declaration(slot="obs", registries=("Tissue", "CellType")),
    "tissue_type": Declaration(slot="obs", registries=("ULabel",)),
}
# LaminDB's description of values that the dataset schema defines, letter for letter.
FROM_SCHEMA = "From CellxGene schema."
# The types of labels that LaminDB makes as defaults.
LABEL_TYPES: Mapping[str, LabelType] = {
    "suspension_type": LabelType(
        name="SuspensionType", description=f'{FROM_SCHEMA} This MUST be "cell", "nucleus", or "na".'
    ),
    "tissue_type": LabelType(
        name="TissueType",
        description=f'{FROM_SCHEMA} Is "tissue", "organoid", "primary cell culture", '
        'or "cell line".',
    ),
}


def label_type(column: str) -> LabelType:
    """LaminDB's type of a column's labels; of another column's, one named after it."""
    name = "".join(
        part.capitalize() for part in column.removesuffix("_ontology_term_id").split("_")
    )
    return LABEL_TYPES.get(column) or LabelType(
        name=name, description=f"{FROM_SCHEMA} Values of {column}."
    )


# What datasets must have, but rules say nothing of: it describes the file or a spot of a slide, or
# isn't a category.
NOT_RULED: Mapping[str, str] = {
    "X_approximate_distribution": "uns",
    "X_normalization": "uns",
    "array_col": "obs",
    "array_row": "obs",
    "batch_condition": "uns",
    "default_embedding": "uns",
    "feature_biotype": "var",
    "in_tissue": "obs",
    "is_single": "uns",
    "schema_version": "uns",
    "spatial": "uns",
    "title": "uns",
    "{column}_colors": "uns",
}
