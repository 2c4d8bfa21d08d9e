"""What stands between in the benchmark really delays and limits; what it counts is what was asked.

Only least times are compared: a busy machine may take any longer.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import postgres
import psycopg2
import pytest

from runners.ingest.steps import BATCH

from .distance import Distance, Line, proxy
from .far import LTS, Cell
from .intervals import longest_chain, seconds, together
from .release import STEADY
from .report import released_far
from .statements import Statements, kind_of
from .working import seconds_per_dataset

FAST = 1e12


@contextmanager
def echo() -> Iterator[int]:
    """The port of a server that answers each connection with what it is sent, to its end."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def answer(connection: socket.socket) -> None:
            with closing(connection):
                while data := connection.recv(2**16):
                    connection.sendall(data)

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=[connection], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def received(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(2**16)
        assert part, "the end came early"
        data += part
    return data


def test_an_answer_takes_a_round_trip_after_that_of_the_handshake() -> None:
    with echo() as port, proxy(port, Distance(0.2, FAST)) as far:
        start = time.monotonic()
        with closing(socket.create_connection(("127.0.0.1", far))) as connection:
            connection.sendall(b"one")
            assert received(connection, 3) == b"one"
            handshake_and_first = time.monotonic() - start
            connection.sendall(b"two")
            assert received(connection, 3) == b"two"
            both = time.monotonic() - start
    assert handshake_and_first >= 0.4
    assert both - handshake_and_first >= 0.199


def test_bytes_wait_for_their_turn_and_not_for_each_other_s_arrival() -> None:
    line = Line(100.0)
    assert [line.leaves_at(0.0, 100, 10.0) for _ in range(3)] == [11.0, 12.0, 13.0]
    assert line.leaves_at(50.0, 200, 10.0) == 62.0


def test_connections_share_the_bandwidth() -> None:
    with echo() as port, proxy(port, Distance(0.0, 1e6)) as far:
        start = time.monotonic()
        connections = [socket.create_connection(("127.0.0.1", far)) for _ in range(2)]
        for connection in connections:
            connection.sendall(b"x" * 150_000)
        for connection in connections:
            assert received(connection, 150_000) == b"x" * 150_000
            connection.close()
    assert time.monotonic() - start >= 0.3


def test_the_end_of_what_is_sent_arrives() -> None:
    with (
        echo() as port,
        proxy(port, Distance(0.01, FAST)) as far,
        closing(socket.create_connection(("127.0.0.1", far))) as connection,
    ):
        connection.sendall(b"last")
        connection.shutdown(socket.SHUT_WR)
        assert received(connection, 4) == b"last"
        assert connection.recv(1) == b""


def test_nobody_behind_the_proxy_ends_the_connection() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    with (
        proxy(port, Distance(0.0, FAST)) as far,
        closing(socket.create_connection(("127.0.0.1", far))) as connection,
    ):
        assert connection.recv(1) == b""


@postgres.needs_another_user
def test_statements_and_their_round_trips_are_counted(tmp_path: Path) -> None:
    statements = Statements()
    with postgres.server(tmp_path) as address:
        port = int(address.rpartition(":")[2])
        with proxy(port, Distance(0.02, FAST), statements.watching) as far:
            there = address.replace(f":{port}", f":{far}") + "/postgres"
            with closing(psycopg2.connect(there)) as connection:
                before = len(statements.waits)
                with connection, connection.cursor() as cursor:
                    cursor.execute("create temporary table things (id int)")
                    cursor.execute("insert into things select generate_series(1, 3)")
                    cursor.execute("select * from things")
                    assert len(cursor.fetchall()) == 3
    kinds = ["BEGIN", "CREATE", "INSERT things", "SELECT things", "COMMIT"]
    assert [each.kind for each in statements.exchanges] == kinds
    assert len(statements.waits) == before + len(kinds)
    assert all(each.answered - each.sent >= 0.019 for each in statements.exchanges)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (b'SELECT "a"."id" FROM "lamindb_artifact" a', "SELECT lamindb_artifact"),
        (b'UPDATE "lamindb_artifact" SET x = 1', "UPDATE lamindb_artifact"),
        (b"COMMIT", "COMMIT"),
        (b" ", ""),
    ],
)
def test_a_statement_has_its_verb_and_table_as_kind(statement: bytes, kind: str) -> None:
    assert kind_of(statement) == kind


def test_requests_side_by_side_are_one_round() -> None:
    head, *ranges = (0.0, 0.1), (1.0, 1.3), (1.1, 1.2), (1.15, 1.6), (2.5, 2.6)
    assert longest_chain([head, *ranges], apart=0.8) == 3
    assert longest_chain([head, *ranges], apart=0.0) == 3
    assert longest_chain([], apart=0.8) == 0


def test_times_in_common_count_once() -> None:
    reading, writing = [(0.0, 2.0), (1.0, 4.0), (6.0, 7.0)], [(3.0, 6.5), (3.5, 3.7)]
    assert together(reading, writing) == [(3.0, 4.0), (6.0, 6.5)]
    assert seconds([*reading, *writing]) == 7.0


def test_a_dataset_takes_what_the_slower_of_readers_and_writer_takes() -> None:
    count, begins = STEADY + 100, 1000.0
    ahead = [(number / 10, number / 10 + 1) for number in range(STEADY)]
    later = [(begins + 2 * number, begins + 2 * number + 2) for number in range(100)]
    slow, quick = [[begins + (n - BATCH + 1) * each for n in range(count)] for each in (3.0, 0.1)]
    assert seconds_per_dataset(slow, ahead + later) == pytest.approx(3)
    assert seconds_per_dataset(quick, ahead + later) == pytest.approx(2)


def test_the_released_curator_far_away_is_extrapolated_by_its_statements() -> None:
    cells = [Cell.read(text) for text in ("30/80/8", "30/20/2", "10/20/8")]
    found = [keys for _, keys in released_far(cells, marginal=2.0, statements=100.0)]
    assert found == [
        {"released_far_lts_hours_20": pytest.approx(LTS * 4 / 3600)},
        {"released_far_lts_hours_80": pytest.approx(LTS * 10 / 3600)},
    ]
