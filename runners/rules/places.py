"""Where many ids stand in a list of ids, found at once: by numbers that are their last bytes.

One by one, the 60,000 of a file take a third of its reading: each is a text elsewhere in memory.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 32
"""Bytes of the longest id that is found by numbers; Ensembl's have 15 to 18, some of a fly 28."""

MOST = 2**18
"""Ids that are found by numbers at once, for which there is memory; no gene table has more."""

WORD = 8
WHOLE = 2**64 - 1
LAST = np.array([WHOLE ^ (WHOLE >> 8 * kept) for kept in range(WORD + 1)], np.uint64)
"""By how many of a word's last bytes are the id's: what keeps these alone."""


class Places(dict[str, int]):
    """Id -> its place in a list that has each once."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__((each, place) for place, each in enumerate(ids))
        self._words = _words(ids)
        if self._words is not None:
            last_bytes, *_ = self._words
            self._order = np.argsort(last_bytes)
            self._sorted = last_bytes[self._order]
            if (self._sorted[1:] == self._sorted[:-1]).any():  # these alone don't tell them apart
                self._words = None

    def of(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Of shape (ids,); -1 for one that isn't there."""
        wanted = _words(ids) if self._words is not None and len(ids) <= MOST else None
        if self._words is None or wanted is None:
            return np.fromiter(map(self.get, ids, repeat(-1)), np.int64, len(ids))
        nearest = np.searchsorted(self._sorted, wanted[0])
        places = self._order[np.minimum(nearest, len(self._order) - 1)]
        for own, others in zip(self._words, wanted, strict=True):
            places[own[places] != others] = -1
        return places


def _words(ids: Sequence[str]) -> list[NDArray[Any]] | None:
    """The last bytes of each id in words of eight, the last word first and zero where it has no
    more, and its length; each of shape (ids,). None if one is too long, or has a line break.
    """
    content = b"\n" * LONGEST + "\n".join(ids).encode(errors="surrogatepass") + b"\n"
    ends = np.flatnonzero(np.frombuffer(content, np.uint8)[LONGEST:] == ord("\n")) + LONGEST
    lengths = np.diff(ends, prepend=LONGEST - 1) - 1
    if len(ends) != len(ids) or lengths.max() > LONGEST:
        return None
    # at each byte the word that begins there; little-endian, so that its last bytes are the highest
    at = np.ndarray((len(content) - WORD + 1,), "<u8", content, strides=(1,))
    words = [
        at[ends - before - WORD] & LAST[np.clip(lengths - before, 0, WORD)]
        for before in range(0, LONGEST, WORD)
    ]
    return [*words, lengths]
