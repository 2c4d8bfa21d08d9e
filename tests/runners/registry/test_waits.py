"""How long a database's silence is borne, and what is said of it, by a socket of the test's own."""

import socket
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

import psycopg2
import pytest
from psycopg2 import extensions

from runners.registry import waiting

READ, WRITE, OK = extensions.POLL_READ, extensions.POLL_WRITE, extensions.POLL_OK


class Connection:
    """A connection that is asked for its state, and waits for its socket."""

    def __init__(self, own: socket.socket, states: Sequence[int], status: int) -> None:
        self._states = list(states)
        self.fileno = own.fileno
        self.status = status

    def poll(self) -> int:
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    own, other = socket.socketpair()
    with own, other:
        yield own, other


def waited(
    own: socket.socket, *states: int, status: int = extensions.STATUS_READY
) -> tuple[str, float]:
    """How a wait ends, and after how many seconds."""
    began, connection = monotonic(), Connection(own, states, status)
    try:
        waiting.wait(connection)
    except psycopg2.OperationalError as error:
        return str(error), monotonic() - began
    return "", monotonic() - began


@pytest.mark.parametrize(
    ("patience", "limit"), [("600", 240), ("700", 240), ("100", 40), ("1", 0.4)]
)
def test_a_silence_is_borne_for_four_minutes_or_for_a_share_of_the_patience(
    monkeypatch: pytest.MonkeyPatch, patience: str, limit: float
) -> None:
    monkeypatch.setenv("PATIENCE_SECONDS", patience)
    assert waiting.limit() == pytest.approx(limit)


@pytest.mark.parametrize("states", [(OK,), (WRITE, OK), (READ, WRITE, READ, OK)])
def test_an_answer_ends_the_wait_and_nothing_is_said(
    ends: tuple[socket.socket, socket.socket],
    capsys: pytest.CaptureFixture[str],
    states: tuple[int, ...],
) -> None:
    own, other = ends
    other.send(b"an answer")
    said, seconds = waited(own, *states)
    assert (said, capsys.readouterr().err) == ("", "")
    assert seconds < 5


def test_a_connection_in_no_state_to_wait_in_is_given_up_at_once(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    said, seconds = waited(ends[0], 99)
    assert said == "the connection is in state 99"
    assert seconds < 5


def test_a_silence_is_said_once_and_ends(
    ends: tuple[socket.socket, socket.socket],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATIENCE_SECONDS", "0.5")
    said, seconds = waited(ends[0], READ)
    assert said == "no answer for 0 s"
    assert seconds >= 0.2
    assert capsys.readouterr().err.count("the database has not answered for 0 s; waiting on") == 1


def test_who_is_not_let_in_yet_is_given_up_sooner(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATIENCE_SECONDS", "12")
    monkeypatch.setattr(waiting, "CONNECT_SECONDS", 0.05)
    said, seconds = waited(ends[0], READ, status=extensions.STATUS_SETUP)
    assert (said, seconds < 4) == ("no answer for 0 s", True)


@pytest.mark.parametrize(
    "status", [extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED]
)
def test_who_was_let_in_is_borne_for_longer(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("PATIENCE_SECONDS", "0.5")
    monkeypatch.setattr(waiting, "CONNECT_SECONDS", 0)
    said, seconds = waited(ends[0], READ, status=status)
    assert (said, seconds >= 0.2) == ("no answer for 0 s", True)


def test_from_the_beginning_all_connections_are_waited_for_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(extensions, "set_wait_callback", begun.append)
    waiting.begin()
    assert begun == [waiting.wait]
