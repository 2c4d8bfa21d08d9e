"""The bot's settings, from a TOML file and `BOT_...` variables, which win.

A setting that is unknown or not valid is refused. A relative path in the file starts at the file's
folder, one in the environment at the working folder. Nothing else in bot/ reads the environment.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.errors import BotError
from bot.model.commands import Role, Verb
from bot.setting_values import READERS, WITNESSES

RELEASE_PAGE = (
    "https://chanzuckerberg.github.io/cellxgene-census/"
    "cellxgene_census_docsite_data_release_info.html"
)
RELEASE_PAGE_SOURCE = (
    "https://raw.githubusercontent.com/chanzuckerberg/cellxgene-census/"
    "main/docs/cellxgene_census_docsite_data_release_info.md"
)
RELEASE_DIRECTORY = "https://census.cellxgene.cziscience.com/cellxgene-census/v1/release.json"
SCHEMA_DOCUMENT = (
    "https://raw.githubusercontent.com/chanzuckerberg/single-cell-curation/"
    "main/schema/{version}/schema.md"
)
STORAGE = ("s3://cellxgene-census-public-us-west-2/", "s3://cellxgene-data-public/")
GITHUB_API = "https://api.github.com"
CLOUD_API = re.compile(r"https://api\.((?:[\w-]+\.ghe|github)\.com)")
INSTANCE = "laminlabs/cellxgene"
DEFAULT_FILE = Path("bot.toml")
LAUNCH_FILE = Path("launch.toml")
PREFIX = "BOT_"
ENVIRONMENT = "environment, as BOT_..."
SECRETS = frozenset({"github_token", "patch_token", "announce", "app_private_key"})


@dataclass(frozen=True, slots=True)
class Settings:
    """`repository` is None for a folder within `home`. `roles` holds for the local threads only.

    `release_page_source` is the page's Markdown, read where the page is refused; None for another
    page than the real one, unless it is given. `witnesses` are sources beside the schema documents,
    by name; none for other documents than the real ones, unless they are given. `lamindb` is where
    its module _cellxgene.py is, to be compared and patched; the command line takes the installed
    one.

    With `github` (OWNER/NAME) the bot lives there: `github_token` comes from the environment alone,
    `bot` is the login that goes with it, and `runs` is where the machine writes (None: artifacts of
    the workflow runs). `workflow` is the one workflow file of a repository that calls bot.yml.
    `github_pace` are the seconds between two writes. Releases may lie in `storage`, and in the
    buckets that the release directory names; one that lies elsewhere isn't ingested. LaminDB's
    patch is proposed in
    `patch_repository` with `patch_token`, from the environment alone, too; nowhere if one of them
    is missing.

    `launcher` and the text `launch_toml` (else that of launch.toml in the working folder) say what
    a run may take at most; `codebuild` says so for that launcher, which can't do without: the
    output of its stack. `announce`, from the environment alone, is a webhook's address: what a
    person must act on is said there, too. `app_client_id` and, from the environment alone,
    `app_private_key` are the App's: `doctor` asks by them what the App was given.
    """

    instance: str = INSTANCE
    github: str | None = None
    github_token: str | None = field(default=None, repr=False)
    github_api: str = GITHUB_API
    github_pace: float = 1.0
    patch_repository: str | None = None
    patch_token: str | None = field(default=None, repr=False)
    announce: str | None = field(default=None, repr=False)
    app_client_id: str | None = None
    app_private_key: str | None = field(default=None, repr=False)
    runs: str | None = None
    workflow: str | None = None
    home: Path = Path(".bot")
    repository: Path | None = None
    release_page: str = RELEASE_PAGE
    release_page_source: str | None = RELEASE_PAGE_SOURCE
    release_directory: str = RELEASE_DIRECTORY
    schema_document: str = SCHEMA_DOCUMENT
    witnesses: Mapping[str, str] = field(default_factory=lambda: dict(WITNESSES))
    lamindb: str | None = None
    ingest_on_merge: bool = True
    launcher: str | None = None
    launch_toml: str | None = None
    codebuild: Mapping[str, Any] | None = None
    dashboard: bool | None = None
    bot: str = "cellxgene-ingestion-bot"
    roles: Mapping[str, Role] = field(default_factory=dict)
    minimum_roles: Mapping[Verb, Role] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)
    storage: tuple[str, ...] = STORAGE

    @property
    def github_web(self) -> str:
        """Where a browser, and git, find the GitHub that has the API."""
        return web_of(self.github_api)

    def keeps_dashboard(self) -> bool:
        """Whether one thread tells how every release stands; in a folder only if that is set."""
        return self.github is not None if self.dashboard is None else self.dashboard


def web_of(api: str) -> str:
    """Where a browser finds the GitHub that has this API.

    https://docs.github.com/en/enterprise-server@latest/rest/quickstart
    https://docs.github.com/en/enterprise-cloud@latest/graphql/guides/managing-enterprise-accounts
    """
    of_cloud = CLOUD_API.fullmatch(api)
    return f"https://{of_cloud[1]}" if of_cloud else api.removesuffix("/api/v3")


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in the file, then those in `BOT_...` variables, which win.

    What a job of Actions has by itself is a default. The file is `path`, else what BOT_SETTINGS
    names, else `bot.toml` if there is one.

    Raises:
        BotError: no such file, no TOML, or a field that is unknown, of a wrong type, or missing.
    """
    environ = os.environ if environ is None else environ
    file = path or (Path(environ["BOT_SETTINGS"]) if environ.get("BOT_SETTINGS") else None)
    settings = _filled(Settings(), _of_actions(environ), ENVIRONMENT, Path())
    if file is not None or DEFAULT_FILE.is_file():
        settings = _from_file(settings, file or DEFAULT_FILE)
    return _completed(_from_environment(settings, environ))


