"""Where files are read: processes of this machine, which end with it, or what else makes a pool."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import active_children, get_context, parent_process

END_SECONDS = 2.0
"""What a pool gets for its own end, once its processes are killed; it takes milliseconds."""


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Processes of this machine; they end with the context, whatever they are doing."""
    others = set(active_children())
    # spawned: the parent's threads and database connections must not be copied
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_end_with_parent
    )
    try:
        yield pool
    finally:
        # else the end of this process waits for a stuck read
        for process in set(active_children()) - others:
            process.kill()
        # else it writes to a pipe that the pool's own thread closes at that moment
        end = partial(pool.shutdown, cancel_futures=True)
        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        ending.join(END_SECONDS)


def _end_with_parent() -> None:
    """Ends this process when its parent is gone, and not before: a killed parent can't tell it to,
    and a pool's process would wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to children too

    def end() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


@dataclass(frozen=True)
class Pool:
    """Where datasets are read. `open` makes an executor of so many workers, whose futures raise
    `death` if a worker died; after `tries` of these, alone with a file, the file is given up.
    `watch` raises ContractError once the pool as a whole is gone.
    """

    open: Callable[[int], AbstractContextManager[Executor]]
    death: type[Exception]
    tries: int
    watch: Callable[[], None] = lambda: None


LOCAL_POOL = Pool(processes, BrokenExecutor, tries=2)
"""Processes of this machine."""
