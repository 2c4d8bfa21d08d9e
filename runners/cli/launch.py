"""The commands `launch`, `terminate`, `follow` and `reap`, whose results are JSON lines on
standard output.

Must load nothing but the dependency group `launch`: a hosted job installs no more. What the
launcher `local` needs is imported when it is chosen.
"""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from runners import settings
from runners.cli.options import CONFIGURATION, REPOSITORY, with_clear_errors
from runners.contract import ContractError, Manifest, RunRequest
from runners.contract.launch_toml import Configuration
from runners.launch.ports import Launcher
from runners.launch.work import PackedWork

NOT_ALL_DONE = 1


@click.command()
@click.option(
    "--request",
    "request_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The run's request.json.",
)
@REPOSITORY
@CONFIGURATION
@click.option(
    "--launcher",
    type=click.Choice(["local", "ec2", "sagemaker"], case_sensitive=False),
    default="local",
    show_default=True,
    help="Where the run works.",
)
@click.option("--dry-run", is_flag=True, help="Print the exact request and what it may cost.")
@click.option(
    "--work",
    "work_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For sagemaker: the packed work, a tar; else this checkout is packed.",
)
@click.option("--commit", help="The commit that the packed work's code is from.")
@with_clear_errors
def launch(
    request_file: Path,
    repository: Path,
    configuration_file: Path,
    launcher: str,
    dry_run: bool,
    work_file: Path | None,
    commit: str | None,
) -> None:
    """Give a run a machine.

    local: the steps run here, and the exit code is that of the one that stopped. ec2: returns when
    the machine's runner is online, with its label. sagemaker: returns when the job is there, which
    then works on by itself; `follow` looks at it. Exit code 2: there is no machine, and none is
    left, as far as AWS and GitHub could be asked; else it ends by its own timer.
    """
    request = RunRequest.from_file(request_file)
    chosen: Launcher
    if launcher == "local":
        from runners.launch.local import LocalLauncher

        chosen = LocalLauncher(request_file, repository, settings.from_environment().reference)
    else:
        work = None
        if launcher == "sagemaker":
            work = _packed(work_file, commit, repository, request)
        configuration = Configuration.from_file(configuration_file)
        from runners.launch import adapters

        chosen = adapters.launcher(launcher, configuration, settings.from_environment(), work)
    if dry_run:
        _say(
            {
                **chosen.shown(request),
                **_proposed(launcher, configuration_file, request, repository),
            }
        )
        return
    launched = chosen.launch(request)
    if launched.document is not None:
        _say(launched.document)
    sys.exit(launched.exit_code)


def _proposed(
    launcher: str, configuration_file: Path, request: RunRequest, repository: Path
) -> Mapping[str, Any]:
    """A smaller machine for the release, if its manifest is there and there is one."""
    manifest = repository / request.manifest
    if launcher != "ec2" or not manifest.is_file():
        return {}
    from runners.launch.sizes import proposal

    configuration = Configuration.from_file(configuration_file)
    found = proposal(configuration, Manifest.from_file(manifest).dataset_count)
    return {} if found is None else {"proposal": found}


def _packed(
    work_file: Path | None, commit: str | None, repository: Path, request: RunRequest
) -> PackedWork:
    if work_file is not None:
        return PackedWork.from_file(work_file, commit)
    return PackedWork.of_checkout(settings.REPOSITORY, repository, request)


@click.command()
@CONFIGURATION
@click.option(
    "--launcher",
    type=click.Choice(["ec2", "sagemaker"], case_sensitive=False),
    default="ec2",
    show_default=True,
)
@click.option("--run", "run_id", required=True, help="The run whose machine is to end.")
@with_clear_errors
def terminate(configuration_file: Path, launcher: str, run_id: str) -> None:
    """End a run's machine, whatever it does, and its runner. Again, it changes nothing."""
    configuration = Configuration.from_file(configuration_file)
    from runners.launch import adapters

    chosen = adapters.terminator(launcher, configuration, settings.from_environment())
    ended = chosen.terminate(run_id)
    _say({"run": run_id, "terminated": list(ended)})


@click.command()
@CONFIGURATION
@click.option("--stop", "unwanted", default="", help="Runs whose job is to end, parted by commas.")
@with_clear_errors
def follow(configuration_file: Path, unwanted: str) -> None:
    """Look at each Processing job whose end isn't known, and keep what AWS says of it.

    Prints each as it is then. Only those of --stop are ended, and those that outlived their time.
    Exit code 0: all were looked at. 1: some were not; the next look makes up for it.
    """
    configuration = Configuration.from_file(configuration_file)
    from runners.launch import adapters

    failed = False
    stopped = {run_id.strip() for run_id in unwanted.split(",")}
    for job in adapters.sagemaker(configuration).follow(stopped):
        if isinstance(job, ContractError):
            failed = True
            click.echo(str(job), err=True)
        else:
            _say(job.to_mapping())
    sys.exit(NOT_ALL_DONE if failed else 0)


@click.command()
@CONFIGURATION
@click.option(
    "--now", type=click.DateTime(), help="Look as if it were this time (UTC), for a rehearsal."
)
@with_clear_errors
def reap(configuration_file: Path, now: datetime | None) -> None:
    """End machines that outlived their run or their time, and runners without machines.

    Spares a machine whose job is running and within its lifetime. Prints each action as it is done;
    `python -m bot reaped` says it in the thread. Exit code 0: all was done. 1: something was not.
    2: AWS or GitHub could not be asked.
    """
    configuration = Configuration.from_file(configuration_file)
    from runners.launch.adapters import ports
    from runners.launch.reap import reap as reap_all

    external_services = ports(configuration, settings.from_environment())
    at = now.replace(tzinfo=UTC) if now else external_services.clock.now()
    failed = False
    for action in reap_all(configuration, external_services, at):
        failed = failed or action.has_failed
        _say(action.to_mapping())
    sys.exit(NOT_ALL_DONE if failed else 0)


def _say(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document))
