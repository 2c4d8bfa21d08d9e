"""The commands of `python -m runners`: each parses its options, calls one function and says how
it ended.
"""

import gc
import sys
from math import inf
from pathlib import Path

import rich_click as click

from runners import progress, rules, settings
from runners.cli.check import check, compare
from runners.cli.doctor import doctor
from runners.cli.launch import follow, launch, reap, terminate
from runners.cli.options import CHECK_FAILED, WORKERS, request_options
from runners.cli.options import with_clear_errors as _with_clear_errors
from runners.cli.stack import stack
from runners.cli.survey import survey
from runners.contract import (
    Action,
    ContractError,
    RunReport,
    Status,
    Verdict,
    programs,
)
from runners.contract.version import own_version

# Ontologies are a million long-lived objects without cycles, through which the collector would go
# again and again: a quarter of a small run. Reading processes import this module too.
gc.set_threshold(50_000)

NAMES = programs.RUNNERS

GROUPS = {
    "A release": ("compare", "check", "ingest", "verify", "rollback"),
    "Machines": ("stack", "launch", "terminate", "follow", "reap"),
    "Set up and try": ("doctor", "survey", "reference", "instance", "sample"),
    "Called by workflow files": ("mirror",),
}
for name in NAMES:
    click.rich_click.COMMAND_GROUPS[name] = [
        {"name": title, "commands": list(names)} for title, names in GROUPS.items()
    ]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(own_version())
def main() -> None:
    """Register a CELLxGENE Census release in a LaminDB instance, and verify that it is there."""


main.add_command(check)
main.add_command(compare)
main.add_command(doctor)
main.add_command(launch)
main.add_command(stack)
main.add_command(survey)
main.add_command(terminate)
main.add_command(follow)
main.add_command(reap)


@main.command()
@_with_clear_errors
@request_options(Action.INGEST)
@WORKERS
@click.option("--scheduler", metavar="ADDRESS", help="Read on the Dask cluster of this scheduler.")
@click.option("--smoke", is_flag=True, help="Only one dataset, in an instance that is thrown away.")
def ingest(
    request_file: Path, repository: Path, workers: int | None, scheduler: str | None, smoke: bool
) -> None:
    """Register the datasets of a release.

    Killed and started again it goes on where it was; run again after its end it changes nothing.
    A file named "cancel" in the run's folder ends it early. Exit code 0: every dataset has its
    outcome (which may be a failure: see verify), or it was cancelled. 2: bad input. 130 and 143:
    SIGINT and SIGTERM.
    """
    from runners.ingest.smoke_test import smoke_test
    from runners.ingest.steps import ingest as register
    from runners.run.journal import summary
    from runners.run.request import load_job

    job = load_job(
        request_file,
        repository=repository,
        reference=_reference(),
        workers=workers,
        scheduler=scheduler,
    )
    if smoke:
        smoke_test(job, markers=settings.from_environment().canary)
    else:
        progress.say(f"{job.manifest.release}: {summary(register(job))}")


@main.command()
@_with_clear_errors
@request_options(Action.VERIFY)
def verify(request_file: Path, repository: Path) -> None:
    """Check a release in its instance and write report.json. Reads only.

    Any time, whoever registered the release: name a request, or a manifest and an instance. Exit
    code 0: all checks passed. 1: a check failed or could not be made. 2: bad input.
    """
    from runners.run.request import load_job
    from runners.verification import verify as verification

    job = load_job(request_file, repository=repository, reference=_reference())
    report = verification.verify(job)
    _say_checks(report)
    if command := verification.remedy_command(report, repository):
        click.echo(f"no run registered this release; what is missing is filled in by: {command}")
    sys.exit(0 if report.verdict is Verdict.PASSED else CHECK_FAILED)


@main.command()
@click.option("--run", "run_id", required=True, help="The run, as its request names it.")
@click.option("--to", "address", required=True, help="Where runs are kept: s3://... or a folder.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0),
    default=0,
    help="Ask the step to end early after this time, as on a cancellation; 0: never.",
)
@click.argument("word", type=click.Choice(["ingest", "verify", "launch"]))
@_with_clear_errors
def mirror(run_id: str, address: str, minutes: float, word: str) -> None:
    """Do a step of the run in runs/RUN, and keep what it writes at ADDRESS while it works.

    The request lies in request.json. What was kept of the release's runs is fetched first, so that
    another machine goes on where the last one was. What can't be kept is tried again; after ten
    minutes the step is asked to end early. Ends with the step's exit code; 2: what was kept
    couldn't be fetched, or what the step wrote not be kept. launch: all steps.
    """
    from runners.run import run_storage as mirroring

    folder, request = Path("runs") / run_id, Path("request.json").read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    run_mirror = mirroring.Mirror(folder, mirroring.run_storage_at(address))
    (folder / "request.json").write_bytes(request)
    command = [sys.executable, "-m", "runners", word, "--request", str(folder / "request.json")]
    sys.exit(mirroring.run(run_mirror, command, seconds=minutes * 60 or inf))


