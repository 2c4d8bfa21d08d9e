"""The entries of a file that is one JSON object of objects: each is read when it is asked for.

As Python's own objects the entries of an ontology take five times the room of their text, in every
process that reads; and of most a release needs a dozen. So they are packed once: how many there
are, where each key begins, the same in the order of the keys (of four bytes each), and the text of
keys and entries, a line each.
"""

import json
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from runners.rules.kept import Content

Entry = Mapping[str, object]

KEY = re.compile(r'\s*[{,]\s*"([^"\\\x00-\x1f]+)"\s*:\s*(?=\{)')
WORD = 4
"""Bytes of a number."""

FORM = "entries-1"
"""Changes with what `packed` gives."""

_decoded = json.JSONDecoder().raw_decode


def packed(text: str) -> bytes:
    """The entries of a JSON text, for `Entries`.

    Raises:
        ValueError: it is no object of objects.
    """
    lines = dict(_lines(text))
    places, place = array("I"), WORD * (1 + 2 * len(lines))
    for line in lines.values():
        places.append(place)
        place += len(line)
    in_order = array("I", (place for _, place in sorted(zip(lines, places, strict=True))))
    return b"".join((array("I", [len(lines)]), places, in_order, *lines.values()))


def _lines(text: str) -> Iterator[tuple[str, bytes]]:
    """Each key and its line; neither key nor entry has a tab or an end of line in JSON."""
    end = 0
    while match := KEY.match(text, end):
        entry, end = _decoded(text, match.end())
        key = match[1]
        yield key, f"{key}\t{json.dumps(entry, separators=(',', ':'))}\n".encode()
    if "".join(text[end:].split()) != ("}" if end else "{}"):
        raise ValueError(f"no object of objects from character {end:,} on")


class Entries(Mapping[str, Entry]):
    """The entries of an object, in its order."""

    def __init__(self, content: Content) -> None:
        """`content`: of `packed`."""
        count = int.from_bytes(content[:WORD], sys.byteorder)
        numbers = memoryview(content)[WORD : WORD * (1 + 2 * count)].cast("I")
        self._content = content
        self._places, self._sorted = numbers[:count], numbers[count:]

    def __getitem__(self, key: str) -> Entry:
        number = bisect_left(self._sorted, key, key=self._key)
        if number < len(self._sorted) and self._key(place := self._sorted[number]) == key:
            return self._entry(place)
        raise KeyError(key)

    def pairs(self) -> Iterator[tuple[str, Entry]]:
        """All keys and entries: none is searched for, as `items` does."""
        for place in self._places:
            yield self._key(place), self._entry(place)

    def __iter__(self) -> Iterator[str]:
        return map(self._key, self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _key(self, place: int) -> str:
        return self._content[place : self._content.find(b"\t", place)].decode()

    def _entry(self, place: int) -> Entry:
        begin, end = (self._content.find(sign, place) for sign in (b"\t", b"\n"))
        entry: Entry = json.loads(self._content[begin:end])
        return entry
