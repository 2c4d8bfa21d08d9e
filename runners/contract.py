"""The documents that `bot` and `runners` exchange: manifest, decisions on rules, request, report.

Plain values and their JSON or TOML form, checked on the way in. Must not import anything else
of either package, nor read a clock, an environment or a network: both sides depend on it.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

ReleaseVersion = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
SchemaVersion = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
RunId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,79}$")]
DatasetId = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]*$")]


MANIFESTS = "runners/releases"
"""The folder of all manifests in the repository."""


class ContractError(Exception):
    """A document that can't be used; its text is one sentence for a person."""


class Document(BaseModel):
    """Frozen, and strict about fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def from_json(cls, text: str, *, source: str) -> Self:
        """The document in `text`; `source` (a path or address) names it in errors.

        Raises:
            ContractError: no JSON, or a field that is missing, unknown or of a wrong form.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ContractError(f"{source}: not JSON ({error}); write it again.") from error
        return cls.from_mapping(raw, source=source)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The document in the JSON file at `path`. Raises ContractError as `from_json` does."""
        return cls.from_json(_text(path), source=str(path))

    @classmethod
    def from_mapping(cls, raw: object, *, source: str) -> Self:
        """The document in parsed JSON or TOML; errors as in `from_json`."""
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "(whole document)"
            problem = first["msg"][0].lower() + first["msg"][1:]
            raise ContractError(
                f"{source}: field {field}: {problem} (got {_short(first['input'])}); correct it."
            ) from error

    def to_json(self) -> str:
        """Indented JSON with a final newline; equal documents give equal text."""
        return self.model_dump_json(indent=2) + "\n"

    def to_mapping(self) -> dict[str, object]:
        """Plain values without the fields that are None, as TOML wants them."""
        return self.model_dump(mode="json", exclude_none=True)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: can't be read ({error}); name a file that can.") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# --- the manifest: what a maintainer reviews and merges ---------------------------------------


class Storage(Document):
    """Where a release lies; each is an s3:// address or a local folder."""

    soma: str
    h5ads: str
    region: str | None = None


class SchemaDocument(Document):
    """The dataset schema document that was read, so that a later edit of it shows."""

    version: SchemaVersion
    source: str
    blob_sha: str | None = None


class AcceptedException(Document):
    """A failure that a person has accepted, up to and including the day `until`.

    `reason` is the value of a `Reason`; `because` is the person's own words.
    """

    dataset_id: DatasetId
    reason: "Reason"
    until: date
    because: str | None = None


class Manifest(Document):
    """One census release, ready to be ingested. One TOML file in `runners/releases/`."""

    release: ReleaseVersion
    previous: ReleaseVersion | None = None
    census_schema_version: SchemaVersion
    dataset_schema_version: SchemaVersion
    previous_dataset_schema_version: SchemaVersion | None = None
    dataset_count: Annotated[int, Field(ge=0)]
    storage: Storage
    pins: Mapping[str, str] = Field(default_factory=dict)
    organisms: tuple[str, ...] = ()
    documents: tuple[SchemaDocument, ...] = ()
    accepted: tuple[AcceptedException, ...] = ()

    @classmethod
    def from_toml(cls, text: str, *, source: str) -> Self:
        """The manifest in `text`. Raises ContractError as `from_json` does."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ContractError(f"{source}: not TOML ({error}); correct it.") from error
        return cls.from_mapping(raw, source=source)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The manifest at `path`, which must be named after its release.

        Raises:
            ContractError: no such file, or as in `from_json`.
        """
        manifest = cls.from_toml(_text(path), source=str(path))
        if path.stem != manifest.release:
            raise ContractError(
                f"{path}: field release: {manifest.release!r} is not the file's name; "
                f"call the file {manifest.release}.toml or correct the field."
            )
        return manifest


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMED_DAY = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")


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


# --- the rules: what a person decides about them ----------------------------------------------


class Choice(Document):
    """An answer to a judgement, and in words what it does to rules, registration and patch.

    `changes`: path in the rules -> its value, None where it goes. With a `pattern` any text is the
    answer that matches it as a whole; the pattern's named groups stand in braces in the changes.
    """

    answer: str
    effect: str
    proposed: bool = False
    pattern: str | None = None
    changes: Mapping[str, Any] = Field(default_factory=dict)


