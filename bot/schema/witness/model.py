"""A source beside the document, and what it says otherwise. Plain frozen values."""

import re
from dataclasses import dataclass


class WitnessError(ValueError):
    """The text isn't what the source should be; one clause, without its place."""


# What reading a value of an unknown form can raise; a list may hold itself.
FORMLESS = (TypeError, KeyError, AttributeError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Witness:
    """`says` is what it says otherwise than the document; `problem`, why it couldn't be heard."""

    name: str
    address: str
    says: tuple[str, ...] = ()
    problem: str | None = None


def agree(one: str, other: str) -> bool:
    """Whether two versions can be of the same release: the parts of one are among the other's."""
    few, many = sorted((_parts(one), _parts(other)), key=len)
    return few <= many


def _parts(version: str) -> set[str]:
    """`v2025-09-15 EFO 3.82.0` as its numbers and names, without the v that some write."""
    words = re.findall(r"[0-9a-z]+", version.lower())
    return {re.sub(r"^v(?=\w*\d)", "", word) for word in words}
