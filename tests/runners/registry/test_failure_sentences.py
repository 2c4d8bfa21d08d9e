"""Every code by which a database refuses, as the sentence that a person reads, and as what comes of
it: whether a run waits, does the step again, or ends.
"""

import sqlite3
from collections.abc import Callable
from types import SimpleNamespace
from urllib.error import URLError

import httpx
import pytest
from botocore import exceptions as aws
from django.db import OperationalError

from runners.contract import ContractError
from runners.registry.failures import ClashError, explained, patiently
from runners.retries import OutageError

AGAIN = "run it again later: it goes on."


class OfPostgresql(Exception):  # noqa: N818 - as psycopg2 raises it
    """An error with a code, and with what it says in parts."""

    def __init__(self, code: str | None, *words: str | None, constraint: str = "") -> None:
        super().__init__("what is shown\nLINE 1: a statement")
        primary, detail = (*words, None, None)[:2]
        self.pgcode = code
        self.diag = SimpleNamespace(
            message_primary=primary, message_detail=detail, constraint_name=constraint
        )


class OfSqlite(Exception):  # noqa: N818 - as sqlite3 raises it
    def __init__(self, code: int) -> None:
        super().__init__("neen")
        self.sqlite_errorcode = code


def told(cause: Exception) -> Exception:
    """What is raised of an error of Django's with this cause."""
    error = OperationalError("of Django")
    error.__cause__ = cause
    with pytest.raises((ContractError, OperationalError)) as found, explained():
        raise error
    raised: Exception = found.value
    return raised


@pytest.mark.parametrize(
    ("codes", "kind", "what", "remedy"),
    [
        ("08000 08006 25P03 53000 53200 53300 57P01 57P03", OutageError, "does not answer", AGAIN),
        ("40001 40P01 40003 55P03", OutageError, "is being written to by somebody else", AGAIN),
        (
            "57014",
            OutageError,
            "has ended a statement",
            f"raise statement_timeout for this role, or {AGAIN}",
        ),
        ("53100", ContractError, "has no space left", "free some and run it again: it goes on."),
        (
            "25006",
            ContractError,
            "can only be read",
            "make it and its folder writable for this user",
        ),
        (
            "28000 28P01 3D000",
            ContractError,
            "doesn't let us log in",
            "correct the address of the ",
        ),
        (
            "42501",
            ContractError,
            "refuses this to our role",
            "grant it select, insert, update and ",
        ),
        (
            "42703 42P01",
            ContractError,
            "has not the tables of this lamindb",
            "let its administrator ",
        ),
        ("58000 58030 XX001 XX002", ContractError, "can't read or write its own files", "let its "),
        (
            "22001 22021 22P02",
            ContractError,
            "refuses a value",
            "leave the dataset that has it out",
        ),
        (
            "23502 23503 23505 23514",
            ClashError,
            "refuses a row, because",
            "restore or delete for good",
        ),
    ],
)
def test_what_postgresql_refuses(codes: str, kind: type, what: str, remedy: str) -> None:
    for code in codes.split():
        error = told(OfPostgresql(code, "neen"))
        assert type(error) is kind, code
        assert str(error).startswith(f"the database {what}"), code
        assert f" (neen); {remedy}" in str(error), code


@pytest.mark.parametrize("code", ["42601", "0A000", "25P02", "55000", "57000", "XX000", "42P99"])
def test_what_is_our_own_fault_in_postgresql_is_no_sentence(code: str) -> None:
    assert type(told(OfPostgresql(code, "neen"))) is OperationalError


