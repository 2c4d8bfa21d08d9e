"""One entry of a large ontology file, without reading the rest into memory.

The organisms' file has 1.2 million terms, of which a release needs a dozen. Must not keep more of
it than a piece at a time.
"""

import json
import re
from collections.abc import Mapping
from typing import Protocol

PIECE = 4 * 1024 * 1024
"""Bytes that are read at once; more than any entry has."""

TAXON = re.compile(r"NCBITaxon:\d+")


class Stream(Protocol):
    """Bytes to be read in pieces."""

    def read(self, size: int = -1, /) -> bytes: ...


def find_entry(stream: Stream, term_id: str) -> Mapping[str, object] | None:
    """The value under the key `term_id` of a JSON object of objects; None if it has no such key."""
    key = re.compile(rb'"' + re.escape(term_id.encode()) + rb'":\s*(?=\{)')
    last = b""
    while piece := stream.read(PIECE):
        both = last + piece
        if found := key.search(both):
            text = (both[found.end() :] + stream.read(PIECE)).decode(errors="replace")
            value: Mapping[str, object] = json.JSONDecoder().raw_decode(text)[0]
            return value
        last = piece
    return None
