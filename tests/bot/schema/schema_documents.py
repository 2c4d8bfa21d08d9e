"""A small dataset schema document to build others from, and a small module of LaminDB's."""

from collections.abc import Sequence

ONTOLOGIES = (("Cell Ontology", "CL:", "2025-07-30"), ("Cellosaurus", "CVCL_", "53.0"))
GENES = (("NCBITaxon:9606", "Homo sapiens", "GENCODE v48<br>(GRCh38.p14)<br>Ensembl 114"),)
Fields = Sequence[tuple[str, str, str]]
OBS: Fields = (
    ("cell_type_ontology_term_id", "Curator MUST annotate.", "<code>str</code>. A CL term."),
    ("tissue_type", "Curator MUST annotate.", 'This MUST be <code>"tissue"</code>.'),
)
VAR: Fields = (("feature_name", "CELLxGENE Discover MUST annotate.", "<code>str</code>."),)
UNS: Fields = (("title", "Curator MUST annotate.", "<code>str</code>."),)

SMALL = '''\
CELLxGENEOrganisms = Literal["human"]


def save_cellxgene_defaults():
    """Save default values.

    - "unknown" entries for CellType
    """
    for model, name in zip([bt.CellType], ["unknown"]):
        model(name=name).save()
    for name in ["tissue", "cell culture"]:
        ULabel(name=name, type=tissue_type).save()
    taxonomy_ids = [
        "NCBITaxon:9606",  # Homo sapiens (Human)
        "NCBITaxon:7955",  # Danio rerio (Zebrafish)
    ]


def create_cellxgene_schema():
    categoricals_to_spec: dict[str, CategorySpec] = {
        "cell_type": CategorySpec(bt.CellType.name, "unknown", False),
        "cell_type_ontology_term_id": CategorySpec(bt.CellType.ontology_id, None),
        "ethnicity": CategorySpec(bt.Ethnicity.name, None, False),
        "ethnicity_ontology_term_id": CategorySpec(bt.Ethnicity.ontology_id, None),
    }
    organism_fields = {"organism"}
'''
"""LaminDB's module, as far as the patch looks at it."""


def field(name: str, annotator: str, value: str, level: int = 3) -> str:
    rows = (("Key", name), ("Annotator", annotator), ("Value", value))
    cells = "".join(f"<tr>\n<th>{key}</th>\n<td>{text}</td>\n</tr>\n" for key, text in rows)
    return f"{'#' * level} {name}\n\n<table><tbody>\n{cells}</tbody></table>\n<br>\n\n"


def pinned(ontologies: Sequence[Sequence[str]], genes: Sequence[Sequence[str]]) -> str:
    pins = "".join(
        f"| [{name}] | {prefix} | [{v}](https://x) | |\n" for name, prefix, v in ontologies
    )
    taxa = "".join(f"| `{taxon}`<br>for <i>{name}</i> | E | {v} | |\n" for taxon, name, v in genes)
    return (
        "### Required Ontologies\n\n| Ontology | Prefix | Release | Download |\n|:--|:--|:--|:--|\n"
        f"{pins}| | | | |\n\n[Cell Ontology]: https://x\n\n### Required Gene Annotations\n\n"
        f"| NCBITaxon | Source | Required version | Download |\n|:--|:--|:--|:--|\n{taxa}\n"
    )


def document(
    version: str = "1.0.0",
    obs: Fields = OBS,
    var: Fields = VAR,
    uns: Fields = UNS,
    obsm: str = "",
    ontologies: Sequence[Sequence[str]] = ONTOLOGIES,
    genes: Sequence[Sequence[str]] = GENES,
    general: str = "",
) -> str:
    parts = {"`obs` (Cell)": obs, "`var` and `raw.var` (Gene)": var, "`uns` (Dataset)": uns}
    fields = "".join(
        f"## {title}\n\nprose\n\n" + "".join(field(*entry) for entry in some)
        for title, some in parts.items()
    )
    return (
        f"# Schema\n\nVersion: {version}\n\n## General Requirements\n\n{general}\n\n"
        f"## Integration Metadata\n\n{pinned(ontologies, genes)}"
        f"## `obsm` (Embeddings)\n\n{obsm}\n\n{fields}"
    )
