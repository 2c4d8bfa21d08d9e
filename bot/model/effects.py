"""What the bot may do, as plain values: a plan can be printed, compared and carried out later.

Each of them carried out twice leaves what it left the first time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.announcement import Announcement
from bot.model.audit_entry import AuditEntry
from bot.model.labels import Label, Reaction, Topic
from bot.model.look import Look
from bot.model.markers import Marker
from runners.contract import RunRequest, Verdict


@dataclass(frozen=True, slots=True)
class Draft:
    """LaminDB's module made fit for dataset schema `version`, to be reviewed where it is kept.

    `text` is the file of commit `base` with these `edits`, and with those that are `overdue`: the
    older version asks for them already. What they leave to do is in `left`.
    """

    old: str
    version: str
    base: str
    text: str
    edits: tuple[str, ...]
    left: tuple[str, ...]
    overdue: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenThread:
    """A thread that the marker finds again; nothing if there is one, open or closed.

    `record` is hidden in it: what the bot said of the release, to be compared with later. `draft`
    is proposed before, and linked from it.
    """

    marker: Marker
    title: str
    body: str
    label: Label | Topic
    record: Announcement | None = None
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class KeepThread:
    """A thread whose text is kept up to date: the one with this marker then says this.

    It is opened if there is none. `look` is hidden in it.
    """

    marker: Marker
    title: str
    body: str
    label: Topic
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class CloseThread:
    """A matter of the bot's own that is settled; nothing if the thread is closed."""

    thread: int


@dataclass(frozen=True, slots=True)
class ProposeManifest:
    """A proposal of a release's manifest with other files beside it; nothing if there is one.

    `beside` maps their names to their texts: the schema diff, what it means, rules, a patch.
    """

    release: str
    manifest_toml: str
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conclude:
    """The merged manifest of the release is marked with the verdict, and one line of why.

    `commit` is the state of it that the run worked on; None: the newest.
    """

    release: str
    verdict: Verdict
    headline: str
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that is said once: nothing if one with this marker is there.

    `record` is hidden in it, as in a thread's text; `entry`, what was asked and decided.
    """

    thread: int
    marker: Marker
    body: str
    record: Announcement | None = None
    entry: AuditEntry | None = None


@dataclass(frozen=True, slots=True)
class Refer:
    """A comment that is said once, with the number of the `target` thread for `{thread}`."""

    thread: int
    marker: Marker
    target: Marker
    body: str


@dataclass(frozen=True, slots=True)
class UpsertComment:
    """A comment that is kept up to date: the one with this marker then says this."""

    thread: int
    marker: Marker
    body: str


@dataclass(frozen=True, slots=True)
class Tabulate:
    """The thread's table of what was asked and decided then has a row for each of its entries."""

    thread: int


@dataclass(frozen=True, slots=True)
class React:
    """The bot's reaction to a comment; nothing if it is there."""

    thread: int
    comment_id: int
    reaction: Reaction


@dataclass(frozen=True, slots=True)
class SetLabel:
    """The thread then has this label, and none of the bot's others."""

    thread: int
    label: Label


@dataclass(frozen=True, slots=True)
class StartRun:
    """A run that the machine will find; nothing if one of this id was asked for before."""

    request: RunRequest


@dataclass(frozen=True, slots=True)
class StartLook:
    """A look at page and directory is asked for; where it can't be, `refusal` is said instead.

    `{reason}` in it stands for why. Asked for twice, the second look finds nothing new.
    """

    refusal: Comment


@dataclass(frozen=True, slots=True)
class CancelRun:
    """The run is asked to end early; nothing if it has ended."""

    run_id: str


@dataclass(frozen=True, slots=True)
class CountFailures:
    """So many looks at page and directory have failed in a row; 0 after one that didn't."""

    number: int


Effect = (
    OpenThread
    | KeepThread
    | CloseThread
    | ProposeManifest
    | Conclude
    | Comment
    | Refer
    | UpsertComment
    | Tabulate
    | React
    | SetLabel
    | StartRun
    | StartLook
    | CancelRun
    | CountFailures
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The effects in the order in which they are carried out, and one sentence that says why.

    `is_refusal`: the run whose job asked whether it may begin mustn't. `is_incomplete`: of a look
    that something couldn't be read in. `apart`: of a look, how many of the effects answer each
    thing that it found, one after the other; what follows counts how it ended.
    """

    effects: tuple[Effect, ...]
    reason: str
    is_refusal: bool = False
    is_incomplete: bool = False
    apart: tuple[int, ...] = ()

    @property
    def failures(self) -> int:
        """How many looks have failed in a row with the one that it is about; 0 if that didn't."""
        counts = [effect.number for effect in self.effects if isinstance(effect, CountFailures)]
        return counts[-1] if counts else 0
