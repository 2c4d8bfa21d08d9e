"""What the bot says of a run that goes on, can't begin or ended without a report, and of machines
that the reaper ended, spared or couldn't end.
"""

from datetime import timedelta

from bot.comments.markdown import code, counted, inert, mention, moment
from bot.comments.replies import DOING
from bot.comments.result.run import machine_sentence
from bot.model.endings import GIVEN_UP, Ending
from bot.model.progress import Progress
from runners.contract import Act, Action, JobState, Reaped, RemoteJob, RunRequest

WIDTH = 20


# (what it did, what it could not do)
WORDS = {
    Act.NOTE: ("noted machine", "note machine"),
    Act.TERMINATE: ("ended machine", "end machine"),
    Act.TERMINATE_EXPIRED: ("ended machine", "end machine"),
    Act.REMOVE_RUNNER: ("removed the runner of machine", "remove the runner of machine"),
    Act.DROP_HANDOVER: ("deleted the secret for machine", "delete the secret for machine"),
    Act.CANCEL_RUN: (
        "ended the workflow run that waits for machine",
        "end the workflow run that waits for machine",
    ),
}


def status(
    request: RunRequest,
    progress: Progress | None,
    total: int | None,
    log: str | None = None,
    job: RemoteJob | None = None,
) -> str:
    """How far the run is, of `total` datasets if that is known; rewritten while it goes on."""
    doing = (
        f"⏳ **{code(request.run_id)} is {DOING[request.action]} release {request.release}** in "
    )
    if progress is None:
        return (
            f"{doing}{code(request.instance)}. How far it is, {_log('its log', log)} says; what it "
            "does is kept when its job has ended."
        )
    lines = [
        f"{doing}{code(request.instance)}: {progress.stage()}.",
        *([] if total is None else [_share(progress, total), *_speed(progress, total)]),
        *([] if job is None else [_job(job)]),
    ]
    return "\n\n".join(lines)


def _job(job: RemoteJob) -> str:
    """Where the run works by itself, and how long it may."""
    name = code(f"{job.machine.launcher} {job.machine.type or 'machine'}")
    state = "is being ended" if job.state is JobState.STOPPING else "works on by itself"
    return (
        f"The job {code(job.name)} ({name}) {state}, and ends by {moment(job.expires_at)} at the "
        f"latest; {_log('its log', job.log)}. Seen {moment(job.seen_at)}."
    )


def _log(words: str, address: str | None) -> str:
    return f"[{words}]({address})" if address else words


def _share(progress: Progress, total: int) -> str:
    share = min(1.0, progress.written / total) if total else 0.0
    written = f"{progress.written:,} of {counted(total, 'dataset')}"
    return f"{code(_bar(share))} {written}, {_part(share, 100)}%"


def _part(share: float, whole: int) -> int:
    """The share of a whole, which is whole at the end alone."""
    return whole if share == 1 else min(round(share * whole), whole - 1)


def _bar(share: float) -> str:
    full = _part(share, WIDTH)
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


def lost(
    request: RunRequest,
    ending: Ending,
    progress: Progress,
    total: int | None,
    cancelled_by: str,
    job: RemoteJob | None = None,
    cost: float | None = None,
) -> str:
    """That a run ended without a report: what was done, what wasn't, what it cost, what to do."""
    has_begun = ending.has_begun(progress)
    title = _how_it_ended(ending, cancelled_by) if has_begun else UNBEGUN[ending.job]
    if not has_begun and ending.result == "cancelled":
        title = f"{title.rpartition(' failed')[0] or title} was stopped"
    if ending == GIVEN_UP and cancelled_by:
        title = f"{title}, as {mention(cancelled_by)} asked"
    parts = [f"{LOST} {code(request.run_id)} {title}", _after(request, ending, has_begun)]
    if ending.why:
        parts.append(f"What was said of its end: {inert(ending.why, 1000)}")
    if has_begun and request.action is Action.INGEST:
        parts.append(_done(request, progress, total))
    who = f", asked for by {mention(request.requested_by)}," if request.requested_by else ""
    last_line = f"Run {code(request.run_id)}{who} in {code(request.instance)}."
    if has_begun and request.action is Action.INGEST:
        last_line += " A batch that was being written was either finished or undone."
    if job is not None:
        last_line += machine_sentence(job.machine)
    elif cost is not None:
        last_line += f" Its machine has cost an estimated ${cost:,.2f}."
    return "\n\n".join([*parts, last_line])


LOST = "## 🛑 Run"
"""How the comment on a run without a report begins."""

UNTOUCHED = "**Next:** nothing was written"
"""What it goes on with of one that never began."""

UNBEGUN = {
    "plan": "didn't begin: its first job failed",
    "smoke": "didn't begin: its smoke test failed",
    "launch": "didn't begin: the launch of its machine failed",
    GIVEN_UP.job: "was stopped before anybody began it",
}


def says_it_never_began(body: str) -> bool:
    """Whether a comment on a run without a report says so."""
    return body.startswith(LOST) and f"\n\n{UNTOUCHED}" in body


def _how_it_ended(ending: Ending, cancelled_by: str) -> str:
    if cancelled_by:
        return f"was stopped, as {mention(cancelled_by)} asked"
    return {
        "cancelled": "was stopped: by hand, or as its job took longer than it may",
        "skipped": "was repeated in part, and so did nothing",
        "lost": "has ended, and nobody said how",
    }.get(ending.result, "ended without a report")


def _after(request: RunRequest, ending: Ending, has_begun: bool) -> str:
    """What a person does next."""
    log = f"[Its log]({ending.log})" if ending.log else "Its log, under Actions,"
    command = f"`/{request.action}`"
    if ending == GIVEN_UP:
        return f"{UNTOUCHED}; say {command} when it is to be done."
    if ending.result == "skipped":
        return (
            f"**Next:** say {command}, or repeat all jobs: whether a run may begin is asked each "
            f"time. {log} has what was repeated."
        )
    if not has_begun:
        return f"{UNTOUCHED}. {log} says what is to be mended; then say {command} again."
    if request.action is Action.VERIFY:
        return f"**Next:** {log} says why it ended; say {command} again."
    return (
        f"**Next:** {command} goes on where it was: what is registered and unchanged stays as it "
        f"is. {log} says why it ended."
    )


def _done(request: RunRequest, progress: Progress, total: int | None) -> str:
    """What was written and what wasn't, as far as the journal tells."""
    if progress.began is None:
        return "It left no journal: what it did isn't known. `/verify` checks what is there."
    left = "datasets" if total is None else counted(max(0, total - progress.written), "dataset")
    return (
        f"- Done: {counted(progress.written, 'dataset')} of release {request.release}"
        f"{' and its collections' if progress.is_registered else ''}.\n"
        f"- Not done: {left}"
        f"{'' if progress.is_registered else ', collections'}, verification."
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
