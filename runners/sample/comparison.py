"""Compares a run's report on the sample's newer release with what the sample is made to give."""

from collections.abc import Iterator

from runners.contract import DatasetOutcome, RunReport, Status, Verdict
from runners.sample.datasets import DATASETS, NEWER, OLDER, Dataset

FAILING = {"datasets"}
"""The checks that the broken file makes fail."""


def is_verified(report: RunReport) -> bool:
    """Whether all of the release has passed since: its broken file was mended, or accepted."""
    return report.verdict is Verdict.PASSED and not report.request.is_part


def differences(report: RunReport) -> list[str]:
    """One sentence per difference of a first run; none if all is as it should be."""
    return [*_of_datasets(report), *_of_verdict(report)]


def _of_datasets(report: RunReport) -> Iterator[str]:
    by_dataset = {outcome.dataset_id: outcome for outcome in report.outcomes}
    for dataset in DATASETS:
        if NEWER in dataset.versions:
            yield from _of_dataset(dataset, by_dataset.pop(dataset.dataset_id, None))
    for outcome in by_dataset.values():
        yield f"{outcome.title} is not in the sample"
    gone = {d.dataset_id for d in DATASETS if d.versions.keys() == {OLDER}}
    if gone != {offender.dataset_id for offender in report.withdrawn}:
        yield f"{len(report.withdrawn)} datasets are withdrawn, not {len(gone)}"


def _of_dataset(dataset: Dataset, ended: DatasetOutcome | None) -> Iterator[str]:
    if ended is None:
        yield f"{dataset.key} has no outcome"
    elif ended.outcome is not dataset.outcome:
        yield f"{dataset.key} ended as {ended.outcome}, not {dataset.outcome}"
    elif not all(any(term in note for note in ended.notes) for term in dataset.noted):
        yield f"{dataset.key} lacks a note on {', '.join(dataset.noted)}"


def _of_verdict(report: RunReport) -> Iterator[str]:
    fine = (Status.PASSED, Status.NOT_APPLICABLE)
    failing = {check.name for check in report.checks if check.status not in fine}
    if failing != FAILING:
        yield f"these checks did not pass: {', '.join(sorted(failing)) or 'none'}"
    if report.verdict is not Verdict.FAILED:
        yield f"the verdict is {report.verdict}, not {Verdict.FAILED}"
