"""What an instance held before a run wrote to it, as digests, and how two such states differ; and
what the run left of its own release, by which a later release tells that what changed is its own.

Stored beside the run's journal before the run's first write, and after its last one, whole or not
at all. Must not read a database (`runners.registry.baseline` does).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from runners.contract import Document
from runners.files import write_whole

BASELINE = "holdings.json"
LEFT = "left.json"
"""The files' names, in the run's folder."""

CURRENT_SOURCES = "current source"
"""Among what all releases share: the sources in which an instance's people look terms up."""


class RecordDigest(NamedTuple):
    """One record: digests of its own row and of the rows that link it to others.

    `is_latest` stands apart: a new release takes it from the one before, by design.
    """

    row: str
    links: str = ""
    is_latest: bool = False


class Baseline(Document):
    """Release -> uid -> what is held of its artifacts and collections; and of the records that all
    releases share, registry -> uid -> digest.
    """

    releases: Mapping[str, Mapping[str, RecordDigest]]
    shared: Mapping[str, Mapping[str, str]]


class Difference(NamedTuple):
    """Something that was held otherwise before."""

    release: str
    uid: str
    what: str

    def __str__(self) -> str:
        return f"{self.release} {self.uid} {self.what}".strip()


def differences(before: Baseline, now: Baseline) -> list[Difference]:
    """What of `before` isn't the same now, record by record. A record that has been added to what
    all releases share is no difference.
    """
    differing = list(_release_differences(before, now))
    for registry, records in before.shared.items():
        records_now = now.shared.get(registry, {})
        differing += [
            Difference("", uid, f"{registry} is another")
            for uid, row_digest in records.items()
            if records_now.get(uid) != row_digest
        ]
    return sorted(differing)


def _release_differences(before: Baseline, now: Baseline) -> Iterator[Difference]:
    for release, records in before.releases.items():
        records_now = now.releases.get(release, {})
        for uid, old in records.items():
            yield from (
                Difference(release, uid, change) for change in _changes(old, records_now.get(uid))
            )
        yield from (
            Difference(release, uid, "was not there") for uid in records_now.keys() - records
        )


def _changes(old: RecordDigest, new: RecordDigest | None) -> Iterator[str]:
    if new is None:
        yield "is gone"
        return
    if old.row != new.row:
        yield "its record is another"
    if old.links != new.links:
        yield "its links are others"
    if old.is_latest != new.is_latest:
        yield "is the latest no longer" if old.is_latest else "is the latest now"


def store_baseline(folder: Path, holdings: Baseline, name: str = BASELINE) -> None:
    """Writes a file of a run's folder, whole or not at all."""
    write_whole(folder / name, holdings.model_dump_json())


def stored_baseline(folder: Path) -> Baseline:
    """The baseline in a run's folder. Raises ContractError if its file is missing or broken."""
    return Baseline.from_file(folder / BASELINE)


def left_by_runs(runs: Path) -> list[Baseline]:
    """What the runs that have ended left of their releases, of all folders in `runs`.

    Raises:
        ContractError: a file is broken.
    """
    return [Baseline.from_file(file) for file in sorted(runs.glob(f"*/{LEFT}"))]
