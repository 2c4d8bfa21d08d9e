"""What one dataset schema document lays down, as plain frozen values.

Every part knows the lines that it was read from (1-based, both ends included). Must not parse.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class DocumentError(ValueError):
    """The text can't be read as a dataset schema document; one sentence: what, where, remedy."""


class Lines(NamedTuple):
    """The first and last line of a part of the document."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.last > self.first else str(self.first)


class Requirement(StrEnum):
    """How far an annotator is bound to fill a field in."""

    MUST = "MUST"
    MAY = "MAY"
    SHOULD = "SHOULD"
    CONDITIONAL_MUST = "conditional MUST"
    CONDITIONAL_MUST_ELSE_NOT = "conditional MUST (else MUST NOT)"
    CONDITIONAL_MAY = "conditional MAY"
    CONDITIONAL_MAY_ELSE_NOT = "conditional MAY (else MUST NOT)"
    MUST_NOT = "MUST NOT"
    UNSTATED = "unstated"


@dataclass(frozen=True, slots=True)
class ValueTable:
    """A table within a field's value: what to use for what."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `value` is its rules as text, one paragraph, list item or table row a line.

    Code stands between backticks; a list item begins with "- ", a table row with "| ".
    """

    component: str
    name: str
    key: str
    annotator: str
    annotation: str
    requirement: Requirement
    type: str
    value: str
    tables: tuple[ValueTable, ...]
    lines: Lines


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the AnnData object: its fields, and the prose around them."""

    name: str
    fields: tuple[Field, ...]
    prose: str
    lines: Lines


@dataclass(frozen=True, slots=True)
class Ontology:
    """An ontology's prefix and name, with the version that the document pins."""

    prefix: str
    name: str
    version: str
    line: int


@dataclass(frozen=True, slots=True)
class GeneReference:
    """The gene annotation that the document pins for one organism, or for what is none: spike-ins
    have no organism's name.
    """

    taxon: str
    organism: str
    version: str
    line: int

    @property
    def title(self) -> str:
        """The organism's name, else the taxon."""
        return self.organism or self.taxon


@dataclass(frozen=True, slots=True)
class Organism:
    """An organism that a dataset may be of; an open rule ("any Metazoan") has no taxon."""

    name: str
    taxon: str | None
    line: int


@dataclass(frozen=True, slots=True)
class ReservedName:
    """A name that must not be used for a field, and since which version."""

    component: str
    name: str
    deprecated_in: str
    line: int


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A term whose link goes to another term than its text says."""

    text: str
    link: str
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What the document's changelog says of one version, in one of its chapters."""

    version: str
    chapter: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Spec:
    """One version of the dataset schema; `status` is the document's own, e.g. Approved."""

    version: str
    components: tuple[Component, ...]
    ontologies: tuple[Ontology, ...]
    gene_references: tuple[GeneReference, ...]
    organisms: tuple[Organism, ...]
    reserved_names: tuple[ReservedName, ...]
    rules: tuple[Component, ...]
    discrepancies: tuple[Discrepancy, ...]
    changelog: tuple[Statement, ...] = ()
    status: str = ""

    def fields(self) -> tuple[Field, ...]:
        """Every field of every component, in the document's order."""
        return tuple(field for component in self.components for field in component.fields)

    def component(self, name: str) -> Component | None:
        """The component of that name, or None."""
        return next((part for part in self.components if part.name == name), None)
