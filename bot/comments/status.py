"""What the bot says of a run that goes on, can't begin or ended without a report, and of machines
that the reaper ended, spared or couldn't end.
"""

from datetime import timedelta

from bot.comments.markdown import code, counted, inert, mention, moment
from bot.comments.replies import DOING
from bot.model.progress import Progress
from runners.contract import Act, Reaped, RunRequest

WIDTH = 20


# (what it did, what it could not do)
WORDS = {
    Act.NOTE: ("noted machine", "note machine"),
    Act.TERMINATE: ("ended machine", "end machine"),
    Act.TERMINATE_EXPIRED: ("ended machine", "end machine"),
    Act.REMOVE_RUNNER: ("removed the runner of machine", "remove the runner of machine"),
    Act.DROP_HANDOVER: ("deleted the secret for machine", "delete the secret for machine"),
}


def status(request: RunRequest, progress: Progress, total: int | None) -> str:
    """How far the run is, of `total` datasets if that is known; rewritten while it goes on."""
    lines = [
        f"⏳ **{code(request.run_id)} is {DOING[request.action]} release {request.release}** in "
        f"{code(request.instance)}: {progress.stage()}.",
        *([] if total is None else [_share(progress, total), *_speed(progress, total)]),
    ]
    return "\n\n".join(lines)


def _share(progress: Progress, total: int) -> str:
    share = min(1.0, progress.written / total) if total else 0.0
    return f"{code(_bar(share))} {progress.written:,} of {counted(total, 'dataset')}, {share:.0%}"


def _bar(share: float) -> str:
    full = round(share * WIDTH)
    return "█" * full + "░" * (WIDTH - full)


def _speed(progress: Progress, total: int) -> list[str]:
    rate, left = progress.rate(), progress.left(total)
    if rate is None or left is None or progress.newest is None:
        return []
    rest = f", about {_about(left)} left" if not progress.is_registered else ""
    return [f"{rate:,.0f} datasets an hour{rest}; last sign of life {moment(progress.newest)}."]


def _about(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    return counted(minutes, "minute") if minutes < 120 else f"{minutes / 60:.0f} hours"


def ended(request: RunRequest) -> str:
    """In the status' place, once there is a result."""
    return f"🏁 {code(request.run_id)} has ended; its result stands in a comment of its own."


def lost(request: RunRequest, result: str, progress: Progress, total: int | None) -> str:
    """That a run ended without a report: what was done, what wasn't, and what to do."""
    ending = {"cancelled": "was stopped"}.get(result, "ended without a report")
    left = "datasets" if total is None else counted(max(0, total - progress.written), "dataset")
    who = f", asked for by {mention(request.requested_by)}," if request.requested_by else ""
    return "\n\n".join(
        [
            f"## 🛑 Run {code(request.run_id)} {ending}",
            "**Next:** `/ingest` goes on where it was: what is registered and unchanged stays as "
            "it is. Its log says why it ended.",
            f"- Done: {counted(progress.written, 'dataset')} of release {request.release}"
            f"{' and its collections' if progress.is_registered else ''}.\n"
            f"- Not done: {left}"
            f"{'' if progress.is_registered else ', collections'}, verification.",
            f"Run {code(request.run_id)}{who} in {code(request.instance)}. A batch that was being "
            "written was either finished or undone.",
        ]
    )


def not_begun(request: RunRequest, why: str) -> str:
    """That a run that was asked for doesn't begin."""
    return f"⛔ **Not begun:** {code(request.run_id)}: {why}"


def begun_by_hand(request: RunRequest, actor: str) -> str:
    """That somebody started a run where runs are kept, and not by a command."""
    return (
        f"▶️ **Begun:** {code(request.run_id)}, which {mention(actor)} has started by hand. "
        "**Next:** nothing; I'll post its result here."
    )


def machine_action(action: Reaped) -> str:
    """One action of the reaper, and what came of it. Reasons may quote AWS or GitHub."""
    did, do = WORDS[action.act]
    machine = code(action.machine) + (f" of run {code(action.run)}" if action.run else "")
    reason = inert(action.why)
    if action.result == Reaped.DONE:
        return f"🧹 The reaper {did} {machine}: {reason}."
    if action.result == Reaped.SPARED:
        return f"🧹 The reaper did not {do} {machine} ({reason}): a job is running on it."
    return (
        f"⚠️ The reaper could not {do} {machine} ({reason}); it tries again. {inert(action.result)}"
    )
