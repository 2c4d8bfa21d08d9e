"""The dashboard: who is waited for, when the last look was, and how every release stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.comments.markdown import code, collapsed, counted, inert, joined, moment, table
from bot.model.look import Look
from bot.model.release_state import ReleaseState, State
from runners.contract import Action, manifest_path

TITLE = "Census releases: the bot's dashboard"
MILLION = 1_000_000
STALE = timedelta(days=3)
"""After so long without a look, the clock that starts them has stopped."""

SIGNS = {
    State.SEEN: "🔭",
    State.PROPOSED: "📬",
    State.DECLINED: "💤",
    State.BROKEN: "❌",
    State.MERGED: "📥",
    State.RUNNING: "⏳",
    State.LOST: "🛑",
    State.PART: "🧩",
    State.VERIFIED: "✅",
    State.FAILED: "❌",
    State.UNCHECKED: "❔",
    State.WITHDRAWN: "🚨",
    State.RETRACTED: "🚨",
}
SETTLED = frozenset({State.SEEN, State.DECLINED, State.RUNNING, State.VERIFIED})
"""States in which nobody is waited for."""

COMMANDS = (
    "**Here you can say** `/detect` to look now, `/verify RELEASE` to verify one now, "
    "`/diff OLD NEW` to have two dataset schema versions explained, `/thread RELEASE` for a thread "
    "about an older release; `/help` lists the rest. "
    "I keep this text up to date: what others write into it is lost."
)


def body(
    states: Sequence[ReleaseState], look: Look | None, now: datetime, *, ingest_on_merge: bool
) -> str:
    """The whole text; what a person must do stands first."""
    rows = [_row(state, ingest_on_merge) for state in states]
    heads = ["Release", "State", "Datasets:", "Thread", "Proposal", "Next"]
    parts = [
        _waited_for(states),
        _last_look(look, now),
        table(heads, rows) if rows else "No LTS release is known yet.",
        *_charts(states),
        COMMANDS,
    ]
    return "\n\n".join(parts)


def _charts(states: Sequence[ReleaseState]) -> list[str]:
    """How the releases have grown, oldest first; nothing where a chart would have one bar."""
    oldest_first = sorted(states, key=lambda state: state.release)
    datasets = [(x.release, x.datasets) for x in oldest_first if x.datasets is not None]
    cells = [(x.release, x.cells) for x in oldest_first if x.cells is not None]
    charts = [_chart("Datasets", datasets), _chart("Cells without duplicates", cells)]
    drawn = [chart for chart in charts if chart]
    return [collapsed("Datasets and cells by release", "\n\n".join(drawn))] if drawn else []


def _chart(title: str, bars: Sequence[tuple[str, int]]) -> str:
    """In Mermaid, which GitHub draws (https://mermaid.js.org/syntax/xyChart.html).

    Unless it is told otherwise, the axis begins just below the lowest bar, which is then none.
    """
    if len(bars) < 2 or not any(height for _, height in bars):
        return ""
    names = ", ".join(f'"{release}"' for release, _ in bars)
    heights, top = [str(height) for _, height in bars], max(height for _, height in bars)
    if top >= MILLION:
        title += ", in millions"
        heights = [f"{height / MILLION:.1f}" for _, height in bars]
    axes = [f"x-axis [{names}]", f"y-axis 0 --> {max(heights, key=float)}"]
    lines = [f'title "{title}"', *axes, f"bar [{', '.join(heights)}]"]
    return "\n".join(["```mermaid", "xychart-beta", *(f"    {line}" for line in lines), "```"])


def _waited_for(states: Sequence[ReleaseState]) -> str:
    waiting = [inert(state.release) for state in states if _needs_a_person(state)]
    if not waiting:
        return "**Next:** nothing; no release waits for a person."
    verb = "waits" if len(waiting) == 1 else "wait"
    return f"**Next:** {joined(waiting)} {verb} for a person; the table says for what."


def _needs_a_person(state: ReleaseState) -> bool:
    # A manifest without a thread is older than the bot.
    return state.state not in SETTLED and state.thread is not None


def _last_look(look: Look | None, now: datetime) -> str:
    if look is None:
        return "**Last look:** not known. Say `/detect` to look now."
    ended = inert(look.ended, 600)
    lines = [f"**Last look** at page and directory: {moment(look.at)}. {ended}"]
    if look.failures:
        whole = f"the last whole one was {moment(look.read_at)}" if look.read_at else "none was"
        often = f", for {counted(look.failures, 'look')} in a row" if look.failures > 1 else ""
        lines = [f"⚠️ **The last look failed** ({moment(look.at)}{often}): {ended}"]
        lines += [f"What is told of page and directory is older: {whole}."] * (
            look.read_at != look.at
        )
    if now - look.at > STALE:
        lines.append(
            f"⚠️ That was {(now - look.at).days} days ago: the clock that starts looks has stopped. "
            "See under Actions whether its workflow is enabled, and say `/detect`."
        )
    return " ".join(lines)


def _row(state: ReleaseState, ingest_on_merge: bool) -> list[str]:
    return [
        inert(state.release),
        f"{SIGNS[state.state]} {state.state}",
        _datasets(state),
        f"#{state.thread}" if state.thread is not None else "",
        f"#{state.proposal}" if state.proposal is not None else "",
        _next(state, ingest_on_merge),
    ]


def _datasets(state: ReleaseState) -> str:
    total = "" if state.datasets is None else f"{state.datasets:,}"
    return f"{state.done:,} of {total or '?'}" if state.done is not None else total


def _next(state: ReleaseState, ingest_on_merge: bool) -> str:
    thread = f"#{state.thread}"
    if state.thread is None and state.state not in (State.SEEN, State.RUNNING):
        return "nothing: it is older than my threads"
    match state.state:
        case State.SEEN:
            return "nothing: it is proposed once page, directory and schema say all of it"
        case State.PROPOSED:
            return _merge(state, ingest_on_merge)
        case State.DECLINED:
            return f"nothing: {thread} was closed and its manifest isn't merged"
        case State.BROKEN:
            return f"correct {code(manifest_path(state.release))}: as it is, it can't be used"
        case State.MERGED:
            return f"say `/ingest` in {thread}"
        case State.RUNNING:
            can = "; `/cancel` there ends it early" if state.action is Action.INGEST else ""
            return f"wait for the result in {thread}{can}" if state.thread else "wait"
        case State.LOST:
            return f"say {code(f'/{state.action}')} in {thread}: it goes on where it was"
        case State.PART:
            return f"say `/ingest` in {thread} to register the rest"
        case State.VERIFIED:
            return "nothing"
        case State.FAILED:
            return f"read the result in {thread}: it says what mends it"
        case State.UNCHECKED:
            return f"say {code(f'/verify {state.release}')} here"
        case State.WITHDRAWN | State.RETRACTED:
            return f"decide what becomes of it: {thread} says how"


def _merge(state: ReleaseState, ingest_on_merge: bool) -> str:
    what = code(manifest_path(state.release)) if state.proposal is None else f"#{state.proposal}"
    then = "that starts the ingest" if ingest_on_merge else f"then say `/ingest` in #{state.thread}"
    return f"review and merge {what}; {then}"
