"""Errors of the database and of storage that a repeat can mend, raised as OutageError.

Must not repeat anything itself: what was rolled back may still be remembered by a writer.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError
from django.db import InterfaceError, OperationalError, connection

from runners.retries import OutageError

PASSING = {errno.EBUSY, errno.EIO}
"""The errno by which s3fs reports throttling and the storage's own errors."""

LOST = ("08", "40", "53", "57P")
"""PostgreSQL's classes of errors: the connection, another transaction that changed the same row,
resources, and somebody who shuts it down.
"""


@contextmanager
def raise_outages() -> Iterator[None]:
    """Raises OutageError for what passes; a connection that was lost is made again when needed."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if not is_lost(error):
            raise
        connection.close()
        raise _outage("the database", error) from error
    except (BotoCoreError, OSError) as error:
        if isinstance(error, OSError) and not _passes(error):
            raise
        raise _outage("the storage", error) from error


def is_lost(error: Exception) -> bool:
    """True unless the statement is at fault, or the database itself.

    The connection can't be asked: Django makes a new one on its way out of a transaction.
    """
    cause: Any = error.__cause__
    if hasattr(cause, "pgcode"):  # PostgreSQL gives no code where nobody is left to give one
        return cause.pgcode is None or cause.pgcode.startswith(LOST)
    return getattr(cause, "sqlite_errorname", None) == "SQLITE_BUSY"


def _passes(error: OSError) -> bool:
    return isinstance(error, ConnectionError | TimeoutError) or error.errno in PASSING


def _outage(system: str, error: Exception) -> OutageError:
    reason = " ".join(str(error).split()).rstrip(".")
    return OutageError(f"{system} does not answer ({reason}); run it again later: it goes on.")
