"""Where many ids stand in a list of ids, found at once: by numbers that are their last bytes."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runners.rules.ids import MOST, Ids

ROOM = 8
"""Slots for each id: of so many, few are wanted by two ids."""

MULTIPLIER = 0x9E3779B97F4A7C15
"""Spreads numbers evenly over slots by their product's highest bits (2**64 by the golden ratio:
Knuth, The Art of Computer Programming 3, 6.4)."""


class Places(dict[str, int]):
    """Id -> its place in a list that has each once."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__((each, place) for place, each in enumerate(ids))
        packed = Ids.of(ids)
        self._packed = None
        # where their last bytes alone don't tell them apart, each is looked up by itself
        if packed is not None and packed.words and len(np.unique(packed.words[0])) == len(ids):
            self._packed, self._slots = packed, _Slots(packed.words[0])

    def of(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Of shape (ids,); -1 for one that isn't there."""
        wanted = ids if isinstance(ids, Ids) else Ids.of(ids) if len(ids) <= MOST else None
        own = self._packed
        if own is None or own.words is None or wanted is None or not wanted.words:
            return np.fromiter(map(self.get, ids, repeat(-1)), np.int64, len(ids))
        places = self._slots.of(wanted.words[0])
        # of ids of one length all words are compared, whichever has more
        pairs = [(own.lengths, wanted.lengths), *zip(own.words, wanted.words, strict=False)]
        for all_own, all_wanted in pairs:
            places[all_own[places] != all_wanted] = -1
        return places


class _Slots:
    """A hash table of distinct numbers; those that find a slot taken have another table."""

    def __init__(self, numbers: NDArray[Any]) -> None:
        """`numbers`: of 8 bytes, of shape (numbers,)."""
        self._numbers = numbers
        self._tables: list[tuple[int, NDArray[np.int32]]] = []
        left = np.arange(len(numbers), dtype=np.int32)
        while left.size:
            bits = (ROOM * left.size).bit_length()
            table = np.full(2**bits, -1, np.int32)
            slots = self._slots(numbers[left], bits)
            table[slots] = left
            self._tables.append((bits, table))
            left = left[table[slots] != left]

    def of(self, wanted: NDArray[Any]) -> NDArray[np.int64]:
        """Of shape (wanted,): the place of each number; of one that isn't there any, or -1."""
        places = np.full(len(wanted), -1)
        left = np.arange(len(wanted))
        for bits, table in self._tables:
            found = table[self._slots(wanted[left], bits)]
            places[left] = found
            left = left[self._numbers[found] != wanted[left]]
        return places

    @staticmethod
    def _slots(numbers: NDArray[Any], bits: int) -> NDArray[np.int64]:
        return (numbers * np.uint64(MULTIPLIER) >> np.uint64(64 - bits)).astype(np.int64)
