"""Texts that are taken from the heaps themselves are those that HDF5 reads, or none are taken."""

import random
import re
import struct
import tracemalloc
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.h5ad.heaps import ids_of
from runners.h5ad.ranges import open_h5ad
from runners.rules.ids import LONGEST, MOST, Ids

GENES = [f"ENSG{number:011}" for number in range(9_000)]
MIXED = [f"ENSMUSG{n:011}" if n % 5 else f"ERCC-{n:05}" for n in range(9_000)]
LAYOUTS: dict[str, dict[str, Any]] = {
    "contiguous": {},
    "packed": {"chunks": (1_000,), "maxshape": (None,), "compression": "gzip"},
    "one_chunk": {"chunks": (10_000,), "maxshape": (None,), "compression": "gzip"},
}


def written(path: Path, texts: Sequence[str | bytes], **layout: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=texts, dtype=h5py.string_dtype(), **layout)
    return path


def taken(path: Path) -> Ids | None:
    with open_h5ad(str(path)) as file:
        return ids_of(file.root["a"], file.stored)


def read(path: Path) -> list[str]:
    with h5py.File(path) as file:
        return [bytes(text).decode() for text in file["a"][:].tolist()]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("texts", [GENES, MIXED, GENES[:1], ["a" * LONGEST, "\x01\x7f", "b"]])
def test_texts_are_those_that_hdf5_reads(layout: str, texts: list[str], tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", texts, **LAYOUTS[layout])
    assert list(taken(path) or ()) == read(path) == texts


SHORT = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=LONGEST)


@given(st.lists(SHORT, min_size=1, max_size=400), st.integers(1, 7))
def test_texts_may_stand_among_others_and_in_any_order(texts: list[str], step: int) -> None:
    with h5py.File("a.h5", "w", driver="core", backing_store=False) as file:
        arrays = [file.create_dataset(n, (len(texts),), h5py.string_dtype()) for n in "ab"]
        for start in random.Random(step).sample(range(step), step):
            for array in arrays:
                array[start::step] = texts[start::step]
        file.flush()
        image = file.id.get_file_image()
        assert [*(ids_of(arrays[0], lambda a, b: image[a:b]) or ())] == texts


@pytest.mark.parametrize(
    "texts",
    [
        ["a", ""],
        ["a", "x" * (LONGEST + 1)],
        ["a", "é"],
        [],
        ["a"] * (MOST + 1),
    ],
    ids=["empty", "long", "not_ascii", "none", "many"],
)
def test_what_takes_hdf5_itself_is_left_to_it(texts: list[str], tmp_path: Path) -> None:
    assert taken(written(tmp_path / "a.h5", texts)) is None


