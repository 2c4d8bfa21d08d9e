"""What the bot says of machines that the reaper ended, spared or couldn't end."""

from bot.comments.escape import code, inert
from runners.contract import Act, Reaped

# (what it did, what it could not do)
WORDS = {
    Act.NOTE: ("noted machine", "note machine"),
    Act.TERMINATE: ("ended machine", "end machine"),
    Act.TERMINATE_EXPIRED: ("ended machine", "end machine"),
    Act.REMOVE_RUNNER: ("removed the runner of machine", "remove the runner of machine"),
    Act.DROP_HANDOVER: ("deleted the secret for machine", "delete the secret for machine"),
}


def sentence(found: Reaped) -> str:
    """One action of the reaper, and what came of it. Reasons may quote AWS or GitHub."""
    did, do = WORDS[found.act]
    machine = code(found.machine) + (f" of run {code(found.run)}" if found.run else "")
    why = inert(found.why)
    if found.result == Reaped.DONE:
        return f"🧹 The reaper {did} {machine}: {why}."
    if found.result == Reaped.SPARED:
        return f"🧹 The reaper did not {do} {machine} ({why}): a job is running on it."
    return f"⚠️ The reaper could not {do} {machine} ({why}); it tries again. {inert(found.result)}"
