"""Files that are broken in every way that chance makes: each gets a named outcome, in time.

HDF5 itself loops or crashes on about one in a hundred of them: that ends a reader, not the run.
"""

import os
import random
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from h5ad_files import obs_of, write
from profiles import HUMAN, ORGANISM, VALUES

from runners import rules
from runners.census.store import CensusDataset
from runners.contract import ContractError, Finding, Reason
from runners.h5ad.errors import FileUnreadableError
from runners.h5ad.profile import read_profile
from runners.settings import from_environment
from runners.validation.cases import combinations
from runners.validation.readers import ReadAndValidate, Readers, time_limit, validate_in_process
from runners.validation.validated import ValidatedDataset


def whole(path: Path) -> bytes:
    """The bytes of a valid dataset of thirty cells."""
    columns = {name: pd.Categorical([values[0]] * 30) for name, values in VALUES.items()}
    obs = obs_of(**columns, is_primary_data=[True] * 30)
    write(path, obs, uns={ORGANISM: HUMAN, "title": "T"})
    return path.read_bytes()


def broken(content: bytes, rng: random.Random) -> bytes:
    """The bytes with a bit turned, some bytes replaced or zeroed, or cut off somewhere."""
    new, place = bytearray(content), rng.randrange(len(content))
    match rng.choice(["bit", "bytes", "zeros", "cut"]):
        case "bit":
            new[place] ^= 1 << rng.randrange(8)
        case "bytes":
            for _ in range(rng.choice([4, 40, 400])):
                new[rng.randrange(len(new))] = rng.randrange(256)
        case "zeros":
            new[place : place + 64] = bytes(64)
        case _:
            del new[place:]
    return bytes(new)


def read_only(version: str, root: Path, dataset: CensusDataset, address: str) -> ValidatedDataset:
    """As the run's own, but for what is valid."""
    found = rules.load(version)
    try:
        with time_limit():
            profile = read_profile(address, found.columns, combinations(found))
    except FileUnreadableError as error:
        return ValidatedDataset(dataset, problem=Finding(reason=error.reason, detail=str(error)))
    return ValidatedDataset(dataset, n_observations=profile.n_observations)


def read(paths: list[Path], judge_one: ReadAndValidate = read_only) -> list[ValidatedDataset]:
    datasets = [CensusDataset(path.stem, "v", "T", path.name, "c", "C", "", 30) for path in paths]
    readers = Readers("7.0.0", from_environment().reference, 2, judge_one=judge_one)
    return list(readers.judged(list(zip(datasets, map(str, paths), strict=True))))


def read_broken(folder: Path, seeds: range) -> Counter[Reason | None]:
    """How the files of these seeds ended, one whole one among them."""
    content = whole(folder / "whole.h5ad")
    paths = [folder / f"b{seed}.h5ad" for seed in seeds]
    for seed, path in zip(seeds, paths, strict=True):
        path.write_bytes(broken(content, random.Random(seed)))
    found = read([*paths, folder / "whole.h5ad"])
    assert [one.dataset.path for one in found] == [*(path.name for path in paths), "whole.h5ad"]
    assert found[-1].n_observations == 30
    return Counter(one.problem.reason if one.problem else None for one in found)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader is taken for stuck early, so that the test ends."""
    monkeypatch.setenv("FILE_SECONDS", "2")


@pytest.mark.prove
@pytest.mark.usefixtures("short")
def test_files_broken_by_chance_have_named_outcomes(tmp_path: Path) -> None:
    found = read_broken(tmp_path, range(100))
    assert set(found) <= {
        None,
        Reason.FILE_UNREADABLE,
        Reason.FILE_POINTS_ELSEWHERE,
        Reason.FILE_TOO_LARGE,
        Reason.READER_DIED,
    }
    assert found[Reason.FILE_UNREADABLE] > 4


@pytest.mark.prove
def test_a_file_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILE_SECONDS", "1")
    os.mkfifo(tmp_path / "endless.h5ad")
    paths = [tmp_path / "endless.h5ad", tmp_path / "absent.h5ad"]
    found = [one.problem for one in read(paths, validate_in_process)]
    assert [one and one.reason for one in found] == [Reason.READER_DIED, Reason.FILE_MISSING]


@pytest.mark.parametrize("told", ["0", "-1", "soon", "inf", "nan"])
def test_a_limit_that_is_none_is_refused(told: str) -> None:
    with pytest.raises(ContractError, match=f"FILE_SECONDS: {told!r} is no number of seconds"):
        from_environment({"FILE_SECONDS": told})
