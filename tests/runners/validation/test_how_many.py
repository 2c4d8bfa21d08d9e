"""How many processes read at once, by where the files are and what memory is free."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from runners.census.store import CensusDataset
from runners.contract import Reason
from runners.validation import how_many
from runners.validation.pools import Pool
from runners.validation.readers import Readers
from runners.validation.validated import ValidatedDataset, unread

NEAR, FAR = "/release/a.h5ad", "s3://bucket/release/a.h5ad"
GIB = 2**30


@pytest.mark.parametrize(
    ("addresses", "cores", "free", "expected"),
    [
        ([NEAR], 2, 64 * GIB, 2),
        ([], 2, 64 * GIB, 2),
        ([FAR], 2, 64 * GIB, 8),
        ([NEAR, FAR], 2, 64 * GIB, 8),
        ([FAR], 4, 14 * GIB, 14),
        ([FAR], 2, GIB, 2),
        ([NEAR], None, 64 * GIB, 1),
    ],
)
def test_files_far_away_are_read_by_more_than_there_are_cores(
    addresses: list[str],
    cores: int | None,
    free: int,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(how_many, "free_bytes", lambda: free)
    assert how_many.readers_for(iter(addresses)) == expected


def test_what_is_free_is_a_part_of_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "older").write_text("MemTotal: 8 kB\n")
    (tmp_path / "said").write_text("MemTotal: 8 kB\nMemAvailable:       3 kB\n")
    every = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 2**20 < how_many.free_bytes() <= every
    for other in (tmp_path / "none", tmp_path / "older"):
        monkeypatch.setattr(how_many, "MEMORY", other)
        assert how_many.free_bytes() == every
    monkeypatch.setattr(how_many, "MEMORY", tmp_path / "said")
    assert how_many.free_bytes() == 3072


def dataset(number: int) -> CensusDataset:
    return CensusDataset(
        dataset_id=f"d{number}",
        dataset_version_id=f"v{number}",
        title="",
        path=f"d{number}.h5ad",
        cell_count=1,
        collection_id="c",
        collection_name="",
        collection_doi="",
    )


def judge(_: str, __: Path, one: CensusDataset, address: str) -> ValidatedDataset:
    return unread(one, Reason.FILE_MISSING, address)


@pytest.mark.parametrize(
    ("asked", "files", "expected"), [(None, 9, 5), (3, 9, 3), (None, 2, 2), (3, 2, 2)]
)
def test_readers_open_as_many_as_are_asked_for_or_suit_but_no_more_than_files(
    asked: int | None, files: int, expected: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("runners.validation.readers.readers_for", lambda addresses: 5)
    opened: list[int] = []

    @contextmanager
    def threads(workers: int) -> Iterator[Executor]:
        opened.append(workers)
        with ThreadPoolExecutor(workers) as pool:
            yield pool

    readers = Readers("7.0.0", tmp_path, asked, Pool(threads, RuntimeError, tries=1), judge)
    found = list(readers.judged([(dataset(n), NEAR) for n in range(files)]))
    assert len(found) == files
    assert opened == [expected]
