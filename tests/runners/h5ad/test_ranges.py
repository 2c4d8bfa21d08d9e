"""What is left alone while a file is read, and what says nothing of a file."""

import fcntl
import gc
import os
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import h5py
import numpy as np
import pytest

from runners.h5ad.ranges import WITHOUT_GARBAGE_COLLECTION, open_h5ad
from runners.retries import OutageError


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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "file.h5", "w") as made:
        made["numbers"] = np.arange(10_000)
        made["a/b/c"] = 1
    return tmp_path / "file.h5"


def test_a_local_file_that_somebody_writes_is_asked_for_again(file: Path) -> None:
    """HDF5 locks what it writes, and what it reads; two who read don't mind each other."""
    with file.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OutageError) as refused, open_h5ad(str(file)):
            pass
        assert str(refused.value) == (
            f"{file}: somebody has it open to write it; let them close it."
        )
        fcntl.flock(other, fcntl.LOCK_SH)
        with open_h5ad(str(file)) as opened:
            assert opened.root["numbers"][1] == 1


@pytest.mark.parametrize("part", ["numbers", "a/b/c"])
def test_a_disk_that_fails_while_it_is_read_says_nothing_of_the_file(file: Path, part: str) -> None:
    """HDF5's errors are of many kinds then; what isn't mapped of a process can't be read."""

    def read() -> None:
        with open_h5ad(str(file)) as opened:
            failing = os.open("/proc/self/mem", os.O_RDONLY)
            os.dup2(failing, opened.root.id.get_vfd_handle())
            os.close(failing)
            opened.root[part][()]

    with pytest.raises(OutageError, match=rf"{file}: the storage does not answer \(.*errno = 5"):
        read()


def test_a_broken_local_file_is_no_outage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:3_000])
    with pytest.raises(OSError, match="truncated"), open_h5ad(str(file)):
        pass
