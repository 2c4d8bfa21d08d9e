"""What every command works with: settings, adapters, and how a refusal is shown.

Nothing is read before a command runs, so that `--help` needs no sound settings.
"""

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec

import rich_click as click

from bot.adapters.files import exclusive
from bot.adapters.github.ports import github
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

LAMINDB_MODULE = Path("examples") / "cellxgene" / "_cellxgene.py"


def installed_lamindb_module() -> str | None:
    """The module's file; None where LaminDB isn't installed, or keeps it elsewhere."""
    spec = find_spec("lamindb")
    folders = (spec.submodule_search_locations or []) if spec else []
    files = (Path(folder) / LAMINDB_MODULE for folder in folders)
    return next((str(file) for file in files if file.is_file()), None)


P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What every command works with."""

    settings: Settings
    local: Local

    def alone(self) -> AbstractContextManager[None]:
        """Holds off other commands on the same folder, from the facts to the last effect."""
        return exclusive(self.local.home)

    def specs(self, *documents: str) -> list[Spec]:
        """Documents by bare version, file or address."""
        template = self.settings.schema_document
        addresses = [document_address(value, template) for value in documents]
        return [read_spec(self.local.pages.get(address)) for address in addresses]

    def handle(self, event: Event, *, dry_run: bool = False) -> Plan:
        return handle(event, self.ports(), self.settings, dry_run=dry_run)

    def ports(self) -> Ports:
        """Those on GitHub where the settings name a repository, else the folder's."""
        on_github = self.settings.github is not None
        return github(self.settings).ports() if on_github else self.local.ports()


def with_clear_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Turns what a person can mend into one sentence on stderr and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (BotError, ContractError, OSError) as error:
            click.echo(" ".join(str(error).split()), err=True)
            sys.exit(2)

    return wrapped


class LazyContext:
    """The context, built when a command runs: `--help` needs no sound settings."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def load(self, **overrides: str | None) -> CommandContext:
        settings = load(self._path)
        overridden: dict[str, Any] = {k: v for k, v in overrides.items() if v is not None}
        if "{version}" not in overridden.get("schema_document", "{version}"):
            raise BotError("--schema-document: lacks {version}; say where the version stands.")
        settings = with_page(settings, overridden)
        if settings.lamindb is None:
            settings = replace(settings, lamindb=installed_lamindb_module())
        return CommandContext(settings, local(settings))
