"""The releases that a page lists, as plain frozen values, and their JSON.

Must not parse anything: `page` and `directory` make these values.
A `None` stands for what the page leaves blank or what couldn't be read; an `Oddity` says which.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class OddityKind(StrEnum):
    """What was odd about a page that could still be read."""

    MISSING_FACT = "missing-fact"
    UNREADABLE_VALUE = "unreadable-value"
    BUILD_DATE_DIFFERS = "build-date-differs"
    LINK_DIFFERS = "link-differs"
    OPENED_BY_ANOTHER_VERSION = "opened-by-another-version"
    REPEATED_ENTRY = "repeated-entry"
    REPEATED_FACT = "repeated-fact"
    REPEATED_TABLE = "repeated-table"
    TWO_ENTRIES = "two-entries"
    UNKNOWN_TABLE = "unknown-table"
    NAMED_BUT_NOT_LISTED = "named-but-not-listed"


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing about one release (about the page, if version is empty) for a person to check."""

    kind: OddityKind
    version: str
    detail: str

    def __str__(self) -> str:
        place = f" ({self.version})" if self.version else ""
        return f"{self.kind}{place}: {self.detail}"


@dataclass(frozen=True, slots=True)
class CellCount:
    """How many cells of one organism the release has, in all and without duplicates."""

    total: int | None
    unique: int | None


@dataclass(frozen=True, slots=True)
class Release:
    """One LTS release as its entry on the page says."""

    version: str
    build_date: str | None
    census_schema_version: str | None
    dataset_schema_version: str | None
    dataset_count: int | None
    cell_counts: Mapping[str, CellCount] = field(default_factory=dict)
    embeddings: tuple[Mapping[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """The releases in the page's own order."""

    releases: tuple[Release, ...]
    warnings: tuple[Oddity, ...] = ()


def release_to_json(release: Release) -> dict[str, Any]:
    """The release as JSON values, keys in reading order."""
    return {
        "version": release.version,
        "build_date": release.build_date,
        "census_schema_version": release.census_schema_version,
        "dataset_schema_version": release.dataset_schema_version,
        "dataset_count": release.dataset_count,
        "cell_counts": {name: asdict(count) for name, count in release.cell_counts.items()},
        "embeddings": [dict(row) for row in release.embeddings],
    }


def page_to_json(page: ReleasePage) -> dict[str, Any]:
    """`{"releases": [...], "warnings": [...]}`, each warning one sentence."""
    return {
        "releases": [release_to_json(release) for release in page.releases],
        "warnings": [str(oddity) for oddity in page.warnings],
    }
