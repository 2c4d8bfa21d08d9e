"""What a change of the dataset schema asks of LaminDB, as plain frozen values. Must not judge."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.schema.spec import Lines


class Effort(StrEnum):
    """What a change asks for."""

    CODE = "code edit"
    SOURCE = "bionty source"
    NOTHING = "no edit needed"
    PERSON = "a person must judge"


@dataclass(frozen=True, slots=True)
class Consequence:
    """One change of the schema; `category` is the diff's, `lines` are the newer document's."""

    category: str
    subject: str
    change: str
    effort: Effort
    reason: str
    lines: Lines | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    old: str
    new: str
    consequences: tuple[Consequence, ...]

    def of(self, effort: Effort) -> tuple[Consequence, ...]:
        return tuple(one for one in self.consequences if one.effort is effort)

    def summary(self) -> str:
        """The thread's verdict in one line."""
        found = Counter(one.effort for one in self.consequences)
        data = found[Effort.SOURCE] + found[Effort.NOTHING]
        open_ = found[Effort.PERSON]
        parts = [
            f"{_counted(found[Effort.CODE])} code",
            f"{data} {'is' if data == 1 else 'are'} data only",
        ]
        if open_:
            parts.append(f"{open_} {'needs' if open_ == 1 else 'need'} a person's judgement")
        return f"{self.old} \u2192 {self.new}: {', '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "old": self.old,
            "new": self.new,
            "summary": self.summary(),
            "consequences": [
                {
                    "category": one.category,
                    "subject": one.subject,
                    "change": one.change,
                    "effort": str(one.effort),
                    "reason": one.reason,
                    "lines": [one.lines.first, one.lines.last] if one.lines else None,
                }
                for one in self.consequences
            ],
        }


def _counted(number: int) -> str:
    return "1 change needs" if number == 1 else f"{number or 'no'} changes need"
