"""What a dataset must hold by one dataset schema version: one reviewed JSON file per version.

Made from CZI's https://github.com/chanzuckerberg/single-cell-curation/tree/main/schema. Must not
know how a dataset is read or stored.
"""

from collections.abc import Mapping
from importlib import resources

from pydantic import Field

from runners.contract import ContractError, Document

ORGANISM = "organism_ontology_term_id"


class Wheel(Document):
    """A wheel of the package registry, by its exact version and hash."""

    name: str
    version: str
    sha256: str


class Organism(Document):
    """An organism of the schema. `name` is LaminDB's; `genes` names its gene table.

    `reference` is the gene reference that the schema document pins, in its words. `descendants`:
    whether a dataset may name a taxon below it instead, e.g. a subspecies.
    """

    name: str
    scientific_name: str
    genes: str
    reference: str = ""
    descendants: bool = False


class Ontology(Document):
    """An ontology as bionty names its source, and the organism that the source is for.

    `pin` is the version that the schema document pins, in its words.
    """

    source: str
    organism: str = "all"
    pin: str = ""


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


class Circumstance(Document):
    """That another column has one of the values `among`, or a term below `under`.

    With `otherwise`, that it has none of them. A key within a key of uns is written `a.b`.
    """

    column: str
    among: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    otherwise: bool = False


class Case(Document):
    """What a column may hold where all circumstances of `where` are met.

    With `terms` or `values` nothing else; `refused` never; a number `between` the two, both
    included. With `single` all observations have one value. Of the values `alone`: if one
    observation of the case has it, all have.
    """

    where: tuple[Circumstance, ...]
    terms: Mapping[str, tuple[Terms, ...]] = Field(default_factory=dict)
    values: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    between: tuple[int, ...] = ()
    alone: tuple[str, ...] = ()
    single: bool = False


class Column(Document):
    """One annotated column.

    `terms` maps an organism's taxon, or `*` for all others, to the allowed terms; `values` is an
    enumeration; `special` stands outside both. With neither, any text is allowed. `delimiter`
    separates several terms of one value, which stand in ascending order, each once. `borrowed`
    are special values of a column whose requirements this one follows, with their registry.
    `cases` narrow all this by what stands in other columns. With `present_where` the column stands
    in datasets where it is met, and in no others.
    """

    slot: str
    dtype: str = "categorical"
    registry: str | None = None
    terms: Mapping[str, tuple[Terms, ...]] = Field(default_factory=dict)
    values: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    borrowed: Mapping[str, str] = Field(default_factory=dict)
    delimiter: str | None = None
    cases: tuple[Case, ...] = ()
    present_where: tuple[Circumstance, ...] = ()


class Remark(Document):
    """What the schema document says at `place`, in these lines (first and last)."""

    place: str
    lines: tuple[int, int]
    text: str


class Judgement(Remark):
    """What the document leaves open and a person must say; open until it has an `answer`."""

    answer: str | None = None


class Rules(Document):
    """The rules of one dataset schema version.

    `lines` are the document's lines of each rule (e.g. `columns.tissue_type`); `unchecked` is what
    the document demands and these rules can't express. `conditional` are columns that only some
    datasets have, and that LaminDB knows nothing of.
    """

    dataset_schema_version: str
    ontology_guide: Wheel
    gene_tables: Wheel
    ontologies: Mapping[str, Ontology]
    organisms: Mapping[str, Organism]
    foreign_genes: Mapping[str, Organism]
    columns: Mapping[str, Column]
    conditional: Mapping[str, Column] = Field(default_factory=dict)
    lines: Mapping[str, tuple[int, int]] = Field(default_factory=dict)
    judgements: tuple[Judgement, ...] = ()
    unchecked: tuple[Remark, ...] = ()

    def every_column(self) -> Mapping[str, Column]:
        """The columns of all datasets, and those of some."""
        return {**self.columns, **self.conditional}


def versions() -> tuple[str, ...]:
    """The dataset schema versions that have rules, in order."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    versions_found = (name.removesuffix(".json") for name in files if name.endswith(".json"))
    return tuple(sorted(versions_found, key=lambda version: tuple(map(int, version.split(".")))))


def load(version: str) -> Rules:
    """The rules of dataset schema `version`.

    Raises:
        ContractError: there are none for it, the file has a wrong field, or a judgement is open.
    """
    file = resources.files(__name__) / f"{version}.json"
    if not file.is_file():
        raise ContractError(
            f"runners/rules/{version}.json: no rules for dataset schema {version}; there are "
            f"{', '.join(versions())}. Merge the rules of that version first."
        )
    source = f"runners/rules/{version}.json"
    document = Rules.from_json(file.read_text(encoding="utf-8"), source=source)
    check_decided(document, source)
    return document


def check_decided(rules: Rules, source: str) -> None:
    """Refuses rules in which a person must still say something.

    Raises:
        ContractError: the first open judgement, and how many more there are.
    """
    open_judgements = [judgement for judgement in rules.judgements if judgement.answer is None]
    if open_judgements:
        first = open_judgements[0]
        more = f" ({len(open_judgements) - 1} more)" if open_judgements[1:] else ""
        raise ContractError(
            f"{source}: judgement on {first.place} is open, "
            f"lines {first.lines[0]}-{first.lines[1]} of the schema document: "
            f"{first.text}{more}; mend the rule, then give it an answer."
        )
