"""Goes on fetching while what was fetched is worked on: readers read while a batch is written.

Must not know what is fetched.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

Value = TypeVar("Value")

LOOK_SECONDS = 1.0
"""Seconds between two looks of a thread that waits for room whether anybody still asks."""


def prefetched(fetching: Callable[[Event], Iterator[Value]], most: int) -> Generator[Value]:
    """The values of an iterator, in order, of which a thread fetches up to `most` before they are
    asked for. What it raises is raised where its value would stand.

    `fetching` makes the iterator, given the event that nobody asks any more, at which it must end.
    The thread has ended when this has.
    """
    queue: Queue[tuple[bool, Any]] = Queue(most)
    ended = Event()

    def put(is_value: bool, value: object) -> None:
        while not ended.is_set():
            with suppress(Full):
                queue.put((is_value, value), timeout=LOOK_SECONDS)
                return

    def fetch() -> None:
        try:
            for value in fetching(ended):
                put(True, value)
            put(False, None)
        except BaseException as error:
            put(False, error)

    thread = Thread(target=fetch, daemon=True)
    thread.start()
    try:
        while True:
            is_value, value = queue.get()
            if is_value:
                yield value
            elif value is None:
                return
            else:
                raise value
    finally:
        ended.set()
        thread.join()
