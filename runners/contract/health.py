"""How a part of a set-up is: what every doctor says, a line a part."""

from enum import StrEnum
from typing import Self

from runners.contract.document import Document
from runners.contract.programs import as_called


class Health(StrEnum):
    """Whether a part is as a release needs it. `warning`: a release goes through all the same.
    `unknown`: who asked may not look at it, or it couldn't be looked at; never fine.
    """

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"
    UNKNOWN = "unknown"


class PartHealth(Document):
    """A part, how it is, what was seen in a sentence, and what mends it: a command, an address, or
    in words. Empty where nothing is to be mended, or where the sentence says it itself.
    """

    part: str
    health: Health
    sentence: str
    remedy: str = ""

    @classmethod
    def of_error(cls, part: str, health: Health, text: str) -> Self:
        """The line of an error, whose remedy stands behind its last semicolon, if it has one."""
        sentence, semicolon, remedy = text.rpartition("; ")
        if not semicolon or remedy.count(")") > remedy.count("("):  # it is quoted, and no remedy
            return cls(part=part, health=health, sentence=text)
        return cls(part=part, health=health, sentence=f"{sentence};", remedy=remedy)

    def as_called(self, program: str | None) -> Self:
        """The line with its commands as whoever has called `program` must write them."""
        sentence, remedy = as_called(self.sentence, program), as_called(self.remedy, program)
        return self.model_copy(update={"sentence": sentence, "remedy": remedy})

    def to_line(self) -> str:
        """One line of JSON, with all four fields."""
        return self.model_dump_json()