class Judgement(Document):
    """What a schema document leaves open, at `place`, in these lines (first and last).

    The rules are as the proposed choice has them; it is open until a person has chosen.
    """

    id: str
    place: str
    lines: tuple[int, int]
    text: str
    choices: tuple[Choice, ...] = ()

    def changes(self, answer: str) -> Mapping[str, Any] | None:
        """What the answer sets in the rules; None if it is none of the choices."""
        for choice in self.choices:
            if choice.pattern is None:
                if answer == choice.answer:
                    return choice.changes
            elif match := _matched(choice.pattern, answer.strip()):
                return {
                    path: _filled(value, match.groupdict())
                    for path, value in choice.changes.items()
                }
        return None


def _matched(pattern: str, answer: str) -> re.Match[str] | None:
    try:
        return re.fullmatch(pattern, answer)
    except re.error:
        return None


def _filled(value: Any, groups: Mapping[str, str]) -> Any:
    """The value with what the answer has for each name in braces."""
    if not isinstance(value, str):
        return value
    for name, text in groups.items():
        value = value.replace(f"{{{name}}}", text)
    return value


class Override(Document):
    """A rule that a person has mended: the `value` at a `path`, None where it goes, and why."""

    path: str
    value: Any = None
    because: str


class Decisions(Document):
    """What a rules file holds of persons: questions, answers by the question's id, mended rules."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    judgements: tuple[Judgement, ...] = ()
    answers: Mapping[str, str] = Field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def unanswered(self) -> tuple[Judgement, ...]:
        """The judgements that nobody has answered yet."""
        return tuple(each for each in self.judgements if not self.answers.get(each.id))

    def problems(self, source: str) -> Iterator[str]:
        """What is wrong with the answers, each a sentence that names place and remedy."""
        by_id = {judgement.id: judgement for judgement in self.judgements}
        for name, answer in self.answers.items():
            judgement = by_id.get(name)
            if judgement is None:
                yield (
                    f"{source}: field answers.{name}: no judgement has this id; take it away, or "
                    f"correct it to one of {', '.join(map(repr, by_id)) or 'none'}."
                )
            elif answer and judgement.changes(answer) is None:
                offered = ", ".join(repr(choice.answer) for choice in judgement.choices)
                yield (
                    f"{source}: field answers.{name}: {answer!r} is none of its choices; "
                    f"answer one of {offered}."
                )

    def changes(self) -> Iterator[tuple[str, Any]]:
        """Every path that answers set; at last those that they take away, so that no answer gives
        back what another has taken.
        """
        changes = [
            change
            for judgement in self.judgements
            for change in (judgement.changes(self.answers.get(judgement.id, "")) or {}).items()
        ]
        yield from sorted(changes, key=lambda change: change[1] is None)


# --- the request: what is asked of the machine ------------------------------------------------


class Action(StrEnum):
    """What a run is asked to do."""

    INGEST = "ingest"
    VERIFY = "verify"


class RunRequest(Document):
    """One run, as the bot asks for it and the machine reads it.

    `only`, `limit`, `failed_of` (what failed in that earlier run) and `only_missing` (what the
    instance lacks) make it a part of the release. `track` records it as a LaminDB run; `space` is
    the LaminDB space that new records belong to.
    """

    run_id: RunId
    action: Action
    release: ReleaseVersion
    manifest: str
    instance: str
    thread: int | None = None
    requested_by: str | None = None
    only: tuple[DatasetId, ...] = ()
    limit: Annotated[int, Field(ge=1)] | None = None
    failed_of: RunId | None = None
    only_missing: bool = False
    track: bool = False
    space: str | None = None


# --- the report: what came of it --------------------------------------------------------------


class Outcome(StrEnum):
    """How a dataset of the release ended; exactly one each."""

    REGISTERED = "registered"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    MISSING = "missing"
    UNREADABLE = "unreadable"


MENDED_BY_REPEAT = (Outcome.MISSING, Outcome.UNREADABLE)
"""Outcomes that say nothing of the content: the file may be there, or whole, the next time."""


class Reason(StrEnum):
    """Why a dataset failed. `unsupported_*`: allowed by the schema, but not yet by us."""

    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    READER_DIED = "reader_died"
    COLUMN_MISSING = "column_missing"
    COLUMN_UNEXPECTED = "column_unexpected"
    COLUMN_TYPE = "column_type"
    VALUE_NOT_ALLOWED = "value_not_allowed"
    VALUES_DISAGREE = "values_disagree"
    TERM_UNKNOWN = "term_unknown"
    TERMS_UNORDERED = "terms_unordered"
    TERMS_REPEATED = "terms_repeated"
    ORGANISM_UNKNOWN = "organism_unknown"
    GENE_REPEATED = "gene_repeated"
    GENE_UNKNOWN = "gene_unknown"
    GENE_OF_OTHER_ORGANISM = "gene_of_other_organism"
    UNSUPPORTED_ORGANISM = "unsupported_organism"
    UNSUPPORTED_CELL_LINE = "unsupported_cell_line"
    UNSUPPORTED_SPIKE_IN = "unsupported_spike_in"


class Finding(Document):
    """One reason, where it was found and the first values that show it."""

    reason: Reason
    column: str | None = None
    values: tuple[str, ...] = ()
    count: int = 0
    detail: str | None = None

    def __str__(self) -> str:
        parts = [self.reason.value, self.column or "", ", ".join(self.values)]
        more = self.count - len(self.values)
        parts += [f"and {more} more" if more > 0 else "", self.detail or ""]
        return " ".join(part for part in parts if part)


class Offender(Document):
    """A dataset (or record) that a check names."""

    dataset_id: str
    title: str = ""
    detail: str = ""


class DatasetOutcome(Document):
    """What became of one dataset. `notes` are reported and fail nothing.

    `absent`: columns that others are annotated by and that it lacks, as its rules may allow.
    """

    dataset_id: DatasetId
    title: str
    outcome: Outcome
    reasons: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class CheckReport(Document):
    """The outcomes that a release would have, before it is ingested: the result of `check`.

    `outcomes` are of the datasets that were looked at, as if all were new; `dataset_count` is of
    the whole release.
    """

    release: ReleaseVersion
    dataset_schema_version: SchemaVersion
    dataset_count: Annotated[int, Field(ge=0)]
    outcomes: tuple[DatasetOutcome, ...]


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


class ExceptionState(StrEnum):
    """What came of an accepted exception; only the first excuses anything."""

    USED = "in use"
    UNNEEDED = "no longer needed"
    RUN_OUT = "run out"
    UNKNOWN_DATASET = "not a dataset of this release"
    UNTOLD = "no run says why this dataset fails"


class ExceptionUse(Document):
    """One of the manifest's accepted exceptions, and what came of it."""

    exception: AcceptedException
    title: str = ""
    state: ExceptionState


