"""Statements and round trips of a PostgreSQL client, read off the bytes that pass
(https://www.postgresql.org/docs/15/protocol-message-formats.html).

Knows the simple protocol, which psycopg2 speaks, without TLS.
"""

import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
TABLE = re.compile(rb'(?:FROM|INTO|UPDATE|COPY)\s+"?(?:public"?\."?)?(\w+)', re.IGNORECASE)


@dataclass(frozen=True)
class Exchange:
    """A statement: its kind (`INSERT lamindb_artifact`), when it was sent and answered."""

    kind: str
    sent: float
    answered: float


@dataclass
class Statements:
    """What all connections asked; `waits` are the times of answers that somebody waited for."""

    exchanges: list[Exchange] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def watching(self) -> tuple[Callable[[bytes], None], Callable[[bytes], None]]:
        """What sees the client's bytes and the server's, of one connection."""
        connection = _Connection(self)
        return connection.sent, connection.received


class _Connection:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._out, self._in = bytearray(), bytearray()
        self._is_started = self._is_refusal_due = False
        self._asked: tuple[str, float] | None = None

    def sent(self, data: bytes) -> None:
        self._out += data
        while (size := self._size_sent()) is not None and len(self._out) >= size:
            message = bytes(self._out[:size])
            del self._out[:size]
            if not self._is_started:
                (code,) = struct.unpack_from("!i", message, 4)
                self._is_refusal_due = code in (SSL_REQUEST, GSS_REQUEST)
                self._is_started = not self._is_refusal_due
            elif message[:1] == b"Q":
                self._asked = kind_of(message[5:-1]), time.time()

    def _size_sent(self) -> int | None:
        return _size(self._out, 1 if self._is_started else 0)

    def received(self, data: bytes) -> None:
        self._in += data
        if self._is_refusal_due and self._in:  # one letter, which is no message
            del self._in[:1]
            self._is_refusal_due = False
            self._statements.waits.append(time.time())
        while (size := _size(self._in, 1)) is not None and len(self._in) >= size:
            letter = bytes(self._in[:1])
            del self._in[:size]
            if letter in (b"Z", b"G"):  # ReadyForQuery, CopyInResponse
                self._statements.waits.append(time.time())
            if letter == b"Z" and self._asked:
                self._statements.exchanges.append(Exchange(*self._asked, time.time()))
                self._asked = None


def _size(data: bytearray, start: int) -> int | None:
    """Bytes of the first message, once it says so; its length stands after so many bytes."""
    if len(data) < start + 4:
        return None
    (length,) = struct.unpack_from("!i", data, start)
    return start + int(length)


def kind_of(statement: bytes) -> str:
    """The first word of a statement, and the table that it is about."""
    verb = statement.split(None, 1)[0].upper().rstrip(b";") if statement.strip() else b""
    table = TABLE.search(statement)
    return b" ".join([verb, table[1]] if table else [verb]).decode(errors="replace")
