"""The rules of one dataset schema version: made from its document, gone by on the machine."""

import re
from collections.abc import Mapping

from pydantic import Field

from runners.contract.decisions import Judgement, Override
from runners.contract.document import Document

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMED_DAY = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
ORGANISM = "organism_ontology_term_id"
LABELS = "ULabel"
"""The registry of values that no ontology has."""


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

    `source` is None where no registry of bionty's has its terms. `pin` is the version that the
    schema document pins, in its words. With `by_form`, no file of it is at hand: whatever has the
    prefix counts as a term.
    """

    source: str | None = None
    organism: str = "all"
    pin: str = ""
    by_form: bool = False


class Terms(Document):
    """Which terms of one ontology are allowed, and in which registry they stand.

    All of them, or those below the roots `under` and those in `only`; less `without` and what is
    below `without_under`. `prefix` is what a value has before the term's id. What is `alone` stands
    beside no other term of a value.
    """

    ontology: str
    registry: str | None = None
    prefix: str = ""
    alone: bool = False
    under: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_under: tuple[str, ...] = ()


class Circumstance(Document):
    """That another column has one of the values `among`, or a term below `under`, or, with
    `present`, that it stands.

    With `otherwise`, that it is not so. A key within a key of uns is written `a.b`.
    """

    column: str
    among: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    present: bool = False
    otherwise: bool = False

    def negated(self) -> "Circumstance":
        """That it isn't so."""
        return self.model_copy(update={"otherwise": not self.otherwise})


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


class Declaration(Document):
    """How LaminDB's own module declares a column: slot, registries (or `str`, `bool`), default."""

    slot: str
    registries: tuple[str, ...]
    default: str | None = None


class LabelType(Document):
    """The type under which LaminDB keeps the labels of a column."""

    name: str
    description: str


class Column(Document):
    """One column of obs or var, or one key of uns; a key within a key is named `a.b`.

    `terms` maps an organism's taxon, or `*` for all others, to the allowed terms; `values` is an
    enumeration; `special` stands outside both; `keys_of` is a key of uns whose keys are allowed.
    With none of them, any text is. `delimiter` separates several terms of one value, `ordered` in
    ascending order, and `distinct`. `borrowed` are special values of a column whose requirements
    this one follows, with their registry. `cases` narrow all this by what stands in other columns.

    With `present_where` the column stands in datasets where all of it is met, and in no others;
    an `optional` one may be absent there, too. The values `not_alone` are never all that it has.

    `registry` is where special and enumerated values stand; without one, the column isn't
    annotated. `labels` is the type of its labels. A column without `lamindb` is one that LaminDB's
    module doesn't know.
    """

    slot: str
    dtype: str = "categorical"
    registry: str | None = None
    labels: LabelType | None = None
    lamindb: Declaration | None = None
    terms: Mapping[str, tuple[Terms, ...]] = Field(default_factory=dict)
    values: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    keys_of: str | None = None
    borrowed: Mapping[str, str] = Field(default_factory=dict)
    delimiter: str | None = None
    ordered: bool = True
    distinct: bool = True
    cases: tuple[Case, ...] = ()
    present_where: tuple[Circumstance, ...] = ()
    optional: bool = False
    not_alone: tuple[str, ...] = ()

    @property
    def is_annotated(self) -> bool:
        """Whether its values are linked to records."""
        return self.registry is not None

    @property
    def labels_every_value(self) -> bool:
        """Whether each of its values is linked to a record."""
        entries = (entry for by_taxon in self.terms.values() for entry in by_taxon)
        return self.is_annotated and all(entry.registry for entry in entries)

    @property
    def stands_always(self) -> bool:
        """Whether every dataset has it."""
        return not self.present_where and not self.optional

    def registries(self) -> tuple[str, ...]:
        """The registries that its values stand in, in the rules' order."""
        if self.registry is None:
            return ()
        entries = (entry for by_taxon in self.terms.values() for entry in by_taxon)
        of_terms = [entry.registry for entry in entries if entry.registry]
        own = [self.registry] if self.special or not of_terms else []
        return tuple(dict.fromkeys([*of_terms, *own, *self.borrowed.values()]))


class Remark(Document):
    """What the schema document says at `place`, in these lines (first and last)."""

    place: str
    lines: tuple[int, int]
    text: str


class Rules(Document):
    """The rules of one dataset schema version.

    `status` is the document's own ("Approved", "Drafting"). `only_in_lamindb` are columns that
    LaminDB's module asks for and that no dataset of this version has. `lines` are the document's
    lines of each rule (e.g. `columns.tissue_type`); `unchecked` is what it demands and these rules
    can't express. `judgements`, `answers` and `overrides` are as in `runners.contract.Decisions`.
    """

    dataset_schema_version: str
    status: str = ""
    answers: Mapping[str, str] = Field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    ontology_guide: Wheel
    gene_tables: Wheel
    ontologies: Mapping[str, Ontology]
    organisms: Mapping[str, Organism]
    foreign_genes: Mapping[str, Organism]
    columns: Mapping[str, Column]
    only_in_lamindb: tuple[str, ...] = ()
    lines: Mapping[str, tuple[int, int]] = Field(default_factory=dict)
    unchecked: tuple[Remark, ...] = ()

    def annotated(self) -> Mapping[str, Column]:
        """The columns whose values are linked to records."""
        return {name: column for name, column in self.columns.items() if column.is_annotated}

    def features(self) -> Mapping[str, Column]:
        """The columns that have a Feature: those that are annotated, and those that LaminDB's
        module declares; first those of ontologies, then the others, each by name.
        """
        declared = {n: c for n, c in self.columns.items() if c.is_annotated or c.lamindb}
        return dict(sorted(declared.items(), key=lambda item: (not item[1].terms, item[0])))

    def slots(self) -> frozenset[str]:
        """The slots of a dataset's schema."""
        return frozenset(column.slot for column in self.features().values()) | {"obs", "var"}

    def labelled(self) -> Mapping[str, Column]:
        """The columns of which every value is linked to a record."""
        return {n: column for n, column in self.columns.items() if column.labels_every_value}


def is_pinned(version: str, pin: str) -> bool:
    """Whether an ontology's version is the one that a document pins in its words: `v3.82.0` is
    `2025-09-15 EFO 3.82.0`, `2025-10-08` is `08-Oct-2025 2025_04`.
    """
    words = {word.removeprefix("v") for word in NAMED_DAY.sub(_iso, pin).split()}
    return version.removeprefix("v") in words


def _iso(day: re.Match[str]) -> str:
    month = day[2].lower()
    if month not in MONTHS:
        return day[0]
    return f"{day[3]}-{MONTHS.index(month) + 1:02}-{int(day[1]):02}"
