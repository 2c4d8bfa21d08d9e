"""Says which datasets of a release, or which single files, will fail, and why, before a machine is
paid for.

The whole validation without a database, light enough for a runner hosted by GitHub.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from runners import progress, rules, settings
from runners.census.store import CensusDataset, location, read_datasets
from runners.contract import (
    CheckReport,
    ContractError,
    DatasetOutcome,
    ExceptionState,
    FileOutcome,
    FilesReport,
    Manifest,
    Outcome,
    Reason,
    exception_uses,
)
from runners.h5ad.profile import read_profile
from runners.retries import OutageError, retry_outages
from runners.rules.wheels import newest_rules
from runners.validation.readers import Readers, limit_memory, time_limit, validate_in_process
from runners.validation.validate import SCHEMA_VERSION
from runners.validation.validated import ValidatedDataset, outcome_of, unread


@dataclass(frozen=True)
class _CheckedFile(ValidatedDataset):
    """A file that was read, and the dataset schema version that it was checked against."""

    schema_version: str | None = None


def check(
    manifest: Manifest, *, reference: Path, workers: int | None, limit: int | None = None
) -> CheckReport:
    """The outcome that each of the first `limit` datasets would have, as if all were new. Of what
    is accepted of the others, only what holds no more is told.

    Raises:
        ContractError: the release can't be read, or there are no rules for its schema version.
    """
    datasets = read_datasets(manifest)
    readers = Readers(manifest.dataset_schema_version, reference, workers)
    tasks = [(dataset, location(manifest, dataset)) for dataset in datasets[:limit]]
    results = readers.judged(tasks)
    validated_datasets = progress.steps(results, f"{manifest.release}: checking", len(tasks))
    outcomes = tuple(outcome_of(dataset, Outcome.REGISTERED) for dataset in validated_datasets)
    titles = {dataset.dataset_id: dataset.title for dataset in datasets}
    uses = exception_uses(manifest.accepted, outcomes, titles, datetime.now(UTC).date())
    return CheckReport(
        release=manifest.release,
        dataset_schema_version=manifest.dataset_schema_version,
        dataset_count=manifest.dataset_count,
        outcomes=outcomes,
        exceptions=tuple(use for use in uses if use.state is not ExceptionState.UNTOLD),
    )


def judge_accepted(manifest: Manifest, *, reference: Path) -> tuple[DatasetOutcome, ...]:
    """The outcome that each dataset would have whose failure the manifest accepts.

    Raises:
        ContractError: as of `check`.
    """
    accepted = {one.dataset_id for one in manifest.accepted}
    if not accepted:
        return ()
    datasets = [each for each in read_datasets(manifest) if each.dataset_id in accepted]
    readers = Readers(manifest.dataset_schema_version, reference, workers=1)
    results = readers.judged([(each, location(manifest, each)) for each in datasets])
    return tuple(outcome_of(each, Outcome.REGISTERED) for each in results)


def check_files(
    addresses: Sequence[str], *, schema_version: str | None, reference: Path, workers: int | None
) -> FilesReport:
    """The outcome of each file (a path or s3://) as a dataset of `schema_version`; without one, of
    the version that the file says itself, or else of the newest with rules.

    Raises:
        ContractError: there are no rules for the version, or a storage does not answer.
    """
    decided = rules.load(schema_version) if schema_version else newest_rules()
    fallback = decided.dataset_schema_version
    judge_one = judge_by_own_version if schema_version is None else judge_by_version
    readers = Readers(fallback, reference, workers, judge_one=judge_one)
    tasks = [(_stand_in(number, each), each) for number, each in enumerate(addresses, start=1)]
    return FilesReport(files=tuple(map(_file_outcome, readers.judged(tasks))))


def judge_by_own_version(
    fallback: str, reference: Path, dataset: CensusDataset, address: str
) -> ValidatedDataset:
    """Judges a file by the dataset schema version that it says, if there are rules for it."""
    limits = settings.from_environment()
    limit_memory(limits.reader_megabytes)
    try:
        stated = retry_outages(lambda: _stated_version(address), seconds=limits.patience_seconds)
    except OutageError as error:
        return unread(dataset, Reason.FILE_NOT_ANSWERING, str(error))
    own = (version for version in _usable_versions() if (version,) == stated)
    return judge_by_version(next(own, fallback), reference, dataset, address)


def _stated_version(address: str) -> tuple[str, ...]:
    """What the file says of its version. Raises OutageError: the storage doesn't answer."""
    try:
        with time_limit():
            uns = read_profile(address, {SCHEMA_VERSION}).uns
    except OutageError:
        raise
    except Exception:  # whatever it is, validation says it
        return ()
    return uns[SCHEMA_VERSION].values if SCHEMA_VERSION in uns else ()


def judge_by_version(
    version: str, reference: Path, dataset: CensusDataset, address: str
) -> ValidatedDataset:
    """Judges a file by the rules of one dataset schema version."""
    validated = validate_in_process(version, reference, dataset, address)
    return _CheckedFile(**vars(validated), schema_version=version)


@cache
def _usable_versions() -> tuple[str, ...]:
    """The dataset schema versions whose rules wait for nobody, in order."""
    usable = []
    for version in rules.versions():
        with suppress(ContractError):
            usable.append(rules.load(version).dataset_schema_version)
    return tuple(usable)


def _stand_in(number: int, address: str) -> CensusDataset:
    """A file as readers want it: as if it were a dataset of a release."""
    return CensusDataset(
        dataset_id=f"file-{number}",
        dataset_version_id="",
        title=address,
        path=address,
        collection_id="",
        collection_name="",
        collection_doi="",
        cell_count=0,
    )


def _file_outcome(validated: ValidatedDataset) -> FileOutcome:
    outcome = outcome_of(validated, Outcome.REGISTERED)
    version = validated.schema_version if isinstance(validated, _CheckedFile) else None
    return FileOutcome(
        file=outcome.title,
        dataset_schema_version=version,
        outcome=outcome.outcome,
        reasons=outcome.reasons,
        notes=outcome.notes,
    )
