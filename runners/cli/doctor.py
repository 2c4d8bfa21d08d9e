"""The command `doctor`: what is missing before a run can work, a line a part.

Must load nothing but the dependency group `launch`, as the rest of launching.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

from runners import settings
from runners.cli.options import CONFIGURATION, with_clear_errors
from runners.contract import Health, PartHealth
from runners.contract.launch_toml import Configuration

IS_MISSING = 1
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
    configuration = Configuration.from_file(configuration_file)
    from runners.launch.doctor import examine

    _show(examine(configuration, datetime.now(UTC)), as_json)


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


def _show(parts: Iterable[PartHealth], as_json: bool) -> None:
    is_missing = False
    for part in parts:
        is_missing = is_missing or part.health is Health.MISSING
        if as_json:
            click.echo(part.to_line())
        else:
            remedy = f" {part.remedy}" if part.remedy else ""
            click.echo(f"{part.health:>7}  {part.part}: {part.sentence}{remedy}")
    sys.exit(IS_MISSING if is_missing else 0)
