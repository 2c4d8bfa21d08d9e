"""The reports of a check and of a run: outcomes, checks and the verdict."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from runners.contract.acceptance import ExceptionUse, excused
from runners.contract.document import Document, ReleaseVersion, SchemaVersion
from runners.contract.outcomes import DatasetOutcome, Finding, Outcome
from runners.contract.request import RunRequest


class Offender(Document):
    """A dataset (or record) that a check names."""

    dataset_id: str
    title: str = ""
    detail: str = ""


class CheckReport(Document):
    """The outcomes that a release would have, before it is ingested: the result of `check`.

    `outcomes` are of the datasets that were looked at, as if all were new; `dataset_count` is of
    the whole release. `exceptions`: what comes of those that the manifest accepts.
    """

    release: ReleaseVersion
    dataset_schema_version: SchemaVersion
    dataset_count: Annotated[int, Field(ge=0)]
    outcomes: tuple[DatasetOutcome, ...]
    exceptions: tuple[ExceptionUse, ...] = ()

    def failing(self) -> tuple[DatasetOutcome, ...]:
        """The datasets that would fail, accepted or not."""
        return tuple(outcome for outcome in self.outcomes if outcome.reasons)

    def excused(self) -> frozenset[str]:
        """Those of them whose failure the manifest accepts."""
        return excused(self.outcomes, self.exceptions)


class FileOutcome(Document):
    """What would become of one file, were it a release's. `file` is its path or address.

    `dataset_schema_version` is the one that it was checked against; None if its reader died
    or the storage didn't answer.
    """

    file: str
    dataset_schema_version: SchemaVersion | None
    outcome: Outcome
    reasons: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


class FilesReport(Document):
    """The result of `check` of single files, in the order in which they were named."""

    files: tuple[FileOutcome, ...]


class Status(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    UNCHECKED = "could not be checked"


class CheckResult(Document):
    """One check of the verification. `note` says why when it is neither passed nor failed.

    `accepted` are those who would offend, had the manifest not accepted their failure.
    """

    name: str
    title: str
    status: Status
    expected: str
    found: str
    offenders: tuple[Offender, ...] = ()
    accepted: tuple[Offender, ...] = ()
    note: str | None = None


class PreviousRelease(Document):
    """How the release compares with the one before: so many datasets, so many that continue."""

    release: ReleaseVersion
    dataset_count: int
    continued: int


class SourceUse(Document):
    """A source that the release's terms are from, or that the schema pins: `registry` and
    `organism` are whose, `terms` how many of the release's terms name it.

    `current`: name and version of each source in which the instance's people look such terms up.
    """

    registry: str
    organism: str
    name: str
    version: str
    terms: int
    is_pinned: bool
    current: tuple[str, ...]


class SourcesReport(Document):
    """Where the release's terms are from, and sentences on what is amiss with the sources in which
    the instance's people look terms up.
    """

    uses: tuple[SourceUse, ...]
    remarks: tuple[str, ...] = ()


class Verdict(StrEnum):
    """How a verification ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNCHECKED = "could not be checked"


class Machine(Document):
    """The machine that a run worked on. `hours` of its life, at `price` in US dollars an hour.

    `priced_on` is the day of the price table; without a price there is no cost.
    """

    launcher: str
    type: str | None = None
    region: str | None = None
    id: str | None = None
    spot: bool = False
    hours: Annotated[float, Field(ge=0)] | None = None
    price: Annotated[float, Field(ge=0)] | None = None
    priced_on: date | None = None


class Timeline(Document):
    """How many datasets a run has read, written and given up in each of its steps of time.

    The first step begins at `begun_at`, in UTC, and each lasts `seconds`.
    """

    begun_at: datetime
    seconds: Annotated[int, Field(gt=0)]
    read: tuple[int, ...]
    written: tuple[int, ...]
    failed: tuple[int, ...]


class RunReport(Document):
    """What a run did and what its verification found. Times are UTC.

    Of a cancelled run, datasets of the release that stand in no outcome weren't done.
    `dataset_count`: how many it was asked for; None in a report of before this was noted.
    """

    request: RunRequest
    started_at: datetime
    ended_at: datetime
    verdict: Verdict
    cancelled: bool = False
    outcomes: tuple[DatasetOutcome, ...]
    dataset_count: Annotated[int, Field(ge=0)] | None = None
    withdrawn: tuple[Offender, ...] = ()
    checks: tuple[CheckResult, ...]
    changes: Mapping[str, int] = Field(default_factory=dict)
    versions: Mapping[str, str] = Field(default_factory=dict)
    machine: Machine | None = None
    exceptions: tuple[ExceptionUse, ...] = ()
    previous: PreviousRelease | None = None
    sources: SourcesReport | None = None
    timeline: Timeline | None = None


def verdict_of(checks: tuple[CheckResult, ...]) -> Verdict:
    """The verdict of a verification: a check that could not be made is never a pass."""
    statuses = {check.status for check in checks}
    if Status.FAILED in statuses:
        return Verdict.FAILED
    if Status.UNCHECKED in statuses or not statuses - {Status.NOT_APPLICABLE}:
        return Verdict.UNCHECKED
    return Verdict.PASSED
