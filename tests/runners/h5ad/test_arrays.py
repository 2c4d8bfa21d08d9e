"""Arrays and columns, read from files that are in memory alone: each rule at its edge."""

from collections.abc import Iterator, Sequence
from typing import Any

import h5py
import numpy as np
import pytest

from runners.h5ad import arrays, columns, profile
from runners.h5ad.arrays import (
    LONGEST,
    MIB,
    MOST_CHUNK,
    MOST_TEXT,
    Array,
    TooLargeError,
    decoded,
    has_kind,
    kind_of,
    refuse_large,
    shortened,
)
from runners.h5ad.columns import (
    column_of,
    encoding_of,
    is_array,
    table_of,
    text_attribute,
)

TEXT = h5py.string_dtype()


@pytest.fixture
def file() -> Iterator[h5py.File]:
    with h5py.File("in memory", "w", driver="core", backing_store=False) as made:
        yield made


def sizes(array: Array, rows: slice = slice(None)) -> list[int]:
    return [len(piece) for piece in array.pieces(rows)]


@pytest.mark.parametrize(
    ("length", "at_once", "texts_at_once", "expected"),
    [
        (1, 10_000, 20, [1, 8, 20, 20, 20, 11]),  # few first, then more, up to so many
        (0, 10_000, 20, [1, 8, 20, 20, 20, 11]),
        (10, 50, 20, [1, *[5] * 15, 4]),  # as many as there is room for
        (100, 50, 20, [1] * 80),  # one is read in any case
    ],
)
def test_texts_are_read_in_pieces_that_there_is_room_for(
    file: h5py.File,
    monkeypatch: pytest.MonkeyPatch,
    length: int,
    at_once: int,
    texts_at_once: int,
    expected: list[int],
) -> None:
    monkeypatch.setattr(arrays, "BYTES_AT_ONCE", at_once)
    monkeypatch.setattr(arrays, "TEXTS_AT_ONCE", texts_at_once)
    node = file.create_dataset("texts", data=["x" * length] * 80, dtype=TEXT)
    assert sizes(Array(node)) == expected


@pytest.mark.parametrize("dtype", ["i8", "f8", "S8", "u8"])
def test_what_has_a_size_is_read_by_it(
    file: h5py.File, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    monkeypatch.setattr(arrays, "BYTES_AT_ONCE", 80)
    node = file.create_dataset("values", data=np.zeros(25, dtype))
    assert sizes(Array(node)) == [10, 10, 5]
    assert sizes(Array(node), slice(3, 15)) == [10, 2]
    assert sizes(Array(node), slice(20, 99)) == [5]
    assert sizes(Array(node), slice(25, 99)) == []


@pytest.mark.parametrize("dtype", [TEXT, "S10"])
def test_texts_that_are_read_are_counted_over_all_pieces(
    file: h5py.File, monkeypatch: pytest.MonkeyPatch, dtype: Any
) -> None:
    monkeypatch.setattr(arrays, "MOST_READ", 100)
    monkeypatch.setattr(arrays, "BYTES_AT_ONCE", 30)
    file.create_dataset("just", data=["x" * 10] * 10, dtype=dtype)
    file.create_dataset("more", data=["x" * 10] * 11, dtype=dtype)
    assert sum(sizes(Array(file["just"]))) == 10
    with pytest.raises(TooLargeError, match="/more has texts of more than 0 MB"):
        sizes(Array(file["more"]))


def test_all_texts_of_an_array_may_have_so_many_characters(file: h5py.File) -> None:
    node = file.create_dataset("texts", data=["abc"] * 10, dtype=TEXT)
    assert Array(node).texts(30) == ["abc"] * 10
    with pytest.raises(TooLargeError, match="/texts has texts of more than 0 MB"):
        Array(node).texts(29)
    with pytest.raises(TooLargeError, match="of more than 2 MB"):
        Array(file.create_dataset("long", data=["x" * 2 * MIB, "x"], dtype=TEXT)).texts(2 * MIB)


RECORD = np.dtype([("a", "i4")])


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        *((np.dtype(name), "int") for name in ("i1", "i8", "u1", "u8")),
        *((np.dtype(name), "number") for name in ("f2", "f4", "f8")),
        (np.dtype(bool), "bool"),
        (np.dtype("S4"), "str"),
        (TEXT, "str"),
        (h5py.string_dtype("utf-8", 4), "str"),
        *((each, None) for each in (RECORD, np.dtype("V4"), h5py.ref_dtype, np.dtype("c16"))),
        *((each, None) for each in (np.dtype(("i4", (2,))), h5py.vlen_dtype(np.dtype("i4")))),
    ],
    ids=str,
)
def test_a_type_that_a_column_may_have_has_a_name(dtype: Any, kind: str | None) -> None:
    assert has_kind(dtype) is (kind is not None)
    if kind is None:
        with pytest.raises(ValueError, match=r"x is of the type .*, which no column has"):
            kind_of(dtype, "x")
    else:
        assert kind_of(dtype, "x") == kind


