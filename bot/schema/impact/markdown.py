"""An Impact as Markdown for a maintainer: verdict first, what needs hands next, the rest folded.

Must not say anything that the Impact doesn't hold.
"""

from collections.abc import Sequence

from bot.schema.escaping import code, escaped
from bot.schema.impact.model import Consequence, Effort, Impact

HEAD = "| What | Change | Why | Lines |\n| --- | --- | --- | --- |"
OPEN = {Effort.CODE: "Code edits", Effort.PERSON: "A person must judge"}
FOLDED = {Effort.SOURCE: "Bionty sources", Effort.NOTHING: "No edit needed"}


def render(impact: Impact) -> str:
    """The whole impact, every text of the documents escaped."""
    parts = [f"**{escaped(impact.summary())}.**"]
    for effort, title in OPEN.items():
        if some := impact.of(effort):
            parts.append(f"### {title}\n\n{_table(some)}")
    for effort, title in FOLDED.items():
        if some := impact.of(effort):
            table = _table(some)
            parts.append(
                f"<details>\n<summary>{title}: {len(some)}</summary>\n\n{table}\n\n</details>"
            )
    return "\n\n".join(parts) + "\n"


def _table(some: Sequence[Consequence]) -> str:
    return "\n".join([HEAD, *map(_row, some)])


def _row(one: Consequence) -> str:
    lines = str(one.lines) if one.lines else ""
    told = f"{escaped(one.category.lower())}: {escaped(one.change)}"
    return f"| {code(one.subject)} | {told} | {escaped(one.reason)} | {lines} |"
