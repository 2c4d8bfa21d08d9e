"""What it means for a file that its storage doesn't give it, and how it is asked for.

A double of s3fs stands in for the storage: its files are opened and fetched as s3fs does it.
"""

import errno
import gc
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import h5py
import numpy as np
import pytest
from botocore import exceptions as aws
from fsspec.asyn import get_loop

from runners.contract import Reason
from runners.h5ad import errors, ranges
from runners.h5ad.address import PrivateAddress, address_of, is_anonymous, is_refused, remedy
from runners.h5ad.errors import (
    FileArchivedError,
    FileError,
    FileForbiddenError,
    FileMissingError,
    FilePointsElsewhereError,
)
from runners.h5ad.profile import read_profile
from runners.h5ad.ranges import open_h5ad
from runners.retries import OutageError

ADDRESS = "s3://b/k"


def client_error(code: str) -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code}}, "GetObject")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@dataclass
class Storage:
    """As much of s3fs as is needed: one file, and what is raised instead of it."""

    path: Path
    anon: bool = True
    refuses_to_open: Exception | None = None
    refuses_ranges: Exception | None = None
    cut: int = 0
    opened: list[dict[str, Any]] = field(default_factory=list)
    versions: set[str | None] = field(default_factory=set)
    loop: ClassVar[Any] = get_loop()

    def open(self, address: str, mode: str, cache_type: str) -> "Stream":
        assert (address, mode, cache_type) == (ADDRESS, "rb", "none")
        if self.refuses_to_open:
            raise self.refuses_to_open
        return Stream(self, self.path.stat().st_size)

    async def fetch(self, *asked: Any) -> bytes:
        _, bucket, key, version, start, end, keywords = asked
        assert (bucket, key, keywords) == ("b", "k", {"IfMatch": "tag"})
        self.versions.add(version)
        if self.refuses_ranges:
            raise self.refuses_ranges
        return self.path.read_bytes()[start : end - self.cut]


@dataclass
class Stream:
    fs: Storage
    size: int
    is_closed: bool = False
    path, bucket, key, version_id = "b/k", "b", "k", "version"
    details: ClassVar[dict[str, str]] = {"ETag": "tag"}
    req_kw: ClassVar[dict[str, str]] = {"IfMatch": "tag"}

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "file.h5ad", "w") as made:
        made["numbers"] = np.arange(100_000)
    return tmp_path / "file.h5ad"


