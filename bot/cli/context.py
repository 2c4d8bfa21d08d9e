"""What the commands share: settings, adapters, and how an error is shown.

Settings are read when a command runs, so that `--help` works without valid ones.
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
from bot.adapters.github.ports import Github, github
from bot.adapters.local.ports import Local, local
from bot.engine import handle
from bot.errors import BotError
from bot.gather.schema_documents import document_address, read_spec
from bot.model.effects import Plan
from bot.model.events import Event
from bot.model.ports import Ports
from bot.schema.spec import Spec
from bot.settings import Settings, load_settings, with_page
from runners.contract import ContractError, disk

LAMINDB_MODULE = Path("examples") / "cellxgene" / "_cellxgene.py"


P = ParamSpec("P")


def installed_lamindb_module() -> str | None:
    """The file of LaminDB's CELLxGENE module; None where it isn't installed, or not there."""
    spec = find_spec("lamindb")
    folders = (spec.submodule_search_locations or []) if spec else []
    files = (Path(folder) / LAMINDB_MODULE for folder in folders)
    return next((str(file) for file in files if file.is_file()), None)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The settings, and the adapters for the bot's own folder (the setting `home`)."""

    settings: Settings
    local: Local

    def exclusive(self) -> AbstractContextManager[None]:
        """A lock on the bot's folder: of several commands there, each waits for the one before it.

        Held from the reading of the facts until the last effect is carried out.
        """
        return exclusive(self.local.home)

    def specs(self, *documents: str) -> list[Spec]:
        """The schema documents, each given as a bare version, a file or an address.

        Raises:
            BotError: one of them can't be fetched, or is no schema document.
        """
        template = self.settings.schema_document
        addresses = [document_address(value, template) for value in documents]
        return [read_spec(self.local.pages.get(address)) for address in addresses]

    def handle(self, event: Event, *, dry_run: bool = False) -> Plan:
        """The plan for the event, carried out unless `dry_run`."""
        return handle(event, self.ports(), self.settings, dry_run=dry_run)

    def ports(self) -> Ports:
        """The ports on GitHub where the settings name a repository, else those in the folder."""
        on_github = self.settings.github is not None
        return github(self.settings).ports() if on_github else self.local.ports()


def with_clear_errors(command: Callable[P, None]) -> Callable[P, None]:
    """The command, with errors that a person can correct as one line on stderr and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BrokenPipeError:  # nobody reads any more, as behind `| head`: click ends quietly
            raise
        except (BotError, ContractError, OSError) as error:
            explained = disk.explained(error) if isinstance(error, OSError) else None
            click.echo(" ".join(str(explained or error).split()), err=True)
            sys.exit(2)

    return wrapped


class LazyContext:
    """Builds the CommandContext when a command runs: `--help` works without valid settings.

    `path` is the settings file that was named, if one was.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def load(self, **overrides: str | None) -> CommandContext:
        """The context, with the settings given here (None: as they are) over those of the file.

        Raises:
            BotError: a setting is unknown or isn't valid.
        """
        settings = load_settings(self.path)
        overridden: dict[str, Any] = {k: v for k, v in overrides.items() if v is not None}
        if "{version}" not in overridden.get("schema_document", "{version}"):
            raise BotError("--schema-document: lacks {version}; say where the version stands.")
        settings = with_page(settings, overridden)
        if settings.lamindb is None:
            settings = replace(settings, lamindb=installed_lamindb_module())
        return CommandContext(settings, local(settings))


def on_github(lazy: LazyContext) -> tuple[Github, Settings]:
    """The adapters on GitHub, and the settings. Raises BotError without a repository there."""
    settings = lazy.load().settings
    if settings.github is None:
        raise BotError("environment: BOT_GITHUB is missing; give the repository as OWNER/NAME.")
    return github(settings), settings
