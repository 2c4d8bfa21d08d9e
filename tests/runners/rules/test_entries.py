"""Entries read out of a file's text are those that Python's own reader gives, in its order."""

import json

import pytest

from runners.rules.entries import Entries, packed

ENTRIES = {
    "T:2": {"ancestors": {"T:1": 1, "T:0": 2}, "label": 'a "T:9": {é}\n  b', "synonyms": ["x"]},
    "T:10": {},
    "T:1": {"ancestors": {"T:0": 1}, "label": "one", "deprecated": True},
    "T:0": {"label": "{"},
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_they_are_the_same_however_the_file_is_written(
    indent: int | None, ascii_only: bool
) -> None:
    found = Entries(packed(json.dumps(ENTRIES, indent=indent, ensure_ascii=ascii_only) + "\n"))
    assert list(found.items()) == list(found.pairs()) == list(ENTRIES.items())
    assert len(found) == len(ENTRIES)
    assert [key in found for key in ("T:9", "T:", "T:100", "")] == [False] * 4


@pytest.mark.parametrize("text", ["{}", " { } "])
def test_an_empty_object_has_none(text: str) -> None:
    assert list(Entries(packed(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a": 1}',
        '{"a": {}',
        '{"a": {"b": 1',
        '{"a": {}} {"b": {}}',
        '{"a": {}{}',
        '{"a\tb": {}}',
    ],
)
def test_what_is_no_object_of_objects_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no object of objects|line 1"):
        packed(text)
