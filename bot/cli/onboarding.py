"""The command that prepares a repository for a bot whose code is elsewhere."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import rich_click as click
from click import get_current_context
from click.core import ParameterSource

from bot.adapters.local.ports import local
from bot.adapters.tags import commit_of
from bot.adapters.web import quick_pages
from bot.cli.context import LazyContext, with_clear_errors
from bot.cli.onboarding_app import WantedApp, say_or_make
from bot.cli.onboarding_clone import FIRST, NEWER, Clone, put
from bot.cli.onboarding_pull_request import Wanted, propose
from bot.cli.terminal import show_plan
from bot.comments.plan import describe
from bot.engine import detect
from bot.errors import BotError
from bot.onboarding import Code, check_words, git_steps, next_steps
from bot.onboarding.files import WORKFLOW
from bot.settings import Settings

OF_THE_APP = {"organisation", "environment", "key_file", "minutes"}
OF_FILES = {"code", "instance", "owners", "look", "as_pull_request", "update", "folder"}


@click.command()
@click.option("--code", help="The bot's code, as OWNER/NAME@TAG or @COMMIT.")
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
@click.option(
    "--update",
    is_flag=True,
    help="Renew what FOLDER has as an earlier commit had it: the workflow file's pin, and rules.",
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
    update: bool,
    yes: bool,
    folder: Path | None,
) -> None:
    """Prepare FOLDER, a clone of a repository of your own, for the bot to live in.

    Says what it would write, and writes it with --yes. A file that is there is left as it is. Then
    it says what the first look would find, and which commands are left to you. With --pull-request
    GitHub gets the files, on a branch, and the pull request says all that. With --update, a newer
    --code comes to a FOLDER that has them; what somebody has changed stays. With --app, a page on
    this machine leads to GitHub, which makes the App with the permissions that it needs; nothing is
    kept but its key, in --key-file.
    """
    if as_app:
        _refuse_options(OF_FILES, "doesn't go with --app")
        check_words(repository, repository, ())
        wanted = WantedApp(repository, organisation, environment, key_file, minutes)
        say_or_make(lazy.load().settings, wanted, yes=yes)
        return
    _refuse_options(OF_THE_APP, "goes with --app alone")
    if code is None or instance is None:
        raise BotError("--code, --instance: one of them is missing; give both.")
    check_words(repository, instance, owners)
    settings = replace(lazy.load().settings, instance=instance)
    pinned = Code.from_text(code, partial(commit_of, web=settings.github_web))
    if as_pull_request:
        _refuse_options({"folder", "update"}, "doesn't go with --pull-request")
        name = settings.workflow or Path(WORKFLOW).name
        settings = replace(settings, github=repository, repository=None, workflow=name)
        propose(settings, Wanted(pinned, owners, look), yes=yes)
        return
    if folder is None:
        raise BotError("FOLDER: missing; name your repository's clone, or say --pull-request.")
    clone = Clone.at(folder, repository, settings.github_web)
    if update and not (folder / WORKFLOW).is_file():
        raise BotError(f"{folder}: has no {WORKFLOW} to be renewed; leave --update out.")
    is_written = put(clone, pinned, owners, update=update, yes=yes)
    if look and not update:
        _say_look(replace(settings, repository=folder, github=None))
    message = NEWER if update else FIRST
    if is_written and not yes:
        head, steps = "With --yes; then:", git_steps(folder, clone.remote, message)
    else:
        head = "Then:" if is_written else "What of this isn't done yet (`bot doctor` says so):"
        steps = clone.steps(message)
    _say_steps(head, [*steps, *(() if update else next_steps(repository, instance))])


def _say_steps(head: str, steps: Sequence[str]) -> None:
    click.echo(f"\n{head}" if steps else "\nNothing is left to be pushed.")
    for step in steps:
        click.echo(f"  {step}")


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


def _refuse_options(names: Collection[str], why: str) -> None:
    """Raises BotError if one of these was given: it would be ignored."""
    context = get_current_context()
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if parameter.name in names and source is ParameterSource.COMMANDLINE:
            is_option = isinstance(parameter, click.Option)
            name = parameter.opts[0] if is_option else parameter.human_readable_name
            raise BotError(f"{name}: {why}; leave it out.")


COMMANDS = (init,)
