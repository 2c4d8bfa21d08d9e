"""What a changed page makes the bot do: nothing for its looks, the right thing for a new entry."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import documents
import pytest
from census_mutations import COSMETICS, an_entry, no_heads, transposed, with_entry, without_ids
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.census.directory import ReleaseDirectory, parse_directory
from bot.census.page import PageError, parse_page
from bot.census.release import Release
from bot.decide.known_releases import unreadable
from bot.decide.new_releases import compare_with_known
from bot.decide.plan import plan
from bot.model.announcement import Announcement
from bot.model.effects import CountFailures, Plan
from bot.model.events import ReleasesRead
from bot.model.facts import Facts

each_folder = pytest.mark.parametrize("folder", documents.FOLDERS, ids=documents.name)
KNOWN = ("2024-07-01", "2025-01-30", "2025-11-08")
NEW = "2026-05-04"


@cache
def newest(folder: Path) -> str:
    return max(folder.glob("lts-pages/*.html")).read_text()


@cache
def directory(folder: Path) -> ReleaseDirectory:
    """The folder's, and the new release beside it."""
    found = parse_directory((folder / "release-directory" / "release.json").read_text())
    hosted = replace(found.entries["2025-11-08"], version=NEW, release_build=NEW)
    return ReleaseDirectory({**found.entries, NEW: hosted}, found.aliases)


@cache
def facts(folder: Path) -> Facts:
    """The three newest releases have their threads, which say what the page says."""
    told = {release.version: release for release in parse_page(newest(folder)).releases}
    records = {version: _record(folder, told[version]) for version in KNOWN}
    threads = {version: number for number, version in enumerate(KNOWN, 1)}
    return Facts("demo", threads=threads, records=records, notices={NEW: 9})


def _record(folder: Path, release: Release) -> Announcement:
    entry = directory(folder).entries[release.version]
    return Announcement(
        release, entry.soma_uri, entry.h5ads_uri, entry.soma_region, entry.retracted, KNOWN[0]
    )


def reading(folder: Path, page: str) -> ReleasesRead:
    return ReleasesRead(parse_page(page), directory(folder))


@each_folder
@settings(max_examples=15)
@given(chosen=st.sets(st.sampled_from(range(len(COSMETICS))), min_size=1))
def test_a_cosmetic_change_is_an_empty_plan(folder: Path, chosen: set[int]) -> None:
    page = newest(folder)
    for number in sorted(chosen):
        page = COSMETICS[number](page)
    assert plan(reading(folder, page), facts(folder)) == Plan((), "Nothing new.")


@cache
def entry(folder: Path) -> str:
    """The newest release's section, as that of a new one."""
    return an_entry(newest(folder), "2025-11-08").replace("2025-11-08", NEW)


@each_folder
@pytest.mark.parametrize("looks", [str, without_ids, no_heads, transposed])
@pytest.mark.parametrize("before", [KNOWN[-1], KNOWN[0], None])
def test_a_new_entry_is_news_wherever_it_stands(
    folder: Path, before: str | None, looks: Callable[[str], str]
) -> None:
    page = looks(with_entry(newest(folder), entry(folder), before=before))
    (news,) = compare_with_known(parse_page(page), directory(folder), facts(folder)).news
    same = facts(folder).records["2025-11-08"].release
    assert news.release == replace(same, version=NEW, build_date=NEW)
    assert (news.before and news.before.version) == "2025-11-08"


NOISE = ["", "<table>", "</section>", "<tr>", "</h3>", "<td", "<h3>", "<!--"]
MALFORMED: dict[str, tuple[str, str]] = {
    "no count": ("<strong>1845</strong>", "<strong>soon</strong>"),
    "no such row": ("<p>Number of datasets</p>", "<p>Number of things</p>"),
    "no schema": ("<strong>7.0.0</strong>", "<strong>to come</strong>"),
    "no date in its name": (f"<h3>LTS {NEW}", "<h3>LTS May 2026"),
    "a date that is none": (f"<h3>LTS {NEW}", "<h3>LTS 2026-05-44"),
    "no heading": ("<h3>", "<p>"),
}
REFUSED = {"no date in its name", "a date that is none", "no heading"}


@each_folder
@pytest.mark.parametrize("before", ["2025-11-08", None])
@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_new_entry_is_refused_or_waits(
    folder: Path, before: str | None, what: str
) -> None:
    old, new = MALFORMED[what]
    assert old in entry(folder)
    page = with_entry(newest(folder), entry(folder).replace(old, new), before=before)
    if what in REFUSED:
        with pytest.raises(PageError):
            reading(folder, page)
        return
    decided = plan(reading(folder, page), facts(folder))
    assert re.fullmatch(rf"{NEW}: \w+ can't be read: waiting\.", decided.reason)
    assert decided.effects == (CountFailures(1),)


def breaks(folder: Path, data: st.DataObject) -> bool:
    """A part of the new entry is lost, and something gets into it: no other entry may change. But
    for one: embeddings without their heading are those of the entry before, for whoever reads.

    Whether the page was accepted.
    """
    whole = entry(folder)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 2000)))
    noise = data.draw(st.sampled_from(NOISE))
    before = data.draw(st.sampled_from([KNOWN[-1], KNOWN[-2], None]))
    page = with_entry(newest(folder), whole[:start] + noise + whole[end:], before=before)
    try:
        read = parse_page(page)
    except PageError:
        return False
    # What is left of the entry may be readable: then it is news, and that is all.
    told = {release.version: release for release in read.releases}
    for version, record in facts(folder).records.items():
        found, has_heading = told[version], start > whole.index("</h3>")
        known = record.release.embeddings
        if not has_heading and found.embeddings[: len(known)] == known:
            found = replace(found, embeddings=known)
        is_same = found == record.release
        assert is_same or unreadable(told[version], record, read.warnings)
    return True


def breaks_often(folder: Path, count: int) -> None:
    accepted: list[bool] = []

    @settings(max_examples=count)
    @given(st.data())
    def broken(data: st.DataObject) -> None:
        accepted.append(breaks(folder, data))

    broken()
    assert sum(accepted) >= len(accepted) / 5, "a parser that refuses all would pass"


@each_folder
def test_a_broken_new_entry_touches_no_other(folder: Path) -> None:
    breaks_often(folder, 20)


@pytest.mark.prove
@each_folder
def test_no_broken_new_entry_touches_another(folder: Path) -> None:
    breaks_often(folder, 200)
