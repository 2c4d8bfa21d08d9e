"""What a verification looks at, as plain values: the instance's rows, the release's own table, and
what lies in storage.

Must not gather them (`runners.registry.snapshot` and `runners.verification.gather` do) nor judge
them (`runners.verification.checks` does).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from runners.records.baseline import RecordDigest
from runners.rules.vocabulary import SourceKey

Value = TypeVar("Value")


Label = tuple[str, str]
"""A feature's name, and the ontology id (or name, where it has none) of a term linked by it."""

SOMA = "tiledbsoma"
"""The `otype` of a SOMA store's artifact."""


class UnknownError(Exception):
    """A value was needed that could not be gathered; the text says why."""


@dataclass(frozen=True)
class Unknown:
    """Stands in for what could not be gathered. What rests on it could not be checked."""

    why: str


def value_or_raise(value: Value | Unknown) -> Value:
    """The value. Raises UnknownError, with its reason, if it is an Unknown."""
    if isinstance(value, Unknown):
        raise UnknownError(value.why)
    return value


@dataclass(frozen=True)
class ArtifactRow:
    """One artifact; `address` is where its file lies, `dataset_id` the stem of its key.

    `release` is its version tag; `run_id` the LaminDB run that registered it.
    """

    id: int
    uid: str
    key: str
    otype: str | None
    hash: str | None
    is_latest: bool
    address: str
    dataset_id: str
    release: str = ""
    size: int | None = None
    run_id: int | None = None

    @property
    def stem(self) -> str:
        """The part of the uid that all revisions share."""
        return self.uid[:-4]

    @property
    def is_first(self) -> bool:
        """True if it begins its revision chain."""
        return self.uid.endswith("0000")


@dataclass(frozen=True)
class CollectionRow:
    """One collection of the release; `members` are artifact ids."""

    key: str
    reference: str | None
    members: frozenset[int]


@dataclass(frozen=True)
class SourceRow:
    """One of bionty's sources; usable where it has a table of terms or an address.

    `terms`: how many of the release's terms and genes are from it.
    """

    uid: str
    key: SourceKey
    version: str
    is_current: bool
    is_usable: bool
    terms: int = 0


@dataclass(frozen=True)
class Snapshot:
    """What the instance holds of one release, and the artifacts of all before it.

    `continued`: the stems of chains that a later release continues.
    `names`: what the linked terms of ontologies are called here, by their ids.
    `trashed`: those of artifacts of earlier releases that are in the trash.
    `held`: what those before it hold, by release and uid.
    `gene_taxa`: artifact id -> the organisms of its genes. `sources`: all of the instance's.
    """

    release: str
    artifacts: tuple[ArtifactRow, ...]
    stores: tuple[ArtifactRow, ...]
    earlier: tuple[ArtifactRow, ...]
    labels: Mapping[int, frozenset[Label]]
    slots: Mapping[int, frozenset[str]]
    with_reference: frozenset[int]
    collections: tuple[CollectionRow, ...]
    held: Mapping[str, Mapping[str, RecordDigest]]
    gene_taxa: Mapping[int, frozenset[str]]
    sources: tuple[SourceRow, ...]
    continued: frozenset[str] = frozenset()
    trashed: frozenset[str] = frozenset()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def features(self) -> Mapping[int, frozenset[str]]:
        """Artifact id -> the names of the features that it has a label for."""
        return {
            artifact_id: frozenset(feature for feature, _ in labels)
            for artifact_id, labels in self.labels.items()
        }


@dataclass(frozen=True)
class Stored:
    """A file as storage has it now; `hash` in LaminDB's form."""

    size: int
    hash: str | None


@dataclass(frozen=True)
class StoreContent:
    """What a SOMA store holds in its experiments, beside what its summary says.

    `unread`: what its users can't read, and why; the summary says nothing where it stands there.
    """

    dataset_ids: frozenset[str]
    cells: int
    summary_cells: int | None
    unread: Mapping[str, str] = field(default_factory=dict)
