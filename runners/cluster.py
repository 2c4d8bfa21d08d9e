"""An existing Dask cluster as the place where datasets are read. Must not start or stop one.

Needs the dependency group `dask`. The workers need this checkout and its reference data under the
same paths.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runners.combination import code
from runners.contract import ContractError
from runners.execution import Pool

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 10
"""Seconds that the scheduler has to answer."""


@contextmanager
def connect(address: str) -> Iterator[tuple[int, Pool]]:
    """The cluster's number of threads, and the pool that they make.

    Raises:
        ContractError: Dask isn't installed, the scheduler doesn't answer (at first, or any more),
            or its workers have another code than this process.
    """
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise ContractError(
            f"--scheduler {address}: Dask isn't installed ({error}); install the dependency group "
            "dask, or leave the option out."
        ) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ContractError(
            f"--scheduler {address}: does not answer ({reason}); name one that runs."
        ) from error
    with client:
        yield _threads(client, address), _pool(client, address, KilledWorker)


def _pool(client: "Client", address: str, death: type[Exception]) -> Pool:
    def watch() -> None:
        if client.status != "running":
            raise ContractError(
                f"--scheduler {address}: does not answer any more; run it again: it goes on."
            )

    @contextmanager
    def opened(workers: int) -> Iterator[Executor]:
        # impure: what is read again must not be answered with what it ended in before
        executor = client.get_executor(pure=False)
        try:
            yield executor
        except Exception:
            watch()  # without its scheduler, a future may raise anything
            raise
        finally:
            executor.shutdown(wait=False)

    return Pool(opened, death, tries=1, watch=watch)


def _threads(client: "Client", address: str) -> int:
    try:
        found = client.run(code)
    except Exception as error:
        raise ContractError(
            f"--scheduler {address}: its workers can't run our code "
            f"({type(error).__name__}: {error}); give them this checkout and what it needs."
        ) from error
    others = [worker for worker, digest in found.items() if digest != code()]
    if others or not found:
        what = f"worker {others[0]} has another code than this one" if found else "has no workers"
        raise ContractError(f"--scheduler {address}: {what}; start workers from this checkout.")
    return sum(client.nthreads().values())
