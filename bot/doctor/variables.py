"""The repository's variables, by which its jobs work: their values, and those that are lacking."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from bot.doctor.lines import missing, unknown
from bot.doctor.secrets import launcher_of
from bot.model.limits import CODEBUILD, MACHINES
from bot.model.set_up import RepositorySetUp, Unseen
from bot.setting_values import read_text
from runners.contract import ContractError, PartHealth
from runners.contract.launch_toml import REGION, Configuration

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
ROLES = ("READ_ROLE", "DATA_ROLE", "LAUNCH_ROLE")
NEEDED_BY = {
    "RUNS": ("READ_ROLE", "AWS_REGION"),  # the jobs that speak read there what a run has written
    **dict.fromkeys(ROLES, ("AWS_REGION",)),
}
"""Variable -> those without which it says nothing."""


def _region(text: str) -> None:
    if not re.fullmatch(REGION, text):
        raise ValueError(f"{text!r} is no region of AWS; give one, as us-west-2")


def _role(text: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
    if not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/\S+", text):
        raise ValueError(f"{text!r} is no role; give arn:aws:iam::ACCOUNT:role/NAME")


def _runs(text: str) -> None:
    if not re.match("s3://[^/]", text):
        raise ValueError(f"{text!r} is no place at S3; give it as s3://BUCKET/PREFIX")


def _toml(text: str) -> None:
    try:
        Configuration.from_text(text, source="launch.toml")
    except ContractError as error:
        raise ValueError(str(error).removesuffix(".")) from error


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
    held, problems = settings_of(found.variables)
    for variable, why in problems.items():
        yield missing(f"variable {variable}", f"{why}:", _set(variable, found))
    if not found.variables.get("BOT_INSTANCE"):
        sentence = "it isn't set, and says which LaminDB instance is written; set it:"
        yield missing("variable BOT_INSTANCE", sentence, _set("BOT_INSTANCE", found))
    for variable, who in _needed(found.variables, problems).items():
        if not found.variables.get(variable):
            sentence = f"it isn't set, and {who} can't do without; set it:"
            yield missing(f"variable {variable}", sentence, _set(variable, found))
    if text := held.get("launch_toml"):
        yield from _other_runs(text, found)
    elif launcher_of(found.variables) in MACHINES and not found.variables.get("LAUNCH_TOML"):
        yield from _launch_toml(found)


def _needed(variables: Mapping[str, str], invalid: Collection[str]) -> dict[str, str]:
    """Each variable without which another, that is valid, says nothing, and which one that is."""
    launcher = launcher_of(variables)
    needed = dict.fromkeys(NEEDED.get(launcher, ()), f"LAUNCHER={launcher}")
    for who, names in NEEDED_BY.items():
        if variables.get(who) and who not in invalid:
            needed |= {name: who for name in names if name not in needed}
    return needed


def _other_runs(text: str, found: RepositorySetUp) -> Iterator[PartHealth]:
    """Machines write where launch.toml says, and the bot reads where RUNS says."""
    variables = {} if isinstance(found.variables, Unseen) else found.variables
    written = Configuration.from_text(text, source="launch.toml").runs
    read = variables.get("RUNS")
    if read and written.rstrip("/") != read.rstrip("/"):
        sentence = f"its runs, where machines write, is {written}, and RUNS, where the bot reads,"
        sentence += f" is {read}; make them the same:"
        yield missing("variable LAUNCH_TOML", sentence, _set("LAUNCH_TOML", found))


def _launch_toml(found: RepositorySetUp) -> Iterator[PartHealth]:
    part, branch = "launch.toml", found.default_branch
    if isinstance(found.has_launch_toml, Unseen):
        yield unknown(part, f"it couldn't be looked for ({found.has_launch_toml.why}).")
    elif not found.has_launch_toml:
        sentence = f"neither {branch} has it nor a variable its text; add it, or set the variable:"
        yield missing(part, sentence, _set("LAUNCH_TOML", found))


def _set(variable: str, found: RepositorySetUp) -> str:
    return f"gh variable set {variable} --repo {found.name}"
