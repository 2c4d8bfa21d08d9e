"""A disk on which no file can grow."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def files_that_cannot_grow(beyond: int = 0) -> Iterator[None]:
    """Within, this process can write to no file `beyond` so many bytes, though it may make one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
