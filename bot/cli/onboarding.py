"""The command that prepares a repository for a bot whose code is elsewhere."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

import rich_click as click

from bot.adapters.files import write
from bot.adapters.local.ports import local
from bot.adapters.local.repository import OWN_RULES
from bot.adapters.web import quick_pages
from bot.cli.context import LazyContext, with_clear_errors
from bot.cli.onboarding_app import WantedApp, make
from bot.cli.onboarding_pull_request import Wanted, propose
from bot.cli.terminal import show_plan
from bot.comments.plan import describe
from bot.engine import detect
from bot.errors import BotError
from bot.onboarding import Code, State, check_words, compare, files, next_steps
from bot.onboarding.files import WORKFLOW, other_owners, owner_lines
from bot.settings import Settings


@click.command()
@click.option("--code", help="The bot's code, as OWNER/NAME@COMMIT.")
@click.option("--repository", required=True, help="The repository on GitHub, as OWNER/NAME.")
@click.option("--instance", help="The LaminDB instance, as OWNER/NAME.")
@click.option(
    "--owner",
    "owners",
    multiple=True,
    help="Who must review manifests and rules, as @person or @org/team; several times, if needed.",
)
@click.option("--look/--no-look", default=True, help="Say what the first look would find.")
@click.option(
    "--pull-request",
    "as_pull_request",
    is_flag=True,
    help="Instead of writing to FOLDER, open a pull request, by the token BOT_GITHUB_TOKEN.",
)
@click.option(
    "--app",
    "as_app",
    is_flag=True,
    help="Instead of files, make the GitHub App that speaks for the bot, by a page for a browser.",
)
@click.option(
    "--organisation", is_flag=True, help="The App belongs to an organisation, the repository's."
)
@click.option(
    "--environment",
    default="bot",
    show_default=True,
    help="The environment that is to hold the App's key.",
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for the App's private key.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True, max=60),
    default=30,
    show_default=True,
    help="How long to wait for the browser.",
)
@click.option("--yes", is_flag=True, help="Do it; without, only say so.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.pass_obj
@with_clear_errors
def init(
    lazy: LazyContext,
    code: str | None,
    repository: str,
    instance: str | None,
    owners: tuple[str, ...],
    look: bool,
    as_pull_request: bool,
    as_app: bool,
    organisation: bool,
    environment: str,
    key_file: Path | None,
    minutes: float,
    yes: bool,
    folder: Path | None,
) -> None:
    """Prepare FOLDER, a clone of a repository of your own, for the bot to live in.

    Says what it would write, and writes it with --yes. A file that is there is left as it is. Then
    it says what the first look would find, and which commands are left to you. With --pull-request
    GitHub gets the files, on a branch, and the pull request says all that. With --app, a page on
    this machine leads to GitHub, which makes the App with the permissions that it needs; nothing is
    kept but its key, in --key-file.
    """
    if as_app:
        check_words(repository, repository, ())
        wanted = WantedApp(repository, organisation, environment, key_file, minutes)
        make(lazy.load().settings, wanted)
        return
    if code is None or instance is None:
        raise BotError("--code, --instance: one of them is missing; give both.")
    check_words(repository, instance, owners)
    pinned, settings = Code.from_text(code), lazy.load().settings
    settings = replace(settings, instance=instance)
    if as_pull_request:
        if folder is not None:
            raise BotError(f"{folder}: stays as it is with --pull-request; leave out one of them.")
        name = settings.workflow or Path(WORKFLOW).name
        settings = replace(settings, github=repository, repository=None, workflow=name)
        propose(settings, Wanted(pinned, owners, look), yes=yes)
        return
    if folder is None:
        raise BotError("FOLDER: missing; name your repository's clone, or say --pull-request.")
    _check_clone(folder)
    _check_remotes(folder, repository)
    has_written = _write(folder, pinned, owners, yes=yes)
    if look:
        _say_look(replace(settings, repository=folder, github=None))
    click.echo("\nThen:" if has_written else "\nWith --yes; then:")
    for step in next_steps(repository, instance, folder):
        click.echo(f"  {step}")


def _write(folder: Path, code: Code, owners: Sequence[str], *, yes: bool) -> bool:
    """Whether the folder has all files now; says how each stands."""
    theirs, lines = other_owners(folder) if owners else None, owner_lines(owners)
    texts = files(code, () if theirs else owners, OWN_RULES)
    states = compare(texts, folder)
    for path, state in states.items():
        if yes and state is State.NEW:
            write(folder / path, texts[path])
        click.echo(f"{'wrote' if yes and state is State.NEW else state}: {path}")
    if theirs and lines not in theirs.read_text(encoding="utf-8", errors="replace"):
        click.echo(f"{theirs}: is there, and left so; it wants, at its end:\n{lines.rstrip()}")
    return yes or State.NEW not in states.values()


def _say_look(settings: Settings) -> None:
    """What the first look would find; a page that can't be read now stops nothing, and is asked for
    once.
    """
    click.echo(f"\nWhat the first look would find, by {settings.release_page}:")
    ports = replace(local(settings).ports(), pages=quick_pages())
    try:
        show_plan(describe(detect(ports, settings, dry_run=True)), True)
    except BotError as error:
        click.echo(f"It can't be said now: {error}")


def _check_clone(folder: Path) -> None:
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != folder.resolve():
        raise BotError(f"{folder}: is no clone's top folder; clone your repository, and name that.")


def _check_remotes(folder: Path, repository: str) -> None:
    """Raises BotError for a clone that can't be pushed; one of another repository is only noted."""
    remotes = _git(folder, "remote", "--verbose")
    if not remotes:
        raise BotError(
            f"{folder}: has no remote that it could be pushed to; say `git -C {quote(str(folder))} "
            f"remote add origin https://github.com/{repository}.git`, and this again."
        )
    if repository.lower() not in remotes.lower():
        click.echo(f"note: no remote of {folder} names {repository}; see `git remote --verbose`.")


def _git(folder: Path, *words: str) -> str:
    """What git prints; nothing where it refuses."""
    command = ["git", "-C", str(folder), *words]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


COMMANDS = (init,)
