"""Readers that die cost a retry; a file that kills its reader again is given up, and no other."""

from pathlib import Path

import deadly
import pytest

from runners.contract import Reason
from runners.validation.readers import LOCAL_POOL, Readers
from runners.validation.validated import ValidatedDataset

FOR_EVER = 100


def judged(folder: Path, *deaths: int) -> list[ValidatedDataset]:
    return list(Readers("7.0.0", folder, 2, LOCAL_POOL, deadly.judge).judged(deadly.tasks(deaths)))


@pytest.mark.parametrize("deaths", [(0, 0, 0), (0, 1, 0), (2, 0)])
def test_a_reader_that_dies_costs_a_retry_and_no_dataset(
    tmp_path: Path, deaths: tuple[int, ...]
) -> None:
    found = judged(tmp_path, *deaths)
    assert [one.dataset.dataset_id for one in found] == [f"d-{i}" for i in range(len(deaths))]
    assert [one.n_observations for one in found] == [1] * len(deaths)


def test_a_file_that_kills_its_reader_again_is_given_up_and_no_other(tmp_path: Path) -> None:
    found = judged(tmp_path, 0, FOR_EVER, 0)
    assert [one.n_observations for one in found] == [1, None, 1]
    problem = found[1].problem
    assert problem is not None
    assert problem.reason is Reason.READER_DIED
    assert len(list(tmp_path.iterdir())) == 3  # among others, and twice alone


def test_what_is_not_wanted_any_more_is_not_read(tmp_path: Path) -> None:
    seen: list[ValidatedDataset] = []
    readers = Readers("7.0.0", tmp_path, 1, LOCAL_POOL, deadly.judge)
    for dataset in readers.judged(deadly.tasks([0] * 9), until=lambda: len(seen) == 2):
        seen.append(dataset)
    assert len(seen) == 2
