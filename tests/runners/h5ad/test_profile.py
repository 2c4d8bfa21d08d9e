"""What is read of an h5ad: small files written by hand, in every encoding that there has been."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from h5ad_files import GENES, obs_of, write

from runners.h5ad import profile
from runners.h5ad.errors import FileMissingError, FileUnreadableError
from runners.h5ad.profile import ColumnProfile, DatasetProfile, read_profile


def read_column(path: Path, name: str = "column") -> ColumnProfile:
    return read_profile(str(path), [name]).obs[name]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dataset.h5ad"


def test_a_file_gives_size_genes_and_texts_of_uns(path: Path) -> None:
    write(
        path,
        obs_of(a=pd.Categorical(["x", "y"])),
        uns={"title": "T", "numbers": [1, 2], "deep": {"a": "b"}},
    )
    asked = ["a", "absent", "title", "numbers", "deep", "deep.a", "deep.b", "title.x"]
    assert read_profile(str(path), asked) == DatasetProfile(
        n_observations=2,
        obs={"a": ColumnProfile("categorical", ("x", "y"), 0)},
        var={},
        genes=GENES,
        uns={
            "title": ColumnProfile("str", ("T",), 0),
            "deep.a": ColumnProfile("str", ("b",), 0),
            "numbers": ColumnProfile("list", ("1", "2"), 0),
        },
        dicts={"deep": frozenset({"a"})},
        size=path.stat().st_size,
    )


def test_a_file_without_uns_has_no_texts(path: Path) -> None:
    write(path, obs_of(a=["x"]))
    with h5py.File(path, "r+") as file:
        del file["uns"]
    assert read_profile(str(path), ["a"]).uns == {}


def test_columns_of_var_are_read_too(path: Path) -> None:
    write(path, obs_of(a=["x"]))
    found = read_profile(str(path), ["feature_is_filtered"])
    assert found.var == {"feature_is_filtered": ColumnProfile("bool", ("False", "True"), 0)}
    assert found.obs == {}


def test_only_categories_that_a_cell_uses_count(path: Path) -> None:
    values = pd.Categorical(["b", "a", "b"], categories=["unused", "b", "a", "never"])
    write(path, obs_of(column=values))
    assert read_column(path) == ColumnProfile("categorical", ("a", "b"), 0)


def test_cells_without_a_value_are_counted(path: Path) -> None:
    values = pd.Categorical(["b", None, "b", None, None], categories=["a", "b"])
    write(path, obs_of(column=values))
    assert read_column(path) == ColumnProfile("categorical", ("b",), 3)


def test_a_column_in_which_no_cell_has_a_value(path: Path) -> None:
    write(path, obs_of(column=pd.Categorical([None, None], categories=["a"])))
    assert read_column(path) == ColumnProfile("categorical", (), 2)


def test_plain_strings(path: Path) -> None:
    write(path, obs_of(column=["b", "ä", "b"]))
    with h5py.File(path, "r+") as file:  # anndata makes categories of strings
        del file["obs/column"]
        file["obs"].create_dataset("column", data=["b", "ä", "b"], dtype=h5py.string_dtype())
    assert read_column(path) == ColumnProfile("str", ("b", "ä"), 0)


def test_strings_of_fixed_length(path: Path) -> None:
    write(path, obs_of(column=["x", "x"]))
    with h5py.File(path, "r+") as file:
        del file["obs/column"]
        file["obs/column"] = np.array([b"b", b"a"])
    assert read_column(path) == ColumnProfile("str", ("a", "b"), 0)


def test_categories_as_anndata_wrote_them_before_0_8(path: Path) -> None:
    write(path, obs_of(column=["x", "x", "x", "x"]))
    with h5py.File(path, "r+") as file:
        del file["obs/column"]
        file["obs/column"] = np.array([1, -1, 1, 0], dtype=np.int8)
        categories = file["obs"].create_group("__categories")
        names = ["a", "b", "unused"]
        categories.create_dataset("column", data=names, dtype=h5py.string_dtype())
    assert read_column(path) == ColumnProfile("categorical", ("a", "b"), 1)


def test_bool(path: Path) -> None:
    write(path, obs_of(column=[True, True]))
    assert read_column(path) == ColumnProfile("bool", ("True",), 0)


def test_nullable_bool(path: Path) -> None:
    write(path, obs_of(column=pd.array([True, None, False], dtype="boolean")))
    assert read_column(path) == ColumnProfile("bool", ("False", "True"), 1)


def test_nullable_integer(path: Path) -> None:
    write(path, obs_of(column=pd.array([1, None, None], dtype="Int64")))
    assert read_column(path) == ColumnProfile("int", ("1",), 2)


def test_nullable_strings(path: Path) -> None:
    write(path, obs_of(column=["x", "x", "x"]))
    with h5py.File(path, "r+") as file:
        del file["obs/column"]
        group = file["obs"].create_group("column")
        group.create_dataset("values", data=["b", "", "a"], dtype=h5py.string_dtype())
        group["mask"] = np.array([False, True, False])
    assert read_column(path) == ColumnProfile("str", ("a", "b"), 1)


def test_numbers_keep_no_values(path: Path) -> None:
    write(path, obs_of(column=[0.5, 1.5]))
    assert read_column(path) == ColumnProfile("number", (), 0)


def test_categories_that_are_no_text_become_text(path: Path) -> None:
    write(path, obs_of(column=pd.Categorical([2, 1, 2], categories=[1, 2, 3])))
    assert read_column(path) == ColumnProfile("categorical", ("1", "2"), 0)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 8, 100])
def test_where_chunks_end_makes_no_difference(
    path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    letters = ["a", "b", "b", None, "c", "a", None, "d"]
    write(path, obs_of(column=pd.Categorical(letters, categories=list("zdcba"))))
    with h5py.File(path, "r+") as file:
        texts = [letter or "" for letter in letters]
        file["obs"].create_dataset("text", data=texts, dtype=h5py.string_dtype())
    monkeypatch.setattr(profile, "CHUNK", chunk)
    found = read_profile(str(path), ["column", "text"]).obs
    assert found["column"] == ColumnProfile("categorical", ("a", "b", "c", "d"), 2)
    assert found["text"] == ColumnProfile("str", ("", "a", "b", "c", "d"), 0)


def test_values_are_in_order_whatever_order_the_categories_have(path: Path) -> None:
    write(path, obs_of(column=pd.Categorical(list("cab"), categories=list("bca"))))
    assert read_column(path).values == ("a", "b", "c")


def test_a_folder_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadableError) as unreadable:
        read_profile(str(tmp_path), [])
    assert str(unreadable.value) == f"{tmp_path}: a folder, which is no h5ad"


def test_nothing_there_is_missing(path: Path) -> None:
    with pytest.raises(FileMissingError):
        read_profile(str(path), [])


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[: len(content) * 2 // 3])
    elif how == "cut in its head":
        path.write_bytes(content[:20])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "not HDF5":
        path.write_text("<Error>AccessDenied</Error>")
    elif how == "a folder":
        path.unlink()
        path.mkdir()
    elif how == "without categories":
        write_codes(path, [0, 0])
    elif how == "with codes beyond its categories":
        write_codes(path, [0, 5], ["a"])
    else:
        with h5py.File(path, "r+") as file:
            del file[how.removeprefix("without ")]


def write_codes(path: Path, codes: list[int], categories: list[str] | None = None) -> None:
    with h5py.File(path, "r+") as file:
        del file["obs/column"]
        group = file["obs"].create_group("column")
        group["codes"] = np.array(codes, dtype=np.int8)
        if categories is not None:
            group.create_dataset("categories", data=categories, dtype=h5py.string_dtype())


@pytest.mark.parametrize(
    "how",
    [
        "truncated",
        "cut in its head",
        "empty",
        "not HDF5",
        "a folder",
        "without obs",
        "without var",
        "without obs/_index",
        "without var/_index",
        "without categories",
        "with codes beyond its categories",
    ],
)
def test_what_is_no_whole_h5ad_is_unreadable_and_says_which_file(path: Path, how: str) -> None:
    spoil(write(path, obs_of(column=["x", "y"])), how)
    with pytest.raises(FileUnreadableError) as unreadable:
        read_profile(str(path), ["column"])
    assert str(unreadable.value).startswith(f"{path}: ")
    assert "\n" not in str(unreadable.value)


def test_a_spatial_file(path: Path) -> None:
    obs = obs_of(in_tissue=[0, 1, 1], array_row=[0, 77, 3], kind=pd.Categorical(["u", "t", "t"]))
    images = {"hires": np.zeros((4, 4, 3), np.uint8)}
    uns = {"spatial": {"is_single": True, "library": {"images": images}}}
    write(path, obs, uns=uns)
    names = ["in_tissue", "array_row", "kind", "spatial", "spatial.is_single", "spatial.library"]
    found = read_profile(str(path), names, [("in_tissue", "kind")])
    assert found.uns == {"spatial.is_single": ColumnProfile("bool", ("True",), 0)}
    assert found.dicts == {
        "spatial": {"is_single", "library"},
        "spatial.library": {"images"},
    }
    assert found.obs["array_row"] == ColumnProfile("int", ("0", "3", "77"), 0)
    assert found.combinations == {("in_tissue", "kind"): {("0", "u"), ("1", "t")}}


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_combinations_are_those_of_whole_cells_wherever_chunks_end(
    path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(profile, "CHUNK", chunk)
    left, right = ["a", "b", "a", None, "b"], ["x", "y", "x", "x", None]
    write(path, obs_of(left=pd.Categorical(left), right=pd.Categorical(right), third=list("ppqqp")))
    with h5py.File(path, "r+") as file:
        del file["obs/third"]
        file["obs"].create_dataset("third", data=list("ppqqp"), dtype=h5py.string_dtype())
    asked = [("left", "right"), ("third", "left"), ("left", "absent")]
    assert read_profile(str(path), ["left", "right", "third"], asked).combinations == {
        ("left", "right"): {("a", "x"), ("b", "y")},
        ("third", "left"): {("p", "a"), ("p", "b"), ("q", "a")},
    }


def test_a_file_without_cells(path: Path) -> None:
    write(path, obs_of(column=pd.Categorical([], categories=["a"]), other=pd.Categorical([])))
    found = read_profile(str(path), ["column", "other"], [("column", "other")])
    assert (found.n_observations, found.obs["column"].values) == (0, ())
    assert found.combinations == {("column", "other"): frozenset()}


def test_categories_that_are_flags_become_text(path: Path) -> None:
    write(path, obs_of(column=pd.Categorical([True, False, True])))
    assert read_column(path) == ColumnProfile("categorical", ("False", "True"), 0)


@pytest.mark.parametrize("rows", [2, 4])
@pytest.mark.parametrize(
    ("values", "array"),
    [([1, 2, 3], ""), (["x", "y", "z"], ""), (pd.Categorical(["x", "y", "z"]), "/codes")],
)
def test_a_column_of_another_length_is_no_whole_file(
    path: Path, values: Any, array: str, rows: int
) -> None:
    write(path, obs_of(column=values))
    with h5py.File(path, "r+") as file:
        node = file[f"obs/column{array}"]
        whole, dtype, attrs = node[()], node.dtype, dict(node.attrs)
        del file[f"obs/column{array}"]
        file.create_dataset(f"obs/column{array}", data=np.resize(whole, rows), dtype=dtype)
        file[f"obs/column{array}"].attrs.update(attrs)
    with pytest.raises(FileUnreadableError, match=f"column has {rows} rows, its table 3"):
        read_column(path)


MEASURED = """
import sys
from runners.h5ad.profile import read_profile
from tests.runners.peak_memory import peak_megabytes
names = ["codes", "flag"]
found = read_profile(sys.argv[1], names, [tuple(names)])
print(found.n_observations, peak_megabytes())
"""


@pytest.mark.prove
def test_memory_does_not_grow_with_the_number_of_cells(path: Path) -> None:
    write(path, obs_of(codes=["x"]))
    peaks = {}
    for cells in (1_000, 5_000_000):
        with h5py.File(path, "r+") as file:
            del file["obs"]
            obs = file.create_group("obs")
            obs.attrs["_index"] = "_index"
            obs.create_dataset("_index", (cells,), "S16", chunks=True, compression="gzip")
            codes = (np.arange(cells) % 500).astype(np.int16)
            obs.create_dataset("codes/codes", data=codes, compression="gzip")
            categories = [f"value-{number}" for number in range(500)]
            obs.create_dataset("codes/categories", data=categories, dtype=h5py.string_dtype())
            obs.create_dataset("flag", data=codes > 250, compression="gzip")
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True
        )
        read, peaks[cells] = map(int, done.stdout.split())
        assert read == cells
    print(f"peak memory by cells: {peaks} MB")  # noqa: T201
    assert peaks[5_000_000] - peaks[1_000] < 100
