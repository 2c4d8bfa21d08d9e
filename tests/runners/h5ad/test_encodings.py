"""Every encoding of a column or index that anndata reads is read, and to the same values."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from h5ad_files import obs_of, write

from runners.h5ad import profile
from runners.h5ad.errors import FileUnreadableError
from runners.h5ad.profile import ColumnProfile, read_profile

TEXT = h5py.string_dtype()
NAMES = ["gene-a", "gene-ä", "gene-c"]
Write = Callable[[h5py.Group, str], None]


def element(value: object, **settings: object) -> Write:
    """As this anndata writes it."""

    def put(group: h5py.Group, name: str) -> None:
        with anndata.settings.override(allow_write_nullable_strings=True, **settings):
            anndata.io.write_elem(group, name, value)

    return put


def array(values: object, dtype: object = None, encoding: str = "array") -> Write:
    """A dataset, with anndata's name of it."""

    def put(group: h5py.Group, name: str) -> None:
        node = group.create_dataset(name, data=values, dtype=dtype)
        node.attrs.update({"encoding-type": encoding, "encoding-version": "0.2.0"})

    return put


def categorical(codes: Sequence[int], categories: Any) -> Write:
    return element(pd.Categorical.from_codes(codes, categories))


def fixed(*values: str) -> np.ndarray[tuple[int], np.dtype[np.bytes_]]:
    """UTF-8 in as many bytes for each."""
    return np.array([value.encode() for value in values], h5py.string_dtype("utf-8", 8))


def texts(*values: str | None) -> pd.Index:
    return pd.Index(pd.array(values, dtype="string"))


COLUMNS = {
    "string-array": array(["b", "ä", "b"], TEXT, "string-array"),
    "strings of fixed length": array(np.array([b"b", b"a", b"b"])),
    "fixed utf-8": array(fixed("b", "ä", "b")),
    "categorical": categorical([1, -1, 1], ["unused", "b"]),
    "ordered categorical": element(pd.Categorical(["b", "a", "b"], ["b", "a"], ordered=True)),
    "categories of nullable strings": categorical([1, -1, 0], texts("a", "b")),
    "categories of ints": categorical([1, 0, 1], [10, 20]),
    "categories of floats": categorical([1, 0, -1], [0.5, 2.0]),
    "categories of flags": categorical([1, 0, 1], [False, True]),
    "categories of fixed length": categorical([1, 0, 1], np.array([b"a", b"b"])),
    "many categories": categorical([0, 299, -1], [f"v{n:03}" for n in range(300)]),
    "nullable strings": element(pd.array(["b", None, "a"], dtype="string")),
    "nullable integer": element(pd.array([3, None, 1], dtype="Int64")),
    "nullable unsigned": element(pd.array([3, None, 1], dtype="UInt8")),
    "nullable boolean": element(pd.array([True, None, False], dtype="boolean")),
    "flags": array(np.array([True, False, True])),
    "ints": array([3, -1, 3]),
    "unsigned": array(np.array([3, 2**64 - 1, 3], np.uint64)),
    "floats": array([0.5, 1.5, 0.5]),
    "floats, some missing": array([0.5, np.nan, np.nan]),
    "empty texts": array(["", "", "a"], TEXT, "string-array"),
}
INDEXES = {
    "string-array": array(NAMES, TEXT, "string-array"),
    "fixed utf-8": array(fixed(*NAMES)),
    "categorical": categorical([2, 0, 1], [NAMES[1], NAMES[2], NAMES[0]]),
    "categorical of nullable strings": categorical([1, 2, 0], texts(NAMES[2], *NAMES[:2])),
    "nullable strings": element(pd.array(NAMES, dtype="string")),
}
KINDS = {"b": "bool", "i": "int", "u": "int", "f": "number"}


def expected(column: "pd.Series[Any]") -> ColumnProfile:
    """What the profile must say of a column as anndata reads it."""
    values = tuple(sorted({_text(value) for value in column.dropna().unique()}))
    missing = int(column.isna().sum())
    if isinstance(column.dtype, pd.CategoricalDtype):
        return ColumnProfile("categorical", values, missing)
    kind = KINDS.get(column.dtype.kind, "str")
    return ColumnProfile(kind, () if kind == "number" else values, missing)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def read_by_anndata(path: Path) -> anndata.AnnData:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anndata.read_h5ad(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "dataset.h5ad", obs_of(column=["x", "y", "z"]))


def same_column(path: Path) -> ColumnProfile:
    """The column, which anndata reads to the same."""
    found = read_profile(str(path), ["column"]).obs["column"]
    assert found == expected(read_by_anndata(path).obs["column"])
    return found


def put(path: Path, name: str, write_node: Write) -> None:
    with h5py.File(path, "r+") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        del file[name]
        write_node(file, name)


@pytest.mark.parametrize("chunk", [2, 100])
@pytest.mark.parametrize("how", COLUMNS)
def test_a_column_is_what_anndata_reads(
    path: Path, how: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "CHUNK", chunk)
    put(path, "obs/column", COLUMNS[how])
    same_column(path)


