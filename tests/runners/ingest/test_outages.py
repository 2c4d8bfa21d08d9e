"""A storage that fails for a while: no file is condemned for it, and the run goes on.

The server stands in for S3. It knows HEAD and ranges of one bucket, and how to fail; it doesn't
model throttling by rate; of connections that hang there is one of its own.
"""

import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import plain_s3
import pytest
from loopback import LoopbackServer
from s3fs import S3FileSystem

from runners import retries
from runners.census.store import CensusDataset
from runners.contract import Reason
from runners.h5ad.errors import FileArchivedError, FileForbiddenError, FileUnreadableError
from runners.h5ad.profile import read_profile
from runners.retries import OutageError, retry_outages
from runners.sample.datasets import NEWER, by_key
from runners.sample.world import World
from runners.settings import from_environment
from runners.validation import check, readers

COLUMNS = ("assay_ontology_term_id", "cell_type_ontology_term_id", "is_primary_data")
WHOLE = f"{by_key('D01').dataset_id}.h5ad"
TRUNCATED = f"{by_key('D12').dataset_id}.h5ad"
DOWN = 10**6
ARCHIVED = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>InvalidObjectState</Code>
<Message>The operation is not valid for the object's storage class</Message>
<StorageClass>GLACIER</StorageClass></Error>"""


class Storage(LoopbackServer):
    """Serves a folder. Requests are counted, and those in `failing` fail by `how`: by a status, in
    the middle of the answer (`cut`), with less than was asked for (`short`), or because another
    file stands there by now (`replaced`). `collects` is whether garbage was, at each of them.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.requests = folder, 0
        self.collects: set[bool] = set()
        self.failing: range = range(0)
        self.how = "503"

    def fail(self, requests: range, how: str) -> None:
        self.requests, self.failing, self.how = 0, requests, how


