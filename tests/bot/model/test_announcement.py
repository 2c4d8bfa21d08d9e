"""What is hidden in the bot's texts comes back as it was, whatever a page said."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.census.release import CellCount, Release
from bot.html.rendering import to_html
from bot.model.announcement import LARGEST, Announcement, announcement_in, hidden_announcement
from bot.model.markers import LINE, Marker, MarkerKind, sign

MARKER = Marker(MarkerKind.RELEASE, "2026-02-01")
NASTY = st.text(st.sampled_from('-<>!{}\\"\n |') | st.characters(codec="utf-8"), max_size=20)
NUMBER = st.none() | st.integers(0, 10**15)
RELEASES = st.builds(
    Release,
    NASTY,
    st.none() | NASTY,
    st.none() | NASTY,
    st.none() | NASTY,
    NUMBER,
    st.dictionaries(NASTY, st.builds(CellCount, NUMBER, NUMBER), max_size=3),
    st.lists(st.dictionaries(NASTY, st.none() | NASTY, max_size=3), max_size=3).map(tuple),
)
RECORDS = st.builds(Announcement, RELEASES, NASTY, NASTY, st.none() | NASTY, st.booleans(), NASTY)


@settings(max_examples=40)
@given(RECORDS)
def test_a_record_comes_back(record: Announcement) -> None:
    line = hidden_announcement(record)
    assert "\n" not in line
    assert line.count("-->") == line.count("--") - 1 == 1
    assert announcement_in(sign("Hello.", MARKER, line)) == record
    assert to_html(line, by_bot=True).strip() == ""


def test_no_page_forges_a_marker_through_a_record() -> None:
    release = Release(f"x --> \n{MARKER}\n", None, None, None, None)
    line = hidden_announcement(Announcement(release, "", "", None, retracted=False, after=""))
    assert not LINE.search(line)


def test_what_is_too_long_is_left_out_and_not_compared() -> None:
    counts = {f"Organism {number}": CellCount(number, None) for number in range(2000)}
    release = Release("2026-02-01", None, "2.4.0", "7.0.0", 12, counts)
    record = Announcement(release, "s", "h", None, retracted=True, after="2025-06-01")
    line = hidden_announcement(record)
    assert len(line) < LARGEST
    found = announcement_in(line)
    assert found is not None
    assert (found.whole, found.retracted, found.release.dataset_count) == (False, True, 12)
    assert found.release.cell_counts == {}


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        {"release": {"version": 3}},
        {"release": {}, "soma": "", "h5ads": "", "region": None, "retracted": False, "after": ""},
    ],
)
def test_a_broken_record_is_none(told: object) -> None:
    assert announcement_in(f"<!-- cellxgene-ingestion-bot: facts {json.dumps(told)} -->") is None
    assert announcement_in("<!-- cellxgene-ingestion-bot: facts {] -->") is None
    assert announcement_in("") is None
