"""Verify a release in an instance and write the report. Reads the instance, never writes to it."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from runners import checks, rules
from runners.census import CensusDataset, read_datasets
from runners.contract import (
    Action,
    CheckResult,
    Offender,
    RunReport,
    RunRequest,
    verdict_of,
)
from runners.ingest import START, Job, changes, is_whole, outcomes, selected
from runners.journal import Record, read

PACKAGES = ("lamindb", "bionty", "anndata", "tiledbsoma")


def verify(job: Job) -> RunReport:
    """The report of the job's release, also written to its folder as report.json.

    Raises:
        ContractError: the release's own table, or the instance, can't be read.
    """
    datasets = selected(job)
    before = read_datasets(job.previous) if job.previous else ()
    journal = read(_ingest_folder(job) / "journal.jsonl")
    now = datetime.now(UTC)
    results = _check(job, datasets, journal)
    report = RunReport(
        request=job.request,
        started_at=_started_at(journal) or now,
        ended_at=now,
        verdict=verdict_of(results),
        outcomes=outcomes(journal, datasets),
        withdrawn=_withdrawn(before, datasets) if is_whole(job.request) else (),
        checks=results,
        changes=changes(journal),
        versions=_versions(job),
    )
    _write(job.folder / "report.json", report)
    return report


def _started_at(journal: Record) -> datetime | None:
    line = journal.first(START)
    return datetime.fromisoformat(line["at"]) if line else None


def _ingest_folder(job: Job) -> Path:
    """The folder of the run whose outcomes are verified: its own, or the newest ingest's."""
    if job.request.action is Action.INGEST:
        return job.folder
    journals = [
        file.parent / "journal.jsonl"
        for file in job.folder.parent.glob("*/request.json")
        if _is_ingest_of_same(file, job.request)
    ]
    written = [journal for journal in journals if journal.exists()]
    if not written:
        return job.folder
    return max(written, key=lambda journal: journal.stat().st_mtime).parent


def _is_ingest_of_same(file: Path, wanted: RunRequest) -> bool:
    request = RunRequest.from_file(file)
    same = (request.release, request.instance) == (wanted.release, wanted.instance)
    return same and request.action is Action.INGEST


def _check(job: Job, datasets: Sequence[CensusDataset], journal: Record) -> tuple[CheckResult, ...]:
    from runners.registry import instance

    instance.connect(job.request.instance)
    from runners.registry import snapshot  # LaminDB has no models before it is connected

    try:
        taken = snapshot.take(job.manifest.release, job.manifest.previous)
    except Exception as error:
        return checks.unchecked(f"the instance can't be read: {type(error).__name__}: {error}")
    started = journal.first(START)
    facts = checks.Facts(
        snapshot=taken,
        datasets=datasets,
        outcomes=outcomes(journal, datasets),
        soma=job.manifest.storage.soma.rstrip("/"),
        is_whole=is_whole(job.request),
        fingerprints=started["fingerprints"] if started else None,
    )
    return checks.verify(facts)


def _withdrawn(
    before: Sequence[CensusDataset], now: Sequence[CensusDataset]
) -> tuple[Offender, ...]:
    kept = {dataset.dataset_id for dataset in now}
    return tuple(
        Offender(dataset_id=d.dataset_id, title=d.title) for d in before if d.dataset_id not in kept
    )


def _versions(job: Job) -> Mapping[str, str]:
    found = {name: metadata.version(name) for name in PACKAGES}
    found["python"] = platform.python_version()
    version = job.manifest.dataset_schema_version
    wheel = rules.load(version).ontology_guide
    found["dataset schema"] = version
    found[wheel.name] = wheel.version
    return dict(sorted(found.items()))


def _write(path: Path, report: RunReport) -> None:
    """Whole or not at all: the bot takes the report's presence for the end of the run."""
    partial = path.with_suffix(".partial")
    partial.write_text(report.to_json(), encoding="utf-8")
    partial.replace(path)
