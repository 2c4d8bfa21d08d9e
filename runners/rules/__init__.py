"""What a dataset of one dataset schema version must hold, as reviewed documents.

One JSON file per dataset schema version. Must not know how a dataset is read or stored.
"""

from collections.abc import Mapping
from importlib import resources

from pydantic import Field

from runners.contract import ContractError, Document


class Wheel(Document):
    """A wheel of the package registry, by its exact version and hash."""

    name: str
    version: str
    sha256: str


class Organism(Document):
    """An organism of the schema. `name` is LaminDB's; `genes` names its gene table."""

    name: str
    scientific_name: str
    genes: str


class Ontology(Document):
    """An ontology as bionty names its source, and the organism that the source is for."""

    source: str
    organism: str = "all"


class Terms(Document):
    """Which terms of one ontology are allowed, and in which registry they stand.

    All of them, or those below the roots `under` and those in `only`; less `without` and what is
    below `without_under`.
    """

    ontology: str
    registry: str
    under: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_under: tuple[str, ...] = ()


class Column(Document):
    """One annotated column.

    `terms` maps an organism's taxon, or `*` for all others, to the allowed terms; `values` is an
    enumeration; `special` stands outside both. With neither, any text is allowed. `delimiter`
    separates several terms of one value, which stand in ascending order, each once.
    """

    slot: str
    dtype: str = "categorical"
    registry: str | None = None
    terms: Mapping[str, tuple[Terms, ...]] = Field(default_factory=dict)
    values: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    delimiter: str | None = None


class Rules(Document):
    """The rules of one dataset schema version."""

    dataset_schema_version: str
    ontology_guide: Wheel
    gene_tables: Wheel
    ontologies: Mapping[str, Ontology]
    organisms: Mapping[str, Organism]
    foreign_genes: Mapping[str, Organism]
    columns: Mapping[str, Column]


def versions() -> tuple[str, ...]:
    """The dataset schema versions that have rules, in order."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    found = (name.removesuffix(".json") for name in files if name.endswith(".json"))
    return tuple(sorted(found, key=lambda version: tuple(map(int, version.split(".")))))


def load(version: str) -> Rules:
    """The rules of dataset schema `version`.

    Raises:
        ContractError: there are none for it, or the file has a wrong field.
    """
    file = resources.files(__name__) / f"{version}.json"
    if not file.is_file():
        raise ContractError(
            f"runners/rules/{version}.json: no rules for dataset schema {version}; there are "
            f"{', '.join(versions())}. Merge the rules of that version first."
        )
    source = f"runners/rules/{version}.json"
    return Rules.from_json(file.read_text(encoding="utf-8"), source=source)
