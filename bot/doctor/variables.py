"""The repository's variables, by which its jobs work: their values, and those that are lacking."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.doctor.lines import missing, unknown
from bot.doctor.secrets import launcher_of
from bot.model.limits import CODEBUILD, MACHINES
from bot.model.set_up import RepositorySetUp, Unseen
from bot.setting_values import read_text
from runners.contract import PartHealth

SETTINGS = {
    "BOT_INSTANCE": "instance",
    "BOT_INGEST_ON_MERGE": "ingest_on_merge",
    "BOT_MINIMUM_ROLES": "minimum_roles",
    "BOT_STORAGE": "storage",
    "BOT_PATCH_REPOSITORY": "patch_repository",
    "BOT_LAMINDB": "lamindb",
    "RUNS": "runs",
    "LAUNCHER": "launcher",
    "LAUNCH_TOML": "launch_toml",
    "CODEBUILD": "codebuild",
    "APP_CLIENT_ID": "app_client_id",
}
"""Variable -> the setting that jobs give it as (`env` of the workflow files)."""
OF_MACHINES = ("RUNS", "AWS_REGION", "READ_ROLE", "LAUNCH_ROLE")
NEEDED = {CODEBUILD: ("CODEBUILD",), **dict.fromkeys(MACHINES, OF_MACHINES)}
"""Launcher -> the variables that it can't do without, as docs/how-to/places.md has them."""


def _region(text: str) -> None:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d+", text):
        raise ValueError(f"{text!r} is no region of AWS; give one, as us-west-2")


def _role(text: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
    if not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/\S+", text):
        raise ValueError(f"{text!r} is no role; give arn:aws:iam::ACCOUNT:role/NAME")


def _runs(text: str) -> None:
    if not text.startswith("s3://"):
        raise ValueError(f"{text!r} is no place at S3; give it as s3://BUCKET/PREFIX")


def _toml(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is no TOML ({error}); give the text of launch.toml") from error


FORMS: Mapping[str, Callable[[str], None]] = {
    "AWS_REGION": _region,
    "READ_ROLE": _role,
    "LAUNCH_ROLE": _role,
    "DATA_ROLE": _role,
    "RUNS": _runs,
    "LAUNCH_TOML": _toml,
}
"""What holds beside what the settings' own readers say. Each raises ValueError."""


def settings_of(variables: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Setting -> its value in jobs, and variable -> why its value isn't valid. What isn't set, or
    not valid, is in neither.
    """
    values, problems = dict[str, Any](), dict[str, str]()
    for variable in sorted({*SETTINGS, *FORMS}):
        text = variables.get(variable)
        if not text:
            continue
        try:
            if variable in FORMS:
                FORMS[variable](text)
            if setting := SETTINGS.get(variable):
                values[setting] = read_text(setting, text)
        except ValueError as error:
            problems[variable] = str(error)
    return values, problems


def values(found: RepositorySetUp) -> Iterator[PartHealth]:
    """A line for each variable whose value isn't valid, and for each that is lacking."""
    if isinstance(found.variables, Unseen):
        return
    for variable, why in settings_of(found.variables)[1].items():
        yield missing(f"variable {variable}", f"{why}:", _set(variable, found))
    if not found.variables.get("BOT_INSTANCE"):
        sentence = "it isn't set, and says which LaminDB instance is written; set it:"
        yield missing("variable BOT_INSTANCE", sentence, _set("BOT_INSTANCE", found))
    launcher = launcher_of(found.variables)
    for variable in NEEDED.get(launcher, ()):
        if not found.variables.get(variable):
            sentence = f"it isn't set, and LAUNCHER={launcher} can't do without; set it:"
            yield missing(f"variable {variable}", sentence, _set(variable, found))
    if launcher in MACHINES and not found.variables.get("LAUNCH_TOML"):
        yield from _launch_toml(found)


def _launch_toml(found: RepositorySetUp) -> Iterator[PartHealth]:
    part, branch = "launch.toml", found.default_branch
    if isinstance(found.has_launch_toml, Unseen):
        yield unknown(part, f"it couldn't be looked for ({found.has_launch_toml.why}).")
    elif not found.has_launch_toml:
        sentence = f"neither {branch} has it nor a variable its text; add it, or set the variable:"
        yield missing(part, sentence, _set("LAUNCH_TOML", found))


def _set(variable: str, found: RepositorySetUp) -> str:
    return f"gh variable set {variable} --repo {found.name}"
