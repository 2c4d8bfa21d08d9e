"""Errors of the database and of storage as sentences, which say what to do about them.

Those that a repeat can mend are an OutageError. They are told by PostgreSQL's SQLSTATE
(https://www.postgresql.org/docs/current/errcodes-appendix.html) and SQLite's result codes
(https://www.sqlite.org/rescode.html); by words only where there is no code. Must not repeat what
remembers rows, as a writer does: they may have been rolled back.
"""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.error import URLError

from botocore import exceptions as aws
from django.conf import settings as django_settings
from django.db import Error, connection
from httpx import TransportError

from runners import settings
from runners.contract import ContractError
from runners.h5ad.address import is_refused, remedy
from runners.retries import OutageError, retry_outages

Result = TypeVar("Result")

PASSING = {errno.EBUSY, errno.EIO}
"""The errno by which s3fs reports throttling and the storage's own errors."""

TRANSIENT = (
    aws.ConnectionError,
    aws.HTTPClientError,
    aws.IncompleteReadError,
    aws.ChecksumError,
    aws.FlexibleChecksumError,
)
"""botocore's own errors of which a repeat may be free; it has others for what is set up wrong."""


@dataclass(frozen=True)
class Failure:
    """What the database does, and what a person can do about it.

    `passes` where time mends it, `clashes` where somebody may have written or deleted the same row
    at the same moment.
    """

    what: str
    remedy: str
    passes: bool = False
    clashes: bool = False


class ClashError(ContractError):
    """A row is in the way, or gone: done again on the rows as they are now, it may go well."""


LATER = "run it again later: it goes on"
SILENT = Failure("does not answer", LATER, passes=True)
CONTENDED = Failure("is being written to by somebody else, at the same rows", LATER, passes=True)
TIMED_OUT = Failure(
    "has ended a statement that took longer than it may",
    f"raise statement_timeout for this role, or {LATER}",
    passes=True,
)
FULL = Failure("has no space left on its disk", "free some and run it again: it goes on")
READ_ONLY = Failure(
    "can only be read",
    "make it and its folder writable for this user, or name the instance whose database is",
)
UNREADABLE = Failure(
    "can't be opened", "check that its file and folder are there and that this user may write them"
)
DAMAGED = Failure(
    "can't read or write its own files", "let its administrator check disk and backups"
)
DENIED = Failure(
    "refuses this to our role",
    "grant it select, insert, update and delete on all tables and usage of all sequences, or log "
    "in with a role that has them",
)
NO_LOGIN = Failure("doesn't let us log in", "correct the address of the instance's database")
IN_THE_WAY = Failure(
    "refuses a row, because of one that stands or one that is gone",
    "restore or delete for good what is in the trash, and run it again: it goes on",
    clashes=True,
)
SEQUENCE_BEHIND = Failure(
    "gives a new row the id of one that stands",
    "set the table's sequence to its highest id with setval, and run it again: it goes on",
)
REFUSED_VALUE = Failure(
    "refuses a value", "leave the dataset that has it out, or have it corrected where it is from"
)
NO_CREDENTIALS = Failure("refuses whoever asks", remedy(anonymous=False))
OTHER_TABLES = Failure(
    "has not the tables of this lamindb", "let its administrator run `lamin migrate deploy`"
)

POSTGRESQL = {
    "08": SILENT,
    "22": REFUSED_VALUE,
    "23": IN_THE_WAY,
    "25006": READ_ONLY,
    "25P03": SILENT,
    "28": NO_LOGIN,
    "3D": NO_LOGIN,
    "40": CONTENDED,
    "42501": DENIED,
    "42703": OTHER_TABLES,
    "42P01": OTHER_TABLES,
    "53": SILENT,
    "53100": FULL,
    "55P03": CONTENDED,
    "57014": TIMED_OUT,
    "57P": SILENT,
    "58": DAMAGED,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}
"""By SQLSTATE, or the beginning that it shares with others; the longest one counts."""

UNIQUE_VIOLATION = "23505"
PRIMARY_KEY = "_pkey"
"""How the names of PostgreSQL's constraints on primary keys end."""