def _completed(settings: Settings) -> Settings:
    """The settings with the text of launch.toml where a launcher needs it."""
    if settings.launcher == "codebuild" and settings.codebuild is None:
        raise BotError(
            "field codebuild: missing, and without it a job would wait for a runner that nobody "
            "makes; set it (on GitHub, the variable CODEBUILD) to the output Codebuild of the "
            "stack runners/launch/aws/codebuild.yaml, or choose another launcher."
        )
    if settings.launcher is None or settings.launch_toml is not None:
        return settings
    with suppress(OSError, UnicodeDecodeError):
        settings = replace(settings, launch_toml=LAUNCH_FILE.read_text(encoding="utf-8"))
    return settings


@dataclass(frozen=True, slots=True)
class Connection:
    """What it takes to say something on GitHub, as the environment has it, whether right or not."""

    repository: str
    token: str = field(repr=False)
    api: str


def connection(environ: Mapping[str, str] | None = None) -> Connection:
    """The connection, where the settings themselves may be wrong. Reads nothing else of them."""
    environ = os.environ if environ is None else environ
    api = environ.get("BOT_GITHUB_API") or environ.get("GITHUB_API_URL") or GITHUB_API
    return Connection(
        repository=environ.get("BOT_GITHUB") or environ.get("GITHUB_REPOSITORY", ""),
        token=environ.get("BOT_GITHUB_TOKEN", ""),
        api=api.rstrip("/"),
    )


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment with the changes, for a child process; None removes a variable."""
    merged = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def load_partly(
    path: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings, Mapping[str, tuple[str, ...]], tuple[str, ...], frozenset[str]]:
    """The settings that hold, all the names that were given, what is wrong with the others, a
    sentence each but for names that there aren't, and the settings of which nothing is known for
    that. Raises nothing.

    The names by where they are given: a file, or "" for the environment, whose variables are all
    there.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["BOT_SETTINGS"]) if environ.get("BOT_SETTINGS") else None)
    file = named or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    names, problems, refused = {"": tuple(environ)}, list[str](), set[str]()
    settings = _holding(Settings(), _of_actions(environ), ENVIRONMENT, Path(), problems, refused)
    try:
        values = _read(file) if file else {}
    except BotError as error:
        values = {}
        problems.append(str(error))
        refused |= READERS.keys()
    if file:
        names[str(file)] = tuple(values)
        settings = _holding(settings, values, str(file), file.parent, problems, refused)
    settings = _holding(settings, _given(environ), ENVIRONMENT, Path(), problems, refused)
    try:
        settings = _completed(settings)
    except BotError as error:
        problems.append(str(error))
        refused.add("codebuild")
    return settings, names, tuple(problems), frozenset(refused)


def _holding(
    settings: Settings,
    values: Mapping[str, Any],
    source: str,
    base: Path,
    problems: list[str],
    refused: set[str],
) -> Settings:
    """The settings with those of the values that hold; adds what is wrong with others, and keeps
    in `refused` the names that no value that holds has been given since.
    """
    good = {}
    for name in (name for name in values if name in READERS):
        try:
            _filled(settings, {name: values[name]}, source, base)
            good[name] = values[name]
            refused.discard(name)
        except BotError as error:
            problems.append(str(error))
            refused.add(name)
    return _filled(settings, good, source, base)


def setting_names() -> tuple[str, ...]:
    """The settings that there are."""
    return tuple(READERS)


def _from_file(settings: Settings, path: Path) -> Settings:
    return _filled(settings, _read(path), str(path), path.parent)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BotError(f"{path}: can't be read ({error}); name a settings file.") from error
    except tomllib.TOMLDecodeError as error:
        raise BotError(f"{path}: not TOML ({error}); correct it.") from error
    for name in sorted(SECRETS & values.keys()):
        raise BotError(f"{path}: field {name}: no file holds one; give {PREFIX}{name.upper()}.")
    return values


def _from_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    return _filled(settings, _given(environ), ENVIRONMENT, Path())


def _given(environ: Mapping[str, str]) -> Mapping[str, str]:
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != "BOT_SETTINGS" and value
    }


def _of_actions(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What every job of GitHub Actions has, on GitHub Enterprise Server, too: a default here."""
    return {"github_api": environ["GITHUB_API_URL"]} if environ.get("GITHUB_API_URL") else {}


def _filled(settings: Settings, values: Mapping[str, Any], source: str, base: Path) -> Settings:
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name not in READERS:
            raise BotError(
                f"{source}: field {name}: there is no such setting; use {', '.join(READERS)}."
            )
        try:
            read[name] = READERS[name](value, base)
        except ValueError as error:
            raise BotError(f"{source}: field {name}: {error}.") from error
    return with_page(settings, read)


def with_page(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with other values for some.

    The page's Markdown source and the witnesses belong to the real page and documents: with others,
    there are none unless `values` has them.
    """
    resets: dict[str, Any] = {}
    if "release_page" in values:
        resets["release_page_source"] = None
    if "schema_document" in values:
        resets["witnesses"] = {}
    return replace(settings, **{**resets, **values})
