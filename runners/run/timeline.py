"""When a run read and wrote its datasets, by its journal: what the result's page draws. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from runners.contract import Outcome, Timeline
from runners.run.journal import READ, WRITTEN, JournalLines, Line

MOST_STEPS = 60
MINUTE, HOUR, DAY = 60, 3600, 86400
WIDTHS = (
    *(1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY),
)
"""What a step may last, in seconds."""

DONE = frozenset({Outcome.REGISTERED, Outcome.REVISED, Outcome.UNCHANGED})


def timeline(journal: JournalLines) -> Timeline | None:
    """The run's course, over all its processes; None where it has read and written nothing, or a
    line tells no time: a drawing is no reason to end without a report.
    """
    try:
        return _course(journal)
    except (KeyError, TypeError, ValueError):
        return None


def _course(journal: JournalLines) -> Timeline | None:
    read, ended = (journal.datasets(step).values() for step in (READ, WRITTEN))
    written = [line for line in ended if line["outcome"] in DONE]
    failed = [line for line in ended if line["outcome"] not in DONE]
    moments = [_moment(line) for line in (*read, *ended)]
    if not moments:
        return None
    begun, last = min(moments), max(moments)
    seconds = _width((last - begun).total_seconds())
    steps = int((last - begun).total_seconds() // seconds) + 1

    def counts(lines: Iterable[Line]) -> tuple[int, ...]:
        of_step = Counter(int((_moment(x) - begun).total_seconds() // seconds) for x in lines)
        return tuple(of_step[step] for step in range(steps))

    return Timeline(
        begun_at=begun,
        seconds=seconds,
        read=counts(read),
        written=counts(written),
        failed=counts(failed),
    )


def _moment(line: Line) -> datetime:
    return datetime.fromisoformat(str(line["at"]))


def _width(length: float) -> int:
    """The shortest step by which so many seconds are few enough steps."""
    fitting = (width for width in WIDTHS if length < width * MOST_STEPS)
    return next(fitting, DAY * (int(length / DAY / MOST_STEPS) + 1))
