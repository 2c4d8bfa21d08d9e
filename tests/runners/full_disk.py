"""A disk on which no file can grow."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def files_that_cannot_grow() -> Iterator[None]:
    """Within, this process can write nothing to a file, though it may make one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
