"""Where our rows are meant to differ from those of LaminDB's curator, and why: the one list.

A difference that doesn't stand here stops a run. Everything here is data for `comparison`; must
not read a database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from anndata import AnnData

SUPPORTED = ("NCBITaxon:9606", "NCBITaxon:10090")
"""The organisms that the curator can do: for others it finds no sources, or no gene table."""

Cells = Mapping[str, Any]
"""A row, by column."""


@dataclass(frozen=True)
class ExtraRows:
    """Rows that only one side (`ours` or `theirs`) has: those of a table of which `are` is true."""

    name: str
    why: str
    table: str
    whose: str
    are: Callable[[Cells], bool] = lambda row: True


@dataclass(frozen=True)
class OtherValues:
    """Values of a column that both have: they are compared as what `alike` makes of the row."""

    name: str
    why: str
    table: str
    column: str
    alike: Callable[[Cells], Any] = lambda row: None


@dataclass(frozen=True)
class Refusal:
    """Content that the dataset schema allows and the curator refuses, as `has` finds it."""

    name: str
    why: str
    has: Callable[[AnnData], bool]


FROM_SCHEMA = "From CellxGene schema."
LOOKED_UP = ("bionty.Gene", "bionty.Organism")


def _without_source(row: Cells) -> str:
    """The dtype of a feature, less the filter by source: `cat[bionty.Gene...[source__uid=X]]`."""
    start, separator, _ = str(row["_dtype_str"]).partition("[source__uid=")
    return f"{start}]" if separator else start


def _is_default(row: Cells) -> bool:
    return bool(row["description"] == FROM_SCHEMA or row["ontology_id"] == "PATO:0000461")


VALUES = (
    OtherValues(
        "neutral features",
        "The curator writes the source of the organism at hand into the features that all share, "
        "and rewrites it for each organism; ours serve every organism at once.",
        "lamindb_feature",
        "_dtype_str",
        _without_source,
    ),
    OtherValues(
        "empty extras of a schema",
        "LaminDB turns NULL into {} where it saves a schema again, which we don't.",
        "lamindb_schema",
        "_aux",
        lambda row: row["_aux"] or "{}",
    ),
    OtherValues(
        "whether a source is whole",
        "bionty calls a source complete as soon as it holds as many records as were last asked "
        "for, which depends on the order of datasets.",
        "bionty_source",
        "in_db",
    ),
    OtherValues(
        "tables of sources",
        "The curator needs a table to look an organism or gene up in; ours come from the pinned "
        "reference data.",
        "bionty_source",
        "dataframe_artifact_id",
        lambda row: None if row["entity"] in LOOKED_UP else row["dataframe_artifact_id"],
    ),
)
SPECIAL_VALUES = tuple(
    ExtraRows(
        f"special values that no dataset has: {registry}",
        'LaminDB saves "unknown", "na" and "normal" as defaults; we when a dataset has them.',
        f"bionty_{registry}",
        "theirs",
        _is_default,
    )
    for registry in ("celltype", "developmentalstage", "disease", "ethnicity", "phenotype")
)
ROWS = (
    ExtraRows(
        "files of the tables of sources",
        "As above: of organisms and genes.",
        "lamindb_artifact",
        "theirs",
        lambda row: str(row["key"]).endswith(("__Gene.parquet", "__Organism.parquet")),
    ),
    ExtraRows(
        "organisms that no dataset has",
        "LaminDB saves seven as defaults; ours are made when a dataset has them.",
        "bionty_organism",
        "theirs",
    ),
    ExtraRows(
        "labels that no dataset has",
        "LaminDB saves all values of tissue_type and suspension_type as defaults.",
        "lamindb_ulabel",
        "theirs",
        lambda row: row["description"] == FROM_SCHEMA,
    ),
    *SPECIAL_VALUES,
    ExtraRows(
        "references",
        "The curator attaches none, as the script never did.",
        "lamindb_reference",
        "ours",
    ),
    ExtraRows(
        "links to references",
        "As above.",
        "lamindb_artifactreference",
        "ours",
    ),
)
"""Without a row that a dataset is linked to, a link differs too: extra rows are extra indeed."""


def _holds(column: str, part: str) -> Callable[[AnnData], bool]:
    return lambda data: any(part in str(value) for value in data.obs[column].unique())


REFUSALS = (
    Refusal(
        "two diseases in one value",
        "`A || B` is looked up as one term.",
        _holds("disease_ontology_term_id", " || "),
    ),
    Refusal(
        "two ethnicities in one value",
        "As above.",
        _holds("self_reported_ethnicity_ontology_term_id", " || "),
    ),
    Refusal(
        "cell lines",
        "Neither CVCL terms for the tissue nor `na` for cell type, stage and sex are known to it.",
        _holds("tissue_type", "cell line"),
    ),
    Refusal(
        "spike-in and viral genes",
        "It looks all genes up as those of one organism.",
        lambda data: len({gene[:4] for gene in data.var_names}) > 1,
    ),
)
"""What the curator can't be compared on."""
