"""A Dask cluster as a pool that files are read in.

It is used, never started or stopped; it needs the dependency group `dask`, and workers with this
checkout and its reference data under the same paths.
"""

import gc
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from runners import settings
from runners.contract import ContractError
from runners.run.fingerprint import judging_digest
from runners.validation.pools import Pool

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
"""Seconds that the scheduler has to answer."""

LOADED = judging_digest()
"""Of code and rules when this process, on either side, began with them: a worker goes on with these
whatever its checkout has become."""


@contextmanager
def connect_cluster(address: str) -> Iterator[tuple[int, Pool]]:
    """The cluster's number of threads, and the pool that they make.

    Raises:
        ContractError: Dask isn't installed, the address is none, the scheduler doesn't answer (at
            first, or any more), or its workers have other code or rules than this process.
    """
    _require_port(address)
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise ContractError(
            f"--scheduler {address}: Dask isn't installed ({error}); install the dependency group "
            "dask, or leave the option out."
        ) from error
    # One that couldn't connect closes itself when it is collected, and waits for the lock that one
    # which starts holds (LoopRunner in distributed/utils.py): collected in that start, for ever.
    gc.collect()
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # Dask's transports raise what they like
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ContractError(
            f"--scheduler {address}: does not answer ({reason}); name one that runs."
        ) from error
    with client:
        yield _threads(client, address), _pool(client, address, KilledWorker)


def _require_port(address: str) -> None:
    port = address.rpartition(":")[2]
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ContractError(
            f"--scheduler {address}: is no address with a port; write e.g. tcp://127.0.0.1:8786."
        )


def _unpacking() -> Callable[[str, bytes], Any]:
    """A function that calls what was packed by `_packed`, wherever it is sent.

    `dask` knows nothing of the folder that it is started in, and the scheduler looks into what it
    passes on. So this is sent as its own code (it stands within, so that it has no name to be
    imported by), and what needs the checkout as bytes, which only a worker reads.
    """

    def unpack(checkout: str, packed: bytes) -> Any:
        import pickle
        import sys

        if checkout not in sys.path:
            sys.path.append(checkout)
        function, arguments = pickle.loads(packed)
        return function(*arguments)

    return unpack


def _packed(function: Callable[..., Any], *arguments: Any) -> tuple[str, bytes]:
    """Arguments of `_unpacking`'s function, for a worker with this checkout under the same path."""
    return str(settings.REPOSITORY), pickle.dumps((function, arguments))


class _PackingExecutor(Executor):
    """Passes on to Dask's executor what its workers alone can unpack."""

    def __init__(self, executor: Executor, address: str) -> None:
        self._executor = executor
        self._expected = (address, LOADED)
        self._unpack = _unpacking()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        packed = _packed(_by_same_code, *self._expected, partial(fn, **kwargs), *args)
        return self._executor.submit(self._unpack, *packed)


def _loaded() -> str:
    return LOADED


def _by_same_code(address: str, loaded: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """On a worker, which may have joined since the others were asked: what the function returns.

    Raises:
        ContractError: it has other code or rules than the process that asks.
    """
    if loaded != LOADED:
        raise _other_worker(address, "that joined later")
    return function(*arguments)


def _other_worker(address: str, name: str) -> ContractError:
    return ContractError(
        f"--scheduler {address}: worker {name} has other code or rules than this process; start "
        "its workers anew, from this checkout."
    )


def _pool(client: "Client", address: str, death: type[Exception]) -> Pool:
    def watch() -> None:
        if client.status != "running":
            raise ContractError(
                f"--scheduler {address}: does not answer any more; run it again: it goes on."
            )

    @contextmanager
    def open_executor(workers: int) -> Iterator[Executor]:
        # impure: what is read again must not be answered with what it ended in before
        executor = client.get_executor(pure=False)
        try:
            yield _PackingExecutor(executor, address)
        except Exception:
            watch()  # without its scheduler, a future may raise anything
            raise
        finally:
            executor.shutdown(wait=False)

    return Pool(open_executor, death, tries=1, watch=watch)


def _threads(client: "Client", address: str) -> int:
    try:
        digests = client.run(_unpacking(), *_packed(_loaded))
    except Exception as error:
        raise ContractError(
            f"--scheduler {address}: its workers can't run our code "
            f"({type(error).__name__}: {error}); give them this checkout and what it needs."
        ) from error
    if not digests:
        raise ContractError(
            f"--scheduler {address}: has no workers; start workers from this checkout."
        )
    for worker, digest in digests.items():
        if digest != LOADED:
            raise _other_worker(address, worker)
    return sum(client.nthreads().values())
