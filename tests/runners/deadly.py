"""A judge whose process dies as often as the dataset's address says. Workers import it."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from runners.census.store import CensusDataset
from runners.validation.validated import ValidatedDataset


def judge(
    schema_version: str, folder: Path, dataset: CensusDataset, address: str
) -> ValidatedDataset:
    """Dies `address` times, which it counts by files in `folder`; then the dataset is fine."""
    for death in range(int(address)):
        mark = folder / f"{dataset.dataset_id}-{death}"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return ValidatedDataset(dataset, n_observations=1)


def mark(
    schema_version: str, folder: Path, dataset: CensusDataset, address: str
) -> ValidatedDataset:
    """Leaves a file of the dataset's name in `folder`."""
    (folder / dataset.dataset_id).touch()
    return ValidatedDataset(dataset)


def tasks(deaths: Sequence[int]) -> list[tuple[CensusDataset, str]]:
    """A dataset for each number of deaths, named by its place."""
    return [
        (CensusDataset(f"d-{place}", "v", "", "", "", "", "", 1), str(count))
        for place, count in enumerate(deaths)
    ]