def _say_checks(report: RunReport) -> None:
    marks = {Status.PASSED: "ok", Status.FAILED: "FAILED"}
    for one in report.checks:
        mark = marks.get(one.status, one.status.value)
        counts = f"expected {one.expected}, found {one.found}" if one.status in marks else ""
        click.echo(f"{mark:>20}  {one.title}: {'; '.join(filter(None, (counts, one.note)))}")
    click.echo(f"verdict: {report.verdict.value}")


@main.command()
@click.option("--release", help="Take back all that the runs of this release wrote.")
@click.option("--run", "run_id", help="Take back what this one run wrote.")
@click.option("--instance", help="owner/name, where the release was ingested into several.")
@click.option(
    "--runs",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the runs' folders, which hold their journals.",
)
@click.option("--yes", "is_real", is_flag=True, help="Do it; else it only says what it would do.")
@_with_clear_errors
def rollback(
    release: str | None, run_id: str | None, instance: str | None, runs: Path, is_real: bool
) -> None:
    """Take back exactly what a release's runs, or one run, wrote into an instance.

    Never files in storage, the vocabulary that all releases share, or what anybody else has made
    since. Exit code 0: done, or it can be. 1: it can't be exact, and nothing was changed. 2: bad
    input.
    """
    from runners.rollback import rollback as work
    from runners.rollback.runs import find_runs
    from runners.rollback.wording import describe

    recorded_runs = find_runs(runs, release=release, run_id=run_id, instance=instance)
    result = work.rollback(recorded_runs, is_real=is_real, of_release=release is not None)
    for line in describe(result, is_real=is_real):
        click.echo(line)
    sys.exit(CHECK_FAILED if result.problems else 0)


@main.command()
@_with_clear_errors
def reference() -> None:
    """Fetch the pinned ontologies and gene tables of every dataset schema version with rules.

    Rules that wait for a person are named, and left out.
    """
    from runners.rules.reference import Reference

    for version in rules.versions():
        try:
            decided = rules.load(version)
        except ContractError as error:
            click.echo(f"left out: {error}", err=True)
        else:
            Reference(decided, _reference())


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--compare",
    "report_file",
    type=click.Path(path_type=Path),
    help="Instead of building, compare this report.json with what the sample is made to give.",
)
@click.option("--later", is_flag=True, help="It isn't the first run's: all may be verified by now.")
@_with_clear_errors
def sample(folder: Path, report_file: Path | None, later: bool) -> None:
    """Build the sample world (two small releases of a Census) into FOLDER; once is enough.

    Exit code of --compare: 0 if the report says of each dataset what it should, else 1.
    """
    from runners import sample as world
    from runners.sample.comparison import differences, is_verified

    if report_file is None:
        world.build(folder, _reference(), progress.say)
        return
    report = RunReport.from_file(report_file)
    if later and is_verified(report):
        click.echo(
            f"Verdict {report.verdict.value!r}: all of the sample is registered and verified."
        )
        return
    differing = differences(report)
    for difference in differing:
        click.echo(f"not as the sample is made: {difference}")
    if not differing:
        click.echo(f"Verdict {report.verdict.value!r}: the one that the sample is made to give.")
    sys.exit(CHECK_FAILED if differing else 0)


@main.command()
@click.argument("name")
@click.argument("storage", type=click.Path(path_type=Path, file_okay=False))
@click.option("--db", "database", help="A PostgreSQL address, instead of SQLite in STORAGE.")
@click.option(
    "--modules", default="bionty", help="LaminDB's modules, e.g. bionty,pertdb. Default: bionty."
)
@_with_clear_errors
def instance(name: str, storage: Path, database: str | None, modules: str) -> None:
    """Make a local LaminDB instance NAME with its default storage in STORAGE, if there is none."""
    from runners.registry import connection as instances

    click.echo(instances.create(name, storage, database, modules.split(",")))


def _reference() -> Path:
    return settings.from_environment().reference
