"""A file that is one JSON object of objects, as its text: an entry is read when it is asked for.

As Python's own objects the entries of an ontology take five times the room of their text, in every
process that reads; and of most a release needs a dozen.
"""

import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping

Entry = Mapping[str, object]

KEY = re.compile(r'[{,]\s*"([^"\\]+)"\s*:\s*(?=\{)')
INDENT = re.compile(r"\n\s*")
"""Between two things of JSON alone: within a text a line ends as `\\n`."""

_decoded = json.JSONDecoder().raw_decode


class Entries(Mapping[str, Entry]):
    """The entries of an object, in its order."""

    def __init__(self, text: str) -> None:
        """Raises ValueError if the text is no object of objects."""
        self._text = INDENT.sub("", text)
        self._places = array("I", _places(self._text))
        self._sorted = array("I", sorted(self._places, key=self._key))

    def __getitem__(self, key: str) -> Entry:
        number = bisect_left(self._sorted, key, key=self._key)
        if number < len(self._sorted) and self._key(place := self._sorted[number]) == key:
            entry: Entry = _decoded(self._text, self._text.index("{", place))[0]
            return entry
        raise KeyError(key)

    def pairs(self) -> Iterator[tuple[str, Entry]]:
        """All keys and entries: none is searched for, as `items` does."""
        for place in self._places:
            yield self._key(place), _decoded(self._text, self._text.index("{", place))[0]

    def __iter__(self) -> Iterator[str]:
        return map(self._key, self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _key(self, place: int) -> str:
        return self._text[place : self._text.index('"', place)]


def _places(text: str) -> Iterator[int]:
    """Where each key of the object begins."""
    end = 0
    while match := KEY.match(text, end):
        yield match.start(1)
        _, end = _decoded(text, match.end())
    if "".join(text[end:].split()) != ("}" if end else "{}"):
        raise ValueError(f"no object of objects from character {end:,} on")