@pytest.mark.parametrize(
    ("codes", "kind", "what"),
    [
        ((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT), OutageError, "is locked by another"),
        (
            (sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_LOCKED_SHAREDCACHE),
            OutageError,
            "is being written",
        ),
        ((sqlite3.SQLITE_FULL,), ContractError, "has no space left on its disk"),
        (
            (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_READONLY_DBMOVED),
            ContractError,
            "can only be read",
        ),
        ((sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM), ContractError, "can't be opened"),
        (
            (
                sqlite3.SQLITE_IOERR,
                sqlite3.SQLITE_IOERR_WRITE,
                sqlite3.SQLITE_CORRUPT,
                sqlite3.SQLITE_NOTADB,
            ),
            ContractError,
            "can't read or write its own files",
        ),
        (
            (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_CONSTRAINT_UNIQUE),
            ClashError,
            "refuses a row",
        ),
        ((sqlite3.SQLITE_TOOBIG,), ContractError, "refuses a value"),
        ((sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE), OperationalError, ""),
    ],
)
def test_what_sqlite_refuses(codes: tuple[int, ...], kind: type, what: str) -> None:
    for code in codes:
        error = told(OfSqlite(code))
        assert type(error) is kind, code
        assert str(error).startswith(f"the database {what}") is bool(what), code


@pytest.mark.parametrize(
    ("words", "is_login"),
    [
        ("password authentication failed", True),
        ('role "x" does not exist', True),
        ("no pg_hba.conf entry for host", True),
        ("connection is not permitted", True),
        ("server closed the connection unexpectedly", False),
    ],
)
def test_a_server_that_gives_no_code_is_silent_unless_it_lets_nobody_in(
    words: str, is_login: bool
) -> None:
    cause = OfPostgresql(None)
    cause.args = (words,)
    error = told(cause)
    assert type(error) is (ContractError if is_login else OutageError)
    assert f"({words})" in str(error)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("it stands.", None), "(it stands)"),
        (("it stands", "Key (uid)=(a)\n exists."), "(it stands: Key (uid)=(a) exists)"),
        ((None, "a detail"), "(what is shown LINE 1: a statement)"),
    ],
)
def test_the_database_s_own_words_are_told_in_a_line(
    words: tuple[str | None, ...], said: str
) -> None:
    assert f" {said}; " in str(told(OfPostgresql("23505", *words)))


@pytest.mark.parametrize(
    ("constraint", "is_sequence"), [("t_pkey", True), ("t_pkey_key", False), ("t_uid_key", False)]
)
def test_only_a_primary_key_that_is_given_twice_is_the_sequence_s_fault(
    constraint: str, is_sequence: bool
) -> None:
    for code in ("23505", "23503"):
        said = str(told(OfPostgresql(code, "neen", constraint=constraint)))
        is_told = said.startswith("the database gives a new row the id of one that stands (neen); ")
        assert is_told is (is_sequence and code == "23505")


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), URLError("nobody")]
)
def test_laminhub_s_silence_is_an_outage_only_where_an_instance_is_connected(
    error: Exception,
) -> None:
    with pytest.raises(OutageError, match=r"^LaminHub does not answer \(.*\); run it"), explained():
        raise error
    with pytest.raises(type(error)) as found, explained(is_connected=False):
        raise error
    assert found.value is error


@pytest.mark.parametrize(
    "error",
    [aws.ConnectTimeoutError(endpoint_url="x"), aws.ChecksumError(
        checksum_type="a", expected_checksum="b", actual_checksum="c"), aws.ProxyConnectionError(
        proxy_url="x"), BrokenPipeError("gone")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_storage_that_breaks_off_is_an_outage_also_before_an_instance_is_connected(
    error: Exception,
) -> None:
    with pytest.raises(OutageError, match=r"^the storage does not answer \("):  # noqa: SIM117
        with explained(is_connected=False):
            raise error


def failing(errors: list[Exception]) -> Callable[[], str]:
    def step() -> str:
        if errors:
            raise errors.pop(0)
        return "done"

    return step


def test_a_step_is_repeated_after_an_outage_and_after_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runners.retries.FIRST_PAUSE", 0.001)
    monkeypatch.setenv("PATIENCE_SECONDS", "5")
    outages: list[Exception] = [ConnectionResetError("reset"), TimeoutError("slow")]
    assert patiently(failing(outages)) == "done"
    clash = OperationalError("of Django")
    clash.__cause__ = OfPostgresql("23505", "neen")
    with pytest.raises(ClashError):
        patiently(failing([clash]))
    with pytest.raises(KeyError):
        patiently(failing([KeyError("ours")]))
