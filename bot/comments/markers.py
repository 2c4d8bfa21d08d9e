"""The hidden last line by which the bot finds its threads and comments again.

A marker proves nothing by itself: whoever reads one must know that the bot wrote the text.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

LINE = re.compile(r"<!-- cellxgene-ingestion-bot: (release|reply|result|merged) ([0-9a-z-]+) -->")


class MarkerKind(StrEnum):
    RELEASE = "release"
    REPLY = "reply"
    RESULT = "result"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Marker:
    """`release` and its version, `reply` and a comment, `result` and a run, `merged` and a commit.

    The key is of digits, small letters and hyphens.
    """

    kind: MarkerKind
    key: str

    def __str__(self) -> str:
        return f"<!-- cellxgene-ingestion-bot: {self.kind} {self.key} -->"


def sign(body: str, marker: Marker) -> str:
    """The body with the marker as its last line."""
    return f"{body.rstrip()}\n\n{marker}\n"


def find(body: str) -> Marker | None:
    """The marker in the last line; anywhere else one may have been quoted."""
    lines = body.rstrip().splitlines()
    found = LINE.fullmatch(lines[-1]) if lines else None
    return Marker(MarkerKind(found[1]), found[2]) if found else None
