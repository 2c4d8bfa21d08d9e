"""How a part of a set-up is: what every doctor says, a line a part."""

from enum import StrEnum

from runners.contract.document import Document


class Health(StrEnum):
    """Whether a part is as a release needs it. `warning`: a release goes through all the same.
    `unknown`: who asked may not look at it, or it couldn't be looked at; never fine.
    """

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"
    UNKNOWN = "unknown"


class PartHealth(Document):
    """A part, how it is, what was seen in a sentence, and the one command or address that mends it,
    where the sentence doesn't say so itself.
    """

    part: str
    health: Health
    sentence: str
    remedy: str = ""
