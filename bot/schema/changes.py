"""What differs between two dataset schema documents, as plain frozen values.

Each change holds the parts that it is about, and so their lines in both documents. Must not
compare.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.schema.spec import Field, GeneReference, Lines, Ontology, Organism, ReservedName

NOT_COMPARED: Mapping[str, str] = {
    "values in prose": "allowed values are found by their form (terms, quoted values, rows, "
    "ranges); a rule that is only told in words shows in fields_changed alone",
}

# Words that take an approval back.
UNAPPROVED = {"draft", "drafts", "drafting", "not", "pending"}


@dataclass(frozen=True, slots=True)
class FieldRename:
    """A field that goes on under another name, in another component, or both."""

    old: Field
    new: Field

    @property
    def kind(self) -> str:
        """`move` if only the component differs, else `rename`."""
        return "move" if self.old.name == self.new.name else "rename"


def come_or_gone(come: Sequence[str], gone: Sequence[str]) -> str:
    """The sentences that came; where none did, those that went, as such."""
    return "; ".join(come) or (f"no longer: {'; '.join(gone)}" if gone else "")


def come_and_gone(come: Sequence[str], gone: Sequence[str]) -> str:
    """The sentences that came, and those that went, as such."""
    return "; ".join([*come, *([come_or_gone((), gone)] if gone else [])])


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field whose wording differs; without aspects its rules are the same."""

    old: Field
    new: Field
    aspects: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def text(self) -> str:
        """What the newer document says that the older didn't, or no longer says, if anything."""
        who = self.new.annotation if self.is_of_annotator else ""
        text = "; ".join(filter(None, [who, come_or_gone(self.added, self.removed)]))
        return text or self.new.annotation

    @property
    def full_text(self) -> str:
        """What the newer document says that the older didn't, and what it no longer says."""
        who = self.new.annotation if self.is_of_annotator else ""
        return "; ".join(filter(None, [who, come_and_gone(self.added, self.removed)]))

    @property
    def is_of_annotator(self) -> bool:
        """Whether who fills the field in, or when, differs."""
        return "annotator" in self.aspects


@dataclass(frozen=True, slots=True)
class PinChange:
    """An ontology whose pinned version differs."""

    old: Ontology
    new: Ontology


@dataclass(frozen=True, slots=True)
class GeneReferenceChange:
    """A gene reference that came (no old), went (no new) or changed."""

    old: GeneReference | None
    new: GeneReference | None
    cosmetic: bool

    @property
    def either(self) -> GeneReference:
        """The newer reference, or the older one if it went."""
        either = self.new or self.old
        assert either is not None
        return either


@dataclass(frozen=True, slots=True)
class CardinalityChange:
    """A field that may hold another number or form of values; a new field has no old one."""

    old: Field | None
    new: Field
    was: tuple[str, ...]
    is_now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValuesChange:
    """Values of one kind that a field gained or lost; a new field has no old one."""

    old: Field | None
    new: Field
    kind: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmbeddingChange:
    """A key of obsm that came, went or changed; "*" stands for what holds for all keys."""

    key: str
    what: str
    old_lines: Lines | None
    new_lines: Lines | None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Sentences of a component or chapter that came or went."""

    component: str
    removed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def text(self) -> str:
        """What came, or went."""
        return come_or_gone(self.added, self.removed)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What the newer document says of a field, and denies of it elsewhere."""

    field: Field
    what: str


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The documents' own words for their status; empty where one says none."""

    old: str
    new: str

    @property
    def is_draft(self) -> bool:
        """Whether the newer document may still change: all rules made from it may, too."""
        # When it was approved, or where that is told, may stand behind it.
        words = re.findall(r"[^\W\d_]+", re.sub(r"\([^()]*\)", "", self.new.lower()))
        return bool(self.new) and (words[:1] != ["approved"] or not UNAPPROVED.isdisjoint(words))


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the newer document's changelog says, and the documents deny (or only don't show)."""

    what: str
    line: int | None
    is_denied: bool


@dataclass(frozen=True, slots=True)
class SchemaDiff:
    """Everything that differs, by category, each in the order of the newer document."""

    old: str
    new: str
    fields_added: tuple[Field, ...]
    fields_removed: tuple[Field, ...]
    fields_renamed: tuple[FieldRename, ...]
    fields_changed: tuple[FieldChange, ...]
    fields_changed_editorial: tuple[FieldChange, ...]
    ontologies_added: tuple[Ontology, ...]
    ontologies_removed: tuple[Ontology, ...]
    ontology_pins_changed: tuple[PinChange, ...]
    gene_references_changed: tuple[GeneReferenceChange, ...]
    organisms_added: tuple[Organism, ...]
    organisms_removed: tuple[Organism, ...]
    cardinality_changed: tuple[CardinalityChange, ...]
    embeddings_changed: tuple[EmbeddingChange, ...]
    allowed_values_changed: tuple[ValuesChange, ...]
    reserved_names_added: tuple[ReservedName, ...]
    reserved_names_removed: tuple[ReservedName, ...]
    component_rules_changed: tuple[RuleChange, ...]
    notes: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    status: StatusChange = StatusChange("", "")

    def is_empty(self) -> bool:
        """Whether nothing differs but, perhaps, wording."""
        free = {
            "old",
            "new",
            "notes",
            "doubts",
            "contradictions",
            "status",
            "fields_changed_editorial",
            "component_rules_changed",
        }
        categories = (name for name in self.__dataclass_fields__ if name not in free)
        return not any(getattr(self, name) for name in categories)
