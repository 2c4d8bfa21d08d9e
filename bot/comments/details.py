"""What is folded away beneath a text, as much of it as there is room for.

Must not write what a detail says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.comments.markdown import code, collapsed, fitted, shortest

RESERVED = 200


@dataclass(frozen=True, slots=True)
class Detail:
    """A part beneath a text; the file of the proposal has it whole."""

    title: str
    text: str
    file: str

    def least(self) -> int:
        """How many characters it takes where its tables are as short as can be."""
        return RESERVED + len(collapsed(self.title, shortest(self.text, self.file)))


def with_details(text: str, details: Sequence[Detail], room: int) -> str:
    """The text with each detail folded beneath it, its tables shortened if need be; else named."""
    for number, detail in enumerate(details):
        later = sum(one.least() for one in details[number + 1 :])
        text = _with(text, detail, room, later)
    return text


def _with(text: str, detail: Detail, room: int, later: int) -> str:
    """Leaves the `later` characters that other details take at least to them, where all fit."""
    # What is left out later must still be named.
    left = room - RESERVED - len(f"{text}\n\n{collapsed(detail.title, '')}")
    some = (fitted(detail.text, size, detail.file) for size in (left - later, left))
    shortened = next((one for one in some if one is not None), None)
    if shortened is None:
        where = f"see {code(detail.file)} in the proposal"
        return f"{text}\n\n{detail.title} is too long for here: {where}."
    return f"{text}\n\n{collapsed(detail.title, shortened)}"
