"""What must still be announced outside GitHub <-> a hidden line in the text that says it there.

Pure. A text is written with the line, which goes when it was announced: what a job that died has
left owing, somebody else finds.
"""

import re
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from bot.model.markers import hidden_line, hidden_text

MOST_TRIES = 3
LINE = re.compile(r"<!-- cellxgene-ingestion-bot: owed (\{.*\}) -->")
IN_TEXT = re.compile(rf"(?m)^{LINE.pattern}\n\n?")


@dataclass(frozen=True, slots=True)
class Debt:
    """The `line` to be announced, and how often that was begun."""

    line: str
    tries: int = 1

    def again(self) -> "Debt | None":
        """The next try; None after the last one."""
        return Debt(self.line, self.tries + 1) if self.tries < MOST_TRIES else None


_DEBT = TypeAdapter(Debt)


def debt_in(body: str) -> Debt | None:
    """What the text still owes; None if nothing, or a person broke the line."""
    text = hidden_text(LINE, body)
    try:
        return _DEBT.validate_json(text) if text else None
    except ValidationError:
        return None


def with_debt(body: str, debt: Debt) -> str:
    """The text with this debt in place of the one that it has, or below a text that has none."""
    line = hidden_line("owed", _DEBT.dump_json(debt).decode())
    if IN_TEXT.search(f"{body}\n"):
        return "\n".join(line if LINE.fullmatch(one) else one for one in body.split("\n"))
    return f"{body.rstrip()}\n\n{line}"


def without_debt(body: str) -> str:
    """The text as it was before `with_debt`."""
    return IN_TEXT.sub("", body)
