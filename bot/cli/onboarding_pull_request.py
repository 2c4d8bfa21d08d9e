"""`init --pull-request`: what prepares a repository, opened there as a pull request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import rich_click as click

from bot.adapters.github.client import RetryPolicy, connect
from bot.adapters.github.onboarding import GithubOnboarding
from bot.adapters.github.ports import github
from bot.adapters.local.ports import local
from bot.adapters.local.repository import OWN_RULES
from bot.adapters.web import quick_pages
from bot.cli.doctor import of_repository
from bot.cli.terminal import show_plan
from bot.comments.markdown import inert
from bot.comments.onboarding import BRANCH, onboarding_body
from bot.comments.plan import describe
from bot.engine import detect
from bot.errors import BotError
from bot.onboarding import Code, State, compare_blobs, files, next_steps
from bot.onboarding.files import OWNERS, OWNERS_PLACES, owner_lines
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the files are made of, and whether the first look is to be said."""

    code: Code
    owners: Sequence[str]
    look: bool


def propose(settings: Settings, wanted: Wanted, *, yes: bool) -> None:
    """Says what the pull request would have, and opens it with `yes`. Where there is or was one,
    it changes nothing.
    """
    name, adapter = settings.github or "", _adapter(settings)
    steps = list(next_steps(name, settings.instance))
    if there := adapter.proposed():
        state = "open" if there.is_open else "closed or merged"
        click.echo(f"{there.address} is there ({state}), and left as it is.")
        return _say_steps("\nThen:", steps)
    blobs = adapter.blobs()
    texts, states = _files(wanted, blobs or {})
    new = {path: texts[path] for path, state in states.items() if state is State.NEW}
    for path, state in states.items():
        click.echo(f"{state}: {path}")
    if not new:
        click.echo("Nothing is to be proposed.")
        return _say_steps("\nThen:", steps)
    if blobs is None:
        click.echo("The repository has no commit: a README.md becomes its first.")
    look = _look(settings, is_empty=blobs is None) if wanted.look else "It wasn't asked for."
    if not yes:
        show_plan(look, dry_run=True)
        click.echo(f"\nWith --yes, a pull request from the branch {BRANCH} has these and this.")
        return _say_steps("Then:", steps)
    left = [path for path, state in states.items() if state is State.OTHER]
    if blobs is None:
        adapter.begin()
    body = onboarding_body(list(new), left, of_repository(settings), steps, look)
    click.echo(f"opened: {adapter.propose(new, body)}")
    return _say_steps("\nOnce it is merged:", steps)


def _adapter(settings: Settings) -> GithubOnboarding:
    if settings.github is None or settings.github_token is None:
        raise BotError(
            'BOT_GITHUB_TOKEN: missing; export BOT_GITHUB_TOKEN="$(gh auth token)", whose scope '
            "workflow is needed."
        )
    patience = RetryPolicy(pace=settings.github_pace)
    repo = connect(settings.github, settings.github_token, settings.github_api, patience)
    return GithubOnboarding(repo, patience)


def _files(wanted: Wanted, blobs: Mapping[str, str]) -> tuple[dict[str, str], dict[str, State]]:
    """The files and how each compares with the default branch's; owners that it has stay alone."""
    theirs = next((place for place in OWNERS_PLACES if place in blobs), None)
    texts = dict(files(wanted.code, wanted.owners, OWN_RULES))
    if theirs and compare_blobs(texts, blobs).get(theirs) is not State.SAME:
        texts.pop(OWNERS, None)
    if theirs and wanted.owners and theirs not in texts:
        lines = owner_lines(wanted.owners).rstrip()
        click.echo(f"{theirs}: is there, and left so; it wants, at its end:\n{lines}")
    return texts, dict(compare_blobs(texts, blobs))


def _look(settings: Settings, *, is_empty: bool) -> str:
    """What the first look would find, as Markdown; that the page can't be read now stops nothing.

    A repository without a commit is looked at as an empty folder: GitHub reads nothing there.
    """
    try:
        if not is_empty:
            ports = replace(github(settings).ports(), pages=quick_pages())
            return describe(detect(ports, settings, dry_run=True))
        with TemporaryDirectory() as folder:
            empty = replace(settings, repository=Path(folder), github=None)
            ports = replace(local(empty).ports(), pages=quick_pages())
            return describe(detect(ports, empty, dry_run=True))
    except BotError as error:
        return f"It can't be said now: {inert(str(error))}"


def _say_steps(head: str, steps: Sequence[str]) -> None:
    click.echo(head)
    for step in steps:
        click.echo(f"  {step}")
