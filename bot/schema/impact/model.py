"""What a change of the dataset schema asks of LaminDB, as plain frozen values.

Also holds what every judgement of a change looks at (`ImpactContext`). Must not judge.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.schema.impact.curator import Curator, Wanted, term_field, wanted
from bot.schema.rules import Rules, rules_of
from bot.schema.rules.lamindb import REGISTRIES
from bot.schema.spec import Field, Lines, Spec

ALREADY = "LaminDB's file is so already"


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
    """What the changes from version `old` to version `new` ask for."""

    old: str
    new: str
    consequences: tuple[Consequence, ...]

    def of(self, effort: Effort) -> tuple[Consequence, ...]:
        """The consequences of that effort."""
        return tuple(
            consequence for consequence in self.consequences if consequence.effort is effort
        )

    def summary(self) -> str:
        """The thread's verdict in one line."""
        counts = Counter(consequence.effort for consequence in self.consequences)
        data = counts[Effort.SOURCE] + counts[Effort.NOTHING]
        open_ = counts[Effort.PERSON]
        parts = [
            f"{_counted(counts[Effort.CODE])} code",
            f"{data} {'is' if data == 1 else 'are'} data only",
        ]
        if open_:
            parts.append(f"{open_} {'needs' if open_ == 1 else 'need'} a person's judgement")
        return f"{self.old} \u2192 {self.new}: {', '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        """The impact as JSON values, with its summary."""
        return {
            "old": self.old,
            "new": self.new,
            "summary": self.summary(),
            "consequences": [
                {
                    "category": consequence.category,
                    "subject": consequence.subject,
                    "change": consequence.change,
                    "effort": str(consequence.effort),
                    "reason": consequence.reason,
                    "lines": [consequence.lines.first, consequence.lines.last]
                    if consequence.lines
                    else None,
                }
                for consequence in self.consequences
            ],
        }


def _counted(number: int) -> str:
    return "1 change needs" if number == 1 else f"{number or 'no'} changes need"


@dataclass(frozen=True, slots=True)
class ImpactContext:
    """The newer document and both versions' rules; `curator` is None without LaminDB's file."""

    new: Spec
    before: Rules
    after: Rules
    wanted: Wanted
    curator: Curator | None


def impact_context(
    old: Spec, new: Spec, curator: Curator | None, census: frozenset[str]
) -> ImpactContext:
    """The context of both versions, for the taxa that the Census has."""
    after = rules_of(new)
    return ImpactContext(new, rules_of(old), after, wanted(after, census), curator)


def code(
    category: str, subject: str, change: str, reason: str, lines: Lines | None, *, done: bool
) -> Consequence:
    """An edit of LaminDB's code, unless it is `done` already."""
    effort = Effort.NOTHING if done else Effort.CODE
    return Consequence(category, subject, change, effort, ALREADY if done else reason, lines)


def subject(field: Field) -> str:
    """The field with its component, as consequences name it."""
    return f"{field.component}: {field.name}"


def is_curated(name: str) -> bool:
    """Whether LaminDB's curator has the field, or the terms that it holds the labels of."""
    return name in REGISTRIES or term_field(name) in REGISTRIES


def is_label(name: str) -> bool:
    """Whether the field holds the labels of terms that LaminDB's curator checks."""
    return name not in REGISTRIES and term_field(name) in REGISTRIES