class Handler(BaseHTTPRequestHandler):
    server: Storage
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def do_GET(self) -> None:
        self._answer(send=True)

    def _answer(self, *, send: bool) -> None:
        number, self.server.requests = self.server.requests, self.server.requests + 1
        is_failing = number in self.server.failing
        self.server.collects.add(gc.isenabled())
        etag = '"4567"' if is_failing and self.server.how == "replaced" else '"0123"'
        if self.headers.get("If-Match", etag) != etag:
            self.send_response(412)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if is_failing and self.server.how.isdigit():
            self.send_response(int(self.server.how))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if is_failing and self.server.how == "archived":
            body = ARCHIVED.encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        content = (self.server.folder / Path(self.path.partition("?")[0]).name).read_bytes()
        first, last = 0, len(content) - 1
        if asked := self.headers.get("Range"):
            first, last = (int(part) for part in asked.removeprefix("bytes=").split("-"))
        if is_failing and self.server.how == "short":
            last = (first + last) // 2
        body = content[first : last + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
        self.end_headers()
        if send and is_failing and self.server.how == "cut":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif send:
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def storage(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    server = Storage(world.newer.h5ads)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv(plain_s3.ENDPOINT, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # botocore's own patience takes seconds
    monkeypatch.setattr(S3FileSystem, "retries", 1)  # and so does s3fs's
    S3FileSystem.clear_instance_cache()
    yield server
    S3FileSystem.clear_instance_cache()
    server.shutdown()
    thread.join()
    server.server_close()


def read(name: str) -> int:
    return read_profile(
        f"s3://bucket/cell-census/{NEWER.version}/h5ads/{name}", COLUMNS
    ).n_observations


@pytest.mark.parametrize("how", ["500", "503", "cut", "short", "replaced"])
def test_whichever_request_fails_the_file_is_not_condemned(storage: Storage, how: str) -> None:
    expected = read(WHOLE)
    requests = storage.requests
    assert requests > 2
    for number in range(not how.isdigit(), requests):  # the first is HEAD, which has no body
        storage.fail(range(number, DOWN), how)
        with pytest.raises(OutageError, match=r"the storage does not answer \("):
            read(WHOLE)
    storage.fail(range(0), how)
    assert read(WHOLE) == expected


def test_garbage_is_left_while_a_file_is_read_and_collected_afterwards(storage: Storage) -> None:
    """Else s3fs's thread may wait for HDF5's lock, in whose hand this one waits for s3fs."""
    read(WHOLE)
    assert storage.collects == {False}
    assert gc.isenabled()


@pytest.mark.parametrize("how", ["503", "cut"])
def test_when_it_answers_again_the_file_is_read(
    storage: Storage, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = read(WHOLE)
    storage.fail(range(1, 3), how)
    slept: list[float] = []
    found = retry_outages(lambda: read(WHOLE), seconds=60, sleep=slept.append)
    assert found == expected
    assert slept
    assert "Trying again in 1 s." in capsys.readouterr().err


@pytest.mark.prove
def test_a_storage_that_accepts_and_never_answers_is_asked_five_times_an_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """s3fs's five times 15 s, shortened here; with botocore's own five for each it took minutes."""
    monkeypatch.setattr(S3FileSystem, "read_timeout", 0.1)
    S3FileSystem.clear_instance_cache()
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv(plain_s3.ENDPOINT, address)
        is_over = threading.Event()

        def accept() -> None:
            server.settimeout(0.1)
            while not is_over.is_set():
                with suppress(TimeoutError):
                    accepted.append(server.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            with pytest.raises(OutageError, match="the storage does not answer"):
                read(WHOLE)
        finally:
            is_over.set()
            thread.join()
            S3FileSystem.clear_instance_cache()
    assert len(accepted) == S3FileSystem.retries


def test_a_file_that_was_cut_is_condemned_all_the_same(storage: Storage) -> None:
    with pytest.raises(FileUnreadableError, match="truncated"):
        read(TRUNCATED)


@pytest.mark.parametrize(
    ("how", "error", "told"),
    [
        ("403", FileForbiddenError, "the storage refuses to show it"),
        ("archived", FileArchivedError, "the storage keeps it in an archive .*; have it restored"),
    ],
)
def test_what_the_storage_does_not_give_is_told_by_name(
    storage: Storage, how: str, error: type[Exception], told: str
) -> None:
    storage.fail(range(how == "archived", DOWN), how)  # HEAD knows an archived file
    with pytest.raises(error, match=f"^s3://bucket/.*{WHOLE}: {told}"):
        read(WHOLE)


@pytest.mark.parametrize("is_short", [True, False])
def test_a_file_is_judged_by_its_own_version_also_after_an_outage(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, is_short: bool
) -> None:
    monkeypatch.setenv("PATIENCE_SECONDS", "600" if is_short else "0.1")
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)
    for module in (check, readers):
        monkeypatch.setattr(module, "limit_memory", lambda megabytes: None)  # this is no reader
    storage.fail(range(1 if is_short else DOWN), "503")
    dataset = CensusDataset("d", "v", "T", WHOLE, "c", "C", "", 1)
    address = f"s3://bucket/cell-census/{NEWER.version}/h5ads/{WHOLE}"
    found = check.judge_by_own_version("7.1.0", from_environment().reference, dataset, address)
    if is_short:
        assert getattr(found, "schema_version", None) == "6.0.0"
    else:
        assert found.problem is not None
        assert found.problem.reason is Reason.FILE_NOT_ANSWERING


def test_one_file_that_the_storage_does_not_give_is_that_file_s_outcome(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENCE_SECONDS", "0.1")
    monkeypatch.setattr(readers, "limit_memory", lambda megabytes: None)  # this is no reader
    storage.fail(range(DOWN), "503")
    dataset = CensusDataset("d", "v", "T", WHOLE, "c", "C", "", 1)
    address = f"s3://bucket/cell-census/{NEWER.version}/h5ads/{WHOLE}"
    reference = from_environment().reference
    found = readers.validate_in_process("7.0.0", reference, dataset, address).problem
    assert found is not None
    assert found.reason is Reason.FILE_NOT_ANSWERING
    assert str(found.detail).startswith(f"{address}: the storage does not answer (")
