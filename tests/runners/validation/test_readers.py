"""Readers that die cost a retry; a file that kills its reader again is given up, and no other.

So is a file that the storage doesn't give, that takes too much memory or at which our code fails.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import closing, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import deadly
import pytest

from runners import rules
from runners.census.store import CensusDataset
from runners.contract import ContractError, Finding, Outcome, Reason
from runners.retries import OutageError
from runners.rules.reference import Reference
from runners.rules.vocabulary import Vocabulary
from runners.sample.datasets import NEWER, of_release
from runners.sample.world import World
from runners.settings import REPOSITORY, from_environment
from runners.validation import readers, validated
from runners.validation.pools import LOCAL_POOL, Pool
from runners.validation.readers import Readers, time_limit, validate_in_process
from runners.validation.validated import ValidatedDataset

RUNNERS = Path(deadly.__file__).parent
FOR_EVER = 100
OWN_MEGABYTES = """
import sys
from pathlib import Path
from peak_memory import own_megabytes
from runners.census.store import CensusDataset
from runners.settings import from_environment
from runners.validation.readers import validate_in_process
read = 0
for file in sys.argv[1:]:
    dataset = CensusDataset(Path(file).stem, "v", "T", "", "c", "C", "", 1)
    found = validate_in_process("7.0.0", from_environment().reference, dataset, file)
    read += found.validation is not None
print(read, own_megabytes())
"""


def judged(folder: Path, *deaths: int) -> list[ValidatedDataset]:
    return list(Readers("7.0.0", folder, 2, LOCAL_POOL, deadly.judge).judged(deadly.tasks(deaths)))


@pytest.mark.parametrize(
    "deaths",
    [(0, 1, 0), *(pytest.param(one, marks=pytest.mark.prove) for one in ((0, 0, 0), (2, 0)))],
)
def test_a_reader_that_dies_costs_a_retry_and_no_dataset(
    tmp_path: Path, deaths: tuple[int, ...]
) -> None:
    found = judged(tmp_path, *deaths)
    assert [one.dataset.dataset_id for one in found] == [f"d-{i}" for i in range(len(deaths))]
    assert [one.n_observations for one in found] == [1] * len(deaths)


def test_a_file_that_kills_its_reader_again_is_given_up_and_no_other(tmp_path: Path) -> None:
    found = judged(tmp_path, 0, FOR_EVER, 0)
    assert [one.n_observations for one in found] == [1, None, 1]
    problem = found[1].problem
    assert problem is not None
    assert problem.reason is Reason.READER_DIED
    assert len(list(tmp_path.iterdir())) == 3  # among others, and twice alone


def test_what_is_not_wanted_any_more_is_not_read(tmp_path: Path) -> None:
    seen: list[ValidatedDataset] = []
    readers = Readers("7.0.0", tmp_path, 1, LOCAL_POOL, deadly.judge)
    for dataset in readers.judged(deadly.tasks([0] * 9), until=lambda: len(seen) == 2):
        seen.append(dataset)
    assert len(seen) == 2


def test_reading_goes_on_while_somebody_works_on_a_result(tmp_path: Path) -> None:
    """Further than the four that are under way for one reader; and what was read is not given any
    more once nobody wants it.
    """
    is_over = False
    readers = Readers("7.0.0", tmp_path, 1, LOCAL_POOL, deadly.mark, ahead=12)

    def wait_for(count: int) -> None:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < count:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    with closing(readers.judged(deadly.tasks([0] * 30), until=lambda: is_over)) as reading:
        found = [next(reading)]
        wait_for(12)
        found += islice(reading, 19)
        wait_for(28)
        is_over = True
        assert list(reading) == []
    assert [one.dataset.dataset_id for one in found] == [f"d-{i}" for i in range(20)]


class Here(Executor):
    """Reads at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BrokenExecutor as error:
            future.set_exception(error)
        return future


