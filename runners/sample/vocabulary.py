"""The ontology terms of the sample world, by the label that they have at the pins.

Recipes name terms by label; files hold ids and labels. A test compares every line with the pinned
ontologies of the sample's two schema versions; for others it may be wrong.
"""

DELIMITER = " || "

HUMAN = "NCBITaxon:9606"
MOUSE = "NCBITaxon:10090"
MACAQUE = "NCBITaxon:9544"
SYNTHETIC = "NCBITaxon:32630"

SPECIAL = ("unknown", "na")

CELL_TYPES = {
    "T cell": "CL:0000084",
    "B cell": "CL:0000236",
    "monocyte": "CL:0000576",
    "natural killer cell": "CL:0000623",
    "CD8-positive, alpha-beta T cell": "CL:0000625",
    "fibroblast": "CL:0000057",
    "keratinocyte": "CL:0000312",
    "endothelial cell": "CL:0000115",
    "neuron": "CL:0000540",
    "astrocyte": "CL:0000127",
    "oligodendrocyte": "CL:0000128",
    "microglial cell": "CL:0000129",
    "hepatocyte": "CL:0000182",
    "Kupffer cell": "CL:0000091",
    "pulmonary alveolar type 1 cell": "CL:0002062",
    "pulmonary alveolar type 2 cell": "CL:0002063",
}
# A living term ("transporting cell") at the pins of 6.0.0, obsolete at those of 7.0.0.
DEPRECATED = {"obsolete transporting cell": "CL:0000627"}

TISSUES = {
    "blood": "UBERON:0000178",
    "lung": "UBERON:0002048",
    "liver": "UBERON:0002107",
    "brain": "UBERON:0000955",
    "cerebral cortex": "UBERON:0000956",
    "frontal cortex": "UBERON:0001870",
    "bone marrow": "UBERON:0002371",
    "skin of body": "UBERON:0002097",
}
# Cellosaurus came with dataset schema 7.0.0.
CELL_LINES = {"A-549": "CVCL_0023", "K-562": "CVCL_0004"}

DISEASES = {
    "normal": "PATO:0000461",
    "Alzheimer disease": "MONDO:0004975",
    "chronic obstructive pulmonary disease": "MONDO:0005002",
    "hypertensive disorder": "MONDO:0005044",
    "lung adenocarcinoma": "MONDO:0005061",
    "type 2 diabetes mellitus": "MONDO:0005148",
    "COVID-19": "MONDO:0100096",
}

HUMAN_STAGES = {
    "adult stage": "HsapDv:0000258",
    "young adult stage": "HsapDv:0000266",
    "middle aged stage": "HsapDv:0000267",
    "45-year-old stage": "HsapDv:0000139",
    "60-79 year-old stage": "HsapDv:0000272",
}
MOUSE_STAGES = {"8-week-old stage": "MmusDv:0000154", "mature stage": "MmusDv:0000110"}
OTHER_STAGES = {"juvenile stage": "UBERON:0034919", "prime adult stage": "UBERON:0018241"}

# HANCESTRO was renumbered and regrouped between the two pins: a European of 6.0.0 is not allowed
# at 7.0.0, and AfPO exists only there.
ETHNICITIES_OLD = {"European": "HANCESTRO:0005"}
ETHNICITIES = {
    "Chinese": "HANCESTRO:0021",
    "Han Chinese": "HANCESTRO:0027",
    "Irish": "HANCESTRO:0383",
}
ETHNICITIES_NEW = {
    "Yoruba": "AfPO:0000105",
    "African American": "HANCESTRO:0568",
    "European American": "HANCESTRO:0590",
}

SEXES = {"female": "PATO:0000383", "male": "PATO:0000384"}

ASSAYS = {
    "10x 3' v2": "EFO:0009899",
    "10x 3' v3": "EFO:0009922",
    "10x 5' v1": "EFO:0011025",
    "Smart-seq2": "EFO:0008931",
}

IDS = {
    **{special: special for special in SPECIAL},
    **CELL_TYPES,
    **DEPRECATED,
    **TISSUES,
    **CELL_LINES,
    **DISEASES,
    **HUMAN_STAGES,
    **MOUSE_STAGES,
    **OTHER_STAGES,
    **ETHNICITIES_OLD,
    **ETHNICITIES,
    **ETHNICITIES_NEW,
    **SEXES,
    **ASSAYS,
}


def term_id(label: str) -> str:
    """The id of the term called `label`; several, joined by the delimiter, in the same order."""
    return DELIMITER.join(IDS[part] for part in label.split(DELIMITER))
