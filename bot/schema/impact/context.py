"""What every judgement of a change looks at. Must not judge."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.schema.impact.curator import Curator
from bot.schema.impact.model import Consequence, Effort
from bot.schema.impact.wanted import CENSUS, Wanted, term_field, wanted
from bot.schema.rules import Rules, rules_of
from bot.schema.rules.lamindb import REGISTRIES
from bot.schema.spec import Field, Lines, Spec

ALREADY = "LaminDB's file has it already"


@dataclass(frozen=True, slots=True)
class Context:
    """Both versions' rules; `curator` is None where LaminDB's file isn't at hand."""

    before: Rules
    after: Rules
    wanted: Wanted
    curator: Curator | None
    census: Collection[str]


def context(
    old: Spec, new: Spec, curator: Curator | None, census: Collection[str] = CENSUS
) -> Context:
    after = rules_of(new)
    return Context(rules_of(old), after, wanted(after, census), curator, census)


def code(
    category: str, subject: str, change: str, reason: str, lines: Lines | None, *, done: bool
) -> Consequence:
    """An edit of LaminDB's code, unless it is `done` already."""
    effort = Effort.NOTHING if done else Effort.CODE
    return Consequence(category, subject, change, effort, ALREADY if done else reason, lines)


def subject(field: Field) -> str:
    return f"{field.component}: {field.name}"


def is_curated(name: str) -> bool:
    """Whether LaminDB's curator has the field, or the terms that it holds the labels of."""
    return name in REGISTRIES or term_field(name) in REGISTRIES


def is_label(name: str) -> bool:
    return name not in REGISTRIES and term_field(name) in REGISTRIES
