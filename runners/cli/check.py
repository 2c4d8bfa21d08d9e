"""The commands `check` and `compare`: what can be said of a release, or of single files, before an
ingest and without an instance.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import rich_click as click

from runners import rules, settings
from runners.cli.options import CHECK_FAILED, WORKERS, with_clear_errors
from runners.contract import (
    MENDED_BY_REPEAT,
    ContractError,
    ExceptionState,
    FileOutcome,
    Finding,
    Manifest,
)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="MANIFEST|FILE...")
@click.option("--schema", metavar="VERSION", help="The dataset schema version of the files.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the manifest's first N datasets.")
@click.option(
    "--json",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the outcome of each dataset or file into this file too.",
)
@WORKERS
@with_clear_errors
def check(
    inputs: tuple[str, ...],
    schema: str | None,
    limit: int | None,
    report_file: Path | None,
    workers: int | None,
) -> None:
    """Say which datasets of a manifest's release, or which h5ad files, will fail, and why.

    A name that ends in .toml is a manifest, one that ends in .json a schema version's rules. All
    others are h5ads, paths or s3:// addresses, and are checked against --schema, or else the
    dataset schema version that the file says itself, or else the newest with rules. Needs
    neither an instance nor credentials. Exit code 0: none will fail, but what the manifest
    accepts. 1: some will. 2: bad input.
    """
    if len(inputs) == 1 and inputs[0].endswith(".json"):
        _check_rules(Path(inputs[0]))
    if not any(name.endswith(".toml") for name in inputs):
        if limit is not None:
            raise ContractError("command line: --limit goes with a manifest; leave it out.")
        _check_files(inputs, schema, report_file, workers)
    if len(inputs) > 1:
        raise ContractError("command line: a manifest is checked alone; name nothing else.")
    if schema is not None:
        raise ContractError("command line: the manifest names its schema; leave --schema out.")
    _check_release(Path(inputs[0]), limit, report_file, workers)


def _check_rules(file: Path) -> NoReturn:
    """Says that the rules are decided and hold together. Raises ContractError if they don't."""
    try:
        rules.read(file.read_text(encoding="utf-8"), source=str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{file}: can't be read ({error}); name a file that can.") from error
    click.echo(f"{file}: the rules hold together")
    sys.exit(0)


def _check_files(
    files: Sequence[str], schema: str | None, report_file: Path | None, workers: int | None
) -> NoReturn:
    from runners.validation import check as checking

    result = checking.check_files(
        files,
        schema_version=schema,
        reference=settings.from_environment().reference,
        workers=workers,
    )
    if report_file is not None:
        _write(report_file, result.to_json())
    failing = [outcome for outcome in result.files if outcome.reasons]
    for outcome in result.files:
        click.echo(f"{outcome.file}: {_verdict(outcome)}")
        _say_findings(outcome.reasons, outcome.notes)
    click.echo(f"{len(result.files) - len(failing)} of {len(result.files)} files pass")
    sys.exit(CHECK_FAILED if failing else 0)


def _verdict(file: FileOutcome) -> str:
    if file.outcome in MENDED_BY_REPEAT:
        return f"is {file.outcome.value}"
    return f"{'fails' if file.reasons else 'passes'} dataset schema {file.dataset_schema_version}"


def _check_release(
    manifest_file: Path, limit: int | None, report_file: Path | None, workers: int | None
) -> NoReturn:
    from runners.run.journal import summary
    from runners.validation import check as checking

    manifest = Manifest.from_file(manifest_file)
    result = checking.check(
        manifest, reference=settings.from_environment().reference, workers=workers, limit=limit
    )
    if report_file is not None:
        _write(report_file, result.to_json())
    accepted = result.excused()
    for outcome in result.outcomes:
        if outcome.reasons or outcome.notes:
            is_accepted = " (accepted)" if outcome.dataset_id in accepted else ""
            name = f"{outcome.dataset_id}  {outcome.title}"
            click.echo(f"{name}: {outcome.outcome.value}{is_accepted}")
            _say_findings(outcome.reasons, outcome.notes)
    for use in result.exceptions:
        if use.state is not ExceptionState.USED:
            click.echo(f"{use.exception.dataset_id}: accepted to no effect: {use.state}")
    click.echo(summary(result.outcomes))
    sys.exit(CHECK_FAILED if len(accepted) < len(result.failing()) else 0)


def _say_findings(findings: Sequence[Finding], notes: Sequence[str]) -> None:
    for finding in findings:
        click.echo(f"    {finding.sentence()}")
    for note in notes:
        click.echo(f"    note: {note}")


@click.command()
@click.argument("manifest_file", type=click.Path(path_type=Path))
@click.option(
    "--json",
    "comparison_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the comparison into this file too, with each gene that came or went.",
)
@with_clear_errors
def compare(manifest_file: Path, comparison_file: Path | None) -> None:
    """Say what the manifest's release has gained and lost against the one before.

    Datasets, cells, genes and assays, by what the stores of both list; what can't be compared is
    said. Touches no instance. Exit code 0: said. 2: bad input.
    """
    from runners.census import comparison as comparing
    from runners.run.request import previous_manifest

    manifest = Manifest.from_file(manifest_file)
    comparison = comparing.compare(manifest, previous_manifest(manifest, manifest_file))
    if comparison_file is not None:
        _write(comparison_file, comparison.to_json())
    for line in comparing.describe(comparison):
        click.echo(line)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ContractError(f"{path}: can't be written ({error}); name a file that can.") from error
