"""Ids that are found by numbers are those that a dictionary finds."""

from hypothesis import given
from hypothesis import strategies as st

from runners.rules.ids import LONGEST, MOST
from runners.rules.places import Places

SHORT = st.text(max_size=LONGEST)
ALIKE = st.builds(
    lambda head, tail: head + tail,
    st.sampled_from(["", "A", "ENSG", "ENSMUSG", "\0", "\x01", "é" * 8, "x" * LONGEST]),
    st.sampled_from(["", "0", "\0", "00000001", "00000010", "000000010", "1" * 17, "\n", "\ud800"]),
)
IDS = st.lists(SHORT | ALIKE, max_size=30)


@given(IDS, IDS)
def test_each_has_the_place_that_it_has_in_a_dictionary(table: list[str], ids: list[str]) -> None:
    table = [*dict.fromkeys(table)]
    place_of = {each: place for place, each in enumerate(table)}
    for asked in (ids, table, [*ids, *table, *ids]):
        expected = [place_of.get(each, -1) for each in asked]
        assert Places(table).of(asked).tolist() == expected


def test_genes_are_found_among_many_that_end_alike() -> None:
    table = [f"ENSG{number:011}" for number in range(0, 3000, 3)]
    others = [f"ENSMUSG{number:011}" for number in range(0, 3000, 3)]
    longer = [f"ENSG0{number:011}" for number in range(0, 3000, 3)]
    asked = [f"ENSG{number:011}" for number in range(3000)]
    expected = [number // 3 if number % 3 == 0 else -1 for number in range(3000)]
    places = Places(table)
    assert places.of(asked).tolist() == expected
    as_long = [f"ENSX{number:011}" for number in range(0, 3000, 3)]
    assert set(places.of([*others, *longer, *as_long]).tolist()) == {-1}
    assert Places([*table, *others]).of(others).tolist() == list(range(1000, 2000))


def test_more_than_there_is_memory_for_are_found_one_by_one() -> None:
    assert Places(["a", "b"]).of(["b"] * (MOST + 1)).tolist() == [1] * (MOST + 1)


def test_ids_that_differ_before_the_bytes_that_are_compared_are_different() -> None:
    tail = "0" * LONGEST
    assert Places(["A" + tail]).of(["B" + tail, "A" + tail]).tolist() == [-1, 0]
    assert Places([tail]).of(["A" + tail, tail]).tolist() == [-1, 0]


class _ByNumbers(Places):
    def get(self, *_: object) -> int:
        raise AssertionError("looked up by itself")


def test_usual_ids_are_found_by_numbers_alone() -> None:
    assert _ByNumbers(["a", "bb"]).of(["bb", "c", "a"]).tolist() == [1, -1, 0]
    assert _ByNumbers(["a", "bb"]).of(["a"] * MOST).tolist() == [0] * MOST
