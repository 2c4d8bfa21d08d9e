"""The command `doctor`: looks at everything between here and a verified release, side by side.

Reads only; AWS, where one object is written and read back, only when asked for.
"""

import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import rich_click as click

from bot.adapters.checkout import ask_runners, read_checkout
from bot.adapters.github import set_up
from bot.adapters.github.ports import github
from bot.adapters.github.workflows import WorkflowFiles
from bot.adapters.local.ports import local
from bot.cli.context import LazyContext, with_clear_errors
from bot.cli.doctor_pages import PAGES, Look, Pages
from bot.cli.doctor_runs import S3, kept, kept_in_folder, may_launch
from bot.cli.terminal import show_health
from bot.doctor import checkout as judge_checkout
from bot.doctor import releases as judge_releases
from bot.doctor import repository as judge_repository
from bot.doctor import secrets as judge_secrets
from bot.doctor import variables as judge_variables
from bot.doctor.lines import missing, ok, settings_named, unknown
from bot.errors import BotError
from bot.model.markers import MarkerKind
from bot.model.ports import MergedManifests
from bot.model.set_up import Checkout, Installation, Refused, RepositorySetUp, Unseen
from bot.settings import INSTANCE, Settings, load_partly, setting_names
from runners.contract import Health, PartHealth

IS_MISSING = 1
GITHUB = ("github", "github_token", "github_api", "workflow")
"""The settings by which GitHub is asked."""
OF_RUNS = ("runs", "launcher", "launch_toml")
"""Those by which it is known where runs are kept."""
WHEELS = "CZI's wheels"
SIDE_BY_SIDE = 12
"""As many looks are made at a time."""
Found = Future[RepositorySetUp | Refused | None]


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
    health, program = Health.OK, _program()
    for found in examine(lazy.path, options):
        line = found.as_called(program)
        health = line.health if line.health is Health.MISSING else health
        if as_json:
            click.echo(line.to_line())
        else:
            show_health(line)
    sys.exit(IS_MISSING if health is Health.MISSING else 0)


def _program() -> str | None:
    """The name by which whoever reads the lines has called this."""
    context = click.get_current_context(silent=True)
    return context.find_root().info_name if context else None


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
    settings, names, problems, refused = load_partly(path)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = pool.submit(_found, settings, options, refused)
        pages = Pages(settings, checkout, pool)
        looks = _looks(settings, checkout, options, found, pages)
        lines = [pool.submit(_looked, look, refused) for look in looks]
        yield from judge_checkout.packages(checkout)
        yield from judge_checkout.names(names, setting_names(), problems)
        for one in lines:
            yield from one.result()


def of_repository(settings: Settings) -> list[PartHealth]:
    """The lines about the repository, the pages and the releases, and none about this machine, as
    the pull request says them that adds what the repository lacks.
    """
    checkout, options = read_checkout(), Options(aws=False, instance=False, variables=None)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = pool.submit(lambda: _with_proposal(_found(settings, options, ())))
        looks = _looks(settings, checkout, options, found, Pages(settings, checkout, pool))
        wanted = [look for look in looks if look.part != WHEELS]
        lines = [pool.submit(_looked, look, ()) for look in wanted]
        return [line.as_called(_program()) for one in lines for line in one.result()]


def _with_proposal(found: RepositorySetUp | Refused | None) -> RepositorySetUp | Refused | None:
    return replace(found, onboarding="this one") if isinstance(found, RepositorySetUp) else found


def _looks(
    settings: Settings, checkout: Checkout, options: Options, found: Found, pages: Pages
) -> list[Look]:
    return [
        Look("GitHub", GITHUB, lambda: _of_github(found.result(), settings, checkout)),
        *pages.looks(),
        Look(WHEELS, (), lambda: ask_runners(WHEELS, "reference")),
        Look("releases", (*GITHUB, *PAGES), lambda: _of_releases(found.result(), settings, pages)),
        Look(
            "instance",
            ("instance",),
            lambda: _of_instance(_of_jobs(found.result(), settings), options),
        ),
        Look("runs", OF_RUNS, lambda: _of_runs(found.result(), settings, options)),
    ]


def _looked(look: Look, refused: Collection[str]) -> list[PartHealth]:
    """What the look found. One that breaks is told, and the others are made all the same."""
    if lacking := sorted(set(look.needs) & set(refused)):
        sentence = (
            f"{settings_named(lacking)} can't be read, as said above; correct what is said there."
        )
        return [unknown(look.part, sentence)]
    found: list[PartHealth] = []
    try:
        for line in look.lines():
            found.append(line)
    except Exception as error:
        reason = " ".join(str(error).split())
        sentence = f"it couldn't be looked at ({type(error).__name__}: {reason})."
        found.append(unknown(look.part, sentence))
    return found


# --- GitHub ---------------------------------------------------------------------------------------


def _found(
    settings: Settings, options: Options, refused: Collection[str]
) -> RepositorySetUp | Refused | None:
    """The repository's set-up; None where none is named, or no token is given."""
    if settings.github is None or settings.github_token is None or set(GITHUB) & set(refused):
        return None
    return set_up.look(
        settings.github, settings.github_token, settings.github_api, options.variables
    )


