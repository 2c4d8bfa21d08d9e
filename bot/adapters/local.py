"""All ports of the embedded bot, in the folders that the settings name."""

from dataclasses import dataclass
from pathlib import Path

from bot.adapters.local_repository import LocalRepository
from bot.adapters.local_roles import LocalRoles
from bot.adapters.local_runs import LocalRuns
from bot.adapters.local_tally import LocalTally
from bot.adapters.local_threads import LocalThreads
from bot.adapters.pages import HttpPages
from bot.model.ports import Ports
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Local:
    """The embedded bot's house."""

    home: Path
    threads: LocalThreads
    roles: LocalRoles
    repository: LocalRepository
    runs: LocalRuns
    pages: HttpPages
    tally: LocalTally

    def ports(self) -> Ports:
        return Ports(self.threads, self.roles, self.repository, self.runs, self.pages, self.tally)


def local(settings: Settings) -> Local:
    """The house; writes nothing by itself."""
    home = settings.home
    return Local(
        home,
        LocalThreads(home / "threads", settings.bot),
        LocalRoles(settings.roles),
        LocalRepository(settings.repository or home / "repository", home / "proposals"),
        LocalRuns(home / "runs"),
        HttpPages(),
        LocalTally(home / "detection.json"),
    )
