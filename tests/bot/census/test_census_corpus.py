"""The real pages and directories of the corpus, and mutations of the newest page."""

import json
import os
import random
from pathlib import Path

import pytest
from census_mutations import COSMETICS

from bot.census.directory import parse_directory
from bot.census.page import PageError, parse_page
from bot.census.release import OddityKind, page_to_json

CORPUS = Path(os.environ.get("CORPUS") or Path(__file__).parents[3].parent / "shared" / "corpus")
PAGES = sorted((CORPUS / "lts-pages").glob("*.html"))
needs_corpus = pytest.mark.skipif(not PAGES, reason=f"no corpus at {CORPUS}: set CORPUS")


@pytest.fixture
def newest() -> str:
    if not PAGES:
        pytest.skip(f"no corpus at {CORPUS}: set CORPUS")
    return PAGES[-1].read_text()


def _truth(page: Path) -> object:
    return json.loads((CORPUS / "lts-truth" / f"{page.stem}.json").read_text())["releases"]


@needs_corpus
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_real_page_says_what_its_truth_says(page: Path) -> None:
    assert page_to_json(parse_page(page.read_text()))["releases"] == _truth(page)


@pytest.mark.parametrize(
    "mutate",
    COSMETICS,
)
def test_a_change_of_looks_changes_nothing(newest: str, mutate: object) -> None:
    assert callable(mutate)
    changed = mutate(newest)
    assert changed != newest
    told = {release.version: release for release in parse_page(newest).releases}
    assert {release.version: release for release in parse_page(changed).releases} == told


def test_a_truncated_page_is_refused_wherever_it_was_cut(newest: str) -> None:
    cut = random.Random(5)
    for _ in range(25):
        with pytest.raises(PageError):
            parse_page(newest[: cut.randrange(newest.rindex("</html>") + 6)])


def test_the_newest_page_tells_its_oddities(newest: str) -> None:
    kinds = {(oddity.version, oddity.kind) for oddity in parse_page(newest).warnings}
    assert kinds == {
        ("2024-07-01", OddityKind.BUILD_DATE_DIFFERS),
        ("2024-07-01", OddityKind.LINK_DIFFERS),
    }


@needs_corpus
@pytest.mark.parametrize("name", ["release", "release_retracted", "history_20230802_c1fb6693"])
def test_a_real_directory_is_read(name: str) -> None:
    directory = parse_directory((CORPUS / "release-directory" / f"{name}.json").read_text())
    assert set(directory.aliases) == {"stable", "latest"}
    assert set(directory.aliases.values()) <= set(directory.entries)
    assert any(entry.retracted for entry in directory.entries.values()) == ("retracted" in name)
