"""Verify a release in an instance and write the report. Reads the instance, never writes to it."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from runners import checks, rules, settings
from runners.census import CensusDataset, read_datasets
from runners.contract import (
    Action,
    CheckResult,
    ContractError,
    Offender,
    RunReport,
    RunRequest,
    verdict_of,
)
from runners.facts import Facts
from runners.job import Job
from runners.journal import JOURNAL, ROLLBACK, START, Record, read
from runners.launch.here import here
from runners.outcomes import changes, told, was_cancelled
from runners.selection import asked, is_whole, selected

PACKAGES = ("lamindb", "bionty", "anndata", "tiledbsoma")


def verify(job: Job) -> RunReport:
    """The report of the job's release, also written to its folder as report.json.

    Raises:
        ContractError: the release's own table, or the instance, can't be read.
    """
    datasets = selected(job)
    before = read_datasets(job.previous) if job.previous else ()
    journals = _journals(job)
    now = datetime.now(UTC)
    results = _check(job, datasets, journals)
    own = read(job.folder / JOURNAL)
    report = RunReport(
        request=job.request,
        started_at=_started_at(own) or now,
        ended_at=now,
        verdict=verdict_of(results),
        outcomes=told(journals, datasets),
        withdrawn=_withdrawn(before, datasets) if is_whole(asked(job)) else (),
        checks=results,
        cancelled=was_cancelled(own),
        changes=changes(own),
        versions=_versions(job),
        machine=here(settings.from_environment(), now),
    )
    _write(job.folder / "report.json", report)
    return report


def _started_at(journal: Record) -> datetime | None:
    line = journal.first(START)
    return datetime.fromisoformat(line["at"]) if line else None


def _journals(job: Job) -> list[Record]:
    """The journals of all ingests of this release into this instance, oldest first, but of those
    that were rolled back.
    """
    files = job.folder.parent.glob("*/request.json")
    found = [read(file.parent / JOURNAL) for file in files if _is_ingest_of_same(file, job.request)]
    stand = [record for record in found if not record.first(ROLLBACK)]
    begun = [(started, record) for record in stand if (started := _started_at(record))]
    return [record for _, record in sorted(begun, key=lambda one: one[0])]


def _is_ingest_of_same(file: Path, wanted: RunRequest) -> bool:
    try:
        request = RunRequest.from_file(file)
    except ContractError:
        return False  # another run's request is no business of this one
    same = (request.release, request.instance) == (wanted.release, wanted.instance)
    return same and request.action is Action.INGEST


def _check(
    job: Job, datasets: Sequence[CensusDataset], journals: Sequence[Record]
) -> tuple[CheckResult, ...]:
    from runners.registry import instance

    instance.connect(job.request.instance)
    from runners.registry import snapshot  # LaminDB has no models before it is connected

    try:
        taken = snapshot.take(job.manifest.release, job.manifest.previous)
    except Exception as error:
        return checks.unchecked(f"the instance can't be read: {type(error).__name__}: {error}")
    started = journals[0].first(START) if journals else None
    facts = Facts(
        snapshot=taken,
        datasets=datasets,
        outcomes=told(journals, datasets),
        soma=job.manifest.storage.soma.rstrip("/"),
        is_whole=is_whole(asked(job)),
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
