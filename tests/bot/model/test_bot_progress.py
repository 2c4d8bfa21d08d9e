"""How far a run is, by its journal."""

from datetime import timedelta

import pytest

from bot.model.progress import Progress, progress_of

JOURNAL = """\
{"at":"2026-03-01T12:00:00.100+00:00","step":"start","counts":{}}
{"at":"2026-03-01T12:10:00+00:00","step":"read","dataset_id":"a"}
{"at":"2026-03-01T12:20:00+00:00","step":"read","dataset_id":"b"}
{"at":"2026-03-01T12:30:00+00:00","step":"written","dataset_id":"a","outcome":"registered"}
{"at":"2026-03-01T13:00:00.100+00:00","step":"written","dataset_id":"b","outcome":"registered"}
"""


def test_it_counts_datasets_and_reckons_the_rest() -> None:
    found = progress_of(JOURNAL)
    assert (found.read, found.written, found.stage()) == (2, 2, "reading and registering")
    assert found.rate() == 2
    assert found.left(6) == timedelta(hours=2)
    assert found.left(1) == timedelta(0)


def test_it_knows_how_many_were_chosen_once_the_journal_does() -> None:
    assert progress_of(JOURNAL).chosen is None
    start = '{"at":"2026-03-01T12:00:00+00:00","step":"start","chosen":["a","b","c"]}\n'
    assert progress_of(start + JOURNAL).chosen == 3


def test_before_there_is_a_journal_it_waits() -> None:
    assert progress_of("").stage() == "waiting for its machine, or in its smoke test"
    assert progress_of("").left(10) is None


def test_after_the_end_it_verifies() -> None:
    end = '{"at":"2026-03-01T13:01:00+00:00","step":"end","counts":{}}\n'
    assert progress_of(JOURNAL + end).stage() == "verifying"


@pytest.mark.parametrize("line", ["{", "[]", '{"at":1}', '{"at":"soon","step":"end"'])
def test_a_line_that_makes_no_sense_is_passed_over(line: str) -> None:
    assert progress_of(JOURNAL + line + "\n") == progress_of(JOURNAL)
    assert progress_of(JOURNAL + line) == progress_of(JOURNAL)


def test_a_dataset_that_was_read_twice_counts_once() -> None:
    assert progress_of(JOURNAL + JOURNAL).written == 2


def test_two_moments_that_are_one_give_no_rate() -> None:
    assert Progress(written=5).rate() is None
