"""What the bot needs of the world, as protocols: a folder, GitHub, or a test's own.

The methods are primitive. What makes an effect safe to repeat is in `bot.engine`, once for all
adapters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1
from typing import Protocol

from bot.errors import BotError
from bot.model.commands import Role
from bot.model.effects import Draft, ProposeManifest
from bot.model.labels import Label, Reaction, Topic
from bot.model.markers import Marker
from runners.contract import Manifest, RemoteJob, RunReport, RunRequest, Verdict


@dataclass(frozen=True, slots=True)
class ThreadComment:
    """A comment as it stands in a thread. `by_bot` is the adapter's knowledge, not the text's."""

    comment_id: int
    author: str
    body: str
    by_bot: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was asked for: going on as long as it has no report, unless it `is_lost`.

    A lost one ended without a report: its machine died, or was never there. `address` is where a
    person finds its log. `job` is what works on it where no workflow run waits for that. One that a
    person has rolled back was `taken_back` then. `has_begun`, unless it is known that no machine
    has worked on it so far. `last_verdict` is what the bot said that it came to, of one whose
    report isn't kept any more.
    """

    request: RunRequest
    since: datetime
    report: RunReport | None = None
    is_lost: bool = False
    address: str | None = None
    job: RemoteJob | None = None
    taken_back: datetime | None = None
    has_begun: bool = True
    last_verdict: Verdict | None = None

    @property
    def verdict(self) -> Verdict | None:
        """What it came to; None of one that goes on or is lost."""
        return self.report.verdict if self.report else self.last_verdict

    def is_going_on(self) -> bool:
        """Whether it has neither reported nor been lost, nor was taken back."""
        return self.verdict is None and not self.is_lost and self.taken_back is None

    def has_done_nothing(self) -> bool:
        """Whether it ended before it began, so that nothing of its release has changed by it."""
        return self.is_lost and not self.has_begun


@dataclass(frozen=True, slots=True)
class Page:
    """What an address gave, byte for byte."""

    address: str
    data: bytes

    def text(self) -> str:
        """The page as text. Raises BotError if it isn't UTF-8."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BotError(f"{self.address}: isn't UTF-8 text ({error}); give another.") from error

    def blob_sha(self) -> str:
        """The SHA-1 by which git names these bytes."""
        return sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """LaminDB's module as commit `base` of its repository has it."""

    base: str
    text: str


@dataclass(frozen=True, slots=True)
class DraftPullRequest:
    """Where a draft was proposed, now or before; not `is_open` if a person closed or merged it."""

    address: str
    is_open: bool


class Threads(Protocol):
    """The issues and pull requests that the bot opens and comments in."""

    def marked(self) -> Mapping[Marker, int]:
        """The threads that the bot itself opened, closed ones too, by marker."""
        ...

    def texts(self) -> Mapping[int, str]:
        """The texts with which the bot opened its threads, by thread."""
        ...

    def closed(self) -> frozenset[int]:
        """The threads that somebody has closed."""
        ...

    def open(self, title: str, body: str, label: Label | Topic) -> int:
        """Opens a thread and returns its number."""
        ...

    def rewrite(self, thread: int, body: str) -> None:
        """Replaces the text with which the bot opened one of its own threads."""
        ...

    def address(self, thread: int) -> str:
        """Where a person reads the thread."""
        ...

    def public_address(self, thread: int) -> str | None:
        """As `address`, if everybody may read it there."""
        ...

    def close(self, thread: int) -> None:
        """Closes one of the bot's own threads, unless it is closed."""
        ...

    def comments(self, thread: int) -> tuple[ThreadComment, ...]:
        """Everything said in the thread after its body, oldest first."""
        ...

    def comment(self, thread: int, body: str) -> int:
        """Says something as the bot and returns the comment's number."""
        ...

    def edit(self, thread: int, comment_id: int, body: str) -> None:
        """Replaces the text of one of the bot's own comments."""
        ...

    def react(self, thread: int, comment_id: int, reaction: Reaction) -> None:
        """Adds the bot's reaction, unless it is there."""
        ...

    def label(self, thread: int, label: Label) -> None:
        """Makes this the only one of the bot's labels on the thread."""
        ...


