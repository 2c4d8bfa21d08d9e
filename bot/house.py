"""What every command works with: the settings, the adapters, and how a refusal is shown.

Builds adapters and decides nothing. Nothing is read before a command runs.
"""

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec

import rich_click as click

from bot.adapters.files import exclusive
from bot.adapters.github.ports import github
from bot.adapters.lamindb_source import installed
from bot.adapters.local.ports import Local, local
from bot.engine import handle
from bot.errors import BotError
from bot.gather.schema_documents import document_address, read_spec
from bot.model.effects import Plan
from bot.model.events import Event
from bot.model.ports import Ports
from bot.schema.spec import Spec
from bot.settings import Settings, load, with_page
from runners.contract import ContractError

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class House:
    """What every command works with."""

    settings: Settings
    local: Local

    def alone(self) -> AbstractContextManager[None]:
        """Holds off other commands on the same folder, from the facts to the last effect."""
        return exclusive(self.local.home)

    def specs(self, *given: str) -> list[Spec]:
        """Documents by bare version, file or address."""
        template = self.settings.schema_document
        addresses = [document_address(one, template) for one in given]
        return [read_spec(self.local.pages.get(address)) for address in addresses]

    def handle(self, event: Event, *, dry_run: bool = False) -> Plan:
        return handle(event, self.ports(), self.settings, dry_run=dry_run)

    def ports(self) -> Ports:
        """Those on GitHub where the settings name a repository, else the folder's."""
        on_github = self.settings.github is not None
        return github(self.settings).ports() if on_github else self.local.ports()


def sentences(command: Callable[P, None]) -> Callable[P, None]:
    """Turns what a person can mend into one sentence on stderr and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (BotError, ContractError, OSError) as error:
            click.echo(" ".join(str(error).split()), err=True)
            sys.exit(2)

    return wrapped


class Lazy:
    """The house, built when a command runs: `--help` needs no sound settings."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def house(self, **overrides: str | None) -> House:
        settings = load(self._path)
        given: dict[str, Any] = {k: v for k, v in overrides.items() if v is not None}
        if "{version}" not in given.get("schema_document", "{version}"):
            raise BotError("--schema-document: lacks {version}; say where the version stands.")
        settings = with_page(settings, given)
        if settings.lamindb is None:
            settings = replace(settings, lamindb=installed())
        return House(settings, local(settings))
