"""`init --app`: the GitHub App, made by a person's click, and its key in one file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich_click as click

from bot.adapters.files import secret_file
from bot.adapters.github.app_manifest import MadeApp, make_app
from bot.errors import BotError
from bot.onboarding.app import app_steps, manifest
from bot.settings import Settings

ENVIRONMENT = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class WantedApp:
    """`key_file` gets the App's private key, and must not be there yet."""

    repository: str
    organisation: bool
    environment: str
    key_file: Path | None
    minutes: float


def say_or_make(settings: Settings, wanted: WantedApp, *, yes: bool) -> None:
    """Says what the App would be, and has it made with `yes`.

    Raises:
        BotError: the environment's name is none, or GitHub made no App.
        OSError: the key's file is there, or can't be made.
    """
    if ENVIRONMENT.fullmatch(wanted.environment) is None:
        raise BotError(f"--environment: {wanted.environment!r} is no such name; correct it.")
    if yes:
        return _make(settings, wanted)
    app = _manifest(settings, wanted, "")
    owner = "its organisation" if wanted.organisation else "you"
    click.echo(f"An App of {owner} for {wanted.repository}, named {app['name']}, which may:")
    for name, level in app["default_permissions"].items():
        click.echo(f"  {name}: {level}")
    return click.echo(
        "\nWith --yes, a page for a browser of this machine leads to GitHub, which makes it; its "
        f"private key is then in {wanted.key_file or '--key-file'}."
    )


def _make(settings: Settings, wanted: WantedApp) -> None:
    """Has the App made, writes its key, and says what is left to a person."""
    if wanted.key_file is None:
        raise BotError("--key-file: missing; name a new file for the App's private key.")
    with secret_file(wanted.key_file) as write_key:
        app = _made(settings, wanted)
        write_key(app.key)
    click.echo(f"made: {app.address}\nwrote: {wanted.key_file}\n\nThen:")
    steps = app_steps(
        wanted.repository, wanted.environment, app.client_id, app.address, wanted.key_file
    )
    for step in steps:
        click.echo(f"  {step}")


def _manifest(settings: Settings, wanted: WantedApp, back: str) -> Mapping[str, Any]:
    web = settings.github_web
    return manifest(wanted.repository, back, launcher=settings.launcher, web=web)


def _made(settings: Settings, wanted: WantedApp) -> MadeApp:
    return make_app(
        lambda back: _manifest(settings, wanted, back),
        organisation=wanted.repository.split("/")[0] if wanted.organisation else None,
        api=settings.github_api,
        seconds=wanted.minutes * 60,
        say=lambda address: click.echo(f"Open {address} in a browser of this machine."),
    )
