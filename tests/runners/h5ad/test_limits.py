"""What a file declares, or holds in a few bytes, takes no more memory than a reader has for it."""

import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from h5ad_files import obs_of, write

from runners.h5ad import arrays, columns, profile
from runners.h5ad.arrays import LONGEST
from runners.h5ad.errors import FileTooLargeError
from runners.h5ad.profile import read_profile

TEXT, CHUNK = h5py.string_dtype(), 1_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "dataset.h5ad", obs_of(column=["x", "y"]), uns={"title": "T"})


def declare(path: Path, name: str, shape: tuple[int, ...], dtype: object, **how: Any) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
        file.create_dataset(name, shape, dtype, **how)
    assert path.stat().st_size < 1_000_000


DECLARED: dict[str, tuple[str, tuple[int, ...], object, dict[str, Any], str]] = {
    "genes": ("var/_index", (30_000_000,), TEXT, {"chunks": (100_000,)}, "30,000,000 values"),
    "cells": ("obs/_index", (2**40,), "S1", {"chunks": (10**6,)}, "1,099,511,627,776 rows"),
    "a chunk": ("obs/column", (2,), "i8", {"chunks": (2**27,), "maxshape": (None,)}, "1,024 MB"),
    "values": ("obs/column", (2,), f"S{2**30}", {}, "values of 1,024 MB"),
    "one value": ("uns/title", (), f"S{2**30}", {}, "values of 1,024 MB"),
}


@pytest.mark.parametrize("what", DECLARED)
def test_what_is_declared_too_large_is_refused_before_it_is_read(path: Path, what: str) -> None:
    name, shape, dtype, how, reason = DECLARED[what]
    declare(path, name, shape, dtype, **how)
    with pytest.raises(FileTooLargeError, match=f"/?{name.partition('/')[0]}.* has .*{reason}"):
        read_profile(str(path), ["column", "title"])


def same_text(path: Path, name: str, rows: int, text: str) -> None:
    """So many references to one text, which take few bytes however long it is."""
    with h5py.File(path, "r+") as file:
        del file[name]
        node = file.create_dataset(name, (rows,), TEXT, chunks=(CHUNK,), compression="gzip")
        node[0] = text
        file.flush()
        _, packed = node.id.read_direct_chunk((0,))
        unpacked = zlib.decompress(packed)
        reference = unpacked[: len(unpacked) // CHUNK]
        for start in range(0, rows, CHUNK):
            node.id.write_direct_chunk((start,), zlib.compress(reference * CHUNK))
    with h5py.File(path) as file:
        assert file[name][0] == file[name][rows - 1] == text.encode()
    assert path.stat().st_size < 10_000_000


def test_texts_are_refused_once_they_are_too_many(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "MOST_TEXT", 1_000)
    same_text(path, "var/_index", 2_000, "gene" * 10)
    with pytest.raises(FileTooLargeError, match="/var/_index has texts of more than"):
        read_profile(str(path), [])


def test_texts_that_are_the_same_are_refused_once_they_take_too_long(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "MOST_READ", 1_000)
    write(path, obs_of(column=["x"] * 1_000))
    same_text(path, "obs/column", 1_000, "text")
    with pytest.raises(FileTooLargeError, match="/obs/column has texts of more than"):
        read_profile(str(path), ["column"])


@pytest.mark.parametrize("name", ["var/_index", "obs/column"])
def test_texts_of_a_fixed_length_are_refused_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """However little of them is read at once."""
    monkeypatch.setattr(arrays, "BYTES_AT_ONCE", 4_000)
    monkeypatch.setattr(profile, "MOST_TEXT", 50_000)
    monkeypatch.setattr(arrays, "MOST_READ", 50_000)
    write(path, obs_of(column=["x"] * 2_000))
    for size, is_right in ((20, True), (40, False)):
        with h5py.File(path, "r+") as file:
            del file[name]
            file.create_dataset(name, data=np.array([b"text"] * 2_000, f"S{size}"))
        if is_right:
            assert read_profile(str(path), ["column"])
            continue
        with pytest.raises(FileTooLargeError, match=f"/{name} has texts of more than"):
            read_profile(str(path), ["column"])


def test_distinct_values_are_refused_once_they_are_too_many(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, obs_of(column=list(range(100))))
    assert len(read_profile(str(path), ["column"]).obs["column"].values) == 100
    monkeypatch.setattr(columns, "MOST_VALUES", 50)
    with pytest.raises(FileTooLargeError, match="/obs/column has more than 50 distinct values"):
        read_profile(str(path), ["column"])


@pytest.mark.parametrize("order", [1, -1])
def test_distinct_texts_are_refused_once_they_are_too_long_together(
    path: Path, monkeypatch: pytest.MonkeyPatch, order: int
) -> None:
    """In whichever order they stand; 55 of them are short."""
    texts = [*(f"{number:02}" for number in range(55)), *(f"{number:0100}" for number in range(9))]
    write(path, obs_of(column=texts[::order]))
    monkeypatch.setattr(columns, "MOST_TEXT", 55 * 2 + 9 * 100)
    assert len(read_profile(str(path), ["column"]).obs["column"].values) == 64
    monkeypatch.setattr(columns, "MOST_TEXT", 55 * 2 + 9 * 100 - 1)
    with pytest.raises(FileTooLargeError, match=r"/obs/column has .* or texts of more than 1,009"):
        read_profile(str(path), ["column"])


@pytest.mark.parametrize("name", ["uns/title", "obs/column", "var/feature_is_filtered"])
def test_a_long_text_ends_in_its_length(path: Path, name: str) -> None:
    with h5py.File(path, "r+") as file:
        shape = file[name].shape
        del file[name]
        file.create_dataset(name, data=np.full(shape, "x" * 1_000_000, object), dtype=TEXT)
    slot, _, column = name.partition("/")
    (value,) = getattr(read_profile(str(path), [column]), slot)[column].values
    assert value == "x" * LONGEST + "… (1,000,000 characters)"


def test_many_columns_that_together_have_more_values_than_numbers_are_read(path: Path) -> None:
    names = [f"c{number}" for number in range(8)]
    write(path, obs_of(**{name: np.arange(1_000) for name in names}))
    found = read_profile(str(path), names, [tuple(names)])  # 1,000 ** 8 is beyond 64 bits
    assert found.combinations == {tuple(names): {(str(n),) * 8 for n in range(1_000)}}


MEASURED = """
import sys
from runners.h5ad.errors import FileError
from runners.h5ad.profile import read_profile
from tests.runners.peak_memory import peak_megabytes
try:
    read_profile(sys.argv[1], ["column"])
except FileError as error:
    print(error.reason, end=" ")
print(peak_megabytes())
"""


@pytest.mark.prove
@pytest.mark.parametrize("name", ["var/_index", "obs/column", "obs/column/categories"])
@pytest.mark.parametrize("length", [1_000, 1_000_000])
def test_the_same_long_text_a_million_times_takes_little_memory(
    path: Path, name: str, length: int
) -> None:
    rows = 900_000 if "_index" in name or "categories" in name else 2_000_000
    with h5py.File(path, "r+") as file:
        del file["obs/column"], file["obs/_index"]
        file.create_dataset("obs/_index", (rows,), "S1", chunks=True, compression="gzip")
        file.create_dataset("obs/column/codes", (rows,), "i4", chunks=True, compression="gzip")
        file.create_dataset("obs/column/categories", data=["a"], dtype=TEXT)
    same_text(path, name, rows, "x" * length)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout.split()[-1]) < 1_000