SQLITE = {
    sqlite3.SQLITE_BUSY: Failure("is locked by another process", LATER, passes=True),
    sqlite3.SQLITE_LOCKED: CONTENDED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: UNREADABLE,
    sqlite3.SQLITE_PERM: UNREADABLE,
    sqlite3.SQLITE_IOERR: DAMAGED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: IN_THE_WAY,
    sqlite3.SQLITE_TOOBIG: REFUSED_VALUE,
}
"""By primary result code, the lowest byte of an extended one."""

LOGIN_WORDS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "not permitted")
"""Of a server that refuses a connection: psycopg2 gives no code then."""


@contextmanager
def explained(*, is_connected: bool = True) -> Iterator[None]:
    """Raises what fails within as a sentence; a connection that was lost is made again when needed.

    Before an instance `is_connected`, LaminHub is asked of one that isn't known here, and what that
    answers, or that it doesn't, is no outage.

    Raises:
        OutageError: time may mend it.
        ClashError: so may a repeat, once or twice.
        ContractError: a person can. Other errors stay as they are.
    """
    try:
        yield
    except Error as error:
        failure = failure_of(error)
        if failure is None:
            raise
        if failure.passes and django_settings.configured:
            connection.close()
        raise _explained("the database", failure, _reason(error)) from error
    except (TransportError, URLError) as error:  # by which LaminDB asks nobody else
        if not is_connected:
            raise
        raise _explained("LaminHub", SILENT, str(error)) from error
    except (aws.BotoCoreError, OSError) as error:
        if isinstance(error, aws.BotoCoreError) and is_refused(error):
            raise _explained("the storage", NO_CREDENTIALS, str(error)) from error
        if not _passes(error):
            raise
        raise _explained("the storage", SILENT, str(error)) from error


def patiently(step: Callable[[], Result]) -> Result:
    """What the step returns, which is repeated while the database doesn't answer.

    Raises: as `explained`.
    """

    def once() -> Result:
        with explained():
            return step()

    return retry_outages(once, seconds=settings.from_environment().patience_seconds)


def failure_of(error: BaseException) -> Failure | None:
    """What an error of Django's says of the database; None where the statement is at fault."""
    cause = _cause(error)
    if cause is None:
        return None
    if hasattr(cause, "pgcode"):
        return _of_postgresql(cause)
    return SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)


def _cause(error: BaseException | None) -> Any:
    """The driver's error behind Django's, or behind that of a transaction that broke before."""
    while error is not None:
        if hasattr(error, "pgcode") or hasattr(error, "sqlite_errorcode"):
            return error
        error = error.__cause__ or error.__context__
    return None


def _of_postgresql(cause: Any) -> Failure | None:
    code = cause.pgcode
    if code is None:  # nobody is left to give one, or nobody was reached
        return NO_LOGIN if any(word in str(cause) for word in LOGIN_WORDS) else SILENT
    if code == UNIQUE_VIOLATION and str(cause.diag.constraint_name).endswith(PRIMARY_KEY):
        return SEQUENCE_BEHIND
    return next((f for n in range(5, 1, -1) if (f := POSTGRESQL.get(code[:n]))), None)


def _reason(error: Error) -> str:
    """The database's own words, without the statement that it shows below them."""
    cause = _cause(error)
    diagnostics = getattr(cause, "diag", None)
    parts = (
        [diagnostics.message_primary, diagnostics.message_detail]
        if diagnostics is not None and diagnostics.message_primary
        else [str(cause)]
    )
    return ": ".join(filter(None, parts))


def _passes(error: aws.BotoCoreError | OSError) -> bool:
    if isinstance(error, OSError) and error.filename is not None:
        return False  # of this machine, as the journal: its last line may be there or not
    if isinstance(error, OSError) and error.errno in PASSING:
        return True
    return isinstance(error, (ConnectionError, TimeoutError, *TRANSIENT))


def _explained(system: str, failure: Failure, reason: str) -> ContractError:
    kind = ContractError
    if failure.passes or failure.clashes:
        kind = OutageError if failure.passes else ClashError
    words = " ".join(reason.split()).rstrip(".")
    return kind(f"{system} {failure.what} ({words}); {failure.remedy}.")
