"""Markers: found in the last line and nowhere else."""

import json

import pytest

from bot.model.markers import Marker, MarkerKind, find, hidden_line, last_marker, sign

MARKER = Marker(MarkerKind.RELEASE, "2026-02-01")


def test_a_signed_text_gives_its_marker_back() -> None:
    assert find(sign("Hello.\n\n", MARKER)) == MARKER
    assert sign("Hello.\n\n", MARKER) == (
        "Hello.\n\n<!-- cellxgene-ingestion-bot: release 2026-02-01 -->\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Hello.",
        f"{MARKER}\nand more",
        f"> {MARKER}",
        f"`{MARKER}`",
        f" {MARKER}x",
        "<!-- cellxgene-ingestion-bot: release -->",
        "<!-- cellxgene-ingestion-bot: other 2026-02-01 -->",
        "<!-- cellxgene-ingestion-bot: release 2026-02-01 --> <!-- -->",
    ],
)
def test_anything_else_has_none(body: str) -> None:
    assert find(body) is None


def test_in_its_own_text_the_bot_finds_what_a_person_wrote_beneath() -> None:
    assert last_marker(f"{sign('Hello.', MARKER)}\nP.S. by a person") == MARKER
    assert last_marker(f"Hello.\n> {MARKER}\n") is None


def test_of_two_markers_the_last_one_counts() -> None:
    """A person may put one above what the bot wrote, or quote all of another text of its."""
    other = Marker(MarkerKind.NOTICE, "2020-01-01")
    assert last_marker(f"{other}\n\n{sign('Hello.', MARKER)}") == MARKER
    assert last_marker(f"{sign('Hello.', MARKER)}{other}\n") == other


@pytest.mark.parametrize("kind", MarkerKind)
def test_every_kind_is_found(kind: MarkerKind) -> None:
    marker = Marker(kind, "2026-02-01-1-0a")
    assert find(sign("x", marker, "<!-- hidden -->")) == marker


def test_nothing_that_is_hidden_ends_its_line_or_begins_another() -> None:
    told = "--> <!-- -- a-b"
    line = hidden_line("facts", json.dumps(told))
    inner = line.removeprefix("<!-- cellxgene-ingestion-bot: facts ").removesuffix(" -->")
    assert not [mark for mark in ("<", ">", "--", "\n") if mark in inner]
    assert json.loads(inner) == told
