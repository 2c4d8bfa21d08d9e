"""What the bot says of the patch that it proposes to LaminDB's repository: there, and here."""

from bot.comments.counting import joined
from bot.comments.escape import code, inert
from bot.model.effects import Draft

ITEMS = 60
LONGEST = 500


def branch(draft: Draft) -> str:
    """The branch that the patch lies on; there is one for each dataset schema version."""
    return f"cellxgene-schema-{draft.version}"


def title(draft: Draft) -> str:
    return f"Fit the CELLxGENE module to dataset schema {draft.version}"


def body(draft: Draft) -> str:
    """For those who review it, who know nothing of the bot."""
    edits = "\n".join(f"- {inert(one)}" for one in draft.edits[:ITEMS])
    more = len(draft.edits) - ITEMS
    rest = [code(one, 80) for one in draft.left[:ITEMS]]
    parts = [
        f"Made from the dataset schema documents {draft.old} and {draft.version} by a program, and "
        "not tried in LaminDB's own tests. A person must review it before it leaves draft.",
        edits + (f"\n- … and {more:,} more" if more > 0 else ""),
        f"It leaves to a person: {joined(rest)}." if rest else "",
    ]
    return "\n\n".join(part for part in parts if part)


def drafted(address: str, *, is_open: bool) -> str:
    """In the release's thread: where the draft is."""
    if is_open:
        return f"The patch of LaminDB's code is a draft pull request: {address}"
    return f"The patch of LaminDB's code was proposed and closed before; I leave it so: {address}"


def not_drafted(reason: str) -> str:
    """In the release's thread: why there is none."""
    return f"The patch of LaminDB's code couldn't be proposed: {inert(reason)}"
