"""What is fetched ahead of a remote file: few rounds, the same values, bounded whatever it says."""

import io
import struct
from collections.abc import Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from h5ad_files import obs_of, write
from hostile_files import WRONG, nodes, opened_files, replace, secret_files, whole

from runners import rules
from runners.h5ad import blocks as blocks_module
from runners.h5ad.ahead import fetch_profile
from runners.h5ad.blocks import BLOCK, MOST_AHEAD, MOST_GUESSED, Blocks, Range
from runners.h5ad.containment import ElsewhereError
from runners.h5ad.profile import CHUNK, DatasetProfile, _profile
from runners.h5ad.ranges import OpenFile
from runners.validation.cases import combinations

FOUND = rules.load("7.0.0")
STEP = 13
"""Of the hostile files, each so-manieth is read."""


class Remote(io.RawIOBase):
    """A local file as if it were remote; `rounds` are the ranges of each fetch."""

    def __init__(self, path: Path) -> None:
        self._content = path.read_bytes()
        self._at = 0
        self.rounds: list[Sequence[Range]] = []
        self.blocks = Blocks(len(self._content), self._fetch)

    def _fetch(self, ranges: Sequence[Range]) -> list[bytes]:
        self.rounds.append(ranges)
        return [self._content[start:end] for start, end in ranges]

    @property
    def bytes(self) -> int:
        return sum(end - start for ranges in self.rounds for start, end in ranges)

    def readinto(self, buffer: Any) -> int:
        data = self.blocks.read(self._at, self._at + len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, len(self._content))[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def read(source: Any, blocks: Blocks | None) -> DatasetProfile:
    with h5py.File(source, "r") as root:
        return _profile(OpenFile(root, 0, None, blocks), FOUND.columns, combinations(FOUND))


def outcome(source: Any, blocks: Blocks | None) -> object:
    """The profile, or what is said of the file."""
    try:
        return read(source, blocks)
    except (ElsewhereError, Exception) as error:
        return type(error), str(error)


def large(path: Path, cells: int = 3_000, genes: int = 50_000, **how: Any) -> Path:
    """A dataset whose parts lie far from each other."""
    chance = np.random.default_rng(0)
    values = {name: pd.Categorical(chance.choice(["a", "b"], cells)) for name in FOUND.columns}
    write(path, obs_of(**{**values, "is_primary_data": [True] * cells}), uns={"title": "T"})
    with h5py.File(path, "r+") as file:
        del file["var"]
        file["X2"] = chance.random(1_500_000)
        var = file.create_group("var")
        var.attrs["_index"] = "_index"
        data = [f"ENSG{number:011}" for number in range(genes)]
        var.create_dataset("_index", data=data, dtype=h5py.string_dtype(), **how)
        file["X3"] = chance.random(1_500_000)
        var["feature_is_filtered"] = np.zeros(genes, dtype=bool)
    return path


@pytest.mark.parametrize(
    "how", [{}, {"compression": "gzip"}, {"compression": "gzip", "chunks": (7_000,)}]
)
def test_a_file_is_read_in_few_rounds_with_the_same_values(
    tmp_path: Path, how: dict[str, Any]
) -> None:
    path = large(tmp_path / "large.h5ad", **how)
    remote = Remote(path)
    assert read(remote, remote.blocks) == read(path, None)
    in_turn = Remote(path)
    assert read(in_turn, None) == read(path, None)
    assert len(remote.rounds) <= 6 < len(in_turn.rounds)
    assert remote.bytes <= 0.2 * path.stat().st_size


def test_columns_far_from_each_other_are_fetched_together(tmp_path: Path) -> None:
    path = large(tmp_path / "large.h5ad", genes=10)
    with h5py.File(path, "r+") as file:
        file.create_group("moved")
        for number, name in enumerate(file["obs"]):
            file.copy(f"obs/{name}", f"moved/{name}")
            file[f"between/{number}"] = np.zeros(40_000)
        file["moved"].attrs.update(file["obs"].attrs)
        del file["obs"]
        file.move("moved", "obs")
    remote, in_turn = Remote(path), Remote(path)
    assert read(remote, remote.blocks) == read(in_turn, None) == read(path, None)
    assert len(remote.rounds) <= 10
    assert len(in_turn.rounds) >= 2 * len(remote.rounds)


def test_long_columns_are_fetched_a_slice_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runners.h5ad.profile.CHUNK", 1_000)
    path = large(tmp_path / "large.h5ad", genes=10)
    remote = Remote(path)
    assert read(remote, remote.blocks) == read(path, None)


def test_hostile_files_are_refused_as_they_are_locally(tmp_path: Path) -> None:
    secrets, source = secret_files(tmp_path / "secrets"), whole(tmp_path / "whole.h5ad")
    for node, how in islice(product(nodes(source), WRONG), 0, None, STEP):
        path = replace(source, tmp_path / "dataset.h5ad", node, WRONG[how], secrets)
        with opened_files(secrets) as opened:
            remote = Remote(path)
            assert outcome(remote, remote.blocks) == outcome(path, None), f"{node} as {how}"
        assert opened == [], f"{node} as {how}"


def test_what_headers_name_is_fetched_within_bounds(tmp_path: Path) -> None:
    """Every eight bytes that could be an address of a tree, a heap or a chunk lead far away."""
    path = large(tmp_path / "large.h5ad", genes=1_000)
    content = bytearray(path.read_bytes())
    header = struct.pack("<BxHIIxxxx", 1, 1, 1, 3_000)
    goes_on = b"".join(
        struct.pack("<HHBxxxQQ", 0x10, 16, 0, number * BLOCK % len(content), 2**40)
        for number in range(120)
    )
    with h5py.File(path) as file:
        addresses = [file.id.links.get_info(name).u for name in (b"obs", b"var", b"uns")]
    for at in addresses:
        content[at : at + len(header) + len(goes_on)] = header + goes_on
    path.write_bytes(content)
    remote = Remote(path)
    assert isinstance(outcome(remote, remote.blocks), tuple)
    assert remote.bytes <= (MOST_GUESSED + 20) * BLOCK


def test_a_table_of_chunks_that_names_the_whole_file_is_bounded() -> None:
    asked: list[Sequence[Range]] = []

    def fetch(ranges: Sequence[Range]) -> list[bytes]:
        asked.append(ranges)
        return [bytes(end - start) for start, end in ranges]

    blocks = Blocks(2**40, fetch)
    blocks.fetch_ahead((number * 2**30, (number + 1) * 2**30) for number in range(1_000))
    assert sum(end - start for start, end in asked[0]) == MOST_AHEAD * BLOCK
    for _ in range(5):
        blocks.guess([(2**39, 2**40), (-(2**60), 2**60)])
    assert sum(end - start for ranges in asked[1:] for start, end in ranges) == (
        MOST_GUESSED * BLOCK
    )


def test_blocks_give_what_the_file_has(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BLOCK": 7, "MOST_AT_ONCE": 2, "MOST_AHEAD": 4, "MOST_KEPT": 5}.items():
        monkeypatch.setattr(blocks_module, name, value)
    chance = np.random.default_rng(0)
    content = chance.bytes(200)
    blocks = Blocks(200, lambda ranges: [content[start:end] for start, end in ranges])
    for start, size in chance.integers(0, 210, (300, 2)).tolist():
        if size % 3 == 0:
            blocks.fetch_ahead([(start, start + size), (size, size + 1)])
        assert blocks.read(start, start + size) == content[start : start + size]
        assert len(blocks._kept) <= 5


def test_what_the_storage_refuses_ends_the_fetching(tmp_path: Path) -> None:
    class RefusedError(Exception):
        """What no broken file raises."""

    path = large(tmp_path / "large.h5ad", genes=10)
    remote = Remote(path)
    with h5py.File(remote, "r") as root:

        def refuse(ranges: Sequence[Range]) -> list[bytes]:
            raise RefusedError

        blocks = Blocks(path.stat().st_size, refuse)
        with pytest.raises(RefusedError):
            fetch_profile(root, FOUND.columns, CHUNK, blocks)
