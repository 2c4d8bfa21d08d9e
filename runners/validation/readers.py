"""Reads and validates datasets in a pool of workers, whatever happens to these.

A reader that dies (killed, a crash in a C library) costs a retry, not a dataset: the datasets that
were being read are read again one by one, which shows the file that kills its reader. A file that
the storage doesn't give is told from a storage that gives none by those that are read after it.
"""

import pickle
import resource
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from threading import Event, Lock
from time import monotonic

from runners import rules, settings
from runners.census.store import CensusDataset
from runners.contract import ContractError, Reason
from runners.retries import OutageError, retry_outages
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.validation.how_many import readers_for
from runners.validation.pools import LOCAL_POOL, Pool
from runners.validation.prefetch import prefetched
from runners.validation.validated import ValidatedDataset, read_and_validate, unread

Task = tuple[CensusDataset, str]
"""A dataset and the address of its file."""

UNDER_WAY = 4
"""Datasets under way per process, so that neither side waits and memory stays small."""

LOOK_SECONDS = 1.0
"""Seconds between two looks whether what is being read is still wanted."""

MOST_UNANSWERED = 4
"""Datasets in a row that a storage doesn't give before it is taken for one that doesn't answer."""

MOST_REFUSED = 20
"""Datasets at the beginning that a storage refuses before it is taken for one that refuses all."""

ReadAndValidate = Callable[[str, Path, CensusDataset, str], ValidatedDataset]


@cache
def _vocabulary(schema_version: str, reference: Path) -> Vocabulary:
    return Vocabulary(Reference(rules.load(schema_version), reference))


def validate_in_process(
    schema_version: str, reference: Path, dataset: CensusDataset, address: str
) -> ValidatedDataset:
    """`read_and_validate`, with a vocabulary that each process makes once. A read that hangs ends
    the process, whose memory is limited; a storage that does not answer is asked again.
    """
    limits = settings.from_environment()
    limit_memory(limits.reader_megabytes)
    vocabulary = _vocabulary(schema_version, reference)
    try:
        return retry_outages(
            lambda: read_and_validate(dataset, address, vocabulary, time_limit),
            seconds=limits.patience_seconds,
        )
    except OutageError as error:
        return unread(dataset, Reason.FILE_NOT_ANSWERING, str(error))


def limit_memory(megabytes: float) -> None:
    """Lets this process have no more memory of its own; a lower limit of before stays.

    Counts what is allocated (RLIMIT_DATA), not files that are mapped and addresses that are only
    reserved, by which libraries seem to take gigabytes. A Dask worker's threads share it.
    """
    wanted = int(megabytes * 2**20)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == resource.RLIM_INFINITY or wanted < soft:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


_lock = Lock()
_deadlines: list[float] = []
"""Of the reads under way in this process: the threads of a Dask worker share its one timer."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Ends this process if what is within takes too long.

    HDF5 loops for ever in some broken files, where no Python code runs: only the kernel can end it.
    """
    deadline = monotonic() + settings.from_environment().file_seconds
    with _lock:
        _deadlines.append(deadline)
        _set_timer()
    try:
        yield
    finally:
        with _lock:
            _deadlines.remove(deadline)
            _set_timer()


def _set_timer() -> None:
    """Sets the timer to the first of the deadlines; without any it is off, as 0 says."""
    left = max(min(_deadlines) - monotonic(), 0.001) if _deadlines else 0
    signal.setitimer(signal.ITIMER_REAL, left)


