"""A TCP proxy on loopback that models distance: delay in each direction, and a limited bandwidth.

Not modelled: lost packets, slow start, TLS's handshake (one round trip more per connection; TCP's
own is), and a server that is busy.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

PIECE = 64 * 1024
"""Bytes that are passed on at once, at most."""

UNDER_WAY = 256
"""Pieces that one direction of a connection holds; then its sender has to wait."""

Watch = Callable[[bytes], None]
"""Is given what passes, when it comes in from the client or goes out to it."""


class Line:
    """One direction, which all connections share: when what comes in goes out, in seconds."""

    def __init__(self, bytes_per_second: float) -> None:
        self._bytes_per_second = bytes_per_second
        self._is_free_at = 0.0

    def leaves_at(self, now: float, size: int, delay: float) -> float:
        """Sends so many bytes after all before them."""
        self._is_free_at = max(now, self._is_free_at) + size / self._bytes_per_second
        return self._is_free_at + delay


@dataclass
class Distance:
    """What lies between: `round_trip` in seconds, which may be changed while a proxy runs."""

    round_trip: float
    bytes_per_second: float


def _ignore(data: bytes) -> None:
    """Watches nothing."""


def _unwatched() -> tuple[Watch, Watch]:
    return _ignore, _ignore


@contextmanager
def proxy(
    port: int, distance: Distance, watching: Callable[[], tuple[Watch, Watch]] = _unwatched
) -> Iterator[int]:
    """The port of a proxy before another port of loopback.

    `watching` makes, of each connection, what sees the client's bytes and the server's.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    passing = _Proxy(port, distance, watching)
    try:
        server = asyncio.run_coroutine_threadsafe(passing.start(), loop).result()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(_end(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Proxy:
    def __init__(
        self, port: int, distance: Distance, watching: Callable[[], tuple[Watch, Watch]]
    ) -> None:
        self._port, self._distance, self._watching = port, distance, watching
        self._up = Line(distance.bytes_per_second)
        self._down = Line(distance.bytes_per_second)

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent, received = self._watching()
        # loopback has accepted at once; the handshake would have taken a round trip
        await asyncio.sleep(self._distance.round_trip)
        with closing(writer):
            try:
                inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
                with closing(outer):
                    async with asyncio.TaskGroup() as both:
                        both.create_task(self._pass(reader, outer, self._up, seen_first=sent))
                        both.create_task(self._pass(inner, writer, self._down, seen_last=received))
            except* (OSError, asyncio.CancelledError):  # a side is gone, or the proxy ends
                pass

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        line: Line,
        *,
        seen_first: Watch = _ignore,
        seen_last: Watch = _ignore,
    ) -> None:
        """Takes in while what came before is still under way; the end arrives last."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(UNDER_WAY)

        async def send() -> None:
            while True:
                at, data = await queue.get()
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                if not data:
                    writer.write_eof()
                    return
                seen_last(data)
                writer.write(data)
                await writer.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            data = b"unread"
            while data:
                data = await reader.read(PIECE)
                seen_first(data)
                delay = self._distance.round_trip / 2
                await queue.put((line.leaves_at(time.monotonic(), len(data), delay), data))
