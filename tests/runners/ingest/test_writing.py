"""What an outage rolled back is done again by a writer made anew; what is at fault is not."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.error import URLError

import pytest
from botocore import exceptions as aws
from django.db import IntegrityError
from httpx import ConnectError

from runners import retries
from runners.census.store import CensusDataset
from runners.contract import (
    Action,
    ContractError,
    DatasetOutcome,
    Finding,
    Manifest,
    Outcome,
    Reason,
    RunRequest,
    Storage,
)
from runners.ingest import smoke_test
from runners.ingest.steps import RetryingWriter, _opening, _start, _write
from runners.records.baseline import Baseline, store_baseline, stored_baseline
from runners.registry import failures
from runners.retries import OutageError
from runners.run.journal import (
    JOURNAL,
    Journal,
    JournalLines,
    outcomes_of_journal,
    read_journal,
)
from runners.run.request import Job

if TYPE_CHECKING:
    from runners.registry.writer import Writer

PASSING = [
    ConnectionResetError("reset by peer"),
    TimeoutError("timed out"),
    OSError(errno.EBUSY, "SlowDown"),
    OSError(errno.EIO, "InternalError"),
    aws.EndpointConnectionError(endpoint_url="http://127.0.0.1:9"),
    aws.ReadTimeoutError(endpoint_url="http://127.0.0.1:9"),
    aws.ConnectionClosedError(endpoint_url="http://127.0.0.1:9"),
    aws.IncompleteReadError(actual_bytes=1, expected_bytes=2),
]
WITHOUT_CREDENTIALS = [
    aws.NoCredentialsError(),
    aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
    aws.CredentialRetrievalError(provider="role", error_msg="none"),
    aws.UnauthorizedSSOTokenError(),
    aws.LoginRefreshRequired(),
    aws.ProfileNotFound(profile="lab"),
]
WITHOUT_HUB = [ConnectError("refused"), URLError("no address")]
"""Of its client, and of what that falls back to."""
AT_FAULT = [
    FileNotFoundError(errno.ENOENT, "none"),
    PermissionError(errno.EACCES, "denied"),
    OSError(errno.ENOSPC, "disk full"),
    OSError(errno.EIO, "Input/output error", "journal.jsonl"),
    OSError(errno.ETIMEDOUT, "Connection timed out", "journal.jsonl"),  # a soft mount's
    KeyError("obs"),
    aws.ParamValidationError(report="Bucket"),
    aws.InvalidRetryModeError(provided_retry_mode="none", valid_modes="standard"),
]


@pytest.fixture(autouse=True)
def _no_long_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)


class Story:
    """Steps that fail with these errors, one after the other, or don't, and the writers that they
    were given.
    """

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.made: list[object] = []
        self.used: list[object] = []

    def ready(self) -> "Writer":
        self.made.append(object())
        return cast("Writer", self.made[-1])

    def step(self, writer: Any) -> str:
        self.used.append(writer)
        if self.errors and (error := self.errors.pop(0)):
            raise error
        return "written"


@pytest.mark.parametrize("error", [*PASSING, *WITHOUT_HUB], ids=repr)
def test_after_an_outage_the_step_is_done_by_a_new_writer(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story(error, None, error)
    writing = RetryingWriter(story.ready, seconds=5)
    for _ in range(3):
        assert writing.do(story.step) == "written"
    first, second, third = story.made
    assert story.used == [first, second, second, third, third]
    system = "LaminHub" if error in WITHOUT_HUB else "the storage"
    assert f"{system} does not answer (" in capsys.readouterr().err


def violation() -> IntegrityError:
    """What SQLite says where a row stands already."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table terms (uid text unique)")
        with pytest.raises(sqlite3.IntegrityError) as refused:
            database.execute("insert into terms values ('T'), ('T')")
    error = IntegrityError("UNIQUE constraint failed: terms.uid")
    error.__cause__ = refused.value
    return error


def test_what_somebody_else_did_at_the_same_moment_is_found_by_a_new_writer() -> None:
    story = Story(violation(), violation())
    assert RetryingWriter(story.ready, seconds=5).do(story.step) == "written"
    assert story.used == story.made
    assert len(story.made) == 3


def test_a_row_that_stays_in_the_way_is_told_after_three_tries() -> None:
    story = Story(*[violation() for _ in range(9)])
    with pytest.raises(ContractError, match=r"^the database refuses a row, because of one that st"):
        RetryingWriter(story.ready, seconds=5).do(story.step)
    assert len(story.used) == 3


@pytest.mark.parametrize("error", WITHOUT_CREDENTIALS, ids=repr)
def test_without_credentials_nothing_is_repeated(error: Exception) -> None:
    story = Story(error)
    with pytest.raises(ContractError) as told:
        RetryingWriter(story.ready, seconds=5).do(story.step)
    assert not isinstance(told.value, OutageError)
    assert str(told.value).startswith("the storage refuses whoever asks (")
    assert "; it was read with AWS credentials: give some that may read it" in str(told.value)
    assert len(story.made) == 1


