"""The command `doctor`: looks at everything between here and a verified release, side by side.

Reads only; AWS, where one object is written and read back, only when asked for.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import rich_click as click

from bot.adapters.checkout import ask_runners, read_checkout
from bot.adapters.github import set_up
from bot.adapters.github.ports import github
from bot.adapters.github.workflows import WorkflowFiles
from bot.adapters.local.ports import local
from bot.adapters.web import quick_pages
from bot.cli.context import LazyContext, with_clear_errors
from bot.cli.terminal import show_health
from bot.doctor import checkout as judge_checkout
from bot.doctor import releases as judge_releases
from bot.doctor import repository as judge_repository
from bot.doctor import secrets as judge_secrets
from bot.doctor.lines import missing, ok, unknown
from bot.errors import BotError
from bot.gather.releases import read_directory, read_page
from bot.gather.schema_documents import document_address
from bot.model.markers import MarkerKind
from bot.model.ports import MergedManifests
from bot.model.set_up import Checkout, Installation, Refused, RepositorySetUp, Unseen
from bot.settings import Settings, load_partly, setting_names
from runners.contract import Health, PartHealth

IS_MISSING = 1
ON_AWS = ("ec2", "sagemaker")
Look = Callable[[], Iterable[PartHealth]]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a part.")
@click.option("--aws", "with_aws", is_flag=True, help="Look at AWS, too: writes an object.")
@click.option("--no-instance", is_flag=True, help="Leave the LaminDB instance out.")
@click.option(
    "--variables",
    envvar="REPOSITORY_VARIABLES",
    help="The repository's variables as JSON, where the token may not list them.",
)
@click.pass_obj
@with_clear_errors
def doctor(
    lazy: LazyContext, as_json: bool, with_aws: bool, no_instance: bool, variables: str | None
) -> None:
    """Say what is missing between here and a verified release, each with what mends it.

    Changes nothing. Exit code 1: something is missing. What can't be looked at with this token is
    said to be unknown.
    """
    options = Options(with_aws, not no_instance, _variables(variables))
    health = Health.OK
    for line in examine(lazy.path, options):
        health = line.health if line.health is Health.MISSING else health
        if as_json:
            click.echo(line.to_line())
        else:
            show_health(line)
    sys.exit(IS_MISSING if health is Health.MISSING else 0)


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be looked at; `variables` are the repository's, where a job has them."""

    aws: bool
    instance: bool
    variables: Mapping[str, str] | None


def _variables(text: str | None) -> Mapping[str, str] | None:
    if text is None:
        return None
    try:
        told = json.loads(text)
    except ValueError as error:
        raise BotError(f"--variables: not JSON ({error}); give toJSON(vars).") from error
    if not isinstance(told, dict):
        raise BotError("--variables: not an object of JSON; give toJSON(vars).")
    return {str(name): str(value) for name, value in told.items()}


def examine(path: Path | None, options: Options) -> Iterator[PartHealth]:
    """Every line, in a fixed order; what takes long is looked at side by side."""
    checkout = read_checkout()
    settings, names, problems = load_partly(path)
    looks: dict[str, Look] = {
        "GitHub": lambda: _of_github(settings, checkout, options),
        **{part: partial(_reached, part, to) for part, to in _addresses(settings, checkout)},
        "CZI's wheels": lambda: ask_runners("CZI's wheels", "reference"),
        "releases": lambda: _of_releases(settings),
        "instance": lambda: _of_instance(settings, options),
        "runs": lambda: _of_runs(settings, options),
    }
    with ThreadPoolExecutor(len(looks)) as pool:
        found = {part: pool.submit(_looked, part, look) for part, look in looks.items()}
        yield from judge_checkout.packages(checkout)
        yield from judge_checkout.names(names, setting_names(), problems)
        for one in found.values():
            yield from one.result()


def _looked(part: str, look: Look) -> list[PartHealth]:
    """What the look found. One that breaks is told, and the others are made all the same."""
    found: list[PartHealth] = []
    try:
        for line in look():
            found.append(line)
    except Exception as error:
        reason = " ".join(str(error).split())
        sentence = f"it couldn't be looked at ({type(error).__name__}: {reason})."
        found.append(unknown(part, sentence))
    return found


# --- GitHub ---------------------------------------------------------------------------------------


def _of_github(settings: Settings, checkout: Checkout, options: Options) -> Iterator[PartHealth]:
    if settings.github is None:
        yield ok("GitHub", "BOT_GITHUB names no repository: the bot lives in a folder.")
        return
    if settings.github_token is None:
        yield missing("token", "there is none.", 'export BOT_GITHUB_TOKEN="$(gh auth token)"')
        return
    found = set_up.look(
        settings.github, settings.github_token, settings.github_api, options.variables
    )
    yield judge_repository.token(found)
    if isinstance(found, RepositorySetUp):
        yield from _of_repository(found, settings, checkout)