def _of_jobs(found: RepositorySetUp | Refused | None, settings: Settings) -> Settings:
    """The settings as the repository's jobs have them, where its variables were seen."""
    if not isinstance(found, RepositorySetUp) or isinstance(found.variables, Unseen):
        return settings
    values, _ = judge_variables.settings_of(found.variables)
    unset = {"runs": None, "launcher": None, "codebuild": None, "launch_toml": None}
    workflow = settings.workflow or judge_repository.workflow_of(found)
    return replace(settings, **{**unset, **values, "workflow": workflow})


def _of_github(
    found: RepositorySetUp | Refused | None, settings: Settings, checkout: Checkout
) -> Iterator[PartHealth]:
    if settings.github is None:
        sentence = f"BOT_GITHUB names no repository: the bot lives in the folder {settings.home}."
        yield ok("GitHub", sentence)
    elif found is None:
        yield missing("token", "there is none.", 'export BOT_GITHUB_TOKEN="$(gh auth token)"')
    else:
        yield judge_repository.token(found, settings.github_web)
        if isinstance(found, RepositorySetUp):
            yield from _of_repository(found, settings, checkout)


def _of_repository(
    found: RepositorySetUp, settings: Settings, checkout: Checkout
) -> Iterator[PartHealth]:
    client_id, launcher = _said(found.variables, settings)
    files = WorkflowFiles(settings.workflow or judge_repository.workflow_of(found)).needed
    yield from judge_repository.repository(found, files, checkout.variables, client_id=client_id)
    yield from judge_variables.values(found)
    yield from judge_secrets.environments(found, found.variables)
    app = _app(found.name, client_id, settings)
    yield from judge_secrets.app(app, client_id, launcher, found)


def _said(
    variables: Mapping[str, str] | Unseen, settings: Settings
) -> tuple[str | Unseen | None, str | Unseen]:
    """The App's client id, if there is one, and where jobs work."""
    if isinstance(variables, Unseen):
        return settings.app_client_id or variables, variables
    return variables.get("APP_CLIENT_ID"), judge_secrets.launcher_of(variables)


def _app(
    name: str, client_id: str | Unseen | None, settings: Settings
) -> Installation | Refused | Unseen | None:
    if not client_id or isinstance(client_id, Unseen):
        return None
    if settings.app_private_key is None:
        return Unseen("only by its own key: give BOT_APP_PRIVATE_KEY")
    return set_up.look_at_app(name, client_id, settings.app_private_key, settings.github_api)


# --- releases, instance, AWS ----------------------------------------------------------------------


def _of_releases(
    found: RepositorySetUp | Refused | None, settings: Settings, pages: Pages
) -> Iterable[PartHealth]:
    """What page and repository say of releases; what can't be read has a line of its own above."""
    announced = pages.announced()
    if isinstance(announced, BotError):
        return [unknown("releases", str(announced))]
    if not announced:
        sentence = "page and directory have none in common, and the bot takes only such; see both"
        return [missing("releases", f"{sentence}:", settings.release_page)]
    if isinstance(found, Refused):
        return [unknown("releases", "GitHub couldn't be asked for manifests, as said above.")]
    try:
        merged, proposed = _proposals(settings)
    except BotError as error:
        return [unknown("releases", str(error))]
    detect = WorkflowFiles(_of_jobs(found, settings).workflow).detect
    told = (announced, merged.whole, merged.broken, proposed)
    if settings.github:
        files = ""
        if isinstance(found, RepositorySetUp):
            files = f"{found.address}/edit/{found.default_branch}"
        look = f"gh workflow run {detect} --repo {settings.github}"
        return judge_releases.releases(*told, look, files=files)
    folder = str(local(settings).repository.repository)
    return judge_releases.releases(*told, "python -m bot detect", f"in {folder}", folder)


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
    found = ask_runners("instance", "instance", "--instance", settings.instance)
    if settings.instance != INSTANCE or all(one.health is Health.OK for one in found):
        return found
    sentence = f"it is {settings.instance} unless another is named; name yours, if you have one:"
    remedy = "export BOT_INSTANCE=OWNER/NAME"
    if settings.github:
        remedy = f"gh variable set BOT_INSTANCE --repo {settings.github} --body OWNER/NAME"
    return [unknown("instance", sentence, remedy), *found]


def _of_runs(
    found: RepositorySetUp | Refused | None, settings: Settings, options: Options
) -> Sequence[PartHealth]:
    if why := _unsure(found, options):
        return [unknown("runs", f"where they are kept isn't known ({why}).")]
    of_jobs = _of_jobs(found, settings)
    if options.aws and may_launch(of_jobs):
        return ask_runners("AWS", "aws", launch_toml=of_jobs.launch_toml)
    if options.aws and of_jobs.runs and of_jobs.runs.startswith(S3):
        return ask_runners("runs", "runs", "--runs", of_jobs.runs)
    if settings.github is None and settings.runs is None and settings.launcher is None:
        return [kept_in_folder(local(settings).runs.folder)]
    return [kept(of_jobs)]


def _unsure(found: RepositorySetUp | Refused | None, options: Options) -> str | None:
    """Why the repository's variables don't say where runs are kept."""
    if not isinstance(found, RepositorySetUp):
        return None
    if isinstance(found.variables, Unseen):
        unseen = f"the variable RUNS couldn't be seen: {found.variables.why}"
        return None if options.aws else unseen  # by the settings here
    _, problems = judge_variables.settings_of(found.variables)
    wrong = sorted({"RUNS", "LAUNCHER", "LAUNCH_TOML"} & problems.keys())
    return f"the variable {wrong[0]} isn't valid, as said above" if wrong else None


COMMANDS = (doctor,)
