"""What is fetched while something else is done: no more than is wanted, and nothing afterwards."""

import threading
from collections.abc import Iterator
from itertools import count, islice
from threading import Event

import pytest

from runners.validation.prefetch import prefetched

MOST = 5
SECONDS = 20


class Source:
    """Numbers for ever, with how many were fetched; `enough` is set once as many as can be are."""

    def __init__(self, error_at: int | None = None) -> None:
        self.fetched = 0
        self.enough = Event()
        self.is_closed = False
        self._error_at = error_at

    def __call__(self, ended: Event) -> Iterator[int]:
        try:
            for number in count():
                if ended.is_set():
                    return
                if number == self._error_at:
                    raise KeyError(number)
                self.fetched += 1
                if self.fetched > MOST + 1:  # one was taken, and one waits for room
                    self.enough.set()
                yield number
        finally:
            self.is_closed = True


def test_it_goes_on_while_nobody_asks_up_to_the_most() -> None:
    source = Source()
    values = prefetched(source, MOST)
    assert next(values) == 0
    assert source.enough.wait(SECONDS)
    assert source.fetched == MOST + 2
    assert list(islice(values, 10)) == list(range(1, 11))
    values.close()


def test_nothing_is_fetched_and_no_thread_is_left_when_it_is_closed() -> None:
    before = threading.active_count()
    source = Source()
    values = prefetched(source, MOST)
    next(values)
    values.close()
    assert source.is_closed
    assert threading.active_count() == before


def test_an_error_comes_where_its_value_would_stand() -> None:
    values = prefetched(Source(error_at=3), MOST)
    assert list(islice(values, 3)) == [0, 1, 2]
    with pytest.raises(KeyError, match="3"):
        next(values)


def test_what_ends_ends() -> None:
    assert list(prefetched(lambda ended: iter([None, 0, 1]), 1)) == [None, 0, 1]