@pytest.mark.parametrize("table", ["obs", "var"])
@pytest.mark.parametrize("how", INDEXES)
def test_an_index_is_what_anndata_reads(path: Path, how: str, table: str) -> None:
    put(path, f"{table}/_index", INDEXES[how])
    found, read = read_profile(str(path), []), read_by_anndata(path)
    assert found.n_observations == read.n_obs == 3
    assert found.genes == tuple(map(_text, read.var_names))
    if table == "var":
        assert found.genes == tuple(NAMES)


def test_an_index_may_have_another_name_and_lie_deeper(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.move("var/_index", "var/below/soma_joinid")
        file["var"].attrs["_index"] = "below/soma_joinid"
    assert read_profile(str(path), []).genes == tuple(read_by_anndata(path).var_names)


def test_categories_as_anndata_wrote_them_before_0_8(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        obs = file["obs"]
        del obs["column"]
        obs["column"] = np.array([1, -1, 1], np.int8)
        obs.create_dataset("__categories/column", data=["a", "b"], dtype=TEXT)
        obs["column"].attrs["categories"] = obs["__categories/column"].ref
        obs["__categories/column"].attrs["ordered"] = False
        obs.attrs["encoding-version"] = "0.1.0"
    assert same_column(path) == ColumnProfile("categorical", ("b",), 1)


@pytest.mark.parametrize("field", ["kind", "count", "share", "flag", "text"])
def test_tables_as_anndata_wrote_them_before_0_7(path: Path, field: str) -> None:
    types = [("index", "S6"), ("kind", "i1"), ("count", "i4"), ("share", "f4"), ("flag", "?")]
    rows = [(b"cell-0", 1, 5, 0.5, True, b"p"), (b"cell-1", 0, 6, 1.5, False, b"q")]
    with h5py.File(path, "r+") as file:
        for name in ("encoding-type", "encoding-version"):
            del file.attrs[name]
        del file["obs"], file["var"], file["X"]
        file["obs"] = np.array(
            [*rows, (b"cell-2", -1, 5, 0.5, True, b"p")], [*types, ("text", "S1")]
        )
        file["var"] = np.array([(b"gene", True)], [("index", "S4"), ("feature_is_filtered", "?")])
        file["X"] = np.ones((3, 1))
        file["uns/kind_categories"] = np.array([b"a", b"b"])
    found = read_profile(str(path), [field, "feature_is_filtered"])
    assert found.obs[field] == expected(read_by_anndata(path).obs[field])
    assert found.var["feature_is_filtered"] == ColumnProfile("bool", ("True",), 0)
    assert (found.genes, found.n_observations) == (("gene",), 3)


def codes(values: object) -> Write:
    def put(group: h5py.Group, name: str) -> None:
        categorical([0, 0, 0], ["a", "b"])(group, name)
        del group[f"{name}/codes"]
        group[f"{name}/codes"] = np.array(values)

    return put


def test_codes_with_a_fraction_type_have_no_value_where_they_are_not_numbers(path: Path) -> None:
    put(path, "obs/column", codes([np.nan, 1.0, np.nan]))
    found = read_profile(str(path), ["column"]).obs["column"]
    assert found == ColumnProfile("categorical", ("b",), 2)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([0.5, 1, 0], "codes must be whole numbers"),
        ([np.inf, 1, 0], "codes must be whole numbers"),
        ([0, 2, 1], "code 2 has no category"),
        ([0, -2, 1], "code -2 has no category"),
        ([True, False, True], "must be numbers, and is bool"),
        ([[0], [1], [0]], r"must have one dimension, and its shape is \(3, 1\)"),
    ],
)
def test_codes_that_stand_for_nothing_are_refused(path: Path, values: object, reason: str) -> None:
    put(path, "obs/column", codes(values))
    with pytest.raises(FileUnreadableError, match=f"obs/column/codes:? {reason}"):
        read_profile(str(path), ["column"])


@pytest.mark.parametrize(
    "index", [element(pd.array(["g", None, "h"], dtype="string")), categorical([0, -1, 0], ["g"])]
)
def test_a_row_without_a_name_is_refused(path: Path, index: Write) -> None:
    put(path, "var/_index", index)
    with pytest.raises(FileUnreadableError, match=r"(have|has) no value"):
        read_profile(str(path), [])


@pytest.mark.parametrize("how", COLUMNS)
def test_a_list_of_uns_is_read_as_a_column_is(path: Path, how: str) -> None:
    """Of a key that no rule judges, too: what it lacks says nothing of the file, nor of cells."""
    put(path, "obs/column", COLUMNS[how])
    with h5py.File(path, "r+") as file:
        COLUMNS[how](file.require_group("uns"), "column")
    found = read_profile(str(path), ["column"])
    assert found.uns["column"] == replace(found.obs["column"], dtype="list", missing=0)


def test_a_mask_of_another_length_is_refused(path: Path) -> None:
    put(path, "obs/column", COLUMNS["nullable integer"])
    put(path, "obs/column/mask", array(np.zeros(2, bool)))
    with pytest.raises(FileUnreadableError, match="obs/column/mask must be 3 flags"):
        read_profile(str(path), ["column"])


def test_a_dataset_without_genes_is_read_as_one(path: Path) -> None:
    put(path, "var/_index", array(np.zeros(0, "S1")))
    assert read_profile(str(path), []).genes == ()
