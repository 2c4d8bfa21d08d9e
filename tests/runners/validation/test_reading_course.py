"""The course of reading: how much is under way, what ends it, and what each read is given."""

import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import deadly
import pytest

from runners.census.store import CensusDataset
from runners.contract import ContractError, Reason
from runners.retries import OutageError
from runners.rules.vocabulary import Vocabulary
from runners.settings import from_environment
from runners.validation import readers
from runners.validation.pools import Pool
from runners.validation.readers import MOST_REFUSED, UNDER_WAY, Readers, validate_in_process
from runners.validation.validated import ValidatedDataset, unread

Judge = Callable[[str, Path, CensusDataset, str], ValidatedDataset]


class Played(Executor):
    """Reads at once, in this process. Those of `breaks`, counted from 0, break it instead, and
    those of `hangs` never end; `pools` are how many workers each pool was opened with.
    """

    def __init__(self, breaks: tuple[int, ...] = (), hangs: tuple[int, ...] = ()) -> None:
        self.submitted = 0
        self.pools: list[int] = []
        self.watched = 0
        self._breaks, self._hangs = breaks, hangs

    @contextmanager
    def opened(self, workers: int) -> Iterator[Executor]:
        self.pools.append(workers)
        assert len(self.pools) < 100  # else it is opened for ever
        yield self

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        number, future = self.submitted, Future[Any]()
        self.submitted += 1
        if number in self._breaks:
            raise BrokenExecutor
        if number not in self._hangs:
            future.set_result(fn(*args, **kwargs))
        return future

    def reading(self, workers: int = 1, judge: Judge = deadly.mark, **how: Any) -> Readers:
        def watch() -> None:
            self.watched += 1
            if self.watched > 2:
                raise ContractError("the scheduler is gone")

        pool = Pool(self.opened, BrokenExecutor, tries=2, watch=watch)
        return Readers("7.0.0", how.pop("folder", Path()), workers, pool, judge, **how)


def fine(_: str, __: Path, dataset: CensusDataset, ___: str) -> ValidatedDataset:
    return ValidatedDataset(dataset)


def refusing(reason: Reason) -> Judge:
    return lambda _, __, dataset, address: unread(dataset, reason, f"s3://x/{address}: no")


def names(found: list[ValidatedDataset]) -> list[str]:
    return [each.dataset.dataset_id for each in found]


@pytest.mark.parametrize("workers", [1, 3])
def test_so_many_a_worker_are_under_way_and_no_more(workers: int) -> None:
    played = Played()
    with closing(played.reading(workers, fine).judged(deadly.tasks([0] * 40))) as reading:
        for taken in range(1, 6):
            next(reading)
            assert played.submitted == UNDER_WAY * workers + taken - 1


@pytest.mark.parametrize("breaks", [(0,), (1,), (3,), (5,), (0, 1), (2, 4), (4, 5)])
def test_a_pool_that_breaks_as_it_is_given_a_dataset_costs_none_and_no_order(
    breaks: tuple[int, ...],
) -> None:
    found = list(Played(breaks).reading(1, fine).judged(deadly.tasks([0] * 7)))
    assert names(found) == [f"d-{number}" for number in range(7)]
    assert all(each.problem is None for each in found)


@pytest.mark.parametrize("ahead", [0, 2])
def test_nothing_is_opened_for_what_nobody_wants(ahead: int) -> None:
    played = Played()
    reading = played.reading(1, fine, ahead=ahead).judged(deadly.tasks([0] * 3), lambda: True)
    assert list(reading) == []
    assert (played.pools, played.submitted) == ([], 0)


@pytest.mark.parametrize("ahead", [0, 2])
def test_a_read_that_hangs_among_others_keeps_nobody_who_wants_it_no_more(
    ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "LOOK_SECONDS", 0.01)
    played = Played(hangs=(1,))
    reading = played.reading(1, fine, ahead=ahead)
    found = list(reading.judged(deadly.tasks([0] * 3), until=lambda: played.watched > 0))
    assert names(found) in ([], ["d-0"])


def test_the_end_of_a_pool_as_a_whole_is_seen_while_a_read_hangs_among_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readers, "LOOK_SECONDS", 0.01)
    with pytest.raises(ContractError, match="the scheduler is gone"):
        list(Played(hangs=(0,)).reading(2, fine).judged(deadly.tasks([0] * 3)))


