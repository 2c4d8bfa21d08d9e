"""What a run may take at most, by where it works: from the launcher's name and launch.toml.

Pure. A file that can't be read gives less to say, and is no error here: the launch refuses it.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

HOSTED = frozenset({"hosted", "local"})
HOSTED_HOURS = 6.0
"""https://docs.github.com/en/actions/reference/limits#existing-system-limits"""

CODEBUILD = "codebuild"
CODEBUILD_HOURS = 8.0
"""`TimeoutInMinutes` of the project in runners/launch/aws/codebuild.yaml."""

MACHINES = {"ec2": ("machine of EC2", "types"), "sagemaker": ("Processing job", "type")}
LAUNCHERS = ("hosted", "local", CODEBUILD, *MACHINES)


@dataclass(frozen=True, slots=True)
class RunLimits:
    """`dollars` an hour of the dearest machine are known only if the configuration gives them.

    A launch that may cost more than `budget` is refused. `is_whole`: they include its disk.
    """

    machine: str
    hours: float | None = None
    dollars: float | None = None
    budget: float | None = None
    is_whole: bool = False


def run_limits(
    launcher: str, launch_toml: str | None, codebuild: Mapping[str, Any] | None = None
) -> RunLimits | None:
    """The limits of a run on this launcher; None if there is no launcher of this name."""
    if launcher in HOSTED:
        return RunLimits("runner of GitHub's", HOSTED_HOURS)
    if launcher == CODEBUILD:
        price = _number(_mapping(codebuild).get("price"))
        return RunLimits("runner of CodeBuild's", CODEBUILD_HOURS, price, is_whole=True)
    if launcher not in MACHINES:
        return None
    machine, types = MACHINES[launcher]
    table = _launch(launch_toml)
    chosen = _mapping(table.get(launcher)).get(types, [])
    prices = _mapping(table.get("prices"))
    named = [chosen] if isinstance(chosen, str) else chosen
    names = named if isinstance(named, list) else []
    known = [_number(prices.get(name)) if isinstance(name, str) else None for name in names]
    dollars = [price for price in known if price is not None]
    return RunLimits(
        machine,
        _number(table.get("lifetime_hours")),
        max(dollars) if dollars and len(dollars) == len(known) else None,
        _number(table.get("budget")),
    )


def codebuild_output(value: object) -> Mapping[str, Any]:
    """What the stack runners/launch/aws/codebuild.yaml puts out, as JSON or as a table.

    Its project's name is part of a job's label. Raises ValueError where it isn't such an output.
    """
    try:
        output = value if isinstance(value, dict) else json.loads(str(value))
        if re.fullmatch(r"[A-Za-z0-9][\w-]{1,149}", output["project"], re.ASCII):
            return dict(output)
    except (ValueError, TypeError, KeyError):
        pass
    raise ValueError(
        f'{value!r} is not {{"project": NAME, ...}}; copy the output Codebuild of the stack '
        "runners/launch/aws/codebuild.yaml"
    )


def _launch(text: str | None) -> Mapping[str, Any]:
    try:
        return _mapping(tomllib.loads(text or "").get("launch"))
    except tomllib.TOMLDecodeError:
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    """The number, if it is one that can be said."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None
