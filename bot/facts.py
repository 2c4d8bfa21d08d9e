"""What is the case when an event is decided on, as one frozen value.

Must not gather (`handle` does) nor decide (`plan` does). Only what the adapters vouch for gets in
here, nothing that an event claims.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.commands import Role, Verb
from bot.ports import Run
from runners.contract import Manifest


@dataclass(frozen=True, slots=True)
class Facts:
    """`threads` are the bot's own, by release. `role` is the actor's, for a comment.

    `answered`: the bot has replied to this comment before.
    """

    instance: str
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    threads: Mapping[str, int] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    role: Role = Role.NONE
    answered: bool = False
    ingest_on_merge: bool = True
    minimum_roles: Mapping[Verb, Role] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)

    def release_of(self, thread: int) -> str | None:
        """The release that the thread is about, if the bot opened it."""
        return next((name for name, number in self.threads.items() if number == thread), None)

    def running(self) -> Run | None:
        """The run that is going on in the instance."""
        mine = (run for run in self.runs if run.request.instance == self.instance)
        return next((run for run in mine if run.report is None), None)

    def runs_of(self, release: str) -> tuple[Run, ...]:
        """The release's runs in this instance, oldest first."""
        return tuple(
            run
            for run in self.runs
            if run.request.release == release and run.request.instance == self.instance
        )
