"""How every release stands -> the dashboard, which is made anew from facts each time.

What page and directory said is in the facts as the last look: only a look changes that.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.census.release import Release
from bot.comments import dashboard as comment
from bot.decide.new_releases import compare_with_known
from bot.model.effects import CancelRun, KeepThread, Plan, SetLabel, StartRun
from bot.model.events import (
    CommentCreated,
    DetectionFailed,
    Event,
    ReleasesRead,
    RunEnded,
    RunGoesOn,
    RunLost,
)
from bot.model.facts import Facts
from bot.model.labels import Topic
from bot.model.look import Look
from bot.model.markers import DASHBOARD
from bot.model.ports import Run
from bot.model.release_state import ReleaseState, State
from runners.contract import Outcome, RunReport, Verdict

STATES = {
    Verdict.PASSED: State.VERIFIED,
    Verdict.FAILED: State.FAILED,
    Verdict.UNCHECKED: State.UNCHECKED,
}
REGISTERED = frozenset({Outcome.REGISTERED, Outcome.REVISED, Outcome.UNCHANGED})


def concerns_dashboard(event: Event, decided: Plan) -> bool:
    """Whether the event may have changed how a release stands: a question hasn't."""
    if not isinstance(event, CommentCreated):
        return True
    return any(isinstance(effect, StartRun | CancelRun | SetLabel) for effect in decided.effects)


def dashboard(event: Event, facts: Facts, look: Look | None, now: datetime) -> KeepThread:
    """The dashboard as it is to be after the event, whose effects are among the facts."""
    facts = _with_run(event, facts)
    states = release_states(event, facts, look)
    body = comment.body(states, look, now, ingest_on_merge=facts.ingest_on_merge)
    return KeepThread(DASHBOARD, comment.TITLE, body, Topic.DASHBOARD, look)


def looked(
    event: ReleasesRead | DetectionFailed,
    decided: Plan,
    known: Facts,
    facts: Facts,
    before: Look | None,
    now: datetime,
) -> Look:
    """What is remembered of a look that was decided by what was `known`; the facts are those after.

    One that failed keeps what an earlier one has read.
    """
    now = now.replace(microsecond=0)
    if isinstance(event, DetectionFailed):
        earlier = before or Look(now, "")
        return replace(earlier, at=now, ended=decided.reason, failures=decided.failures)
    found = compare_with_known(event.page, event.directory, known)
    listed = {release.version: release for release in event.page.releases}
    hosted = event.directory.entries
    versions = facts.known() | facts.notices.keys()
    retracted = [version for version in versions if version in hosted and hosted[version].retracted]
    # The page's Markdown source is no witness of what isn't there.
    unlisted = set(facts.threads) - listed.keys() if event.refusal is None else set()
    withdrawn = unlisted | (set(facts.threads) - hosted.keys())
    return Look(
        at=now,
        ended=decided.reason,
        failures=decided.failures,
        read_at=now,
        datasets={
            version: listed[version].dataset_count or 0
            for version in sorted(versions & listed.keys())
            if listed[version].dataset_count
        },
        cells={
            version: cells
            for version in sorted(versions & listed.keys())
            if (cells := cells_of(listed[version])) is not None
        },
        waiting=(*found.unhosted, *found.unreadable, *event.unread),
        retracted=tuple(sorted(retracted)),
        withdrawn=tuple(sorted(withdrawn)),
    )


def cells_of(release: Release) -> int | None:
    """Its cells without duplicates; None where the page leaves some organism's out."""
    counts = [count.unique for count in release.cell_counts.values()]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def release_states(event: Event, facts: Facts, look: Look | None) -> tuple[ReleaseState, ...]:
    """Every release that the bot knows of, newest first."""
    waiting = set(look.waiting) if look else set()
    versions = facts.known() | facts.notices.keys() | waiting
    return tuple(_state(version, event, facts, look) for version in sorted(versions, reverse=True))


def _state(version: str, event: Event, facts: Facts, look: Look | None) -> ReleaseState:
    last = next(reversed(facts.runs_of(version)), None)
    manifest = facts.manifests.get(version)
    listed = look.datasets.get(version) if look else None
    threads = (facts.threads.get(version), *_other_threads(version, facts))
    return ReleaseState(
        version,
        _name(version, last, facts, look),
        datasets=manifest.dataset_count if manifest else listed,
        done=_done(version, event, last, facts),
        thread=next((thread for thread in threads if thread is not None), None),
        proposal=facts.proposals.get(version),
        action=last.request.action if last else None,
        cells=look.cells.get(version) if look else None,
    )


def _other_threads(version: str, facts: Facts) -> Iterator[int | None]:
    """Those of a release without a thread of its own."""
    yield facts.alerts.get(f"retracted-{version}")
    yield facts.notices.get(version)


def _name(version: str, last: Run | None, facts: Facts, look: Look | None) -> State:
    if version not in facts.known():
        return State.SEEN
    if facts.is_declined(version):
        return State.DECLINED
    if look and version in look.retracted:
        return State.RETRACTED
    if look and version in look.withdrawn:
        return State.WITHDRAWN
    if version in facts.broken and (last is None or not last.is_going_on()):
        return State.BROKEN
    if last is None:
        return State.MERGED if version in facts.manifests else State.PROPOSED
    if last.verdict is None:
        return State.LOST if last.is_lost else State.RUNNING
    if last.verdict is Verdict.PASSED and facts.is_part(last.request):
        return State.PART
    return STATES[last.verdict]


def _done(version: str, event: Event, last: Run | None, facts: Facts) -> int | None:
    if last is None:
        return None
    if last.report is None:
        if isinstance(event, RunGoesOn | RunLost) and event.request.run_id == last.request.run_id:
            return (event.progress.written or None) if event.progress else None
        return None
    reports = (run.report for run in reversed(facts.runs_of(version)))
    return next((_registered(one) for one in reports if one and one.outcomes), None)


def _registered(report: RunReport) -> int:
    return sum(outcome.outcome in REGISTERED for outcome in report.outcomes)


def _with_run(event: Event, facts: Facts) -> Facts:
    """The facts with what the event says of its run, which GitHub and the store say later."""
    if isinstance(event, RunEnded):
        request, report, has_begun = event.report.request, event.report, True
    elif isinstance(event, RunLost):
        request, report, has_begun = event.request, None, event.ending.has_begun(event.progress)
    else:
        return facts
    is_lost = report is None
    runs = tuple(
        replace(run, report=report, is_lost=is_lost, has_begun=has_begun, last_verdict=None)
        if run.request.run_id == request.run_id
        else run
        for run in facts.runs
    )
    return replace(facts, runs=runs)
