"""The command that prepares a repository for a bot whose code is elsewhere."""

import subprocess
from dataclasses import replace
from pathlib import Path

import rich_click as click

from bot.adapters.files import write
from bot.adapters.local.ports import local
from bot.adapters.local.repository import OWN_RULES
from bot.cli.context import LazyContext, with_clear_errors
from bot.cli.terminal import show_plan
from bot.comments.plan import describe
from bot.engine import detect
from bot.errors import BotError
from bot.onboarding import Code, State, compare, files, next_steps


@click.command()
@click.option("--code", required=True, help="The bot's code, as OWNER/NAME@COMMIT.")
@click.option("--repository", required=True, help="The repository on GitHub, as OWNER/NAME.")
@click.option("--instance", required=True, help="The LaminDB instance, as OWNER/NAME.")
@click.option(
    "--owner",
    "owners",
    multiple=True,
    help="Who must review manifests and rules, as @person or @org/team; several times, if needed.",
)
@click.option("--look/--no-look", default=True, help="Say what the first look would find.")
@click.option("--yes", is_flag=True, help="Write the files; without, only say so.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.pass_obj
@with_clear_errors
def init(
    lazy: LazyContext,
    code: str,
    repository: str,
    instance: str,
    owners: tuple[str, ...],
    look: bool,
    yes: bool,
    folder: Path,
) -> None:
    """Prepare FOLDER, a clone of a repository of your own, for the bot to live in.

    Says what it would write, and writes it with --yes. A file that is there is left as it is. Then
    it says what the first look would find, and which commands are left to you.
    """
    _check_clone(folder)
    texts = files(Code.from_text(code), owners, OWN_RULES)
    states = compare(texts, folder)
    for path, state in states.items():
        click.echo(f"{'wrote' if yes and state is State.NEW else state}: {path}")
        if yes and state is State.NEW:
            write(folder / path, texts[path])
    if look:
        settings = replace(lazy.load().settings, repository=folder, github=None, instance=instance)
        show_plan(describe(detect(local(settings).ports(), settings, dry_run=True)), True)
    click.echo("\nThen:" if yes or State.NEW not in states.values() else "\nWith --yes; then:")
    for step in next_steps(repository, instance):
        click.echo(f"  {step}")


def _check_clone(folder: Path) -> None:
    found = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "--show-prefix"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0 or found.stdout.strip():
        raise BotError(f"{folder}: is no clone's top folder; clone your repository, and name that.")


COMMANDS = (init,)
