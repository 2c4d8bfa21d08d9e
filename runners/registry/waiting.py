"""Waits for PostgreSQL's answers in Python, where a signal is obeyed and a silence is noticed.

libpq would wait in C, without a word, for as long as the connection seems to stand; a proxy or a
load balancer lets it stand when nobody is behind it any more. Must not run a statement.
"""

import select
from time import monotonic
from typing import Any

import psycopg2
from psycopg2 import extensions

from runners import progress, settings

CONNECT_SECONDS = 20
"""What LaminDB gives libpq, which takes none while we wait ourselves
(https://www.psycopg.org/docs/advanced.html#coroutine-libraries-support)."""

SILENT_AFTER = 240
"""Seconds without a byte after which the server is taken for gone. Far more than any of our
statements takes, over a slow link too: the longest are a rollback's, of CHUNK ids each."""

SHARE = 0.4
"""Of the patience that an attempt may take, where that is less: there is time for a second one."""

SAID_AFTER = 30
"""Seconds without a byte after which it is said."""

STANDING = (
    extensions.STATUS_READY,
    extensions.STATUS_BEGIN,
    extensions.STATUS_PREPARED,
)
EVENTS = {
    extensions.POLL_READ: select.POLLIN,
    extensions.POLL_WRITE: select.POLLOUT,
}


def limit() -> float:
    """The seconds without a byte after which the server is taken for gone. A wait for somebody
    else's lock must end earlier, or it looks like that.
    """
    return min(SILENT_AFTER, settings.from_environment().patience_seconds * SHARE)


def begin() -> None:
    """From now on all connections of this process are waited for so."""
    extensions.set_wait_callback(wait)


def wait(connection: Any) -> None:
    """Returns when the connection has what was asked for.

    Raises:
        OperationalError: the server didn't answer for too long.
    """
    while (state := connection.poll()) != extensions.POLL_OK:
        if state not in EVENTS:
            raise psycopg2.OperationalError(f"the connection is in state {state}")
        _wait_for_socket(connection, EVENTS[state])


def _wait_for_socket(connection: Any, event: int) -> None:
    most = limit() if connection.status in STANDING else min(limit(), CONNECT_SECONDS)
    said_after = min(SAID_AFTER, most / 4)
    poller = select.poll()
    poller.register(connection.fileno(), event)
    since, is_said = monotonic(), False
    while not poller.poll(int(said_after * 500)):
        silent = monotonic() - since
        if silent > most:
            raise psycopg2.OperationalError(f"no answer for {most:.0f} s")
        if silent > said_after and not is_said:
            progress.say(f"the database has not answered for {silent:.0f} s; waiting on")
            is_said = True
