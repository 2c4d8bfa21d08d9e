"""How a run is stopped: by a signal at once, by a file named `cancel` after its batch."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import active_children
from pathlib import Path
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)

GRACE = 5.0
"""Seconds that a signal leaves for unwinding: GitHub sends SIGTERM 7.5 s after SIGINT."""

CANCEL = "cancel"
"""The file in a run's folder that asks it to end early."""

_first_acts: list[Callable[[], object]] = []


class StoppedError(SystemExit):
    """A signal came; the exit code is the shell's, 128 and the signal's number."""


@contextmanager
def ends_in_time() -> Iterator[None]:
    """Within, SIGINT and SIGTERM unwind what is going on and end the process with 130 or 143.

    What takes longer than GRACE to unwind is cut off, which a database takes for a rollback.
    Readers end with this process.
    """
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    except StoppedError:
        for process in active_children():  # a pool would wait for the file that is being read
            process.kill()
        before.clear()  # signals stay ignored to the end
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def before_unwinding(act: Callable[[], object]) -> Iterator[None]:
    """Within, a signal calls `act` first, which must be quick: what is going on may take all the
    time that is left to unwind. Where it fails, the rest goes on without it.
    """
    _first_acts.append(act)
    try:
        yield
    finally:
        _first_acts.remove(act)


def _stop(number: int, frame: FrameType | None) -> None:
    for signal_number in SIGNALS:  # a second one must not interrupt the unwinding
        signal.signal(signal_number, signal.SIG_IGN)
    code = 128 + number
    timer = threading.Timer(GRACE, os._exit, (code,))
    timer.daemon = True
    timer.start()
    name = signal.Signals(number).name
    # past Python's buffers, which the signal may have interrupted
    os.write(2, f"stopped by {name}; the same command goes on where it was.\n".encode())
    for act in _first_acts:
        with suppress(Exception):  # what is going on might take its error for one of its own
            act()
    raise StoppedError(code)


def is_cancelled(folder: Path) -> bool:
    """True if the run of this folder was asked to end early."""
    return (folder / CANCEL).exists()