def test_who_asks_no_more_ends_the_reading_ahead() -> None:
    played = Played()
    with closing(played.reading(1, fine, ahead=2).judged(deadly.tasks([0] * 2_000))) as reading:
        next(reading)
    assert played.submitted < 1_000


@pytest.mark.parametrize("ahead", [0, 2])
def test_a_storage_that_gives_none_or_refuses_all_stops_the_reading(ahead: int) -> None:
    tasks = deadly.tasks([0] * (MOST_REFUSED + 1))
    silent = Played().reading(1, refusing(Reason.FILE_NOT_ANSWERING), ahead=ahead)
    with pytest.raises(OutageError, match="s3://x/0: no"):
        list(silent.judged(tasks))
    closed = Played().reading(1, refusing(Reason.FILE_FORBIDDEN), ahead=ahead)
    with pytest.raises(ContractError, match="each of the first 20 files: s3://x/0: no"):
        list(closed.judged(tasks))
    missing = Played().reading(1, refusing(Reason.FILE_MISSING), ahead=ahead)
    assert len(list(missing.judged(tasks))) == len(tasks)


def test_an_error_of_ours_while_reading_is_no_death_of_a_reader() -> None:
    def fails(*_: object) -> ValidatedDataset:
        raise KeyError("ours")

    played = Played()
    with pytest.raises(KeyError, match="ours"):
        list(played.reading(1, fails).judged(deadly.tasks([0, 0])))
    assert played.submitted == 1


@pytest.mark.parametrize("outages", [0, 1, 2])
def test_a_storage_that_does_not_answer_is_asked_again_as_long_as_there_is_patience(
    outages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, bool, float]] = []

    def read(
        dataset: CensusDataset,
        address: str,
        vocabulary: Vocabulary,
        limit: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> ValidatedDataset:
        with limit():
            is_limited = signal.getitimer(signal.ITIMER_REAL)[0] > 0
        version = vocabulary.rules.dataset_schema_version
        given.append((version, is_limited, len(given)))
        if len(given) <= outages:
            raise OutageError(f"{address}: silent")
        return ValidatedDataset(dataset)

    def twice(attempt: Callable[[], ValidatedDataset], *, seconds: float) -> ValidatedDataset:
        assert seconds == 77
        try:
            return attempt()
        except OutageError:
            return attempt()

    monkeypatch.setenv("PATIENCE_SECONDS", "77")
    monkeypatch.setattr(readers, "limit_memory", lambda _: None)
    monkeypatch.setattr(readers, "read_and_validate", read)
    monkeypatch.setattr(readers, "retry_outages", twice)
    ((dataset, _),) = deadly.tasks([0])
    found = validate_in_process("7.0.0", from_environment().reference, dataset, "s3://x/y")
    assert given == [("7.0.0", True, number) for number in range(min(outages, 1) + 1)]
    if outages < 2:
        assert found == ValidatedDataset(dataset)
    else:
        assert found == unread(dataset, Reason.FILE_NOT_ANSWERING, "s3://x/y: silent")


def test_a_moment_that_has_passed_is_not_taken_for_no_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One thread's file has had its time while another thread begins."""
    now, timers = iter([0.0, 0.0, 700.0, 700.0, 700.0, 700.0]), list[float]()
    monkeypatch.setenv("FILE_SECONDS", "600")
    monkeypatch.setattr(readers, "monotonic", lambda: next(now))
    monkeypatch.setattr(signal, "setitimer", lambda _, seconds: timers.append(seconds))
    with readers.time_limit(), readers.time_limit():
        pass
    assert timers[0] == 600
    assert 0 < timers[1] < 1
    assert timers[-1] == 0


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [(-1, 3, (3, -1)), (5, 3, (3, -1)), (2, 3, (2, -1)), (3, 3, (3, -1)), (-1, 0.5, (0.5, -1))],
)
def test_memory_is_only_ever_limited_further(
    before: float, wanted: float, after: tuple[float, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In megabytes; -1 is no limit. Who may raise it again can still do so."""

    def in_bytes(megabytes: float) -> int:
        return int(megabytes * 2**20) if megabytes >= 0 else -1

    limits = (in_bytes(before), -1)

    def limit(_: int, new: tuple[int, int]) -> None:
        nonlocal limits
        limits = new

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", limit)
    readers.limit_memory(wanted)
    assert limits == (in_bytes(after[0]), after[1])
