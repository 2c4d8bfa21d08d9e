"""Ingests that are killed at a moment, and what they leave."""

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals

import dumps
import forked
import instances
from instances import Place

from runners.contract import ContractError
from runners.run.journal import JournalLines
from runners.sample.datasets import NEWER, of_release

ALL = len(of_release(NEWER))
BATCH = 3
LINES = 62
"""About as many as the journal gets where it begins with the sources, in batches of three."""

SEEDS = range(int(os.environ.get("CRASHES") or 24))
"""Of the proofs that kill at random moments; `CRASHES` may be more."""

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


def journalled(lines: int, wait: float) -> Moment:
    """Some seconds after the journal has so many lines."""

    def has_come(place: Place) -> bool:
        path = place.root / "runs" / "run" / "journal.jsonl"
        if not path.exists() or path.read_bytes().count(b"\n") < lines:
            return False
        time.sleep(wait)
        return True

    return has_come


def record(place: Place) -> JournalLines:
    try:
        return place.journal("run")
    except ContractError:  # caught in the act of writing its first line
        return JournalLines([])


@dataclass(frozen=True)
class Crash:
    """Signals that a run is sent, each in a process of its own, before it may end.

    With a `batch` datasets are written so many at a time.
    """

    name: str
    moments: tuple[Moment, ...]
    signal: Signals = SIGKILL
    batch: int | None = None


def random_crash(seed: int) -> Crash:
    """One or two kills at random moments, between any two lines of the journal."""
    chance = random.Random(seed)
    moments = [
        journalled(chance.randrange(LINES), chance.random() * 0.1)
        for _ in range(chance.randint(1, 2))
    ]
    return Crash(f"seed {seed}", tuple(moments), batch=BATCH)


@dataclass(frozen=True)
class Resumed:
    """A place after its last run; `ends` are the exit codes of those before."""

    place: Place
    ends: tuple[int, ...]
    last: instances.Done


def interrupt(crash: Crash, place: Place) -> tuple[int, ...]:
    """The exit codes of the runs that were sent their signals."""
    request = place.request("run", NEWER.version)
    return tuple(
        interrupted(place, request, moment, crash.signal, crash.batch) for moment in crash.moments
    )


def crash_and_resume(crash: Crash, place: Place) -> Resumed:
    ends = interrupt(crash, place)
    return Resumed(place, ends, place.run("ingest", place.root / "runs" / "run" / "request.json"))


def interrupted(
    place: Place, request: Path, moment: Moment, number: Signals, batch: int | None = None
) -> int:
    """The exit code of an ingest that is sent the signal at its moment."""
    script = (
        "from runners import __main__; from runners.ingest import steps; "
        f"steps.BATCH = {batch}; __main__.main()"
    )
    program = ["-c", script] if batch else ["-m", "runners"]
    with Path(os.devnull).open("w") as nowhere:
        process = forked.start(
            [*program, *place.arguments("ingest", request)],
            cwd=place.root,
            env=place.environment,
            stdout=nowhere.fileno(),
            stderr=nowhere.fileno(),
        )
    while process.poll() is None and not moment(place):
        time.sleep(0.005)
    process.send_signal(number)
    return process.wait()


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


def processes_of(place: Place) -> Iterator[int]:
    """Processes that work in the place, told by their environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # it ended, or it is somebody else's
            continue
        if f"LAMIN_SETTINGS_DIR={place.root}/lamin".encode() in environment.split(b"\0"):
            yield int(folder.name)