@pytest.mark.parametrize(
    ("put", "problem"),
    [
        (lambda file: file.create_group("x"), "/x must be an array, and isn't"),
        (lambda file: None, "None must be an array, and isn't"),
        (lambda file: file.create_dataset("x", data=1), r"/x must have one dimension.* \(\)"),
        (lambda file: file.create_dataset("x", (2, 2)), r"/x must have one dimension.* \(2, 2\)"),
        (
            lambda file: file.create_dataset("x", data=h5py.Empty("f4")),
            "/x must have one dimension, and its shape is None",
        ),
    ],
)
def test_what_is_no_row_of_values_is_refused(file: h5py.File, put: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Array(put(file))


def test_a_chunk_may_be_as_large_as_is_unpacked_at_once(file: h5py.File) -> None:
    most = MOST_CHUNK // 8
    refuse_large(file.create_dataset("just", (2,), "i8", chunks=(most,), maxshape=(None,)))
    more = file.create_dataset("more", (2,), "i8", chunks=(most + 1,), maxshape=(None,))
    with pytest.raises(TooLargeError, match="/more has chunks of 128 MB"):
        refuse_large(more)
    two = file.create_dataset("two", (2, 2), "i8", chunks=(most // 2 + 1, 2), maxshape=(None, None))
    with pytest.raises(TooLargeError, match="/two has chunks of 128 MB"):
        refuse_large(two)


def test_values_are_texts_and_long_ones_end_in_how_long_they_were() -> None:
    assert decoded([b"\xc3\xa4", b"b"]) == ["ä", "b"]
    assert decoded(["a", b"b", 1, True, 1.5]) == ["a", "b", "1", "True", "1.5"]
    assert decoded(iter(())) == []
    just, more = "x" * LONGEST, "y" * (LONGEST + 1)
    assert shortened([just, "", more]) == [just, "", f"{'y' * LONGEST}… (10,001 characters)"]


def categorical(file: h5py.File, codes: Any, texts: Sequence[str] = ("a", "b")) -> h5py.Group:
    group = file.create_group("column")
    group.attrs["encoding-type"] = "categorical"
    group.create_dataset("codes", data=codes)
    group.create_dataset("categories", data=list(texts), dtype=TEXT)
    return group


@pytest.mark.parametrize(
    ("codes", "read", "missing"),
    [
        (np.array([1, 0, -1, -1], "i1"), [1, 0, -1, -1], 2),
        (np.array([1, 0], "u1"), [1, 0], 0),
        (np.array([1.0, np.nan]), [1, -1], 1),
        (np.array([], "i1"), [], 0),
    ],
    ids=str,
)
def test_codes_name_categories_and_have_none_where_there_is_no_value(
    file: h5py.File, codes: Any, read: list[int], missing: int
) -> None:
    column = column_of(categorical(file, codes))
    piece = column.read(slice(None))
    assert (column.dtype, column.length) == ("categorical", len(codes))
    assert (piece.codes.tolist(), piece.missing) == (read, missing)
    assert piece.codes.dtype.kind == "i"
    assert list(column.texts()) == ["a", "b"]


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        (np.array([0, 2], "i1"), "/column/codes: code 2 has no category"),
        (np.array([0, -2], "i1"), "/column/codes: code -2 has no category"),
        (np.array([3, -2], "i1"), "/column/codes: code -2 has no category"),
        (np.array([255, 0], "u1"), "/column/codes: code 255 has no category"),
        (np.array([0.5]), "/column/codes: codes must be whole numbers"),
        (np.array([np.inf]), "/column/codes: codes must be whole numbers"),
        (np.array([True]), "/column/codes must be numbers, and is bool"),
        (np.array([b"x"]), "/column/codes must be numbers, and is str"),
    ],
    ids=str,
)
def test_codes_that_name_no_category_are_refused(file: h5py.File, codes: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        column_of(categorical(file, codes)).read(slice(None))


def test_rows_are_named_by_categories_where_each_has_one(
    file: h5py.File, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = column_of(categorical(file, np.array([1, 0, 1], "i1"), ["a", "bcd"]))
    assert list(named.names(9)) == ["bcd", "a", "bcd"]
    with pytest.raises(TooLargeError, match="/column/codes has more than 8 characters"):
        named.names(8)
    monkeypatch.setattr(columns, "MOST_VALUES", 3)
    assert len(named.names(9)) == 3
    monkeypatch.setattr(columns, "MOST_VALUES", 2)
    with pytest.raises(TooLargeError, match="/column/codes has 3 values, more than 2"):
        named.names(9)
    file["column/codes"][0] = -1
    monkeypatch.setattr(columns, "MOST_VALUES", 3)
    with pytest.raises(ValueError, match="/column/codes: 1 rows have no value"):
        named.names(9)


def masked(file: h5py.File, values: Any, mask: Any) -> h5py.Group:
    group = file.create_group("column")
    group.create_dataset("values", data=values)
    group.create_dataset("mask", data=mask)
    return group


@pytest.mark.parametrize(
    ("values", "mask", "codes", "missing"),
    [
        (np.array([7, 8, 7]), [False, True, False], [0, -1, 0], 1),
        (np.array([True, False]), [False, False], [1, 0], 0),
        (np.array([1.5, np.nan, 2.5]), [False, False, True], [-1, -1, -1], 2),
        (np.array([1.5, np.nan]), [False, True], [-1, -1], 1),
    ],
    ids=str,
)
def test_a_row_has_no_value_where_the_mask_says_so_or_it_is_no_number(
    file: h5py.File, values: Any, mask: list[bool], codes: list[int], missing: int
) -> None:
    column = column_of(masked(file, values, mask))
    piece = column.read(slice(None))
    assert (piece.codes.tolist(), piece.missing) == (codes, missing)
    assert len(column.arrays) == 2
    if missing and values.dtype.kind != "f":
        with pytest.raises(ValueError, match="/column/mask: a row has no value"):
            column.names(100)


@pytest.mark.parametrize("mask", [[False], [False, True, False], [0, 1]], ids=str)
def test_a_mask_is_a_flag_for_each_row(file: h5py.File, mask: list[Any]) -> None:
    with pytest.raises(ValueError, match="/column/mask must be 2 flags"):
        column_of(masked(file, np.array([1, 2]), mask))


def test_new_texts_get_codes_as_they_come_over_all_slices(file: h5py.File) -> None:
    column = column_of(file.create_dataset("x", data=["b", "a", "b", "c"], dtype=TEXT))
    assert column.read(slice(0, 2)).codes.tolist() == [0, 1]
    assert column.read(slice(2, 4)).codes.tolist() == [0, 2]
    assert list(column.texts()) == ["b", "a", "c"]
    assert list(column.names(100)) == ["b", "a", "b", "c"]


def test_distinct_values_may_be_so_many_and_texts_so_long(
    file: h5py.File, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = file.create_dataset("numbers", data=np.arange(10))
    texts = file.create_dataset("texts", data=["abc", "def", "abc"], dtype=TEXT)
    monkeypatch.setattr(columns, "MOST_VALUES", 10)
    monkeypatch.setattr(columns, "MOST_TEXT", 6)
    assert len(column_of(numbers).read(slice(None)).codes) == 10
    assert len(column_of(texts).read(slice(None)).codes) == 3
    monkeypatch.setattr(columns, "MOST_TEXT", 5)
    with pytest.raises(TooLargeError, match="or texts of more than 5 characters"):
        column_of(texts).read(slice(None))
    monkeypatch.setattr(columns, "MOST_VALUES", 9)
    with pytest.raises(TooLargeError, match="/numbers has more than 9 distinct values"):
        column_of(numbers).read(slice(None))
    monkeypatch.setattr(columns, "MOST_VALUES", 2)
    with pytest.raises(TooLargeError, match="/texts has 3 values, more than 2"):
        column_of(texts).names(MOST_TEXT)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (np.bytes_(b"a"), "a"), (None, None), (1, ...), (["a", "b"], ...), (["a"], ...)],
)
def test_an_attribute_that_is_read_is_one_text(file: h5py.File, value: Any, text: Any) -> None:
    group = file.create_group("x")
    if value is not None:
        group.attrs["name"] = value
    if text is ...:
        with pytest.raises(ValueError, match="the attribute name of /x must be a text"):
            text_attribute(group, "name")
    else:
        assert text_attribute(group, "name") == text


def test_a_group_is_a_dictionary_unless_it_says_what_else(file: h5py.File) -> None:
    group = file.create_group("x")
    assert (encoding_of(group), is_array(group)) == ("dict", False)
    for name, expected in (
        ("categorical", True),
        ("nullable-integer", True),
        ("nullable-boolean", True),
        ("nullable-string-array", True),
        ("dataframe", False),
        ("csr_matrix", False),
        ("", False),
    ):
        group.attrs["encoding-type"] = name
        assert (encoding_of(group), is_array(group)) == (name or "dict", expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [([1, 2], True), ([], True), (1, False), ([[1]], False), (np.zeros(2, RECORD), False)],
    ids=str,
)
def test_an_array_has_one_dimension_and_a_type_of_columns(
    file: h5py.File, data: Any, expected: bool
) -> None:
    assert is_array(file.create_dataset("x", data=data)) is expected


def test_a_table_is_a_group_or_one_dataset_of_records(file: h5py.File) -> None:
    with pytest.raises(ValueError, match=r"^there is no obs$"):
        table_of(file, "obs")
    for data in (1, [1, 2], np.zeros((1, 1), RECORD)):
        file.create_dataset("obs", data=data)
        with pytest.raises(ValueError, match=r"^obs is no table of columns$"):
            table_of(file, "obs")
        del file["obs"]
    fields = [("i", "S2"), ("n", "i4"), ("c", "i4"), ("f", "f4")]
    records = np.array([("r1", 1, 0, 0), ("r2", 2, 9, 1)], fields)
    file.create_dataset("obs", data=records)
    file.create_group("uns").create_dataset("n_categories", data=["z", "a", "b"], dtype=TEXT)
    file["uns/c_categories"] = "one text"
    file["uns/f_categories"] = [1, 2]  # of no numbers that could be codes
    table = table_of(file, "obs")
    assert list(table.index().names(10)) == ["r1", "r2"]
    assert table.column("i") is None  # the index is no column
    assert table.column("absent") is None
    named, numbers, fractions = (table.column(name) for name in "ncf")
    assert fractions is not None
    assert fractions.dtype == "number"
    assert named is not None
    assert numbers is not None
    assert (named.dtype, list(named.names(10))) == ("categorical", ["a", "b"])
    assert (numbers.dtype, list(numbers.names(10))) == ("int", ["0", "9"])


def test_categories_of_a_table_stand_for_the_numbers_of_the_column_they_are_called_by(
    file: h5py.File,
) -> None:
    obs = file.create_group("obs")
    obs.attrs["_index"] = "names"
    obs.create_dataset("names", data=["r1"], dtype=TEXT)
    obs.create_dataset("coded", data=[1])
    obs.create_dataset("plain", data=[1])
    obs.create_dataset("__categories/coded", data=["a", "b"], dtype=TEXT)
    table = table_of(file, "obs")
    assert list(table.index().names(10)) == ["r1"]
    coded, plain = table.column("coded"), table.column("plain")
    assert coded is not None
    assert plain is not None
    assert (list(coded.names(10)), list(plain.names(10))) == (["b"], ["1"])
    assert table.column("absent") is None


def test_an_index_without_a_name_of_its_own_is_called_so(file: h5py.File) -> None:
    obs = file.create_group("obs")
    with pytest.raises(ValueError, match="/obs has no _index"):
        table_of(file, "obs").index()
    obs.create_dataset("_index", data=["r1"], dtype=TEXT)
    assert list(table_of(file, "obs").index().names(10)) == ["r1"]


def test_a_column_of_parts_needs_both(file: h5py.File) -> None:
    group = file.create_group("x")
    with pytest.raises(ValueError, match="/x has no values"):
        column_of(group)
    group.create_dataset("values", data=[1])
    with pytest.raises(ValueError, match="/x has no mask"):
        column_of(group)
    group.create_dataset("codes", data=[0])
    with pytest.raises(ValueError, match="/x has no categories"):
        column_of(group)


UNS: list[tuple[Any, str, tuple[str, ...]]] = [
    ("text", "str", ("text",)),
    (3, "int", ("3",)),
    (True, "bool", ("True",)),
    (1.5, "number", ("1.5",)),
    (["b", "a", "b"], "list", ("a", "b")),
    ([], "list", ()),
    ([[1]], "array", ()),
    (h5py.Empty("f4"), "null", ()),
    (np.zeros((), RECORD), "other", ()),
    (np.zeros(2, RECORD), "other", ()),
    (np.arange(profile.MOST_OF_LIST), "list", tuple(sorted(map(str, range(1_000))))),
    (np.arange(profile.MOST_OF_LIST + 1), "array", ()),
    ("x" * (LONGEST + 1), "str", (f"{'x' * LONGEST}… (10,001 characters)",)),
]


@pytest.mark.parametrize(("data", "dtype", "values"), UNS, ids=lambda each: str(each)[:20])
def test_a_key_of_uns_is_one_value_a_list_or_named_by_what_it_is(
    file: h5py.File, data: Any, dtype: str, values: tuple[str, ...]
) -> None:
    file.create_group("uns")
    file["uns"].create_dataset("key", data=data)
    found, dicts = profile._values_and_dicts(file["uns"], ["key", "absent", "key.within"])
    assert dicts == {}
    assert found == {"key": profile.ColumnProfile(dtype, values, 0)}


def test_keys_of_uns_may_lie_in_others_and_hold_keys(
    file: h5py.File, monkeypatch: pytest.MonkeyPatch
) -> None:
    file["uns/outer/inner"] = 1
    file["uns/outer/other"] = 2
    file.create_group("uns/matrix").attrs["encoding-type"] = "csr_matrix"
    names = ["outer", "outer.inner", "matrix"]
    found, dicts = profile._values_and_dicts(file["uns"], names)
    assert dicts == {"outer": frozenset({"inner", "other"})}
    assert {name: (each.dtype, each.values) for name, each in found.items()} == {
        "outer.inner": ("int", ("1",)),
        "matrix": ("csr_matrix", ()),
    }
    monkeypatch.setattr(profile, "MOST_VALUES", 2)
    assert profile._values_and_dicts(file["uns"], ["outer"])[1]
    monkeypatch.setattr(profile, "MOST_VALUES", 1)
    with pytest.raises(TooLargeError, match="/uns/outer has 2 keys, more than 1"):
        profile._values_and_dicts(file["uns"], ["outer"])


def test_a_file_may_have_no_uns_and_none_that_is_one_value(file: h5py.File) -> None:
    assert profile._values_and_dicts(None, ["key"]) == ({}, {})
    with pytest.raises(ValueError, match="uns must be a dictionary, and is one value"):
        profile._values_and_dicts(file.create_dataset("uns", data=1), ["key"])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("memory allocation failed for x"), True),
        (OSError("Unable to allocate 3 GiB: unable to allocate"), True),
        (OSError("truncated file"), False),
    ],
)
def test_hdf5_says_in_words_that_it_has_no_memory(error: Exception, expected: bool) -> None:
    assert profile.is_out_of_memory(error) is expected
