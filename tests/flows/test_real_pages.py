"""The real pages, in the order in which they were deployed: what a look says after each."""

import os
from pathlib import Path

import pytest

from flows import world
from flows.scenario import Scenario

CORPUS = Path(os.environ.get("CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")
PAGES = {path.name[:8]: path for path in sorted((CORPUS / "lts-pages").glob("*.html"))}
DIRECTORY = CORPUS / "release-directory"
pytestmark = pytest.mark.skipif(not PAGES, reason=f"no corpus at {CORPUS}: set CORPUS")
SCHEMAS = ("3.0.0", "3.1.0", "5.0.0", "5.2.0", "7.0.0")


@pytest.fixture
def years(tmp_path: Path) -> Scenario:
    """A bot that was there from the first page on. Its documents are made up."""
    scenario = Scenario(tmp_path)
    for version in SCHEMAS:
        scenario.has_document(version)
    return scenario


def shows(scenario: Scenario, day: str, directory: str = "release") -> str:
    scenario.pages.texts[world.PAGE] = PAGES[day].read_text()
    scenario.pages.texts[world.DIRECTORY] = (DIRECTORY / f"{directory}.json").read_text()
    reason = scenario.the_clock_strikes()
    assert scenario.the_clock_strikes() == "Nothing new."
    return reason


def test_the_years_go_by(years: Scenario) -> None:
    # The page lists no LTS so far, and the directory flags none.
    assert shows(years, "20230630", "history_20230802_c1fb6693") == "Nothing new."
    assert shows(years, "20230728", "history_20230802_c1fb6693") == "New: 2023-07-25."
    # The buckets moved, a count was corrected, and nobody had ingested anything.
    assert shows(years, "20240711", "history_20240720_a8023da4") == (
        "New: 2023-12-15. New: 2024-07-01. "
        "Corrected: 2023-07-25 (cell_counts, storage.soma, storage.h5ads)."
    )
    assert "33,758,887" in years.threads.comments(1)[0].body
    assert shows(years, "20251208") == "New: 2025-01-30. New: 2025-11-08."
    assert shows(years, "20251208", "release_retracted") == "Retracted: 2025-01-30."
    titles = [years.threads.read(number).title.split()[1] for number in years.threads.numbers()]
    assert titles == ["2023-07-25", "2023-12-15", "2024-07-01", "2025-01-30", "2025-11-08"]
    said = [len(years.threads.comments(number)) for number in years.threads.numbers()]
    assert said == [1, 0, 0, 1, 0]


def test_an_older_page_says_what_is_gone_and_what_was_otherwise(years: Scenario) -> None:
    """And embeddings that were added to an entry years later are gone from it again."""
    assert shows(years, "20240711", "history_20240720_a8023da4") == "New: 2024-07-01."
    assert shows(years, "20251208") == "New: 2025-01-30. New: 2025-11-08."
    assert shows(years, "20240711") == (
        "Gone from the release page: 2025-01-30. Gone from the release page: 2025-11-08."
    )


def test_the_directory_leads_the_page(years: Scenario) -> None:
    """`stable` and `latest` are aliases, 2024-05-20 is kept but no LTS, weekly builds are none."""
    shows(years, "20230728", "history_20230802_c1fb6693")
    assert shows(years, "20230728", "history_20240720_a8023da4") == (
        "Early notice: 2023-12-15. Early notice: 2024-07-01. "
        "Corrected: 2023-07-25 (storage.soma, storage.h5ads)."
    )
    assert shows(years, "20240711", "history_20240720_a8023da4") == (
        "New: 2023-12-15. New: 2024-07-01. Corrected: 2023-07-25 (cell_counts)."
    )
    labels = [years.threads.read(number).labels for number in (2, 3)]
    assert labels == [["early notice", "closed"]] * 2


def test_on_its_first_day_the_bot_speaks_of_one_release(years: Scenario) -> None:
    assert shows(years, "20230630") == "Early notice: 2025-11-08."
    assert shows(years, "20251208") == "New: 2025-11-08."