class PreviousRelease(Document):
    """How the release compares with the one before: so many datasets, so many that continue."""

    release: ReleaseVersion
    dataset_count: int
    continued: int


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


class RunReport(Document):
    """What a run did and what its verification found. Times are UTC.

    Of a cancelled run, datasets of the release that stand in no outcome weren't done.
    """

    request: RunRequest
    started_at: datetime
    ended_at: datetime
    verdict: Verdict
    cancelled: bool = False
    outcomes: tuple[DatasetOutcome, ...]
    withdrawn: tuple[Offender, ...] = ()
    checks: tuple[CheckResult, ...]
    changes: Mapping[str, int] = Field(default_factory=dict)
    versions: Mapping[str, str] = Field(default_factory=dict)
    machine: Machine | None = None
    exceptions: tuple[ExceptionUse, ...] = ()
    previous: PreviousRelease | None = None


def verdict_of(checks: tuple[CheckResult, ...]) -> Verdict:
    """The verdict of a verification: a check that could not be made is never a pass."""
    statuses = {check.status for check in checks}
    if Status.FAILED in statuses:
        return Verdict.FAILED
    if Status.UNCHECKED in statuses or not statuses - {Status.NOT_APPLICABLE}:
        return Verdict.UNCHECKED
    return Verdict.PASSED


# --- the reaper: what was done to a machine that nobody needs ---------------------------------


class Act(StrEnum):
    """`terminate` asks GitHub first, and spares a machine on which a job has just begun."""

    NOTE = "note"
    TERMINATE = "terminate"
    TERMINATE_EXPIRED = "terminate_expired"
    REMOVE_RUNNER = "remove_runner"
    DROP_HANDOVER = "drop_handover"


class Reaped(Document):
    """One action of the reaper, a line of what it prints; `why` it was decided on.

    `result` is DONE, SPARED, or the sentence that says why it failed. Run and release are None for
    what belongs to a machine that AWS has forgotten.
    """

    act: Act
    machine: str
    run: str | None = None
    release: str | None = None
    why: str
    result: str

    DONE: ClassVar[str] = "done"
    SPARED: ClassVar[str] = "spared"

    @property
    def has_failed(self) -> bool:
        """Whether `result` says why the action failed."""
        return self.result not in {self.DONE, self.SPARED}


Manifest.model_rebuild()  # it names Reason, which stands with the report


def manifest_path(release: str) -> str:
    """Where the release's manifest lies in the repository."""
    return f"{MANIFESTS}/{release}.toml"
