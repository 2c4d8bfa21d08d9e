"""What the checks look at: the instance, the release's own table and what lies in storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runners.census.store import CensusDataset
from runners.contract import DatasetOutcome
from runners.contract.rules import Rules
from runners.records.baseline import RecordDigest
from runners.records.snapshot import Snapshot, StoreContent, Stored, Unknown, value_or_raise
from runners.rules.vocabulary import SourceKey


@dataclass(frozen=True)
class VerificationFacts:
    """All that the checks look at. `soma` is the store's address without a final slash.

    `is_whole` is false where only a part was asked for. `held`: what earlier releases held
    before the first run of this release began, None without one. `stored`: by address, None
    where nothing lies. `pins`: the versions that the manifest names. `old_terms`: those of the
    linked terms that are deprecated or renamed, and how. `tracked`: the datasets that a tracked run
    registered, None if none was asked for.
    `given_back`: uids of records that a run returned to the earlier release whose they were.
    `left`: what runs of earlier releases left of them when they ended.
    `differing`: features of the schema that are something else in the instance, and what.
    `listed`: what the Census's release directory says that the manifest doesn't. `was_current`: the
    uids of the sources that were current before the first run of this release, None without one.
    `short`: what journals of runs lack of what the instance keeps of these, or it of them, and
    those that can't be read.
    """

    taken: Snapshot | Unknown
    datasets: Sequence[CensusDataset]
    outcomes: Sequence[DatasetOutcome]
    rules: Rules
    soma: str
    is_whole: bool
    stored: Mapping[str, Stored | Unknown | None]
    content: StoreContent | Unknown
    pins: Mapping[SourceKey, str] | Unknown
    old_terms: Mapping[str, str] | Unknown
    held: Mapping[str, Mapping[str, RecordDigest]] | Unknown | None = None
    tracked: frozenset[str] | None = None
    given_back: frozenset[str] = frozenset()
    left: Sequence[Mapping[str, Mapping[str, RecordDigest]]] | Unknown = ()
    listed: Sequence[str] = ()
    differing: Mapping[str, str] | Unknown = field(default_factory=dict)
    short: Sequence[str] | Unknown = ()
    was_current: frozenset[str] | Unknown | None = None

    @property
    def snapshot(self) -> Snapshot:
        """Raises UnknownError where the instance could not be read."""
        return value_or_raise(self.taken)

    @property
    def titles(self) -> Mapping[str, str]:
        return {dataset.dataset_id: dataset.title for dataset in self.datasets}
