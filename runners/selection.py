"""Which datasets of the release a run is about. Must not touch an instance."""

from collections.abc import Sequence

from runners.census import CensusDataset, read_datasets
from runners.contract import ContractError, RunRequest
from runners.job import Job


def is_whole(request: RunRequest) -> bool:
    """A part of a release makes neither collections nor a store."""
    return not request.only and request.limit is None


def selected(job: Job) -> Sequence[CensusDataset]:
    """The datasets that the run answers for, by dataset id.

    Raises:
        ContractError: an id is none of the release's, or its table can't be read.
    """
    datasets = read_datasets(job.manifest)
    if only := set(job.request.only):
        unknown = only - {dataset.dataset_id for dataset in datasets}
        if unknown:
            raise ContractError(
                f"request {job.request.run_id}: field only: {', '.join(sorted(unknown))} "
                f"not in release {job.manifest.release}; correct the ids."
            )
        datasets = tuple(dataset for dataset in datasets if dataset.dataset_id in only)
    return datasets[: job.request.limit]
