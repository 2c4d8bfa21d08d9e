"""Texts that are taken from the heaps themselves are those that HDF5 reads, or none are taken."""

import random
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.h5ad.heaps import MOST, ids_of
from runners.h5ad.ranges import open_h5ad
from runners.rules.ids import LONGEST, Ids

GENES = [f"ENSG{number:011}" for number in range(9_000)]
MIXED = [f"ENSMUSG{n:011}" if n % 5 else f"ERCC-{n:05}" for n in range(9_000)]
LAYOUTS: dict[str, dict[str, Any]] = {
    "contiguous": {},
    "chunked": {"chunks": (1_000,), "maxshape": (None,)},
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
        {"chunks": (4,), "shuffle": True},
        {"chunks": (4,), "compression": "lzf"},
    ],
    ids=str,
)
def test_unknown_packing_is_left_to_hdf5(layout: dict[str, Any], tmp_path: Path) -> None:
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


def test_a_chunk_with_a_wrong_checksum_is_left_to_hdf5(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", GENES[:9], chunks=(9,), compression="gzip")
    with h5py.File(path) as file:
        chunk = file["a"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + chunk.size - 1] ^= 1
    path.write_bytes(content)
    assert taken(path) is None
    with pytest.raises(OSError, match="filter returned failure"):
        read(path)


@pytest.mark.parametrize("packing", [{}, {"compression": "gzip"}], ids=str)
def test_damage_is_never_taken_for_a_text(packing: dict[str, str], tmp_path: Path) -> None:
    """Any bytes of references and heaps are wrong: HDF5 reads the same, or nothing is taken."""
    path = written(tmp_path / "a.h5", MIXED[:200], chunks=(64,), **packing)
    sound, chance, count = path.read_bytes(), random.Random(0), {"taken": 0, "left": 0}
    with h5py.File(path) as file:
        chunks = [file["a"].id.get_chunk_info(number) for number in range(4)]
    heap = sound.index(b"GCOL")
    places = [range(chunk.byte_offset, chunk.byte_offset + chunk.size) for chunk in chunks]
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
