"""The command `survey`: an instance that has a history gets the manifests of what it holds."""

import sys
from pathlib import Path

import rich_click as click

from runners import progress
from runners.cli.options import REPOSITORY, with_clear_errors
from runners.contract import MANIFESTS, ContractError

INCOMPLETE = 1


@click.command()
@click.option("--instance", required=True, help="The LaminDB instance, as OWNER/NAME.")
@REPOSITORY
@click.option("--yes", is_flag=True, help="Write the manifests; without, only say so.")
@click.option("--verify", "verifies", is_flag=True, help="Verify each release that has one.")
@click.option(
    "--backfill",
    "fills_in",
    is_flag=True,
    help="Verify each, then fill in what is missing, the oldest release first (with --yes).",
)
@click.option(
    "--runs",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the runs: those that fill in, and the verifications' reports.",
)
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a release.")
@with_clear_errors
def survey(
    instance: str,
    repository: Path,
    yes: bool,
    verifies: bool,
    fills_in: bool,
    runs: Path,
    as_json: bool,
) -> None:
    """Say which releases an instance holds, whoever registered them, what is missing of each, and
    write their manifests.

    So a bot knows the history of an instance that was there before it. A manifest that is there
    stays as it is, with the failures that it accepts. Reads the instance alone; writes manifests
    (--yes) and reports (--verify), and says first where. At the end it says what is missing, and
    the commands that fill it in. Only with --backfill and --yes are they done, too: one run at a
    time, the oldest release first, until a release doesn't pass; the same command goes on there.
    No thread is written.

    Exit code 1: a release's store couldn't be read, and its manifest is missing; one that lacks
    something or is to be verified is of a dataset schema without rules; or a verification didn't
    pass.
    """
    if fills_in and as_json:
        raise ContractError("command line: --json says what --backfill does; leave one out.")
    from runners.launch.local import run_step
    from runners.verification import backfill
    from runners.verification.survey import Survey, held_releases, stored_releases

    verifies = verifies or fills_in
    progress.say(f"manifests: {(repository / MANIFESTS).resolve()} (--repository names another)")
    if verifies:
        progress.say(f"reports: {runs.resolve()} (--runs names another folder)")
    held = held_releases(instance)
    states = []
    work = Survey(instance, repository, runs, is_real=yes, verifies=verifies)
    for one, stored in stored_releases(held):
        state, sentences = work.look(one, stored)
        states.append(state)
        for sentence in [state.to_line()] if as_json else sentences:
            click.echo(sentence)
    code = 0 if all(one.problem is None for one in states) else INCOMPLETE
    if not as_json:
        said = (
            backfill.describe(states) if held else [f"{instance}: holds no release of the Census."]
        )
        for sentence in said:
            click.echo(sentence)
    if fills_in and yes:
        sys.exit(backfill.fill_in(states, run_step, click.echo) or code)
    is_passed = all(one.is_whole for one in states if one.verdict is not None)
    sys.exit(code if is_passed else INCOMPLETE)
