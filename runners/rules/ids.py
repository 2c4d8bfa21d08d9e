"""Many ids in one piece of memory, as numbers that are compared at once.

As texts, the 60,000 gene ids of a file are objects all over the memory: to make, to compare and to
free them takes longer than all else that is done with them.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

LONGEST = 32
"""Bytes of the longest id that is compared as numbers; Ensembl's have 15 to 18, a few 28."""

MOST = 2**18
"""Ids that are compared so at once, for which there is memory; no gene table has more."""

WORD = 8
WHOLE = 2**64 - 1
LAST = np.array([WHOLE ^ (WHOLE >> 8 * kept) for kept in range(WORD + 1)], np.uint64)
"""By how many of a word's last bytes are the id's: what keeps these alone."""

LOWS, HIGHS = np.uint64(WHOLE // 255), np.uint64(WHOLE // 255 * 128)
"""The lowest, and the highest, bit of each byte."""


class Ids(Sequence[str]):
    """Ids in UTF-8, each a text when it is asked for.

    `ends`, `lengths`: where in `content` each ends, and how many bytes it has; of shape (ids,).
    LONGEST bytes stand before the end of any.
    """

    def __init__(self, content: bytes, ends: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        self._content, self._ends, self.lengths = content, ends, lengths

    @classmethod
    def of(cls, ids: Sequence[str]) -> Self | None:
        """These ids in one piece; None if one has a line break."""
        content = b"\n" * LONGEST + "\n".join(ids).encode(errors="surrogatepass") + b"\n"
        ends = np.flatnonzero(np.frombuffer(content, np.uint8)[LONGEST:] == ord("\n")) + LONGEST
        if len(ends) != len(ids):
            return None
        return cls(content, ends, np.diff(ends, prepend=LONGEST - 1) - 1)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        end = int(self._ends[place])
        return self._content[end - int(self.lengths[place]) : end].decode(errors="surrogatepass")

    def __eq__(self, other: object) -> bool:
        """Whether it is a tuple of the same texts, or such ids."""
        return isinstance(other, Ids | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    @cached_property
    def words(self) -> list[NDArray[Any]] | None:
        """The last bytes of each id in words of eight, the last word first and zero where it has no
        more; as many as the longest needs, each of shape (ids,). None if one is too long.
        """
        longest = int(self.lengths.max(initial=1))
        if longest > LONGEST:
            return None
        return [self._word(before) & self._kept(before) for before in range(0, longest, WORD)]

    def _word(self, before: int) -> NDArray[Any]:
        """The eight bytes that end so many bytes before each id's end."""
        # at each byte the word that begins there; little-endian, so that its last bytes are highest
        size = len(self._content) - WORD + 1
        at = np.ndarray((size,), "<u8", self._content, strides=(1,))
        return at[self._ends - before - WORD]

    def _kept(self, before: int) -> NDArray[np.uint64]:
        return LAST[np.clip(self.lengths - before, 0, WORD)]

    @property
    def is_ascii(self) -> bool:
        """Whether each of their bytes is ASCII, and none is zero; False where one is too long."""
        if self.words is None:
            return False
        for number, word in enumerate(self.words):
            own = word | (~self._kept(number * WORD) & LOWS)
            if (((own - LOWS) | own) & HIGHS).any():
                return False
        return True
