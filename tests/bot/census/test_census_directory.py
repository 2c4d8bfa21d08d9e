"""The release directory: what is read of it, and which field is named when it is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.census.directory import DirectoryError, Retraction, parse_directory


def _entry(version: str, **more: Any) -> dict[str, Any]:
    soma = {"uri": f"s3://b/{version}/soma/", "s3_region": "us-west-2"}
    return {"release_build": version, "soma": soma, "h5ads": {"uri": "s3://b/h5ads/"}, **more}


def _lts(version: str, **more: Any) -> dict[str, Any]:
    return _entry(version, **{"flags": {"lts": True}, **more})


def _text(**entries: Any) -> str:
    return json.dumps({key.replace("_", "-"): value for key, value in entries.items()})


def test_lts_is_told_by_its_flag_alone() -> None:
    kept = {"a": _entry("a", do_not_delete=True), "b": _entry("b", flags={"lts": True})}
    assert [entry.version for entry in parse_directory(_text(**kept)).lts()] == ["b"]


def test_lts_come_oldest_first_however_the_directory_has_them() -> None:
    kept = {version: _entry(version, flags={"lts": True}) for version in ("b", "c", "a")}
    assert [entry.version for entry in parse_directory(_text(**kept)).lts()] == ["a", "b", "c"]


def test_aliases_are_resolved_apart_from_the_entries() -> None:
    directory = parse_directory(_text(stable="latest", latest="a", a=_entry("a")))
    assert directory.aliases == {"stable": "a", "latest": "a"}
    assert set(directory.entries) == {"a"}


def test_a_retraction_is_told_with_its_reason() -> None:
    told = {"date": "2026-03-01", "reason": "twice", "info_permalink": "u", "replaced_by": "b"}
    entry = _entry("a", flags={"lts": True, "retracted": True}, retraction=told)
    found = parse_directory(_text(a=entry)).entries["a"]
    assert found.retracted
    assert found.retraction == Retraction("2026-03-01", "twice", "u", "b")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "isn't JSON"),
        ("[" * 100_000, "isn't JSON"),
        ("[]", "isn't a JSON object"),
        ("{}", "lists no release"),
        (_text(stable="a"), "lists no release"),
        (_text(a=3), "field a is neither"),
        (_text(a={"flags": {"lts": True}}), r"field a\.soma is missing"),
        (_text(a=_lts("a", release_build=None)), r"field a\.release_build is missing"),
        (_text(a=_entry("a", flags={"lts": "true"})), r"field a\.flags\.lts isn't true or false"),
        (_text(a=_entry("a", flags=[])), r"field a\.flags isn't an object"),
        (_text(a=_lts("a", retraction=[])), r"field a\.retraction isn't an object"),
        (_text(a=_lts("a", h5ads={"uri": "s3://\ud800"})), r"a\.h5ads\.uri isn't text that"),
        (_text(a=_lts("a", h5ads={"uri": 1})), r"field a\.h5ads\.uri isn't text"),
    ],
)
def test_a_malformed_directory_is_refused_by_the_field(text: str, names: str) -> None:
    with pytest.raises(DirectoryError, match=names):
        parse_directory(text)


@pytest.mark.parametrize(
    "odd",
    [
        {"latest": "gone"},
        {"latest": "stable", "stable": "gone"},
        {"latest": "stable", "stable": "latest"},
        {"w": {}},
        {"w": {"release_build": "w", "flags": {"lts": False}}},
        {"w": _entry("w", soma={"relative_uri": "/w/soma/"})},
        {"w": _entry("w", flags={"lts": False, "retracted": "x"})},
    ],
)
def test_what_nobody_asks_for_stops_no_release(odd: dict[str, Any]) -> None:
    """An alias that leads nowhere, or a weekly build without its address."""
    directory = parse_directory(_text(a=_lts("a"), **odd))
    assert [*directory.entries] == ["a"]
    assert directory.aliases == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def test_fuzzed_entries_raise_only_the_named_error_and_a_share_is_read() -> None:
    read: list[bool] = []

    @given(JSON, st.sampled_from(["flags", "soma", "h5ads", "retraction", "release_build"]))
    def fuzzed(value: Any, name: str) -> None:
        try:
            parse_directory(json.dumps({"a": _lts("a", **{name: value})}))
        except DirectoryError:
            read.append(False)
        else:
            read.append(True)

    fuzzed()
    assert sum(read) > len(read) / 30  # of 100 some 17 are, as chance has it


def test_a_retraction_is_one_without_its_flag_too() -> None:
    entry = parse_directory(_text(a=_entry("a", retraction={}))).entries["a"]
    assert entry.retracted
    assert entry.retraction == Retraction(None, None, None, None)
