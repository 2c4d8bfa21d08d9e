"""Releases as detection speaks of them: new ones, and known ones whose facts have changed."""

from dataclasses import dataclass

from bot.census.directory import DirectoryEntry
from bot.census.release import Release
from bot.model.announcement import Announcement
from runners.contract import Manifest

COMPARED_FACTS = {
    "build_date": "Built",
    "dataset_count": "Datasets",
    "census_schema_version": "Census schema",
    "dataset_schema_version": "Dataset schema",
}


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A release that the bot hasn't spoken of yet.

    `previous` is what its manifest follows; `before` is what to compare with, which without any
    manifest is the release before it on the page. The bot speaks of releases since `after`.
    """

    release: Release
    entry: DirectoryEntry
    dataset_schema_version: str
    census_schema_version: str
    dataset_count: int
    previous: Manifest | None
    before: Release | None
    after: str

    def record(self) -> Announcement:
        """What is remembered of the announcement."""
        entry = self.entry
        return Announcement(
            self.release,
            soma=entry.soma_uri,
            h5ads=entry.h5ads_uri,
            region=entry.soma_region,
            retracted=entry.retracted,
            after=self.after,
        )

    def earlier_schema_version(self) -> str | None:
        """The dataset schema version of the release that this one is compared with."""
        if self.previous is not None:
            return self.previous.dataset_schema_version
        return self.before.dataset_schema_version if self.before else None


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact, then and now; None stands for not being there. `field` names it for machines."""

    field: str
    what: str
    old: str | None
    new: str | None
