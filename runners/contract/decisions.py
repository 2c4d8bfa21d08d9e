"""What a person decides about the rules: answers to judgements, and mended rules."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, Field

from runners.contract.document import Document


class Choice(Document):
    """An answer to a judgement, and in words what it does to rules, registration and patch.

    `changes`: path in the rules -> its value, None where it goes. With a `pattern` any text is the
    answer that matches it as a whole; the pattern's named groups stand in braces in the changes.
    """

    answer: str
    effect: str
    proposed: bool = False
    pattern: str | None = None
    changes: Mapping[str, Any] = Field(default_factory=dict)


class Judgement(Document):
    """What a schema document leaves open, at `place`, in these lines (first and last).

    The rules are as the proposed choice has them; it is open until a person has chosen.
    """

    id: str
    place: str
    lines: tuple[int, int]
    text: str
    choices: tuple[Choice, ...] = ()

    def changes(self, answer: str) -> Mapping[str, Any] | None:
        """What the answer sets in the rules; None if it is none of the choices."""
        for choice in self.choices:
            if choice.pattern is None:
                if answer == choice.answer:
                    return choice.changes
            elif match := _matched(choice.pattern, answer.strip()):
                return {
                    path: _filled(value, match.groupdict())
                    for path, value in choice.changes.items()
                }
        return None


def _matched(pattern: str, answer: str) -> re.Match[str] | None:
    try:
        return re.fullmatch(pattern, answer)
    except re.error:
        return None


def _filled(value: Any, groups: Mapping[str, str]) -> Any:
    """The value with what the answer has for each name in braces."""
    if not isinstance(value, str):
        return value
    for name, text in groups.items():
        value = value.replace(f"{{{name}}}", text)
    return value


class Override(Document):
    """A rule that a person has mended: the `value` at a `path`, None where it goes, and why."""

    path: str
    value: Any = None
    because: str


class Decisions(Document):
    """What a rules file holds of persons: questions, answers by the question's id, mended rules."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    judgements: tuple[Judgement, ...] = ()
    answers: Mapping[str, str] = Field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def unanswered(self) -> tuple[Judgement, ...]:
        """The judgements that nobody has answered yet."""
        return tuple(each for each in self.judgements if not self.answers.get(each.id))

    def problems(self, source: str) -> Iterator[str]:
        """What is wrong with the answers, each a sentence that names place and remedy."""
        by_id = {judgement.id: judgement for judgement in self.judgements}
        for name, answer in self.answers.items():
            judgement = by_id.get(name)
            if judgement is None:
                yield (
                    f"{source}: field answers.{name}: no judgement has this id; take it away, or "
                    f"correct it to one of {', '.join(map(repr, by_id)) or 'none'}."
                )
            elif answer and judgement.changes(answer) is None:
                offered = ", ".join(repr(choice.answer) for choice in judgement.choices)
                yield (
                    f"{source}: field answers.{name}: {answer!r} is none of its choices; "
                    f"answer one of {offered}."
                )

    def changes(self) -> Iterator[tuple[str, Any]]:
        """Every path that answers set; at last those that they take away, so that no answer gives
        back what another has taken.
        """
        changes = [
            change
            for judgement in self.judgements
            for change in (judgement.changes(self.answers.get(judgement.id, "")) or {}).items()
        ]
        yield from sorted(changes, key=lambda change: change[1] is None)
