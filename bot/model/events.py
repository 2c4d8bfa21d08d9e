"""Everything that can happen to the bot, each as one frozen value.

An event says what happened and nothing about what is the case: that is gathered (`facts`) at the
moment of use, above all what role an actor has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.census.directory import ReleaseDirectory
from bot.census.release import ReleasePage
from bot.model.effects import Draft
from bot.model.endings import Ending
from bot.model.progress import Progress
from bot.schema.changes import SchemaDiff
from bot.schema.impact import Impact
from bot.schema.rules import Rules
from bot.schema.witnesses import Witness
from runners.contract import RemoteJob, RunReport, RunRequest, SchemaDocument

GHOST = "ghost"
"""Who has written what the account that wrote it was deleted of; nobody can have this name."""

MERGE_QUEUE = "github-merge-queue[bot]"
"""Who pushes what a merge queue merges; the payload doesn't say who has put it there. See
https://github.com/ahrefs/monorobot/pull/205
"""


@dataclass(frozen=True, slots=True)
class SchemaReading:
    """What the dataset schema documents of a new release and of the one before it say.

    `old`, `diff` and `impact` are None when there is no earlier version or when it is the same one.
    `rules` are what the newer document gives, for a person to review. `patch` mends LaminDB's code
    by `edits`, and by those that are `overdue`, which the older version asks for already; what it
    leaves to do is in `unpatched`; `draft` is the same for its own repository. `unseen` says why
    that code wasn't looked at.
    `witnesses` say of `new` what they know.
    """

    new: SchemaDocument
    pins: Mapping[str, str]
    organisms: tuple[str, ...]
    old: SchemaDocument | None = None
    diff: SchemaDiff | None = None
    remarks: tuple[str, ...] = ()
    rules: Rules | None = None
    impact: Impact | None = None
    patch: str = ""
    edits: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    unpatched: tuple[str, ...] = ()
    draft: Draft | None = None
    unseen: str = ""
    witnesses: tuple[Witness, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleasesRead:
    """The release page and the release directory were read, by the clock or by hand.

    `schemas` holds a reading for each release that was new when they were read, `unread` why there
    is none. `refusal` says why the page couldn't be read, where its Markdown source was read in its
    stead. What a look elsewhere than usual ends with isn't counted.
    """

    page: ReleasePage
    directory: ReleaseDirectory
    schemas: Mapping[str, SchemaReading] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    refusal: str | None = None
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class DetectionFailed:
    """Page, directory or documents couldn't be read, or not be believed; the reason is whole."""

    reason: str


@dataclass(frozen=True, slots=True)
class CommentCreated:
    """Somebody wrote in a thread. `edited` comments and those of bots are never obeyed."""

    thread: int
    comment_id: int
    actor: str
    body: str
    edited: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class ManifestMerged:
    """A release's manifest reached the default branch; `commit` names that state of it.

    `blob` is git's name for the manifest's text there, on GitHub.
    """

    release: str
    actor: str
    commit: str
    blob: str = ""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run wrote its report. `page`: where the thread's readers find all of it."""

    report: RunReport
    page: str | None = None


@dataclass(frozen=True, slots=True)
class RunAsked:
    """A run's own job begins; `actor` started it.

    `is_first`: no other works on the same run; `is_named`: its workflow run says which run it is,
    and in which instance.
    """

    request: RunRequest
    actor: str
    by_bot: bool
    is_first: bool
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class RunGoesOn:
    """A run goes on; no `progress` where its journal can't be read before its end.

    `log` is the address of its workflow run; `job` is what works on it where none waits for it.
    """

    request: RunRequest
    progress: Progress | None
    log: str | None = None
    job: RemoteJob | None = None


@dataclass(frozen=True, slots=True)
class RunLost:
    """A run's workflow run is over, and its `job`, if it has one, and there is no report. `cost` is
    what its machines have cost, estimated, in US dollars; None where no price is known.
    """

    request: RunRequest
    ending: Ending
    progress: Progress
    job: RemoteJob | None = None
    cost: float | None = None


Event = (
    ReleasesRead
    | DetectionFailed
    | CommentCreated
    | ManifestMerged
    | RunEnded
    | RunAsked
    | RunGoesOn
    | RunLost
)
