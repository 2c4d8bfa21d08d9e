"""What is fetched ahead of a remote file: few rounds, the same values, bounded whatever it says."""

import asyncio
import inspect
import io
import struct
import tracemalloc
import zlib
from collections.abc import Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
import pandas as pd
import pytest
from fsspec.asyn import get_loop
from h5ad_files import obs_of, write
from hostile_files import WRONG, nodes, opened_files, replace, secret_files, whole
from s3fs.core import _inner_fetch

from runners import rules
from runners.h5ad import blocks as blocks_module
from runners.h5ad.ahead import MOST_IN_TABLE, _address, _fetch_headers, fetch_profile, fetch_rows
from runners.h5ad.arrays import MOST_CHUNK
from runners.h5ad.blocks import (
    BLOCK,
    MOST_AHEAD,
    MOST_AT_ONCE,
    MOST_GUESSED,
    MOST_KEPT,
    Blocks,
    Range,
)
from runners.h5ad.containment import ElsewhereError
from runners.h5ad.errors import FileForbiddenError
from runners.h5ad.profile import CHUNK, DatasetProfile, _profile
from runners.h5ad.ranges import OpenFile, _Watched
from runners.rules.ids import Ids
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
        size = self.blocks.read_into(buffer, self._at)
        self._at += size
        return size

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
    found = read(remote, remote.blocks)
    assert found == read(path, None)
    assert isinstance(found.genes, Ids)  # its heaps were fetched, too
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


@pytest.mark.prove
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
        found = bytearray(size)
        del found[blocks.read_into(found, start) :]
        assert found == content[start : start + size]
        assert len(blocks._kept) <= 5


def test_a_chunk_as_large_as_may_be_is_not_held_a_second_time() -> None:
    blocks = Blocks(2**40, lambda ranges: [bytes(end - start) for start, end in ranges])
    chunk = bytearray(b"x") * MOST_CHUNK
    tracemalloc.start()
    try:
        assert blocks.read_into(chunk, 100) == MOST_CHUNK
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert chunk == bytes(MOST_CHUNK)
    assert most <= (MOST_KEPT + 2 * MOST_AHEAD + MOST_AT_ONCE) * BLOCK + 2**20


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


def test_a_part_of_a_type_that_nobody_knows_is_left_to_who_reads_it(tmp_path: Path) -> None:
    path = whole(tmp_path / "dataset.h5ad")
    with h5py.File(path, "r+") as file:
        column = next(node for node in file["obs"].values() if isinstance(node, h5py.Group))
        space = h5py.h5s.create_simple((30,))
        h5py.h5d.create(column.id, b"mask", h5py.h5t.UNIX_D32LE, space)
    remote = Remote(path)
    assert outcome(remote, remote.blocks) == outcome(Remote(path), None)
    assert isinstance(outcome(Remote(path), None), DatasetProfile)


def test_of_many_small_chunks_none_is_looked_up(tmp_path: Path) -> None:
    """HDF5 walks through the whole table for each of them."""
    path = tmp_path / "chunks.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(MOST_IN_TABLE + 1), chunks=(1,))
    remote = Remote(path)
    with h5py.File(remote, "r") as file:
        array, before = file["x"], len(remote.rounds)
        fetch_rows([array], slice(0, 10), remote.blocks)
        assert len(remote.rounds) == before