def _of_repository(
    found: RepositorySetUp, settings: Settings, checkout: Checkout
) -> Iterator[PartHealth]:
    client_id, launcher = _said(found.variables, settings)
    files = WorkflowFiles(settings.workflow).needed
    yield from judge_repository.repository(found, files, checkout.variables, client_id=client_id)
    yield from judge_secrets.environments(found, found.variables)
    yield from judge_secrets.app(_app(found.name, client_id, settings), client_id, launcher)


def _said(
    variables: Mapping[str, str] | Unseen, settings: Settings
) -> tuple[str | Unseen | None, str | Unseen]:
    """The App's client id, if there is one, and where jobs work."""
    if isinstance(variables, Unseen):
        return settings.app_client_id or variables, variables
    client_id = settings.app_client_id or variables.get("APP_CLIENT_ID")
    return client_id, judge_secrets.launcher_of(variables)


def _app(
    name: str, client_id: str | Unseen | None, settings: Settings
) -> Installation | Refused | Unseen | None:
    if not client_id or isinstance(client_id, Unseen):
        return None
    if settings.app_private_key is None:
        return Unseen("only by its own key: give BOT_APP_PRIVATE_KEY")
    return set_up.look_at_app(name, client_id, settings.app_private_key, settings.github_api)


# --- pages, releases, instance, AWS ---------------------------------------------------------------


def _addresses(settings: Settings, checkout: Checkout) -> list[tuple[str, str]]:
    found = [
        ("release page", settings.release_page),
        ("release directory", settings.release_directory),
    ]
    if checkout.schema is not None:
        address = document_address(checkout.schema, settings.schema_document)
        found.append((f"schema document {checkout.schema}", address))
    return found


def _reached(part: str, address: str) -> list[PartHealth]:
    try:
        quick_pages().get(address)
    except BotError as error:
        remedy = f"Or name another by the setting {'_'.join(part.split()[:2])}."
        return [missing(part, str(error), remedy)]
    return [ok(part, f"{address} answers.")]


def _of_releases(settings: Settings) -> Iterable[PartHealth]:
    """What page and repository say of releases; what can't be read has a line of its own above."""
    pages = quick_pages()
    try:
        page = read_page(pages, settings.release_page)
        hosted = read_directory(pages, settings.release_directory).entries
    except BotError as error:
        return [unknown("releases", str(error))]
    announced = {release.version for release in page.releases} & hosted.keys()
    try:
        merged, proposed = _proposals(settings)
    except BotError as error:
        return [unknown("releases", str(error))]
    detect = WorkflowFiles(settings.workflow).detect
    look = f"gh workflow run {detect}" if settings.github else "python -m bot detect"
    return judge_releases.releases(announced, merged.whole, merged.broken, proposed, look)


def _proposals(settings: Settings) -> tuple[MergedManifests, frozenset[str]]:
    """The manifests, and the releases whose manifest is proposed: on GitHub by whoever it is, in a
    folder by the bot.
    """
    if settings.github is None:
        ports = local(settings).ports()
        marked, closed = ports.threads.marked(), ports.threads.closed()
        open_ones = {marker for marker, thread in marked.items() if thread not in closed}
        kind = MarkerKind.MANIFEST
        releases = frozenset(marker.key for marker in open_ones if marker.kind is kind)
        return ports.repository.manifests(), releases
    repository = github(settings, set_up.QUICK).repository
    return repository.manifests(), repository.proposed()


def _of_instance(settings: Settings, options: Options) -> Sequence[PartHealth]:
    if not options.instance:
        return []
    return ask_runners("instance", "instance", "--instance", settings.instance)


def _of_runs(settings: Settings, options: Options) -> Sequence[PartHealth]:
    if options.aws:
        return ask_runners("AWS", "aws")
    if settings.launcher in ON_AWS:
        return [unknown("AWS", "it wasn't looked at; do:", "python -m bot doctor --aws")]
    if settings.runs is None:
        return [ok("runs", "they are kept as artifacts of their workflow runs.")]
    if settings.runs.startswith("s3://"):
        sentence = f"whether {settings.runs} can be written shows when it is tried:"
        return [unknown("runs", sentence, "python -m bot doctor --aws")]
    return [ok("runs", f"they are kept in the folder {settings.runs}.")]


COMMANDS = (doctor,)
