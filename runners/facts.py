"""What a verification looks at, as plain values: the instance's rows and the release's own table.

Must not gather them (`registry.snapshot` and `verify` do) nor judge them (`checks` does).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runners.census import CensusDataset
from runners.contract import DatasetOutcome


@dataclass(frozen=True)
class ArtifactRow:
    """One artifact; `address` is where its file lies, `dataset_id` the stem of its key."""

    id: int
    uid: str
    key: str
    otype: str | None
    hash: str | None
    is_latest: bool
    address: str
    dataset_id: str

    @property
    def stem(self) -> str:
        """The part of the uid that all revisions share."""
        return self.uid[:-4]


@dataclass(frozen=True)
class CollectionRow:
    """One collection of the release; `members` are artifact ids."""

    key: str
    reference: str | None
    members: frozenset[int]


@dataclass(frozen=True)
class Snapshot:
    """What the instance holds of one release, and the artifacts of the one before.

    `continued`: the stems of chains that a later release continues.
    """

    release: str
    artifacts: tuple[ArtifactRow, ...]
    stores: tuple[ArtifactRow, ...]
    previous: tuple[ArtifactRow, ...]
    features: Mapping[int, frozenset[str]]
    slots: Mapping[int, frozenset[str]]
    with_reference: frozenset[int]
    collections: tuple[CollectionRow, ...]
    fingerprints: Mapping[str, str]
    continued: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """All that the checks look at. `soma` is the store's address without a final slash.

    `is_whole` is false where only a part was asked for. `fingerprints`: what earlier releases
    held before the run began, if a run of this release has noted it.
    """

    snapshot: Snapshot
    datasets: Sequence[CensusDataset]
    outcomes: Sequence[DatasetOutcome]
    soma: str
    is_whole: bool
    fingerprints: Mapping[str, str] | None = None

    @property
    def titles(self) -> Mapping[str, str]:
        return {dataset.dataset_id: dataset.title for dataset in self.datasets}
