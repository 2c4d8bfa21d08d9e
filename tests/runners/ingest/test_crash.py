"""Killed at any moment and started again, an ingest ends with the rows of an unbroken one.

Rows are compared in the common form of `dumps.natural`. Random moments are in `test_crash_even`
and `test_crash_odd`.
"""

import os
import time
from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP, SIGTERM

import dumps
import instances
import pytest
from crashes import (
    Crash,
    Resumed,
    crash_and_resume,
    is_as_unbroken,
    processes_of,
    read_some,
    written_some,
)
from instances import INSTANCE, Place

from runners.sample.datasets import NEWER, by_key

CRASHES = (
    pytest.param(Crash("reading", (read_some(3),)), marks=pytest.mark.prove),
    Crash("writing", (written_some(3),)),
    pytest.param(Crash("terminated", (written_some(6),), SIGTERM), marks=pytest.mark.prove),
)


@dataclass(frozen=True)
class Crashed:
    crash: Crash
    resumed: Resumed


@pytest.fixture(scope="module", params=CRASHES, ids=lambda crash: crash.name)
def crashed(
    older: Place, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Crashed:
    place = instances.copy(older, tmp_path_factory.mktemp("crash"))
    return Crashed(request.param, crash_and_resume(request.param, place))


def test_a_killed_run_ends_with_the_rows_of_an_unbroken_one(crashed: Crashed, newer: Place) -> None:
    number = crashed.crash.signal
    end = 128 + SIGTERM if number is SIGTERM else -number
    assert crashed.resumed.ends == (end,), "it ended before its moment came"
    is_as_unbroken(crashed.resumed, newer)


def test_a_killed_run_leaves_no_process_behind(crashed: Crashed) -> None:
    assert list(processes_of(crashed.resumed.place)) == []


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
