"""What the pull request says that prepares a repository for the bot."""

from collections.abc import Sequence
from itertools import accumulate

from bot.comments.markdown import code, collapsed, counted, fitted, inert, table
from runners.contract import Health, PartHealth

BRANCH = "cellxgene-bot/set-up"
"""Where the files lie that are proposed; by it, the pull request is found again."""
TITLE = "Let the CELLxGENE bot live here"
FIRST = "Begin"
"""The message of the first commit, where there was none."""
ROOM = 50_000
LOOK_ROOM = 10_000


def onboarding_body(
    files: Sequence[str],
    left: Sequence[str],
    lines: Sequence[PartHealth],
    steps: Sequence[str],
    look: str,
) -> str:
    """What is in it; what is left to a person, as commands; what doctor says; what the first look
    would find, as Markdown. `left` are files that are there with other text.
    """
    listed = "\n".join(f"- {code(path)}" for path in files)
    other = "".join(f"\n- {code(path)} is there with other text, and stays so" for path in left)
    commands = "\n".join(steps)
    return (
        "**Next:** review the files and merge this; then do what is left, below. Nothing runs "
        f"before.\n\n{listed}{other}\n\n"
        f"### Left to you\n\n```bash\n{commands}\n```\n\n"
        f"### What is missing, before this is merged\n\n{_report(lines)}\n\n"
        f"### What the first look would find\n\n{_beginning(look)}\n\n"
        "Made by `bot init --pull-request`, which leaves this and its branch as they are from now "
        "on: change what you like. `bot doctor` says anew what is missing."
    )


def _beginning(look: str) -> str:
    """As many of its lines as there is room for, and how many others there are."""
    lines = look.strip().splitlines()
    ends = list(accumulate(len(line) + 1 for line in lines))
    kept = sum(end <= LOOK_ROOM for end in ends)
    left = [f"\n\u2026 and {counted(len(lines) - kept, 'more line')}."] if kept < len(lines) else []
    return "\n".join([*lines[:kept], *left])


def _report(lines: Sequence[PartHealth]) -> str:
    """Doctor's: what isn't right is seen at once, the rest on a click."""
    wrong = [line for line in lines if line.health is not Health.OK]
    fine = [line for line in lines if line.health is Health.OK]
    parts = [_table(wrong) if wrong else "Nothing."]
    if fine:
        parts.append(collapsed(f"{counted(len(fine), 'part')} as it should be", _table(fine)))
    return fitted("\n\n".join(parts), ROOM, "bot doctor") or ""


def _table(lines: Sequence[PartHealth]) -> str:
    rows = [
        [str(line.health), inert(line.part), inert(line.sentence), _remedy(line.remedy)]
        for line in lines
    ]
    return table(["", "Part", "What", "Remedy"], rows)


def _remedy(text: str) -> str:
    """A command as code; an address as a link."""
    return text if text.startswith("https://") and " " not in text else code(text) if text else ""