class Roles(Protocol):
    """What people may do in the repository."""

    def role_of(self, actor: str) -> Role:
        """What the person may do, asked now."""
        ...


@dataclass(frozen=True, slots=True)
class MergedManifests:
    """The manifests on the default branch, by release.

    `whole` can be used; `broken` says in a sentence each what is wrong with the others. `blobs` are
    git's names for the texts of all of them.
    """

    whole: Mapping[str, Manifest] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    blobs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MergedRules:
    """The rules on the default branch, by dataset schema version.

    `open` has what each leaves to a person to judge; `broken` says in a sentence each what is wrong
    with the others.
    """

    open: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)


class Repository(Protocol):
    """The files on the default branch, and proposals to change them."""

    def manifests(self) -> MergedManifests:
        """The manifests on the default branch. A broken one keeps no other from being read."""
        ...

    def merged_in(self, release: str) -> str:
        """The commit that changed the release's manifest last; "" where there are no commits."""
        ...

    def rules(self) -> MergedRules:
        """The rules on the default branch. Broken ones keep no others from being read."""
        ...

    def propose(self, proposal: ProposeManifest) -> None:
        """Proposes a manifest for review; a proposal that is there stays as it is."""
        ...

    def conclude(self, release: str, verdict: Verdict, headline: str, commit: str | None) -> None:
        """Marks the state in which the release's manifest was merged with the verdict.

        With None, that is the commit that changed it last.
        """
        ...


class Runs(Protocol):
    """The runs that the machine is asked for."""

    def all(self) -> tuple[Run, ...]:
        """Every run that was asked for, oldest first."""
        ...

    def start(self, request: RunRequest) -> None:
        """Asks the machine for a run; a request that is there stays as it is.

        Raises:
            BusyError: the instance has another run that is going on.
        """
        ...

    def cancel(self, run_id: str) -> None:
        """Asks the run to end early; one that has ended stays as it is."""
        ...


class FailureCount(Protocol):
    """How many looks in a row have failed, kept from one to the next."""

    def failures(self) -> int:
        """How many looks at page and directory have failed in a row."""
        ...

    def count(self, failures: int) -> None:
        """Remembers that so many have failed in a row."""
        ...


class Clock(Protocol):
    """What starts looks at page and directory."""

    def look_now(self) -> None:
        """Has a look started. Raises BotError, with why, where it can't be."""
        ...


class Outside(Protocol):
    """A place outside GitHub where a person is told that something waits for them."""

    def announce(self, text: str) -> bool:
        """Whether it was taken there; if not, says so on stderr. Raises nothing."""
        ...


class Pages(Protocol):
    """Addresses and files, read as bytes."""

    def get(self, address: str) -> Page:
        """What stands at an http(s) address or in a file. Raises BotError with the reason."""
        ...


class Upstream(Protocol):
    """LaminDB's repository, where drafts are proposed."""

    def source(self) -> ModuleSource:
        """LaminDB's module on the default branch of its repository."""
        ...

    def propose(self, draft: Draft, origin: str | None = None) -> DraftPullRequest:
        """Proposes the draft there; what was proposed for its version before stays as it is.

        `origin` is the address of what asks for it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """`upstream` is None where no draft is to be proposed, `clock` where looks are started by hand,
    `outside` where nothing is announced; `now` is another clock than the machine's, in tests.
    """

    threads: Threads
    roles: Roles
    repository: Repository
    runs: Runs
    pages: Pages
    tally: FailureCount
    upstream: Upstream | None = None
    clock: Clock | None = None
    outside: Outside | None = None
    now: Callable[[], datetime] | None = None
