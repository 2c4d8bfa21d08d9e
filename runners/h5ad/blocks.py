"""The bytes of a remote file, in blocks that are fetched side by side and kept for a while.

Must not know what the bytes mean. What somebody wants ahead is bounded here, whatever a file says.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

BLOCK = 128 * 1024
"""Bytes of a block; the unit of what is fetched and kept."""

MOST_AT_ONCE = 8
"""Blocks of one request, as far as they stand together: larger ones are fetched side by side."""

MOST_AHEAD = 128
"""Blocks that are fetched side by side, at most (16 MB)."""

MOST_GUESSED = 128
"""Blocks that are fetched of a file because something in it names them, at most (16 MB)."""

MOST_CONNECTIONS = 32
"""Requests that are on their way at once, at most."""

MOST_KEPT = 192
"""Blocks that are kept, at most (24 MB): those used last. While some are fetched, these and their
answers stand beside them: 56 MB were seen."""

Range: TypeAlias = tuple[int, int]
"""From a byte to the one before another."""


class Blocks:
    """A file of `size` bytes. `fetch` gives the bytes of several ranges, side by side."""

    def __init__(self, size: int, fetch: Callable[[Sequence[Range]], Sequence[bytes]]) -> None:
        self.size = size
        self._fetch = fetch
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._next, self._run = -1, 1
        self._guesses = MOST_GUESSED

    def read_into(self, buffer: bytearray | memoryview, start: int) -> int:
        """Fills the buffer with the bytes from `start` on, as far as the file has them, and says
        how many these are. They are held once: a chunk may take as much as all else.

        Raises:
            Exception: what `fetch` raises.
        """
        room = memoryview(buffer)
        end = min(start + len(room), self.size)
        if start >= end:
            return 0
        numbers = _blocks(start, end)
        for first in range(numbers.start, numbers.stop, MOST_AHEAD):
            for number in self._those(range(first, min(first + MOST_AHEAD, numbers.stop))):
                place = number * BLOCK
                found = memoryview(self._kept[number])[max(0, start - place) : end - place]
                at = max(0, place - start)
                room[at : at + len(found)] = found
        return end - start

    def _those(self, numbers: range) -> range:
        """The blocks, all of which are kept now. Who reads on is given more each time."""
        missing = [number for number in numbers if number not in self._kept]
        if missing:
            self._run = min(2 * self._run, MOST_AT_ONCE) if missing[0] == self._next else 1
            self._next = missing[-1] + self._run
            self._take([*missing, *self._missing(range(missing[-1] + 1, self._next))])
        for number in numbers:
            self._kept.move_to_end(number)
        self._forget()
        return numbers

    def kept(self, start: int, end: int) -> bytes:
        """The bytes of a range as far as they are kept, from its beginning on. Fetches nothing."""
        start, end = max(0, start), min(end, self.size)
        found = bytearray()
        for number in _blocks(start, end) if start < end else ():
            if number not in self._kept:
                break
            found += self._kept[number]
        skipped = start % BLOCK
        return bytes(found[skipped : skipped + end - start])

    def has(self, place: int) -> bool:
        """Whether the byte at that place is kept."""
        return place // BLOCK in self._kept

    def fetch_ahead(self, ranges: Iterable[Range]) -> None:
        """Fetches what lacks of the ranges, side by side; of more than MOST_AHEAD blocks the first.

        Raises:
            Exception: what `fetch` raises.
        """
        self._take(self._wanted(ranges, MOST_AHEAD))
        self._forget()

    def guess(self, ranges: Sequence[Range]) -> None:
        """The same of what may not be needed: MOST_GUESSED blocks in all, whatever is asked for."""
        wanted = self._wanted(ranges, self._guesses)
        self._guesses -= len(wanted)
        self._take(wanted)
        self._forget()

    def _wanted(self, ranges: Iterable[Range], most: int) -> list[int]:
        """The blocks that lack of the ranges, in order; of more than `most` the first named."""
        wanted: set[int] = set()
        for start, end in ranges:
            start, end = max(0, start), min(end, self.size)
            for number in self._missing(_blocks(start, end)) if start < end else ():
                if len(wanted) >= most:
                    return sorted(wanted)
                wanted.add(number)
        return sorted(wanted)

    def _missing(self, numbers: range) -> Iterator[int]:
        for number in numbers:
            if number * BLOCK < self.size and number not in self._kept:
                yield number

    def _take(self, numbers: Sequence[int]) -> None:
        """Fetches blocks, in order, and keeps them."""
        if not numbers:
            return
        runs = list(_runs(numbers))
        ranges = [(run[0] * BLOCK, min((run[-1] + 1) * BLOCK, self.size)) for run in runs]
        for run, data in zip(runs, self._fetch(ranges), strict=True):
            for place, number in enumerate(run):
                self._kept[number] = data[place * BLOCK : (place + 1) * BLOCK]

    def _forget(self) -> None:
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _blocks(start: int, end: int) -> range:
    return range(start // BLOCK, (end - 1) // BLOCK + 1)


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """The numbers, divided where they don't follow each other or are many."""
    run = [numbers[0]]
    for number in numbers[1:]:
        if number == run[-1] + 1 and len(run) < MOST_AT_ONCE:
            run.append(number)
        else:
            yield run
            run = [number]
    yield run
