"""What is the case when an event is decided on, as frozen values.

Only what the adapters vouch for gets in here, nothing that an event claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.announcement import Announcement
from bot.model.commands import Command, Role, Verb
from bot.model.limits import RunLimits
from bot.model.markers import Marker
from bot.model.ports import Run, ThreadComment
from bot.schema.changes import SchemaDiff
from bot.schema.impact import Impact
from runners.contract import Action, Manifest, Outcome, Reason, RunReport, RunRequest, Verdict

STARTING = {
    Verb.INGEST: Action.INGEST,
    Verb.RETRY: Action.INGEST,
    Verb.VERIFY: Action.VERIFY,
}
"""What the commands that start a run ask of it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`threads` are the bot's own, `proposals` its pull requests, by release.

    `own` are all threads of the bot's, `dashboard` the one that tells of all releases.
    `can_look`: a look can be started from here.
    `manifests` are those that can be used, `broken` says what is wrong with each other one, `blobs`
    are git's names for the texts of both; `commit` is where the event's release's was merged.
    `role` is the actor's, for who asks for something; `answered`: the bot has replied to this
    comment, or spoken of this merge, before.
    `explanation` is what two schema documents say that a comment asks about, or why they can't be
    read. `is_followed`: the thread has a status comment on the run that the event is about.
    `limits` are what a run may take. `rules` are the dataset schema versions that have some on the
    default branch, each with what they leave to a person; `broken_rules` says what is wrong with
    each that can't be used.

    Events that may start a run, or begin one, have the `places` that releases may lie in, and why
    the release directory, which knows more of them, can't be read (`places_unread`). A run that
    begins has the `proofs` of what the bot has started from its thread, and the `command` that it
    says it was asked for by; one that was lost has who said `/cancel` to it (`cancelled_by`).

    Detection alone has the rest: `notices` and `alerts` are threads of the bot's too, `closed`
    those threads that somebody closed, `markers` those of all its comments, `records` what it
    last said of each release that has a thread; `failures` counts the looks that have failed in a
    row. `asked_for` has each release that somebody wanted a thread about, and who.
    """

    instance: str
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    blobs: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    threads: Mapping[str, int] = field(default_factory=dict)
    proposals: Mapping[str, int] = field(default_factory=dict)
    own: frozenset[int] = frozenset()
    dashboard: int | None = None
    can_look: bool = True
    runs: tuple[Run, ...] = ()
    role: Role = Role.NONE
    answered: bool = False
    explanation: tuple[SchemaDiff, Impact] | str | None = None
    is_followed: bool = False
    ingest_on_merge: bool = True
    limits: RunLimits | None = None
    minimum_roles: Mapping[Verb, Role] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken_rules: Mapping[str, str] = field(default_factory=dict)
    notices: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    closed: frozenset[int] = frozenset()
    markers: frozenset[Marker] = frozenset()
    records: Mapping[str, Announcement] = field(default_factory=dict)
    failures: int = 0
    asked_for: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    places_unread: str = ""
    proofs: frozenset[str] = frozenset()
    command: ThreadComment | None = None
    cancelled_by: str = ""

    def release_of(self, thread: int) -> str | None:
        """The release that the thread or proposal is about, if the bot opened it."""
        numbered = (*self.threads.items(), *self.proposals.items())
        return next((name for name, number in numbered if number == thread), None)

    def release_meant(self, command: Command, thread: int) -> str | None:
        """The release that a command in the thread is about: the thread's, or one that it names
        where the thread is about none.
        """
        release, named = self.release_of(thread), command.release
        if named is None or named == release:
            return release
        return named if release is None and named in self.threads else None

    def known(self) -> set[str]:
        """The releases that the bot needn't be told of."""
        return set(self.threads) | set(self.manifests) | set(self.broken)

    def is_declined(self, release: str) -> bool:
        """Whether a person closed the release's thread without merging its manifest."""
        is_merged = release in self.manifests or release in self.broken
        return not is_merged and self.threads.get(release) in self.closed

    def is_ingested(self, release: str) -> bool:
        """Whether a run of the whole release in this instance passed."""
        whole = (run for run in self.runs_of(release) if not self.is_part(run.request))
        return any(run.verdict is Verdict.PASSED for run in whole)

    def is_part(self, request: RunRequest) -> bool:
        """Whether it is for a part of its release: by its own words, or those of the run that it
        repeats, which isn't known any more else.
        """
        requests = {run.request.run_id: run.request for run in self.runs}
        repeated = requests.pop(request.run_id, request)
        while repeated.failed_of is not None and not repeated.is_part:
            earlier = requests.pop(repeated.failed_of, None)
            if earlier is None:
                return True
            repeated = earlier
        return repeated.is_part

    def running(self) -> Run | None:
        """The run that is going on in the instance."""
        mine = (run for run in self.runs if run.request.instance == self.instance)
        return next((run for run in mine if run.is_going_on()), None)

    def is_worked_on(self, request: RunRequest) -> bool:
        """Whether another run of the request's release is going on in the instance."""
        runs = (run for run in self._all_runs_of(request.release) if run.is_going_on())
        return any(run.request.run_id != request.run_id for run in runs)

    def runs_of(self, release: str) -> tuple[Run, ...]:
        """The release's runs in this instance, oldest first, since it was last rolled back: what
        earlier ones say of the instance holds no longer. One that never began says nothing of it.
        """
        return tuple(run for run in self._lasting(release) if not run.has_done_nothing())

    def _lasting(self, release: str) -> tuple[Run, ...]:
        moments = [run.taken_back for run in self.taken_back(release) if run.taken_back]
        since = max(moments, default=None)
        return tuple(
            run
            for run in self._all_runs_of(release)
            if run.taken_back is None and (since is None or run.since >= since)
        )

    def taken_back(self, release: str) -> tuple[Run, ...]:
        """Those of its runs in this instance that were rolled back, oldest first."""
        return tuple(run for run in self._all_runs_of(release) if run.taken_back is not None)

    def is_outdated(self, report: RunReport) -> bool:
        """Whether the report doesn't tell how its release stands: another run of it has ended
        later, or its own was rolled back.
        """
        release, run_id = report.request.release, report.request.run_id
        if any(run.request.run_id == run_id for run in self.taken_back(release)):
            return True
        reports = (run.report for run in self.runs_of(release))
        return any(other is not None and other.ended_at > report.ended_at for other in reports)

    def is_overtaken(self, request: RunRequest) -> bool:
        """Whether a run that was lost doesn't tell how its release stands: one that was asked for
        later has reported, or the release was rolled back since.
        """
        later = iter(self._lasting(request.release))
        if any(run.request.run_id == request.run_id for run in later):
            return any(run.verdict is not None for run in later)
        runs = self._all_runs_of(request.release)
        return any(run.request.run_id == request.run_id for run in runs)

    def _all_runs_of(self, release: str) -> tuple[Run, ...]:
        return tuple(
            run
            for run in self.runs
            if run.request.release == release and run.request.instance == self.instance
        )


@dataclass(frozen=True, slots=True)
class Repeat:
    """How many datasets of run `run_id` are done again, by how they `ended`; of those that failed
    only what did for a record of the instance.

    `failed` did for their content, and `content` counts them by reason, of which a dataset may have
    several. `is_cut`: the run was stopped early, so there are more; the report, which tells of all
    runs so far, can't say which.
    """

    run_id: str
    ended: Mapping[Outcome, int]
    failed: int
    content: Mapping[Reason, int]
    is_cut: bool

    def is_empty(self) -> bool:
        """Whether no dataset is to be done again."""
        return not (self.ended or self.failed or self.is_cut)
