"""What the bot says in a pull request of the datasets of its manifests, before they are merged."""

from collections.abc import Mapping

from bot.comments.counting import counted
from bot.comments.escape import code
from bot.comments.fitting import fitted
from bot.comments.reasons import reasons_of
from bot.comments.result.datasets import named
from bot.comments.table import table
from runners.contract import CheckReport, DatasetOutcome

LIMIT = 65_000  # GitHub takes 65,536 characters; the marker comes on top.
ARTIFACT = "found"
"""What check.yml calls the artifact that has it all."""


def checked(found: Mapping[str, CheckReport | str]) -> str:
    """Which datasets will fail; by manifest, what was found or why it couldn't be checked."""
    is_sound = all(isinstance(one, CheckReport) and not _failing(one) for one in found.values())
    parts = [
        "## " + ("✅ No dataset will fail" if is_sound else "⚠️ To be mended"),
        *(_told(path, one) for path, one in found.items()),
        "Checked by reading the files; nothing was written.",
    ]
    whole = "\n\n".join(parts)
    return fitted(whole, LIMIT, ARTIFACT) or f"{parts[0]}\n\nThe artifact `{ARTIFACT}` says what."


def _told(path: str, found: CheckReport | str) -> str:
    if isinstance(found, str):
        return f"{code(path)} can't be checked:\n\n{_block(found)}"
    failing, total = _failing(found), counted(len(found.outcomes), "dataset")
    if not failing:
        return f"{code(path)}: {total} checked."
    rows = [
        [named(one.title, one.dataset_id), str(one.outcome), reasons_of(one)] for one in failing
    ]
    listed = table(["Dataset", "Outcome", "Why"], rows)
    return f"{code(path)}: {len(failing):,} of {total} will fail.\n\n{listed}"


def _failing(found: CheckReport) -> list[DatasetOutcome]:
    return [one for one in found.outcomes if one.reasons]


def _block(said: str, room: int = 20_000) -> str:
    """As a block of code, which text from outside can't end; what is cut is counted."""
    seen = "".join(c for c in said if c == "\n" or c.isprintable())
    lines = [line[:300] for line in seen.splitlines()]
    while sum(map(len, lines)) > room:
        lines = lines[: len(lines) // 2]
    cut = len(seen.splitlines()) - len(lines)
    lines += [f"... and {cut:,} more lines"] if cut else []
    return "\n".join(f"    {line}" for line in lines)
