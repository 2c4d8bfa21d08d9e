"""What of a process stands still while it reads a file on S3: no garbage is collected."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from runners.h5ad.ranges import WITHOUT_GARBAGE_COLLECTION


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    was_enabled = gc.isenabled()
    yield
    (gc.enable if was_enabled else gc.disable)()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("order", ["a b -b -a", "a b -a -b", "a b -a c -b -c", "a -a b -b"])
def test_garbage_is_left_as_long_as_any_thread_reads(order: str, before: bool) -> None:
    (gc.enable if before else gc.disable)()
    reading: set[str] = set()
    context: AbstractContextManager[None] = WITHOUT_GARBAGE_COLLECTION
    for step in order.split():
        if step.startswith("-"):
            context.__exit__(None, None, None)
            reading.remove(step[1:])
        else:
            context.__enter__()
            reading.add(step)
        assert gc.isenabled() == (before and not reading)


class Cycle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


def test_who_is_done_collects_while_others_go_on() -> None:
    gc.enable()
    with WITHOUT_GARBAGE_COLLECTION:
        with WITHOUT_GARBAGE_COLLECTION:
            garbage = weakref.ref(Cycle())
            assert garbage() is not None
        assert garbage() is None
        assert not gc.isenabled()
