"""One writer per instance among the runs of this machine. Must not know what a writer does."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runners.contract import ContractError


@contextmanager
def hold(instance: str, *, runs: Path, run_id: str) -> Iterator[None]:
    """Holds the instance for a run; the kernel lets go however the process ends.

    Raises:
        ContractError: another run in the folder `runs` holds it; it is named.
    """
    path = runs / f".{instance.replace('/', '--')}.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ContractError(
                f"instance {instance}: run {file.read().strip()} is writing to it; "
                "wait for its end."
            ) from error
        file.truncate(0)
        file.write(run_id)
        file.flush()
        yield