@pytest.mark.parametrize("error", AT_FAULT, ids=repr)
def test_what_is_at_fault_is_not_repeated(error: Exception) -> None:
    story = Story(error)
    with pytest.raises(type(error)) as told:
        RetryingWriter(story.ready, seconds=5).do(story.step)
    assert told.value is error
    assert len(story.made) == 1


def test_a_writer_that_cannot_be_made_is_tried_again() -> None:
    story = Story()
    errors: list[Exception] = [ConnectionRefusedError("starting up")]

    def ready() -> "Writer":
        if errors:
            raise errors.pop()
        return story.ready()

    assert RetryingWriter(ready, seconds=5).do(story.step) == "written"


def test_patience_ends_with_one_sentence() -> None:
    story = Story(*[ConnectionResetError("reset.") for _ in range(9)])
    with pytest.raises(OutageError) as ended:
        RetryingWriter(story.ready, seconds=0.005).do(story.step)
    assert str(ended.value) == (
        "the storage does not answer (reset); run it again later: it goes on."
    )
    with failures.explained():  # what is well stays well
        pass


class Killed(BaseException):
    """This process is gone."""


class Last(JournalLines):
    """A journal of a process that is killed as it writes."""

    def write(self, step: str, **facts: object) -> None:
        raise Killed(step)


def job(folder: Path) -> Job:
    storage = Storage(soma="/nowhere/soma", h5ads="/nowhere/cell-census/h5ads")
    manifest = Manifest(
        release="2020-07-15",
        census_schema_version="2.0.0",
        dataset_schema_version="7.0.0",
        dataset_count=3,
        storage=storage,
    )
    request = RunRequest(
        run_id="run", action=Action.INGEST, release="2020-07-15", manifest="m", instance="a/b"
    )
    return Job(request, manifest, None, folder, folder, 1)


def test_what_was_there_is_on_disk_before_the_journal_says_that_the_run_has_begun(
    tmp_path: Path,
) -> None:
    """A run that has begun takes no note of it any more, and could never be taken back."""
    held = Baseline(releases={}, shared={})
    writer = SimpleNamespace(holdings=lambda: held, misplaced=list, counts=dict, snapshot=None)
    with pytest.raises(Killed, match="start"):
        _start(job(tmp_path), [], cast("Journal", Last([])), cast("Writer", writer))
    assert stored_baseline(tmp_path) == held


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("is_there", [True, False])
def test_what_was_there_is_looked_at_anew_where_a_lost_machine_had_kept_the_beginning_alone(
    tmp_path: Path, is_kept: bool, is_there: bool
) -> None:
    """The instance keeps nothing of the run yet, so that nothing was written; of one of older code
    it never does.
    """
    then, now = (Baseline(releases={}, shared={"x": {"y": text}}) for text in ("then", "now"))
    if is_there:
        store_baseline(tmp_path, then)
    journal = cast("Journal", JournalLines([{"at": "t", "step": "start", "is_kept": is_kept}]))
    writer = cast("Writer", SimpleNamespace(holdings=lambda: now))
    if not is_there and not is_kept:
        with pytest.raises(ContractError, match=r"holdings\.json: can't be read"):
            _opening(job(tmp_path), journal, writer)
        return
    found = _opening(job(tmp_path), journal, writer).holdings
    assert found == stored_baseline(tmp_path) == (then if is_there else now)


def test_a_smoke_test_begins_with_the_smallest_datasets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"d-1": 30, "d-2": 10, "d-3": 20}
    table = [CensusDataset(n, "v", "T", "p", "c", "C", "", count) for n, count in counts.items()]
    readers = SimpleNamespace(judged=lambda tasks: (dataset for dataset, _ in tasks))
    monkeypatch.setattr(smoke_test, "Readers", lambda *_, **__: readers)
    judged: Any = smoke_test._judged(job(tmp_path), table)
    assert [dataset.dataset_id for dataset in judged] == ["d-2", "d-3", "d-1"]


def test_the_journal_says_all_of_a_datasets_outcome(tmp_path: Path) -> None:
    told = DatasetOutcome(
        dataset_id="d-1",
        title="T",
        outcome=Outcome.FAILED,
        reasons=(Finding(reason=Reason.TERM_UNKNOWN, column="disease", values=("X:1",), count=3),),
        notes=("it says another version",),
        absent=("suspension_type",),
    )

    class Told:
        def write(self, _: object) -> tuple[DatasetOutcome, ...]:
            return (told,)

    with Journal(tmp_path / JOURNAL) as journal:
        _write([], journal, RetryingWriter(lambda: cast("Writer", Told()), seconds=0))
    dataset = CensusDataset("d-1", "v", "T", "d.h5ad", "c", "C", "", 1)
    assert outcomes_of_journal(read_journal(tmp_path / JOURNAL), [dataset]) == (told,)
