"""Verifies a release in an instance, and writes the report. Reads the instance alone."""

import platform
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from runners import rules, settings
from runners.census.store import CensusDataset, read_datasets
from runners.contract import (
    Action,
    ContractError,
    DatasetOutcome,
    Machine,
    Manifest,
    Offender,
    PreviousRelease,
    RunReport,
    Status,
    verdict_of,
)
from runners.files import write_whole
from runners.run.fingerprint import Fingerprint
from runners.run.journal import (
    JOURNAL,
    START,
    JournalLines,
    added_records,
    outcomes_of_runs,
    read_journal,
)
from runners.run.request import Job, RunFolder, runs_in
from runners.run.selection import answered_request, is_whole, selected_datasets
from runners.run.timeline import timeline
from runners.settings import Settings
from runners.verification.acceptance import accept
from runners.verification.checks import all_checks
from runners.verification.gather import gather
from runners.verification.sources import report_sources

MENDED_BY_INGEST = {
    "datasets",
    "annotations",
    "slots",
    "references",
    "collections",
    "store",
    "sources",
}
"""The checks whose offenders an ingest of what is missing mends."""

PACKAGES = ("lamindb", "bionty", "anndata", "cellxgene-census", "tiledbsoma")


def this_machine(settings: Settings, now: datetime) -> Machine | None:
    """The machine with the hours of its life so far; None where none was launched.

    Raises:
        ContractError: what it was told makes no sense.
    """
    if settings.machine is None:
        return None
    machine = Machine.from_json(settings.machine, source="environment, MACHINE")
    if settings.machine_since is None:
        return machine
    try:
        since = datetime.fromisoformat(settings.machine_since)
        hours = (now - since).total_seconds() / 3600
    except (TypeError, ValueError) as error:
        raise ContractError(
            f"environment, MACHINE_SINCE: {settings.machine_since!r} is no time with its zone; "
            "give one such as 2026-01-01T12:00:00Z."
        ) from error
    return machine.model_copy(update={"hours": round(max(hours, 0), 3)})


def verify(job: Job, judged: Sequence[DatasetOutcome] = ()) -> RunReport:
    """The report of the job's release, also written to its folder as report.json.

    `judged` says why datasets fail of which no run says so.

    Raises:
        ContractError: the release's own table, the run's journal, or the instance can't be read.
    """
    table = read_datasets(job.manifest)
    datasets = selected_datasets(job, table)
    whole = is_whole(answered_request(job))
    previous = job.previous if whole else None
    before = read_datasets(previous) if previous else ()
    own = read_journal(job.folder / JOURNAL)
    unread: list[str] = []
    ingests = _ingests(job, unread.append)
    outcomes = outcomes_of_runs([run.journal for run in ingests], datasets)
    now = datetime.now(UTC)
    facts = gather(job, datasets, outcomes, ingests, unread, is_whole=whole)
    results = all_checks.run_checks(facts)
    told = {outcome.dataset_id for outcome in outcomes}
    known = [*outcomes, *(outcome for outcome in judged if outcome.dataset_id not in told)]
    results, exceptions = accept(results, known, datasets, table, job.manifest.accepted, now.date())
    report = RunReport(
        request=job.request,
        started_at=_started_at(own) or now,
        ended_at=datetime.now(UTC),
        verdict=verdict_of(results),
        outcomes=outcomes,
        dataset_count=len(datasets),
        withdrawn=_withdrawn(before, datasets),
        checks=results,
        cancelled=RunFolder(job.request, job.folder, own).was_cancelled,
        changes=added_records(own),
        versions=_versions(job),
        machine=this_machine(settings.from_environment(), now),
        exceptions=exceptions,
        previous=_previous(previous, before, datasets),
        sources=report_sources(facts),
        timeline=timeline(own),
    )
    # the bot takes its presence for the end of the run
    write_whole(job.folder / "report.json", report.to_json())
    return report


def remedy_command(report: RunReport, repository: Path) -> str | None:
    """The command that fills what is missing of a release that no run has registered."""
    failed = {check.name for check in report.checks if check.status is Status.FAILED}
    if report.outcomes or not failed & MENDED_BY_INGEST:
        return None
    manifest = str(repository / report.request.manifest)
    words = ["--manifest", manifest, "--instance", report.request.instance, "--only-missing"]
    return shlex.join(["python", "-m", "runners", "ingest", *words])


def _started_at(journal: JournalLines) -> datetime | None:
    line = journal.first(START)
    return datetime.fromisoformat(line["at"]) if line else None


def _ingests(job: Job, pass_over: Callable[[str], object]) -> list[RunFolder]:
    """The ingests of this release into this instance that began, oldest first, but for those that
    were rolled back, and those whose journal can't be read, which are passed over.
    """
    ours = (job.request.release, job.request.instance, Action.INGEST)
    runs = job.folder.parent
    ingests = runs_in(runs, lambda r: (r.release, r.instance, r.action) == ours, pass_over)
    standing = [run for run in ingests if not run.was_rolled_back]
    begun = [(start, run) for run in standing if (start := _started_at(run.journal))]
    return [run for _, run in sorted(begun, key=lambda pair: pair[0])]


def _previous(
    manifest: Manifest | None, before: Sequence[CensusDataset], now: Sequence[CensusDataset]
) -> PreviousRelease | None:
    if manifest is None:
        return None
    kept = {dataset.dataset_id for dataset in now}
    return PreviousRelease(
        release=manifest.release,
        dataset_count=len(before),
        continued=sum(dataset.dataset_id in kept for dataset in before),
    )


def _withdrawn(
    before: Sequence[CensusDataset], now: Sequence[CensusDataset]
) -> tuple[Offender, ...]:
    kept = {dataset.dataset_id for dataset in now}
    return tuple(
        Offender(dataset_id=d.dataset_id, title=d.title) for d in before if d.dataset_id not in kept
    )


def _versions(job: Job) -> Mapping[str, str]:
    versions = {name: metadata.version(name) for name in PACKAGES}
    versions["python"] = platform.python_version()
    version = job.manifest.dataset_schema_version
    wheel = rules.load(version).ontology_guide
    combination = Fingerprint.of(version)
    versions["dataset schema"] = version
    versions[wheel.name] = wheel.version
    versions |= {"dataset schema rules": combination.rules, "ingestion bot": combination.code}
    if commit := settings.from_environment().commit:
        versions["ingestion bot, commit"] = commit
    return dict(sorted(versions.items()))
