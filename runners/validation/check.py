"""Says which datasets of a release will fail, and why, before a machine is paid for.

The whole validation without a database, light enough for a runner hosted by GitHub.
"""

from pathlib import Path

from runners import progress
from runners.census.store import location, read_datasets
from runners.contract import CheckReport, Manifest, Outcome
from runners.validation.readers import Readers
from runners.validation.validated import outcome_of


def check(
    manifest: Manifest, *, reference: Path, workers: int, limit: int | None = None
) -> CheckReport:
    """The outcome that each of the first `limit` datasets would have, as if all were new.

    Raises:
        ContractError: the release can't be read, or there are no rules for its schema version.
    """
    datasets = read_datasets(manifest)[:limit]
    readers = Readers(manifest.dataset_schema_version, reference, workers)
    results = readers.judged([(dataset, location(manifest, dataset)) for dataset in datasets])
    validated_datasets = progress.steps(results, f"{manifest.release}: checking", len(datasets))
    return CheckReport(
        release=manifest.release,
        dataset_schema_version=manifest.dataset_schema_version,
        dataset_count=manifest.dataset_count,
        outcomes=tuple(outcome_of(dataset, Outcome.REGISTERED) for dataset in validated_datasets),
    )
