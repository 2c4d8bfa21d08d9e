"""Where our rows are meant to differ from those of LaminDB's curator, and why: the one list.

A difference that doesn't stand here stops a run. Everything here is data for `comparison`; must
not read a database.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from runners.contract.rules import Column, Rules
from runners.validation.validate import Annotation, Validation

SUPPORTED = ("NCBITaxon:9606", "NCBITaxon:10090")
"""The organisms that the curator can do: for others it finds no sources, or no gene table."""

DEFAULT_ORGANISMS = {
    "NCBITaxon:9606": ("human", "Homo sapiens"),
    "NCBITaxon:10090": ("mouse", "Mus musculus"),
    "NCBITaxon:9544": ("rhesus macaque", "Macaca mulatta"),
    "NCBITaxon:9825": ("domestic pig", "Sus scrofa domesticus"),
    "NCBITaxon:9598": ("chimpanzee", "Pan troglodytes"),
    "NCBITaxon:9483": ("white-tufted-ear marmoset", "Callithrix jacchus"),
    "NCBITaxon:7955": ("zebrafish", "Danio rerio"),
}
"""The organisms that LaminDB saves as defaults: name and scientific name."""

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
    """Content that the dataset schema allows and the curator refuses."""

    name: str
    why: str


FROM_SCHEMA = "From CellxGene schema."


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
        "for, which depends on the order of datasets; we leave that alone.",
        "bionty_source",
        "in_db",
    ),
    OtherValues(
        "current sources",
        "The curator looks terms up in what is current, so that its instance must have the pins "
        "current; we leave an instance's choice alone.",
        "bionty_source",
        "currently_used",
    ),
    OtherValues(
        "tables of sources",
        "The curator needs a table where bionty would ask its bucket; we make terms from the "
        "pinned reference data, and give tables to what bionty couldn't use.",
        "bionty_source",
        "dataframe_artifact_id",
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
        "As above: of organisms, and of bionty's own sources that are at a pin.",
        "lamindb_artifact",
        "theirs",
        lambda row: str(row["key"]).startswith("df_"),
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

DEFAULTS: Mapping[str, frozenset[str]] = {
    "CellType": frozenset({"unknown"}),
    "DevelopmentalStage": frozenset({"unknown"}),
    "Ethnicity": frozenset({"na", "unknown"}),
    "Phenotype": frozenset({"unknown"}),
    "ULabel": frozenset(
        {"tissue", "organoid", "primary cell culture", "cell line", "cell", "nucleus", "na"}
    ),
}
"""Registry -> the values of no ontology that LaminDB saves as defaults; it knows no others."""

SEVERAL = Refusal(
    "several terms in one value", "LaminDB looks the whole value up as one term: `A || B`."
)
UNDECLARED = Refusal(
    "terms of another registry",
    "LaminDB's module declares a column with fewer registries than the dataset schema allows, as "
    "for the cell line of a tissue.",
)
UNSAVED = Refusal(
    "special values that LaminDB hasn't", "It saves some as defaults, and looks up all others."
)
SEVERAL_GENOMES = Refusal(
    "genes of several organisms", "It looks all genes up as those of one: spike-ins, viruses."
)
ABSENT = Refusal(
    "a column that may be absent", "LaminDB's module asks for all its columns in every dataset."
)


def refusals(
    rules: Rules, validation: Validation, values: Mapping[str, Collection[str]]
) -> tuple[Refusal, ...]:
    """What of a valid dataset the curator can't be compared on, by what the rules say of the
    columns that LaminDB's module declares; `values` are those of its obs.
    """
    declared = {name: column for name, column in rules.columns.items() if column.lamindb}
    found = {
        SEVERAL: any(
            column.delimiter is not None and column.delimiter in value
            for name, column in declared.items()
            for value in values.get(name, ())
        ),
        UNDECLARED: any(
            _is_undeclared(annotation, declared[annotation.column])
            for annotation in validation.annotations
            if annotation.column in declared
        ),
        UNSAVED: any(
            annotation.ontology is None
            and annotation.column in declared
            and annotation.registry != "Organism"
            and annotation.term_id not in DEFAULTS.get(annotation.registry, ())
            for annotation in validation.annotations
        ),
        SEVERAL_GENOMES: len(validation.genes) > 1,
        ABSENT: bool(declared.keys() & set(validation.absent)),
    }
    return tuple(refusal for refusal, is_found in found.items() if is_found)


def _is_undeclared(annotation: Annotation, column: Column) -> bool:
    return column.lamindb is not None and annotation.registry not in column.lamindb.registries


def known_to_lamindb(rules: Rules) -> Rules:
    """The rules as far as LaminDB's module goes: other columns are checked, and not annotated; its
    own stand in every dataset.
    """
    plain = {"present_where": (), "optional": False}
    bare = {"registry": None, "labels": None}
    columns = {
        name: column.model_copy(update=plain if column.lamindb else bare)
        for name, column in rules.columns.items()
    }
    return rules.model_copy(update={"columns": columns})


def unknown_to_lamindb(rules: Rules) -> tuple[str, ...]:
    """The annotated columns that LaminDB's module doesn't know: nothing of them can be compared."""
    return tuple(name for name, column in rules.annotated().items() if column.lamindb is None)


def obstacles(rules: Rules) -> tuple[str, ...]:
    """Why LaminDB's module can do no dataset of this schema version: columns that it declares in
    another slot, or that there aren't any more.
    """
    gone = [f"there is no {name}" for name in rules.only_in_lamindb]
    moved = [
        f"{name} stands in {column.slot}"
        for name, column in rules.columns.items()
        if column.lamindb and column.lamindb.slot != column.slot
    ]
    return (*gone, *moved)
