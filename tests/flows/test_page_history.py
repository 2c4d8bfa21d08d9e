"""A release page and its directory, ours and the real ones, day by day: what a look then says."""

from pathlib import Path
from typing import NamedTuple

import documents
import pytest

from flows import world
from flows.scenario import Scenario

SCHEMAS = ("3.0.0", "3.1.0", "5.0.0", "5.2.0", "7.0.0")


class Day(NamedTuple):
    """What is shown on a day, and what a look says of it."""

    page: str
    directory: str
    reason: str


class Story(NamedTuple):
    folder: Path
    days: list[Day]


def stories(*told: Story) -> pytest.MarkDecorator:
    here = [story for story in told if (story.folder / "lts-pages").is_dir()]
    return pytest.mark.parametrize(
        "story", here, ids=[documents.name(story.folder) for story in here]
    )


def ours(*days: tuple[str, str, str]) -> Story:
    return Story(documents.OURS, [Day(*day) for day in days])


def real(*days: tuple[str, str, str]) -> Story:
    return Story(documents.CORPUS, [Day(*day) for day in days])


@pytest.fixture
def years(tmp_path: Path) -> Scenario:
    """A bot that was there from the first page on. Its documents are made up."""
    scenario = Scenario(tmp_path)
    for version in SCHEMAS:
        scenario.has_document(version)
    return scenario


def plays(scenario: Scenario, story: Story) -> None:
    """Each day is looked at twice: the second look says nothing new."""
    for day in story.days:
        (page,) = story.folder.glob(f"lts-pages/{day.page}*.html")
        (directory,) = story.folder.glob(f"release-directory/{day.directory}*json")
        scenario.pages.texts[world.PAGE] = page.read_text()
        scenario.pages.texts[world.DIRECTORY] = directory.read_text()
        assert scenario.the_clock_strikes() == day.reason
        assert scenario.the_clock_strikes() == "Nothing new."


THREADS = {
    documents.OURS: ("7,409", {"2024-07-01": 1, "2025-01-30": 2, "2025-11-08": 0}),
    documents.CORPUS: (
        "33,758,887",
        {"2023-07-25": 1, "2023-12-15": 0, "2024-07-01": 0, "2025-01-30": 1, "2025-11-08": 0},
    ),
}
"""The count that was corrected, and how many comments each release's thread has in the end."""


@stories(
    ours(
        # The page lists no LTS so far, and the directory flags none.
        ("20240601", "history_20240716", "Nothing new."),
        ("20240715", "history_20240716", "New: 2024-07-01."),
        # The buckets moved, a count was corrected, and nobody had ingested anything.
        (
            "20250210",
            "history_20250201",
            "New: 2025-01-30. Corrected: 2024-07-01 (cell_counts, storage.soma, storage.h5ads).",
        ),
        # Embeddings came years later.
        ("20251208", "release.", "New: 2025-11-08. Corrected: 2025-01-30 (embeddings)."),
        ("20251208", "release_retracted", "Retracted: 2025-01-30."),
    ),
    real(
        ("20230630", "history_20230802", "Nothing new."),
        ("20230728", "history_20230802", "New: 2023-07-25."),
        (
            "20240711",
            "history_20240720",
            "New: 2023-12-15. New: 2024-07-01. "
            "Corrected: 2023-07-25 (cell_counts, storage.soma, storage.h5ads).",
        ),
        ("20251208", "release.", "New: 2025-01-30. New: 2025-11-08."),
        ("20251208", "release_retracted", "Retracted: 2025-01-30."),
    ),
)
def test_the_years_go_by(years: Scenario, story: Story) -> None:
    plays(years, story)
    corrected, comments = THREADS[story.folder]
    assert corrected in years.threads.comments(1)[0].body
    assert {
        years.threads.read(number).title.split()[1]: len(years.threads.comments(number))
        for number in years.threads.numbers()
    } == comments


@stories(
    ours(
        ("20250210", "history_20250201", "New: 2025-01-30."),
        ("20251208", "release.", "New: 2025-11-08. Corrected: 2025-01-30 (embeddings)."),
        (
            "20250210",
            "release.",
            "Corrected: 2025-01-30 (embeddings). Gone from the release page: 2025-11-08.",
        ),
    ),
    real(
        ("20240711", "history_20240720", "New: 2024-07-01."),
        ("20251208", "release.", "New: 2025-01-30. New: 2025-11-08."),
        (
            "20240711",
            "release.",
            "Gone from the release page: 2025-01-30. Gone from the release page: 2025-11-08.",
        ),
    ),
)
def test_an_older_page_says_what_is_gone_and_what_was_otherwise(
    years: Scenario, story: Story
) -> None:
    """And embeddings that were added to an entry years later are gone from it again."""
    plays(years, story)


@stories(
    ours(
        ("20240715", "history_20240716", "New: 2024-07-01."),
        (
            "20240715",
            "history_20250201",
            "Early notice: 2025-01-30. Corrected: 2024-07-01 (storage.soma, storage.h5ads).",
        ),
        (
            "20250210",
            "history_20250201",
            "New: 2025-01-30. Corrected: 2024-07-01 (cell_counts).",
        ),
    ),
    real(
        ("20230728", "history_20230802", "New: 2023-07-25."),
        (
            "20230728",
            "history_20240720",
            "Early notice: 2023-12-15. Early notice: 2024-07-01. "
            "Corrected: 2023-07-25 (storage.soma, storage.h5ads).",
        ),
        (
            "20240711",
            "history_20240720",
            "New: 2023-12-15. New: 2024-07-01. Corrected: 2023-07-25 (cell_counts).",
        ),
    ),
)
def test_the_directory_leads_the_page(years: Scenario, story: Story) -> None:
    """`stable` and `latest` are aliases, 2024-05-20 is kept but no LTS, weekly builds are none."""
    plays(years, story)
    labels = [years.threads.read(n).labels for n in years.threads.numbers()]
    early = [some for some in labels if "early notice" in some]
    assert early
    assert early == [["early notice", "closed"]] * len(early)


@stories(
    ours(
        ("20240601", "release.", "Early notice: 2025-11-08."),
        ("20251208", "release.", "New: 2025-11-08."),
    ),
    real(
        ("20230630", "release.", "Early notice: 2025-11-08."),
        ("20251208", "release.", "New: 2025-11-08."),
    ),
)
def test_on_its_first_day_the_bot_speaks_of_one_release(years: Scenario, story: Story) -> None:
    plays(years, story)
