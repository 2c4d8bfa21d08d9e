"""Why a release can't be ingested yet: the rules of its dataset schema aren't decided."""

from dataclasses import dataclass

from bot.comments.counting import counted
from bot.comments.escape import code, inert
from bot.model.facts import Facts

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Undecided:
    """A dataset schema version without rules (`open` is None), or with judgements left open."""

    version: str
    open: tuple[str, ...] | None

    @property
    def problem(self) -> str:
        """As a sentence of its own."""
        if self.open is None:
            return f"Dataset schema {self.version} has no rules yet."
        left = counted(len(self.open), "judgement")
        return f"The rules of dataset schema {self.version} leave {left} open."

    def why(self) -> str:
        """As the rest of a sentence, in Markdown."""
        path = code(f"runners/rules/{self.version}.json")
        if self.open is None:
            return f"there are no rules for dataset schema {self.version}: {path} isn't there."
        left = len(self.open) - SHOWN
        listed = "".join(f"\n- {inert(one)}" for one in self.open[:SHOWN])
        more = f"\n- … and {left:,} more" if left > 0 else ""
        count = counted(len(self.open), "judgement")
        return f"in {path} a person must still answer {count}:\n{listed}{more}"

    def remedy(self) -> str:
        """What a person does about it."""
        own = f"runners/rules/{self.version}.json"
        if self.open is None:
            return (
                f"Review {code(f'rules/{self.version}.json')} of the proposal, answer its "
                f"judgements, and merge it as {code(own)}."
            )
        return (
            "Mend the rules where they need it, give each judgement an `answer`, "
            f"and merge {code(own)}."
        )


def undecided(version: str, facts: Facts) -> Undecided | None:
    """What keeps datasets of this dataset schema version from being validated."""
    asked = facts.rules.get(version)
    return Undecided(version, asked) if asked is None or asked else None