@pytest.fixture
def storage(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    made = Storage(file)

    def filesystem(protocol: str, **given: Any) -> Storage:
        made.opened.append({"protocol": protocol, **given})
        made.anon = given["anon"]
        return made

    monkeypatch.setattr(fsspec, "filesystem", filesystem)
    monkeypatch.setattr("s3fs.core._inner_fetch", made.fetch)
    yield made
    gc.enable()


@pytest.mark.parametrize(
    ("address", "anonymous"), [(ADDRESS, True), (PrivateAddress(ADDRESS), False)]
)
def test_a_file_is_asked_for_as_its_address_says(
    storage: Storage, address: str, anonymous: bool
) -> None:
    """Of botocore's own repeats there are none: they would wait for minutes."""
    with open_h5ad(address) as opened:
        assert opened.root["numbers"][-1] == 99_999
        assert (opened.size, opened.etag) == (storage.path.stat().st_size, "tag")
        assert opened.stored(0, 4) == b"\x89HDF"
        assert not gc.isenabled()
    assert gc.isenabled()
    client = {"retries": {"mode": "standard", "total_max_attempts": 1}, "max_pool_connections": 32}
    assert storage.opened == [{"protocol": "s3", "anon": anonymous, "config_kwargs": client}]
    assert storage.versions == {"version"}


def test_a_stream_has_the_address_by_which_it_was_opened(storage: Storage) -> None:
    for anonymous in (True, False):
        storage.anon = anonymous
        address = address_of(storage.open(ADDRESS, "rb", "none"))
        assert (address, is_anonymous(address)) == (ADDRESS, anonymous)
    assert is_anonymous("/a/path")


def test_a_local_file_gives_the_bytes_between_two_places(file: Path) -> None:
    with open_h5ad(str(file)) as opened:
        assert opened.stored(1, 4) == b"HDF"
        assert opened.stored(4, 8) == file.read_bytes()[4:8]
        assert (opened.size, opened.etag, opened.blocks) == (file.stat().st_size, None, None)


@pytest.mark.parametrize(
    ("whole", "is_looked_at"), [(False, False), (True, True)], ids=["in part", "whole"]
)
def test_parts_elsewhere_of_a_remote_file_are_looked_for_where_it_is_read_whole(
    storage: Storage, whole: bool, is_looked_at: bool
) -> None:
    with h5py.File(storage.path, "r+") as file:
        file["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")

    def read() -> int:
        with open_h5ad(ADDRESS, whole=whole) as opened:
            return int(opened.root["numbers"][3])

    if not is_looked_at:
        assert read() == 3
        return
    with pytest.raises(FilePointsElsewhereError, match=f"^{ADDRESS}: elsewhere is an ext"):
        read()


def test_parts_elsewhere_of_a_local_file_are_looked_for_in_any_case(file: Path) -> None:
    with h5py.File(file, "r+") as made:
        made["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(FilePointsElsewhereError), open_h5ad(str(file), whole=False):
        pass


NOBODY = [
    PermissionError("403"),
    aws.NoCredentialsError(),
    aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
    aws.ProfileNotFound(profile="mine"),
    aws.CredentialRetrievalError(provider="sso", error_msg="expired"),
    aws.TokenRetrievalError(provider="sso", error_msg="expired"),
    aws.LoginRefreshRequired(),
    aws.SSOError(),
    aws.UnauthorizedSSOTokenError(),
]
PASSING = [
    OSError("slow down"),
    TimeoutError("slow"),
    aws.EndpointConnectionError(endpoint_url="https://s3"),
    client_error("InternalError"),
    ConnectionResetError("gone"),
    RuntimeError("of the client"),
]
ARCHIVED = [
    client_error("InvalidObjectState"),
    caused(OSError("403"), client_error("InvalidObjectState")),
    caused(PermissionError("403"), caused(OSError("x"), client_error("InvalidObjectState"))),
]


@pytest.mark.parametrize("error", NOBODY, ids=repr)
def test_who_is_refused_or_has_no_credentials_is_refused(error: Exception) -> None:
    assert is_refused(error)


@pytest.mark.parametrize("error", [*PASSING, ARCHIVED[0], FileNotFoundError("404")], ids=repr)
def test_what_may_be_otherwise_next_time_is_no_refusal(error: Exception) -> None:
    assert not is_refused(error)


FORBIDDEN = "the storage refuses to show it"
IN_ARCHIVE = "the storage keeps it in an archive"
SILENT = "the storage does not answer"


@pytest.mark.parametrize("when", ["opened", "fetched"])
@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        *((each, FileForbiddenError, FORBIDDEN) for each in NOBODY),
        *((each, FileArchivedError, IN_ARCHIVE) for each in ARCHIVED),
        *((each, OutageError, SILENT) for each in PASSING),
    ],
    ids=repr,
)
def test_what_a_storage_fails_at_is_a_refusal_an_archive_or_an_outage(
    storage: Storage, error: Exception, kind: type[Exception], told: str, when: str
) -> None:
    if when == "opened":
        storage.refuses_to_open = error
    else:
        storage.refuses_ranges = error
    with pytest.raises(kind) as refused, open_h5ad(ADDRESS):
        pass
    assert type(refused.value) is kind
    assert str(refused.value).startswith(f"{ADDRESS}: {told} (")
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (ADDRESS, "it was read anonymously: make it public"),
        (PrivateAddress(ADDRESS), "it was read with AWS credentials: give some"),
    ],
)
@pytest.mark.parametrize("when", ["opened", "fetched"])
def test_who_is_refused_is_told_what_to_do_by_how_it_asked(
    storage: Storage, address: str, words: str, when: str
) -> None:
    setattr(storage, f"refuses_{'to_open' if when == 'opened' else 'ranges'}", PermissionError("x"))
    with pytest.raises(FileForbiddenError) as refused, open_h5ad(address):
        pass
    assert f"{FORBIDDEN} (x); {words}" in str(refused.value)
    assert words in remedy(anonymous=is_anonymous(address))


