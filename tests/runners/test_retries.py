"""What a repeat can mend is tried again for a while, and told; nothing else is."""

import pytest

from runners.contract import ContractError
from runners.retries import OutageError, retry_outages


class World:
    """A clock that sleeping moves, and an attempt that fails until `heals`."""

    def __init__(self, heals: float) -> None:
        self.now, self.heals = 0.0, heals
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def attempt(self) -> str:
        if self.now < self.heals:
            raise OutageError("the storage does not answer.")
        return "read"

    def patiently(self, seconds: float) -> str:
        return retry_outages(self.attempt, seconds=seconds, clock=self.clock, sleep=self.sleep)


def test_pauses_grow_and_each_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(heals=250)
    assert world.patiently(600) == "read"
    assert world.pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == [
        "the storage does not answer. Trying again in 1 s.",
        "the storage does not answer. Trying again in 2 s.",
    ]
    assert len(said) == len(world.pauses)


def test_what_goes_well_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(heals=0)
    assert world.patiently(600) == "read"
    assert world.pauses == []
    assert capsys.readouterr().err == ""


def test_patience_ends() -> None:
    world = World(heals=1000)
    with pytest.raises(OutageError, match="the storage does not answer"):
        world.patiently(100)
    assert sum(world.pauses) <= 100


@pytest.mark.parametrize("lasts", [80, 350, 700])
def test_attempts_that_take_long_end_in_time_too(lasts: float) -> None:
    """As of a storage that accepts and never answers."""
    world = World(heals=10_000)

    def attempt() -> str:
        world.now += lasts
        return world.attempt()

    with pytest.raises(OutageError):
        retry_outages(attempt, seconds=600, clock=world.clock, sleep=world.sleep)
    assert world.now <= max(600, lasts)
    assert world.now > 600 - 60 - 2 * lasts


@pytest.mark.parametrize(
    ("seconds", "pauses"),
    [
        (0, []),
        (0.9, []),
        (1, [1]),
        (3, [1, 2]),
        (100, [1, 2, 4, 8, 16, 32]),
        (123, [1, 2, 4, 8, 16, 32, 60]),
    ],
)
def test_it_is_tried_as_long_as_a_pause_still_ends_in_time(
    seconds: float, pauses: list[float]
) -> None:
    world = World(heals=1000)
    with pytest.raises(OutageError):
        world.patiently(seconds)
    assert world.pauses == pauses


@pytest.mark.parametrize("error", [KeyError("obs"), ContractError("refused"), OSError("reset")])
def test_another_error_is_not_repeated(error: Exception) -> None:
    world = World(heals=0)

    def broken() -> str:
        raise error

    with pytest.raises(type(error)):
        retry_outages(broken, seconds=600, clock=world.clock, sleep=world.sleep)
    assert world.pauses == []
