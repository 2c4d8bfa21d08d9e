"""Spans of time, from when something began to when it ended."""

from collections.abc import Iterable, Sequence

Interval = tuple[float, float]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same times, in order and without overlap."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def together(some: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """The times that are in both."""
    cut = ((max(a, c), min(b, d)) for a, b in merged(some) for c, d in merged(others))
    return [(start, end) for start, end in cut if start < end]


def seconds(intervals: Iterable[Interval]) -> float:
    """How long they are, without counting a time twice."""
    return sum(end - start for start, end in merged(intervals))


def longest_chain(intervals: Iterable[Interval], apart: float) -> int:
    """How many of them can have waited for each other: each begins `apart` after another's end.

    For requests as a server sees them, `apart` is a little less than the round trip.
    """
    count, ready = 0, float("-inf")
    for start, end in sorted(intervals, key=lambda each: each[1]):
        if start >= ready:
            count, ready = count + 1, end + apart
    return count