def test_a_file_that_isn_t_there_is_missing_and_no_outage(storage: Storage) -> None:
    storage.refuses_to_open = FileNotFoundError(ADDRESS)
    with pytest.raises(FileNotFoundError), open_h5ad(ADDRESS):
        pass
    with pytest.raises(FileMissingError, match=f"^{ADDRESS}$"):
        read_profile(ADDRESS, ())


def test_fewer_bytes_than_were_asked_for_are_none(storage: Storage) -> None:
    storage.cut = 1
    with pytest.raises(OutageError, match=r"0 of 1 bytes came from 0 on|bytes came from"):
        open_h5ad(ADDRESS).__enter__()


def test_memory_that_this_process_lacks_is_no_outage(storage: Storage) -> None:
    storage.refuses_ranges = MemoryError()
    with pytest.raises(MemoryError), open_h5ad(ADDRESS):
        pass


def fails_to_open(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(h5py, "File", refuse)


DISK = [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENOLCK]


@pytest.mark.parametrize("number", DISK, ids=errno.errorcode.get)
@pytest.mark.parametrize(
    "raised",
    [
        lambda number: OSError(number, "of the system"),
        lambda number: OSError(f"unable to read (errno = {number}, error message = 'x')"),
        lambda number: RuntimeError(f"of HDF5 (errno = {number})"),
        lambda number: KeyError(f"of HDF5 (errno = {number})"),
    ],
)
def test_a_disk_that_fails_says_nothing_of_the_file(
    monkeypatch: pytest.MonkeyPatch, raised: Any, number: int
) -> None:
    fails_to_open(monkeypatch, raised(number))
    with pytest.raises(OutageError, match=f"^/a/file: {SILENT}"), open_h5ad("/a/file"):
        pass


@pytest.mark.parametrize(
    "error",
    [
        OSError("unable to open file (file signature not found)"),
        OSError("unable to read (errno = 22, error message = 'invalid')"),
        KeyError("no such object"),
        FileNotFoundError(errno.ENOENT, "not there"),
        IsADirectoryError(errno.EISDIR, "a folder"),
    ],
    ids=repr,
)
def test_what_a_local_file_fails_at_itself_stays_its_own_fault(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fails_to_open(monkeypatch, error)
    with pytest.raises(type(error)) as raised, open_h5ad("/a/file"):
        pass
    assert raised.value is error


def test_a_local_file_that_others_may_read_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_to_open(monkeypatch, PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(FileForbiddenError) as refused, open_h5ad("/a/file"):
        pass
    assert str(refused.value).startswith(f"/a/file: {FORBIDDEN} (")
    assert str(refused.value).endswith("; let this user read it.")


def test_each_error_of_a_file_has_its_own_reason() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    own = {kind.__name__: kind.reason for kind in kinds if hasattr(kind, "reason")}
    assert own == {
        "FileMissingError": Reason.FILE_MISSING,
        "FileForbiddenError": Reason.FILE_FORBIDDEN,
        "FileArchivedError": Reason.FILE_ARCHIVED,
        "FileUnreadableError": Reason.FILE_UNREADABLE,
        "FilePointsElsewhereError": Reason.FILE_POINTS_ELSEWHERE,
        "FileTooLargeError": Reason.FILE_TOO_LARGE,
    }
    assert all(issubclass(vars(errors)[name], FileError) for name in own)


@pytest.mark.parametrize(
    ("moves", "place", "read"),
    [
        ([(4, io.SEEK_SET)], 4, b"\r\n"),
        ([(4, io.SEEK_SET), (-3, io.SEEK_CUR)], 1, b"HD"),
        ([(-2, io.SEEK_END)], -2, None),
        ([], 0, b"\x89H"),
    ],
)
def test_a_remote_file_is_read_from_where_it_was_moved_to(
    storage: Storage, moves: list[tuple[int, int]], place: int, read: bytes | None
) -> None:
    stream = storage.open(ADDRESS, "rb", "none")
    content = storage.path.read_bytes()
    with ranges._Watched(stream) as watched:
        at = 0
        for offset, whence in moves:
            at = watched.seek(offset, whence)
        assert at == watched.tell() == place % len(content)
        assert watched.read(2) == (read or content[place:])
        assert watched.tell() == place % len(content) + 2
        assert watched.readable()
        assert watched.seekable()
    assert stream.is_closed