def test_what_was_read_beside_a_reader_that_died_is_not_read_either_once_it_is_not_wanted(
    tmp_path: Path,
) -> None:
    def dies_once(_: str, folder: Path, dataset: CensusDataset, address: str) -> ValidatedDataset:
        if not (folder / "died").exists():
            (folder / "died").touch()
            raise BrokenExecutor
        return ValidatedDataset(dataset)

    seen: list[ValidatedDataset] = []
    pool = Pool(lambda workers: nullcontext(Here()), BrokenExecutor, tries=2)
    reading = Readers("7.0.0", tmp_path, 1, pool, dies_once)
    for dataset in reading.judged(deadly.tasks([0] * 4), until=lambda: len(seen) == 2):
        seen.append(dataset)
    assert len(seen) == 2


class Hangs(Executor):
    """Dies at what it reads together, and never ends what it reads alone."""

    def __init__(self, workers: int) -> None:
        self._dies = workers > 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self._dies:
            future.set_exception(BrokenExecutor())
        return future


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_a_file_that_hangs_alone_keeps_nobody_who_wants_it_no_more(
    is_cancelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancellation, or the end of the pool as a whole."""
    monkeypatch.setattr(readers, "LOOK_SECONDS", 0.01)
    looks = iter(range(1_000))

    def watch() -> None:
        if not is_cancelled:
            raise ContractError("the scheduler is gone")

    pool = Pool(lambda workers: Hangs(workers), BrokenExecutor, tries=2, watch=watch)
    reading = Readers("7.0.0", Path(), 2, pool, deadly.judge)
    found = reading.judged(deadly.tasks([0, 0]), until=lambda: is_cancelled and next(looks) > 9)
    if is_cancelled:
        assert list(found) == []
    else:
        with pytest.raises(ContractError, match="the scheduler is gone"):
            list(found)


def answering(*answers: bool | None) -> list[ValidatedDataset]:
    """Datasets that the storage gave, didn't give for all that time, or of which it said no."""
    problems = {
        True: None,
        False: Finding(reason=Reason.FILE_NOT_ANSWERING, detail="s3://x/y: does not answer"),
        None: Finding(reason=Reason.FILE_FORBIDDEN, detail="s3://x/y: make it public"),
    }
    return [
        ValidatedDataset(dataset, problem=problems[answer])
        for answer, (dataset, _) in zip(answers, deadly.tasks([0] * len(answers)), strict=True)
    ]


@pytest.mark.parametrize(
    "answers",
    [
        (True, False, True),
        (False, False, False, True),
        (True, False, False, False),
        (None, False),
        (False, None, False, False, False, True),
        (None, None, None, None, None),
    ],
)
def test_files_that_the_storage_does_not_give_are_theirs_alone(answers: tuple[bool | None]) -> None:
    found = answering(*answers)
    assert list(readers.without_outages(iter(found), lambda: False)) == found


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((False,), 0),
        ((False, False, False), 0),
        ((True, False, False, False, False, True), 1),
        ((True, False, True, False, False, False, False), 3),
    ],
)
def test_a_storage_that_gives_none_stops_the_run(answers: tuple[bool], told: int) -> None:
    results = readers.without_outages(iter(answering(*answers)), lambda: False)
    assert len(list(islice(results, told))) == told
    with pytest.raises(OutageError, match="s3://x/y: does not answer"):
        list(results)


def test_a_storage_that_refuses_every_file_stops_the_run_and_no_file_is_condemned() -> None:
    refused: list[bool | None] = [None] * readers.MOST_REFUSED
    results = readers.unless_all_are_refused(iter(answering(*refused, True)))
    with pytest.raises(ContractError, match=r"^each of the first 20 files: s3://x/y: make it pub"):
        next(results)
    for answers in ([*refused[1:], True, *refused], refused[1:], [True, *refused]):
        found = answering(*answers)
        assert list(readers.unless_all_are_refused(iter(found))) == found


def test_a_run_that_is_cancelled_ends_without_an_outage() -> None:
    assert list(readers.without_outages(iter(answering(False)), lambda: True)) == []


def hungry(
    schema_version: str, folder: Path, dataset: CensusDataset, address: str
) -> ValidatedDataset:
    """Takes so many megabytes at once, as far as a reader may."""
    readers.limit_memory(500)
    readers.limit_memory(5_000)  # a lower limit stays
    try:
        taken = len(bytes(int(address) * 2**20))
    except MemoryError:
        return validated.unread(dataset, Reason.FILE_TOO_LARGE, address)
    return ValidatedDataset(dataset, n_observations=taken)


