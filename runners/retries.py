"""Tries again while a storage or database doesn't answer. Must not know what is tried."""

import time
from collections.abc import Callable
from typing import TypeVar

from runners import progress
from runners.contract import ContractError

Result = TypeVar("Result")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds of the first pause between two attempts, and of the longest; each is twice the last."""


class OutageError(ContractError):
    """A service doesn't answer, which says nothing about what it was asked for."""


def retry_outages(
    attempt: Callable[[], Result],
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """What the attempt returns; after an outage it is made again, for so many seconds. None begins
    that would end later, were it as long as the last one.

    Raises:
        OutageError: the last one, when the time is over.
    """
    end, pause = clock() + seconds, FIRST_PAUSE
    while True:
        begun = clock()
        try:
            return attempt()
        except OutageError as error:
            if clock() + pause + (clock() - begun) > end:
                raise
            progress.say(f"{error} Trying again in {pause:.0f} s.")
        sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
