"""A run's course by its journal: every line counts once, whatever the run's length."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.contract import Outcome, Timeline
from runners.run.journal import READ, WRITTEN, JournalLines, Line
from runners.run.timeline import MOST_STEPS, timeline

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def line(second: float, step: str, dataset: int, outcome: Outcome | None = None) -> Line:
    told = {"at": (START + timedelta(seconds=second)).isoformat(), "step": step}
    ended = {} if outcome is None else {"outcome": outcome.value}
    return {**told, "dataset_id": str(dataset), **ended}


def test_each_step_has_what_was_read_written_and_given_up_in_it() -> None:
    lines = [
        line(0, READ, 1),
        line(3, READ, 2),
        line(70, WRITTEN, 1, Outcome.REVISED),
        line(70, WRITTEN, 2, Outcome.UNCHANGED),
        line(119, WRITTEN, 3, Outcome.MISSING),
        {"at": START.isoformat(), "step": "end"},
    ]
    assert timeline(JournalLines(lines)) == Timeline(
        begun_at=START,
        seconds=2,
        read=(1, 1, *[0] * 58),
        written=(*[0] * 35, 2, *[0] * 24),
        failed=(*[0] * 59, 1),
    )


def test_a_run_that_did_nothing_has_none() -> None:
    assert timeline(JournalLines([])) is None
    assert timeline(JournalLines([{"at": START.isoformat(), "step": "end"}])) is None


@pytest.mark.parametrize("at", [None, "soon", "2026-03-01T12:00:00", 7])
def test_a_line_without_its_time_costs_no_report(at: object) -> None:
    told = {**line(3, READ, 2), "at": at}
    kept = told if at is not None else {k: v for k, v in told.items() if k != "at"}
    assert timeline(JournalLines([line(0, READ, 1), kept])) is None


@pytest.mark.parametrize(
    ("length", "seconds"),
    [(0, 1), (59, 1), (60, 2), (140, 5), (3600 - 1, 60), (86400, 1800), (400 * 86400, 7 * 86400)],
)
def test_a_long_run_has_longer_steps(length: int, seconds: int) -> None:
    lines = JournalLines([line(0, READ, 1), line(length, WRITTEN, 1, Outcome.REGISTERED)])
    found = timeline(lines)
    assert found is not None
    assert found.seconds == seconds
    assert len(found.read) <= MOST_STEPS
    assert (found.read[0], found.written[-1]) == (1, 1)


@given(st.lists(st.tuples(st.floats(-1e5, 1e7), st.sampled_from(Outcome)), min_size=1))
def test_nothing_is_lost_whatever_the_clock_says(moments: list[tuple[float, Outcome]]) -> None:
    read = [line(second, READ, n) for n, (second, _) in enumerate(moments)]
    ended = [line(-second, WRITTEN, n, outcome) for n, (second, outcome) in enumerate(moments)]
    found = timeline(JournalLines([*read, *ended]))
    assert found is not None
    assert sum(found.read) == sum(found.written) + sum(found.failed) == len(moments)
    assert len(found.read) == len(found.written) == len(found.failed) <= MOST_STEPS