class Readers:
    """Reads and validates datasets in a pool, whatever happens to its workers."""

    def __init__(
        self,
        schema_version: str,
        reference: Path,
        workers: int | None,
        pool: Pool = LOCAL_POOL,
        judge_one: ReadAndValidate = validate_in_process,
        *,
        ahead: int = 0,
    ) -> None:
        """`workers`: without a number, as many as suit the place of the files (see `how_many`).
        `ahead`: results that are kept until they are asked for, so that reading goes on while
        somebody works on others; without, only those under way are.
        """
        self._ahead = ahead
        self._arguments = (schema_version, reference)
        self._workers = workers
        self._pool = pool
        self._read_and_validate = judge_one

    def judged(
        self, tasks: Sequence[Task], until: Callable[[], bool] = lambda: False
    ) -> Generator[ValidatedDataset]:
        """The result of each task, in the order of the tasks; stops early once `until` is true.

        Raises:
            OutageError: the storage gave none of several files in a row, or of all.
            ContractError: it refuses file after file.
        """
        return unless_all_are_refused(without_outages(self._results(tasks, until), until))

    def _results(
        self, tasks: Sequence[Task], until: Callable[[], bool]
    ) -> Iterator[ValidatedDataset]:
        if not self._ahead:
            yield from map(pickle.loads, self._judged(tasks, until))
            return

        def judged(ended: Event) -> Iterator[bytes]:
            return self._judged(tasks, lambda: ended.is_set() or until())

        with closing(prefetched(judged, self._ahead)) as packed:
            for result in packed:
                if until():
                    return
                yield pickle.loads(result)

    def _judged(self, tasks: Sequence[Task], until: Callable[[], bool]) -> Iterator[bytes]:
        """As they came from their process: unpacked, the genes of one take five megabytes."""
        workers = self._workers or readers_for(address for _, address in tasks)
        workers = min(workers, len(tasks))
        waiting = deque(tasks)
        while waiting and not until():
            with self._pool.open(workers) as executor:
                most = UNDER_WAY * workers
                suspects = yield from self._read_together(executor, waiting, most, until)
            for task in suspects:
                if not until() and (result := self._read_alone(task, until)) is not None:
                    yield result

    def _read_together(
        self, executor: Executor, waiting: deque[Task], most: int, until: Callable[[], bool]
    ) -> Generator[bytes, None, list[Task]]:
        """Yields results in order; returns the tasks under way when the executor broke."""
        under_way: deque[tuple[Task, Future[bytes]]] = deque()
        while (waiting or under_way) and not until():
            try:
                while waiting and len(under_way) < most:
                    task = waiting[0]
                    under_way.append((task, self._submit(executor, task)))
                    waiting.popleft()
                _, first = under_way[0]
                if wait([first], LOOK_SECONDS).done:
                    yield first.result()
                    under_way.popleft()
                else:
                    self._pool.watch()
            except self._pool.death:
                return [task for task, _ in under_way]
        return []

    def _read_alone(self, task: Task, until: Callable[[], bool]) -> bytes | None:
        """The result; None once nobody wants it any more."""
        for _ in range(self._pool.tries):
            try:
                with self._pool.open(1) as executor:
                    future = self._submit(executor, task)
                    while not wait([future], LOOK_SECONDS).done:
                        if until():
                            return None
                        self._pool.watch()
                    return future.result()
            except self._pool.death:
                continue
        dataset, address = task
        detail = f"{address}: reader died again when alone with it; correct or replace the file."
        return pickle.dumps(unread(dataset, Reason.READER_DIED, detail))

    def _submit(self, executor: Executor, task: Task) -> Future[bytes]:
        return executor.submit(_pickled, self._read_and_validate, *self._arguments, *task)


def _pickled(
    judge_one: ReadAndValidate,
    schema_version: str,
    reference: Path,
    dataset: CensusDataset,
    address: str,
) -> bytes:
    return pickle.dumps(judge_one(schema_version, reference, dataset, address))


def without_outages(
    results: Iterator[ValidatedDataset], until: Callable[[], bool]
) -> Iterator[ValidatedDataset]:
    """The results. Those that the storage didn't give wait for one that shows that it answers.

    Raises:
        OutageError: there are too many of these in a row, or no others, unless `until` is true.
    """
    unanswered: list[ValidatedDataset] = []
    has_answered = False
    for result in results:
        if result.problem and result.problem.reason is Reason.FILE_NOT_ANSWERING:
            unanswered.append(result)
            if len(unanswered) == MOST_UNANSWERED:
                raise OutageError(str(result.problem.detail))
            continue
        has_answered = True
        yield from unanswered
        unanswered = []
        yield result
    if has_answered:
        yield from unanswered
    elif unanswered and not until():
        raise OutageError(str(unanswered[0].problem and unanswered[0].problem.detail))


def unless_all_are_refused(results: Iterator[ValidatedDataset]) -> Generator[ValidatedDataset]:
    """The results. Those that the storage refuses at the beginning wait for one that it doesn't.

    Raises:
        ContractError: it has refused so many that all are: a role lacks a right.
    """
    refused: list[ValidatedDataset] = []
    for result in results:
        refused.append(result)
        if result.problem is None or result.problem.reason is not Reason.FILE_FORBIDDEN:
            break
        if len(refused) == MOST_REFUSED:
            raise ContractError(f"each of the first {MOST_REFUSED} files: {result.problem.detail}")
    yield from refused
    yield from results
