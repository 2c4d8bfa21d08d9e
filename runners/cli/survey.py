"""The command `survey`: an instance that has a history gets the manifests of what it holds."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import rich_click as click

from runners import progress, settings
from runners.cli.options import REPOSITORY, with_clear_errors
from runners.contract import (
    MANIFESTS,
    Action,
    ContractError,
    Manifest,
    Status,
    Verdict,
    manifest_path,
)

INCOMPLETE = 1


@click.command()
@click.option("--instance", required=True, help="The LaminDB instance, as OWNER/NAME.")
@REPOSITORY
@click.option("--yes", is_flag=True, help="Write the manifests; without, only say so.")
@click.option("--verify", "verifies", is_flag=True, help="Verify each release that has one.")
@click.option(
    "--runs",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the verifications' reports.",
)
@with_clear_errors
def survey(instance: str, repository: Path, yes: bool, verifies: bool, runs: Path) -> None:
    """Say which releases an instance holds, whoever registered them, and write their manifests.

    So a bot knows the history of an instance that was there before it. A manifest that is there
    stays as it is, with the failures that it accepts; nothing that an instance lacks is filled in.
    Reads the instance alone; writes manifests (--yes) and reports (--verify), and says first where.
    Exit code 1: a release's store couldn't be read, and its manifest is missing; or a verification
    didn't pass.
    """
    from runners.verification.survey import held_releases, manifests

    progress.say(f"manifests: {(repository / MANIFESTS).resolve()} (--repository names another)")
    if verifies:
        progress.say(f"reports: {runs.resolve()} (--runs names another folder)")
    is_whole = True
    held = held_releases(instance)
    for one, made in manifests(held):
        if isinstance(made, ContractError):
            is_whole = False
            click.echo(f"{one.release}: {one.registered} datasets registered; no manifest ({made})")
            continue
        file = repository / manifest_path(one.release)
        state = _keep(file, made, is_real=yes)
        click.echo(f"{one.release}: {one.registered} of {made.dataset_count} datasets; {state}")
        if verifies and file.exists():
            passed, what = _verdict(file, instance, repository, runs)
            is_whole = is_whole and passed
            click.echo(f"{one.release}: {what}")
    if not held:
        click.echo(f"{instance}: holds no release of the Census.")
    sys.exit(0 if is_whole else INCOMPLETE)


def _keep(file: Path, manifest: Manifest, *, is_real: bool) -> str:
    """Writes the manifest unless there is one; what came of it."""
    if file.exists():
        return f"{file} is there, and left as it is"
    if not is_real:
        return f"--yes writes {file}"
    import tomli_w  # of the group `ingest`; launching has a smaller one

    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")  # killed half-way, no half of a manifest is left as it is
    part.write_text(tomli_w.dumps(manifest.to_table()), encoding="utf-8")
    part.replace(file)
    return f"wrote {file}"


def _verdict(file: Path, instance: str, repository: Path, runs: Path) -> tuple[bool, str]:
    """Whether a release passes, and the verdict: which checks it doesn't pass and how many failures
    are accepted, or why there is none. Files whose failure is accepted are read, to see that they
    fail for that.
    """
    from runners.run.request import ensure_request_file, kept_once_begun, load_job
    from runners.validation.check import judge_accepted
    from runners.verification.verify import verify

    reference, now = settings.from_environment().reference, datetime.now(UTC)
    fields = {"action": Action.VERIFY, "instance": instance}
    make = partial(ensure_request_file, runs, repository, file, now, **fields)
    try:
        with kept_once_begun(runs, make) as request:
            job = load_job(request, repository=repository, reference=reference)
            report = verify(job, judge_accepted(job.manifest, reference=reference))
    except ContractError as error:
        return False, f"can't be verified: {error}"
    offending = [
        check.title for check in report.checks if check.status in (Status.FAILED, Status.UNCHECKED)
    ]
    what = f": {'; '.join(offending)}" if offending else ""
    accepted = {offender.dataset_id for check in report.checks for offender in check.accepted}
    what += f", with {len(accepted)} accepted" if accepted else ""
    said = f"{report.verdict.value}{what} (the report lies beside {request})"
    return report.verdict is Verdict.PASSED, said