def test_headers_that_go_on_at_the_end_of_blocks_fetch_no_more(tmp_path: Path) -> None:
    """Each of 7 headers names 163 places, of which the beginning alone may have been fetched."""
    size = 3_000 * BLOCK
    data, asked = bytearray(size), list[Sequence[Range]]()
    for number in range(7):
        first = 2 + 163 * number
        go_on = (
            struct.pack("<HHBxxxQQ", 0x10, 16, 0, block * BLOCK - 8, 4096)
            for block in range(first, first + 163)
        )
        text = struct.pack("<BxHIIxxxx", 1, 1, 1, 4000) + b"".join(go_on)
        data[number * 4096 : number * 4096 + len(text)] = text

    def fetch(ranges: Sequence[Range]) -> list[bytes]:
        asked.append(ranges)
        return [bytes(data[start:end]) for start, end in ranges]

    _fetch_headers([number * 4096 for number in range(7)], Blocks(size, fetch))
    blocks = sum(-(-(end - start) // BLOCK) for ranges in asked for start, end in ranges)
    assert 1 < blocks <= MOST_GUESSED


def test_large_chunks_that_hold_little_are_fetched_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "chunks.h5"
    with h5py.File(path, "w") as file:
        texts = h5py.string_dtype()
        array = file.create_dataset("x", (400,), texts, chunks=(10,), compression="gzip")
        for number in range(40):
            array.id.write_direct_chunk((10 * number,), zlib.compress(bytes(160)) + bytes(2**20))
    remote = Remote(path)
    with h5py.File(remote, "r") as file:
        fetch_rows([file["x"]], slice(0, 400), remote.blocks)
    assert remote.bytes <= (MOST_AHEAD + MOST_AT_ONCE) * BLOCK < path.stat().st_size


def test_references_that_are_no_packed_ones_are_left_to_who_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "damaged.h5"
    with h5py.File(path, "w") as file:
        array = file.create_dataset("x", (10,), h5py.string_dtype(), chunks=(10,), compression=1)
        array.id.write_direct_chunk((0,), b"not what zlib packs")
    remote = Remote(path)
    with h5py.File(remote, "r") as file:
        fetch_rows([file["x"]], slice(0, 10), remote.blocks)
        with pytest.raises(OSError, match="Can't"):
            file["x"][:]


def test_a_path_is_not_followed(tmp_path: Path) -> None:
    """The index that a file names may be one, and lead to another file."""
    secrets = secret_files(tmp_path / "secrets")
    path = whole(tmp_path / "dataset.h5ad")
    with h5py.File(path, "r+") as file:
        file["elsewhere"] = h5py.ExternalLink(secrets / "secret.h5", "/")
    with h5py.File(path) as file, opened_files(secrets) as opened:
        assert _address(file, "elsewhere/secret") is None
        assert opened == []


class Stream:
    """As much of s3fs's file as is needed."""

    size, details, path, bucket, key, version_id = 10, dict[str, str](), "b/k", "b", "k", None
    req_kw: ClassVar[dict[str, str]] = {}

    class fs:  # noqa: N801 - its name there
        anon, loop = True, get_loop()


REFUSED, SILENT = PermissionError("403"), OSError("slow")


@pytest.mark.parametrize("order", [(REFUSED, SILENT), (SILENT, REFUSED)])
def test_a_refusal_goes_before_an_outage_and_nothing_works_on(
    monkeypatch: pytest.MonkeyPatch, order: tuple[Exception, Exception]
) -> None:
    ended = []

    async def answer(*asked: Any) -> bytes:
        start = asked[4]
        await asyncio.sleep(0.05 * start)
        ended.append(start)
        if start < 2:
            raise order[start]
        return b"x"

    monkeypatch.setattr("s3fs.core._inner_fetch", answer)
    with pytest.raises(FileForbiddenError):
        _Watched(Stream()).blocks._fetch([(0, 1), (1, 2), (2, 3)])
    assert ended == [0, 1, 2]


def test_a_lack_of_memory_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_: Any) -> bytes:
        raise MemoryError

    monkeypatch.setattr("s3fs.core._inner_fetch", answer)
    with pytest.raises(MemoryError):
        _Watched(Stream()).blocks.read_into(bytearray(5), 0)


def test_s3fs_takes_what_it_is_given() -> None:
    """Its function isn't public."""
    inspect.signature(_inner_fetch).bind("fs", "bucket", "key", None, 0, 1, {})
