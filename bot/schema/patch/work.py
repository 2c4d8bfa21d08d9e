"""What every edit looks at, and what it leaves behind. Must not edit."""

from dataclasses import dataclass, field

from bot.schema.changes import SchemaDiff
from bot.schema.impact.curator import Curator
from bot.schema.impact.wanted import Wanted
from bot.schema.spec import Spec


@dataclass(slots=True)
class Work:
    """`said` grows by one sentence for each thing that an edit changes.

    `retyped` are the columns whose Feature has another type then.
    """

    diff: SchemaDiff
    new: Spec
    curator: Curator
    wanted: Wanted
    said: list[str] = field(default_factory=list)
    retyped: list[str] = field(default_factory=list)

    def say(self, sentence: str, retyped: str | None = None) -> None:
        self.said.append(sentence)
        self.retyped += [retyped] if retyped else []
