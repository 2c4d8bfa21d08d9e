"""Killed at any moment and started again, an ingest ends with the rows of an unbroken one.

Rows are compared in the common form of `dumps.natural`.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals

import dumps
import instances
import pytest
from instances import INSTANCE, Place

from runners.contract import ContractError
from runners.journal import Record
from runners.sample.datasets import NEWER, by_key, of_release

ALL = len(of_release(NEWER))
COMMITS = 25
"""About as many as writing the sample's newer release takes, after its sources."""

Moment = Callable[[Place], bool]


def read_some(count: int) -> Moment:
    """When so many datasets have been read."""
    return lambda place: len(record(place).datasets("read")) >= count


def written_some(changes: int) -> Moment:
    """When the database has been changed so often since all datasets were read."""
    seen: set[tuple[int, int]] = set()
    are_read = read_some(ALL)

    def has_come(place: Place) -> bool:
        if seen or are_read(place):  # the journal isn't read again: this is asked all the time
            stat = place.database.stat()
            seen.add((stat.st_mtime_ns, stat.st_size))
        return len(seen) > changes

    return has_come


def record(place: Place) -> Record:
    try:
        return place.journal("run")
    except ContractError:  # caught in the act of writing its first line
        return Record([])


@dataclass(frozen=True)
class Crash:
    """Signals that a run is sent, each in a process of its own, before it may end."""

    name: str
    moments: tuple[Moment, ...]
    signal: Signals = SIGKILL


def random_crash(seed: int) -> Crash:
    """One or two kills at random moments of reading or writing."""
    chance = random.Random(seed)
    moments = [
        read_some(chance.randrange(1, ALL))
        if chance.random() < 0.3
        else written_some(chance.randrange(COMMITS))
        for _ in range(chance.randint(1, 2))
    ]
    return Crash(f"seed {seed}", tuple(moments))


CRASHES = (
    Crash("reading", (read_some(3),)),
    Crash("writing", (written_some(3),)),
    Crash("terminated", (written_some(6),), SIGTERM),
)


@dataclass(frozen=True)
class Resumed:
    """A place after its last run; `ends` are the exit codes of those before."""

    place: Place
    ends: tuple[int, ...]
    last: instances.Done


def crash_and_resume(crash: Crash, place: Place) -> Resumed:
    request = place.request("run", NEWER.version)
    ends = tuple(interrupted(place, request, moment, crash.signal) for moment in crash.moments)
    return Resumed(place, ends, place.run("ingest", request))


def interrupted(place: Place, request: Path, moment: Moment, number: Signals) -> int:
    """The exit code of an ingest that is sent the signal at its moment."""
    with place.start(request) as process:
        while process.poll() is None and not moment(place):
            time.sleep(0.005)
        process.send_signal(number)
        process.wait()
    return process.returncode


@pytest.fixture(scope="module")
def crashed(older: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Resumed]:
    """What came of each crash. Two at a time: most of their time is spent starting."""
    roots = [tmp_path_factory.mktemp("crash") for _ in CRASHES]
    places = [instances.copy(older, root) for root in roots]
    with ThreadPoolExecutor(2) as pool:
        resumed = pool.map(crash_and_resume, CRASHES, places)
        return {crash.name: one for crash, one in zip(CRASHES, resumed, strict=True)}


def is_as_unbroken(resumed: Resumed, newer: Place) -> None:
    assert resumed.last.returncode == 0, resumed.last.stderr
    expected = dumps.natural(newer.database, storage=newer.storage)
    found = dumps.natural(resumed.place.database, storage=resumed.place.storage)
    assert dumps.differences(found, expected) == []
    before = newer.journal("newer").datasets("written")
    after = resumed.place.journal("run").datasets("written")
    assert {i: line["outcome"] for i, line in after.items()} == {
        i: line["outcome"] for i, line in before.items()
    }


@pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: crash.name)
def test_a_killed_run_ends_with_the_rows_of_an_unbroken_one(
    crashed: dict[str, Resumed], newer: Place, crash: Crash
) -> None:
    resumed = crashed[crash.name]
    end = 128 + SIGTERM if crash.signal is SIGTERM else -crash.signal
    assert resumed.ends == (end,), "it ended before its moment came"
    is_as_unbroken(resumed, newer)


@pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: crash.name)
def test_a_killed_run_leaves_no_process_behind(crashed: dict[str, Resumed], crash: Crash) -> None:
    assert list(processes_of(crashed[crash.name].place)) == []


def processes_of(place: Place) -> Iterator[int]:
    """Processes that work in the place, told by their environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # it ended, or it is somebody else's
            continue
        if f"LAMIN_SETTINGS_DIR={place.root}/lamin".encode() in environment.split(b"\0"):
            yield int(folder.name)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(20))
def test_a_run_killed_at_random_ends_with_the_rows_of_an_unbroken_one(
    place: Place, newer: Place, seed: int
) -> None:
    is_as_unbroken(crash_and_resume(random_crash(seed), place), newer)


def test_of_two_at_once_the_second_says_who_holds_the_instance(place: Place) -> None:
    only = (by_key("D01").dataset_id,)
    first = place.start(place.request("first", NEWER.version, only=only))
    lock = place.root / "runs" / f".{INSTANCE.replace('/', '--')}.lock"
    with first:
        while not (lock.exists() and lock.read_text() == "first"):
            assert first.poll() is None
            time.sleep(0.01)
        os.kill(first.pid, SIGSTOP)
        before = dumps.exact(place.database)
        second = place.ingest("second", NEWER.version, only=only)
        assert dumps.exact(place.database) == before
        os.kill(first.pid, SIGCONT)
        said, _ = first.communicate()
    assert first.returncode == 0, said
    assert second.returncode == 2
    assert second.stderr.splitlines()[-1] == (
        f"instance {INSTANCE}: run first is writing to it; wait for its end."
    )