def test_a_text_ends_where_c_takes_it_to_end(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", ["ENSG00000000001", "ENSG0000x000002"])
    content = path.read_bytes()
    assert content.count(b"ENSG0000x") == 1
    path.write_bytes(content.replace(b"ENSG0000x", b"ENSG0000\0"))
    assert (taken(path), read(path)[1]) == (None, "ENSG0000")


@pytest.mark.parametrize(
    "layout",
    [
        {"chunks": (4,)},
        {"chunks": (4,), "shuffle": True},
        {"chunks": (4,), "compression": "lzf"},
    ],
    ids=str,
)
def test_other_packing_is_left_to_hdf5(layout: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", GENES[:9], **layout)
    assert (taken(path), read(path)) == (None, GENES[:9])


def test_other_files_than_usual_are_left_to_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "block.h5", "w", userblock_size=512) as file:
        file.create_dataset("a", data=GENES[:9], dtype=h5py.string_dtype())
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_sizes(4, 4)
    path = tmp_path / "small.h5"
    with h5py.File(h5py.h5f.create(str(path).encode(), fcpl=creation)) as file:
        file.create_dataset("a", data=GENES[:9], dtype=h5py.string_dtype())
    for each in (tmp_path / "block.h5", path):
        assert (taken(each), read(each)) == (None, GENES[:9])
    with h5py.File(tmp_path / "unwritten.h5", "w") as file:
        file.create_dataset("a", (9,), h5py.string_dtype(), chunks=(4,))[:4] = GENES[:4]
    assert (taken(tmp_path / "unwritten.h5"), read(tmp_path / "unwritten.h5")[4:]) == (
        None,
        [""] * 5,
    )


def test_a_chunk_whose_end_is_wrong_is_left_to_hdf5(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", GENES[:9], chunks=(9,), compression="gzip")
    with h5py.File(path) as file:
        chunk = file["a"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + chunk.size - 1] ^= 1
    path.write_bytes(content)
    assert taken(path) is None
    with pytest.raises(OSError, match="filter returned failure"):
        read(path)
    written(path, GENES[:9], chunks=(5,), compression="gzip")
    with h5py.File(path, "r+") as file:
        _, packed = file["a"].id.read_direct_chunk((0,))
        file["a"].id.write_direct_chunk((0,), packed[:-4])
    assert taken(path) is None
    with pytest.raises(OSError, match="filter returned failure"):
        read(path)


def replaced(path: Path, place: int, form: str, value: int) -> None:
    """Writes a number into a file."""
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, place, value)
    path.write_bytes(content)


@pytest.mark.parametrize(("place", "value"), [(40, "heap"), (24, 512)], ids=["end", "base"])
def test_what_lies_beyond_the_files_own_end_is_left_to_hdf5(
    place: int, value: int | str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.h5", GENES[:9])
    content = path.read_bytes()
    heap = content.index(b"GCOL")
    with h5py.File(path) as file:
        address = file["a"].id.get_offset()
    with path.open("ab") as stream:
        stream.write(content[heap : heap + 4096])
    for number in range(1, 9):  # the first is read by HDF5, too
        replaced(path, address + 16 * number + 4, "<Q", len(content))
    replaced(path, 40, "<Q", len(content) + 4096)
    assert taken(path) is not None
    replaced(path, place, "<Q", len(content) + 4095 if value == "heap" else int(value))
    with open_h5ad(str(path)) as file:
        assert ids_of(file.root["a"], file.stored) is None
        with pytest.raises(OSError, match="read"):
            file.root["a"][:]


def test_a_heap_that_is_smaller_than_any_is_left_to_hdf5(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", GENES[:9])
    content = path.read_bytes()
    heap = content.index(b"GCOL")
    rest = heap + 16 + 9 * 32
    replaced(path, heap + 8, "<Q", 2_048)
    replaced(path, rest + 8, "<Q", heap + 2_048 - rest)
    with open_h5ad(str(path)) as file:

        def stored(start: int, end: int) -> bytes:
            return file.stored(start, min(end, heap + 2_048))

        assert ids_of(file.root["a"], stored) is None
        with pytest.raises(OSError, match="too small"):
            file.root["a"][:]


def test_another_object_of_a_number_leaves_all_to_hdf5(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", GENES[:100])
    content = path.read_bytes()
    rest = content.index(b"GCOL") + 16 + 100 * 32
    number, left = struct.unpack_from("<HxxxxxxQ", content, rest)
    assert number == 0
    replaced(path, rest, "<Q", 50)
    replaced(path, rest + 8, "<Q", 15)
    replaced(path, rest + 40, "<Q", left - 32)
    assert taken(path) is None


def test_what_only_hdf5_knows_tells_on_the_last_chunk(tmp_path: Path) -> None:
    """Texts of two bytes a character, which no program writes: HDF5 reads none of them."""
    path = written(tmp_path / "a.h5", GENES[:9])
    content = path.read_bytes()
    text = struct.pack("<II", 0x19, 16)[:1]
    header = re.search(re.escape(text) + rb"\x01[\0\x01]\0\x10\0\0\0.{4}\x01\0\0\0", content, re.S)
    assert header is not None
    replaced(path, header.end() - 4, "<I", 2)
    assert taken(path) is None
    with pytest.raises(OSError, match="size does not match"):
        read(path)


@pytest.mark.parametrize("where", ["elsewhere", "nowhere"])
def test_a_file_that_lets_hdf5_read_elsewhere_is_left_to_it(where: str, tmp_path: Path) -> None:
    """As an image of a metadata cache does: only where nothing says so are heaps where they are."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset("a", data=GENES[:9], dtype=h5py.string_dtype())
    begin = bytearray(path.read_bytes()[:4096])
    if where == "elsewhere":
        begin[20:28] = struct.pack("<Q", 48)
    with open_h5ad(str(path)) as file:

        def stored(start: int, end: int) -> bytes:
            return bytes(begin) if start == 0 else file.stored(start, end)

        assert (ids_of(file.root["a"], stored) is None) == (where == "elsewhere")


def test_chunks_that_say_they_are_large_cost_no_more_than_one(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", GENES[:90], chunks=(1,), compression="gzip")
    with h5py.File(path, "r+") as file:
        array = file["a"].id
        for number in range(90):
            _, packed = array.read_direct_chunk((number,))
            array.write_direct_chunk((number,), packed + bytes(2**20))
    tracemalloc.start()
    try:
        assert taken(path) is None
        assert tracemalloc.get_traced_memory()[1] < 5 * 2**20
    finally:
        tracemalloc.stop()
    assert read(path) == GENES[:90]


@pytest.mark.parametrize("packing", [{}, {"chunks": (64,), "compression": "gzip"}], ids=str)
def test_damage_is_never_taken_for_a_text(packing: dict[str, Any], tmp_path: Path) -> None:
    """Any bytes of references and heaps are wrong: HDF5 reads the same, or nothing is taken."""
    path = written(tmp_path / "a.h5", MIXED[:200], **packing)
    sound, chance, count = path.read_bytes(), random.Random(0), {"taken": 0, "left": 0}
    with h5py.File(path) as file:
        array = file["a"].id
        chunks = [array.get_chunk_info(n) for n in range(4)] if packing else []
        places = [range(chunk.byte_offset, chunk.byte_offset + chunk.size) for chunk in chunks]
        if not chunks:
            places = [range(array.get_offset(), array.get_offset() + 200 * 16)]
    heap = sound.index(b"GCOL")
    heads = [place for place in range(heap, len(sound)) if (place - heap) % 32 < 16]
    for _ in range(300):
        broken = bytearray(sound)
        for place in chance.choices([*range(heap, heap + 7_000), *heads, *chain(*places)], k=2):
            broken[place] = chance.choice([0, broken[place] ^ (1 << chance.randrange(8))])
        path.write_bytes(broken)
        found = taken(path)
        count["left" if found is None else "taken"] += 1
        if found is not None:
            with h5py.File(path) as file:
                assert [text.encode() for text in found] == file["a"][:].tolist()
    assert min(count.values()) > 50, count
