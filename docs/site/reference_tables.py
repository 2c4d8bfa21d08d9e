"""The tables of the reference: settings, variables, checks, outcomes and reasons."""

import inspect
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.comments.outcomes import OUTCOMES
from bot.model.setting_meanings import MEANINGS as SETTINGS
from runners.contract import MEANINGS, REMEDIES, Status
from runners.settings import VARIABLES
from runners.verification.checks.all_checks import CHECKS

WORKFLOWS = Path(__file__).resolve().parents[2] / ".github" / "workflows"
USED = re.compile(r"\b(vars|secrets)\.([A-Z_]+)")
STATUSES = {
    Status.PASSED: "as it should be",
    Status.FAILED: "somebody offends, and is named",
    Status.NOT_APPLICABLE: "the question doesn't arise; the note says why",
    Status.UNCHECKED: "the answer couldn't be had; never a pass; the note says why",
}


def cell(text: str) -> str:
    """The text within a table's cell, on one line."""
    return " ".join(text.split()).replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the cells are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def setting_table() -> str:
    """Each setting of the bot with its variable."""
    rows = [
        [f"`{name}`", f"`BOT_{name.upper()}`", meaning.says, meaning.default]
        for name, meaning in SETTINGS.items()
    ]
    return table(["setting", "in the environment", "what it says", "without it"], rows)


def variables() -> str:
    """Each variable that `python -m runners` reads."""
    return table(["variable", "what it says"], [[f"`{n}`", t] for n, t in VARIABLES.items()])


def workflow_variables() -> str:
    """Each variable and secret of the repository, and the workflow files that read it."""
    users: dict[tuple[str, str], set[str]] = {}
    for path in sorted(WORKFLOWS.glob("*.yml")):
        for kind, name in USED.findall(path.read_text(encoding="utf-8")):
            users.setdefault((name, kind), set()).add(path.stem)
    rows = [
        [f"`{name}`", {"vars": "variable", "secrets": "secret"}[kind], ", ".join(sorted(files))]
        for (name, kind), files in sorted(users.items())
    ]
    return table(["name", "is a", "read by"], rows)


def checks() -> str:
    """Each check of a verification, what it asks, and what to do where it fails."""
    rows = [
        [f"`{one.name}`", one.title, cell(inspect.getdoc(one.ask) or ""), one.remedy]
        for one in CHECKS
    ]
    return table(["name", "check", "what it asks", "what to do where it fails"], rows)


def statuses() -> str:
    """How a check may end."""
    return table(["status", "meaning"], [[str(s), STATUSES[s]] for s in Status])


def outcomes() -> str:
    """How a dataset may end."""
    return table(["outcome", "meaning"], [[f"`{o}`", said] for o, said in OUTCOMES.items()])


def reasons() -> str:
    """Why a dataset may fail, and what to do about it."""
    rows = [[f"`{reason}`", meaning, REMEDIES[reason]] for reason, meaning in MEANINGS.items()]
    return table(["reason", "meaning", "what to do"], rows)
