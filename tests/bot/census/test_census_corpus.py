"""Our own pages and directories and the real ones, and changes of the newest pages."""

import json
import random
from pathlib import Path

import documents
import pytest
from census_mutations import COSMETICS

from bot.census.directory import parse_directory
from bot.census.page import PageError, parse_page
from bot.census.release import OddityKind, page_to_json

PAGES = list(documents.found("lts-pages/*.html"))
DIRECTORIES = [
    path for path in documents.found("release-directory/*.json") if path.stem != "mirrors"
]


@pytest.fixture(params=documents.FOLDERS, ids=documents.name)
def newest(request: pytest.FixtureRequest) -> str:
    folder: Path = request.param
    return max(folder.glob("lts-pages/*.html")).read_text()


def _truth(page: Path) -> object:
    path = page.parents[1] / "lts-truth" / f"{page.stem}.json"
    return json.loads(path.read_text())["releases"]


@pytest.mark.parametrize("page", PAGES, ids=documents.name)
def test_a_page_says_what_its_truth_says(page: Path) -> None:
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


@pytest.mark.parametrize("path", DIRECTORIES, ids=documents.name)
def test_a_directory_is_read(path: Path) -> None:
    directory = parse_directory(path.read_text())
    assert set(directory.aliases) == {"stable", "latest"}
    assert set(directory.aliases.values()) <= set(directory.entries)
    assert any(entry.retracted for entry in directory.entries.values()) == (
        "retracted" in path.stem
    )
