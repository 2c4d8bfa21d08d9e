"""What the bot says of a run that goes on, that can't begin, or that ended without a report.

What the bot says of machines that the reaper ended, spared or couldn't end."""

from datetime import timedelta

from bot.comments.markdown import code, counted, inert, mention, moment
from bot.comments.replies import DOING
from bot.model.progress import Progress
from runners.contract import Act, Reaped, RunRequest

WIDTH = 20


def status(request: RunRequest, found: Progress, total: int) -> str:
    """How far the run is; rewritten while it goes on."""
    share = min(1.0, found.written / total) if total else 0.0
    lines = [
        f"⏳ **{code(request.run_id)} is {DOING[request.action]} release {request.release}** in "
        f"{code(request.instance)}: {found.stage()}.",
        f"{code(_bar(share))} {found.written:,} of {counted(total, 'dataset')}, {share:.0%}",
        *_speed(found, total),
    ]
    return "\n\n".join(lines)


def _bar(share: float) -> str:
    full = round(share * WIDTH)
    return "█" * full + "░" * (WIDTH - full)


def _speed(found: Progress, total: int) -> list[str]:
    rate, left = found.rate(), found.left(total)
    if rate is None or left is None or found.newest is None:
        return []
    rest = f", about {_about(left)} left" if not found.is_registered else ""
    return [f"{rate:,.0f} datasets an hour{rest}; last sign of life {moment(found.newest)}."]


def _about(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    return counted(minutes, "minute") if minutes < 120 else f"{minutes / 60:.0f} hours"


def ended(request: RunRequest) -> str:
    """In the status' place, once there is a result."""
    return f"🏁 {code(request.run_id)} has ended; its result stands in a comment of its own."


def lost(request: RunRequest, result: str, found: Progress, total: int) -> str:
    """That a run ended without a report: what was done, what wasn't, and what to do."""
    why = {"cancelled": "was stopped"}.get(result, "ended without a report")
    left = max(0, total - found.written)
    who = f", asked for by {mention(request.requested_by)}," if request.requested_by else ""
    return "\n\n".join(
        [
            f"## 🛑 Run {code(request.run_id)} {why}",
            "**Next:** `/ingest` goes on where it was: what is registered and unchanged stays as "
            "it is. Its log says why it ended.",
            f"- Done: {counted(found.written, 'dataset')} of release {request.release}"
            f"{' and its collections' if found.is_registered else ''}.\n"
            f"- Not done: {counted(left, 'dataset')}"
            f"{'' if found.is_registered else ', collections'}, verification.",
            f"Run {code(request.run_id)}{who} in {code(request.instance)}. A batch that was being "
            "written was either finished or undone.",
        ]
    )


def not_begun(request: RunRequest, why: str) -> str:
    """That a run that was asked for doesn't begin."""
    return f"⛔ **Not begun:** {code(request.run_id)}: {why}"


def begun_by_hand(request: RunRequest, actor: str) -> str:
    """That somebody started a run where runs are kept, and not by a command."""
    return f"▶️ **Begun:** {code(request.run_id)}, which {mention(actor)} has started by hand."


# (what it did, what it could not do)
WORDS = {
    Act.NOTE: ("noted machine", "note machine"),
    Act.TERMINATE: ("ended machine", "end machine"),
    Act.TERMINATE_EXPIRED: ("ended machine", "end machine"),
    Act.REMOVE_RUNNER: ("removed the runner of machine", "remove the runner of machine"),
    Act.DROP_HANDOVER: ("deleted the secret for machine", "delete the secret for machine"),
}


def machine_action(found: Reaped) -> str:
    """One action of the reaper, and what came of it. Reasons may quote AWS or GitHub."""
    did, do = WORDS[found.act]
    machine = code(found.machine) + (f" of run {code(found.run)}" if found.run else "")
    why = inert(found.why)
    if found.result == Reaped.DONE:
        return f"🧹 The reaper {did} {machine}: {why}."
    if found.result == Reaped.SPARED:
        return f"🧹 The reaper did not {do} {machine} ({why}): a job is running on it."
    return f"⚠️ The reaper could not {do} {machine} ({why}); it tries again. {inert(found.result)}"
