"""All ports of the bot that runs without GitHub, in the folders that the settings name.

Roles come from the settings; how many detections failed in a row is kept in a small file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.files import write
from bot.adapters.local.repository import LocalRepository
from bot.adapters.local.runs import LocalRuns
from bot.adapters.local.threads import LocalThreads
from bot.adapters.web import HttpPages
from bot.adapters.webhook import Webhook
from bot.model.commands import Role
from bot.model.ports import Ports
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class LocalRoles:
    """Roles by name, from the settings. Others may read, as in a public repository."""

    roles: Mapping[str, Role]

    def role_of(self, actor: str) -> Role:
        return self.roles.get(actor, Role.READ)


@dataclass(frozen=True, slots=True)
class LocalFailureCount:
    """How many detections failed in a row, in a file; one that is missing or broken means 0."""

    file: Path

    def failures(self) -> int:
        try:
            failures = json.loads(self.file.read_text(encoding="utf-8"))["failed_in_a_row"]
        except (OSError, ValueError, TypeError, KeyError):
            return 0
        return failures if isinstance(failures, int) and failures > 0 else 0

    def count(self, failures: int) -> None:
        if failures != self.failures():
            write(self.file, json.dumps({"failed_in_a_row": failures}) + "\n")


@dataclass(frozen=True, slots=True)
class Local:
    """The ports of the bot that works in a folder, each as its own class."""

    home: Path
    threads: LocalThreads
    roles: LocalRoles
    repository: LocalRepository
    runs: LocalRuns
    pages: HttpPages
    tally: LocalFailureCount
    outside: Webhook | None = None

    def ports(self) -> Ports:
        """The same adapters, as ports."""
        return Ports(
            self.threads,
            self.roles,
            self.repository,
            self.runs,
            self.pages,
            self.tally,
            outside=self.outside,
        )


def local(settings: Settings) -> Local:
    """The adapters in the folders that the settings name; writes nothing by itself."""
    home = settings.home
    return Local(
        home,
        LocalThreads(home / "threads", settings.bot),
        LocalRoles(settings.roles),
        LocalRepository(settings.repository or home / "repository", home / "proposals"),
        LocalRuns(home / "runs"),
        HttpPages(),
        LocalFailureCount(home / "detection.json"),
        Webhook(settings.announce) if settings.announce else None,
    )
