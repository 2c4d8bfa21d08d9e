"""The command `doctor`: what is missing before a run can work, a line a part.

Must load nothing but the dependency group `launch`, as the rest of launching.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import NoReturn

import rich_click as click

from runners import settings
from runners.cli.options import CONFIGURATION, with_clear_errors
from runners.contract import ContractError, Health, PartHealth
from runners.contract.launch_toml import Configuration

IS_MISSING = 1
MAKE = "python -m runners stack configuration --outputs stack.json --budget 60"
"""What makes launch.toml, as docs/how-to/aws-ec2.md has it."""
_as_json = click.option("--json", "as_json", is_flag=True, help="A line of JSON a part.")


@click.group()
def doctor() -> None:
    """Say what is missing before a run can work. Exit code 1: something is."""


@doctor.command(name="aws")
@CONFIGURATION
@_as_json
@with_clear_errors
def aws(configuration_file: Path, as_json: bool) -> None:
    """Look at all that a launch on EC2 or SageMaker needs: runs, key, image, ways out of subnets,
    quotas, roles, and whether AWS would take each launch.

    By whatever credentials there are: those of the launcher's role show whether it may. Starts
    nothing, and writes one object, doctor.json, where runs are kept. Exit code 1: something is
    missing; what couldn't be looked at is said to be unknown.
    """
    try:
        configuration = Configuration.from_file(configuration_file)
    except ContractError as error:
        _show([_unusable(configuration_file, error)], as_json)
    from runners.launch.doctor import examine

    _show(examine(configuration, datetime.now(UTC)), as_json)


def _unusable(file: Path, error: ContractError) -> PartHealth:
    if file.exists():
        return PartHealth.of_error("launch.toml", Health.MISSING, str(error))
    sentence = (
        f"{file} isn't there; once the stack is (`python -m runners stack commands`), make it:"
    )
    remedy = MAKE if file == Path("launch.toml") else f"{MAKE} --to {quote(str(file))}"
    return PartHealth(part="launch.toml", health=Health.MISSING, sentence=sentence, remedy=remedy)


@doctor.command(name="runs")
@click.option("--runs", required=True, help="Where runs are kept, as s3://BUCKET/PREFIX.")
@_as_json
@with_clear_errors
def runs(runs: str, as_json: bool) -> None:
    """Look at whether runs can be kept at S3, as on runners of CodeBuild, without a launch.toml.

    By whatever credentials there are. Writes one object there, doctor.json, and reads it back. Exit
    code 1: it can't.
    """
    from runners.launch.doctor import examine_runs

    _show(examine_runs(runs, datetime.now(UTC)), as_json)


@doctor.command(name="instance")
@click.option("--instance", required=True, help="The LaminDB instance, as OWNER/NAME.")
@_as_json
@with_clear_errors
def instance(instance: str, as_json: bool) -> None:
    """Look at whether a LaminDB instance can take a release of the newest rules: its tables against
    the installed lamindb, our role, modules, features, sources, what lies in its trash.

    Reads only. Exit code 1: something is missing; what couldn't be looked at is said to be unknown.
    """
    from runners.verification.doctor import examine

    _show(examine(instance, settings.from_environment().reference), as_json)


@doctor.command(name="reference")
@_as_json
@with_clear_errors
def reference(as_json: bool) -> None:
    """Look at whether the wheels that the newest rules name are unpacked here or can be fetched.

    Installs nothing. Exit code 1: one is missing.
    """
    from runners.rules.wheels import examine

    _show(examine(settings.from_environment().reference), as_json)


def _show(parts: Iterable[PartHealth], as_json: bool) -> NoReturn:
    context = click.get_current_context(silent=True)
    program = context.find_root().info_name if context else None
    is_missing = False
    for found in parts:
        part = found.as_called(program)
        is_missing = is_missing or part.health is Health.MISSING
        if as_json:
            click.echo(part.to_line())
        else:
            remedy = f" {part.remedy}" if part.remedy else ""
            click.echo(f"{part.health:>7}  {part.part}: {part.sentence}{remedy}")
    sys.exit(IS_MISSING if is_missing else 0)