def test_a_reader_gets_no_more_memory_than_it_may_and_goes_on(tmp_path: Path) -> None:
    tasks = deadly.tasks([1, 1_000, 1])
    found = list(Readers("7.0.0", tmp_path, 1, LOCAL_POOL, hungry).judged(tasks))
    assert [one.n_observations for one in found] == [2**20, None, 2**20]


@pytest.mark.parametrize("seconds", [(20_000, 40_000), (40_000, 20_000)])
@pytest.mark.parametrize("ends_first", [0, 1])
def test_each_read_of_a_process_has_its_own_time(
    seconds: tuple[int, int], ends_first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Dask worker may have several threads, and the kernel has one timer for all."""

    def left() -> float:
        return signal.getitimer(signal.ITIMER_REAL)[0]

    reads = []
    for limit in seconds:
        monkeypatch.setenv("FILE_SECONDS", str(limit))
        reads.append(time_limit())
        reads[-1].__enter__()
    assert 10_000 < left() <= 20_000
    reads.pop(ends_first).__exit__(None, None, None)
    stays = seconds[1 - ends_first]
    assert stays - 10_000 < left() <= stays
    reads.pop().__exit__(None, None, None)
    assert left() == 0


def test_the_memory_of_a_reader_is_what_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []
    monkeypatch.setenv("READER_MEGABYTES", "1234")
    monkeypatch.setattr(readers, "limit_memory", limits.append)
    ((dataset, _),) = deadly.tasks([0])
    reference = from_environment().reference
    found = validate_in_process("7.0.0", reference, dataset, str(tmp_path / "absent"))
    assert found.problem is not None
    assert (found.problem.reason, limits) == (Reason.FILE_MISSING, [1234])


def test_a_reader_has_little_memory_for_itself(world: World) -> None:
    """200 MB, of which what speaks S3 takes 50; the sample needs nine ontologies, five tables."""
    files = map(str, sorted(world.newer.h5ads.glob("*.h5ad")))
    words = [sys.executable, "-c", OWN_MEGABYTES, *files]
    path = os.pathsep.join([str(REPOSITORY), str(RUNNERS)])
    done = subprocess.run(
        words, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    read, megabytes = map(int, done.stdout.split())
    assert read == len(of_release(NEWER)) - 1  # one can't be
    assert megabytes < 150


@pytest.mark.parametrize("error", [AttributeError, RecursionError, SystemError])
def test_an_error_of_ours_is_the_outcome_of_the_file_at_which_it_came(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise error("what the file holds")

    monkeypatch.setattr(validated, "read_profile", fail)
    ((dataset, _),) = deadly.tasks([0])
    found = validated.read_and_validate(dataset, "x.h5ad", vocabulary())
    assert found.problem == Finding(
        reason=Reason.READER_FAILED,
        detail=f"x.h5ad: {error.__name__}, which the run's log explains; report it.",
    )
    assert f"{error.__name__}: what the file holds" in capsys.readouterr().err
    assert validated.outcome_of(found, Outcome.REGISTERED).outcome is Outcome.UNREADABLE


def test_memory_that_runs_out_is_the_file_s_and_missing_reference_data_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ((dataset, _),) = deadly.tasks([0])
    monkeypatch.setattr(validated, "read_profile", raising(MemoryError()))
    found = validated.read_and_validate(dataset, "x.h5ad", vocabulary()).problem
    assert found is not None
    assert found.reason is Reason.FILE_TOO_LARGE
    assert "READER_MEGABYTES" in str(found.detail)
    monkeypatch.setattr(validated, "read_profile", raising(ContractError("make setup")))
    with pytest.raises(ContractError, match="make setup"):
        validated.read_and_validate(dataset, "x.h5ad", vocabulary())


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.name.startswith("FILE_")])
def test_only_a_file_that_is_not_there_is_missing(reason: Reason) -> None:
    ((dataset, _),) = deadly.tasks([0])
    ended = validated.outcome_of(validated.unread(dataset, reason, "x"), Outcome.REGISTERED)
    is_missing = reason is Reason.FILE_MISSING
    assert ended.outcome is (Outcome.MISSING if is_missing else Outcome.UNREADABLE)


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def vocabulary() -> Vocabulary:
    return Vocabulary(Reference(rules.load("7.0.0"), from_environment().reference))
