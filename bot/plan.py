"""An event and the facts -> a plan. Every decision of the bot is made here.

Pure: equal events and facts give equal plans. The sentences are `comments`' business.
"""

from bot.answers import answer
from bot.comments import replies, result
from bot.comments.pull_requests import open_rules_of
from bot.entries import audited
from bot.model.effects import (
    Comment,
    Conclude,
    Effect,
    Label,
    Plan,
    SetLabel,
    StartRun,
    UpsertComment,
)
from bot.model.events import (
    CommentCreated,
    DetectionFailed,
    Event,
    ManifestMerged,
    ReleasesRead,
    RunAsked,
    RunEnded,
    RunGoesOn,
    RunLost,
)
from bot.model.facts import Facts
from bot.model.markers import Marker, MarkerKind
from bot.running import begin, goes_on, lost, settled
from bot.watch import detection_failed, releases_read
from runners.contract import Action, Manifest, RunReport, RunRequest, Verdict, manifest_path

ENDED = {
    Verdict.PASSED: Label.VERIFIED,
    Verdict.FAILED: Label.FAILED,
    Verdict.UNCHECKED: Label.UNCHECKED,
}


def plan(event: Event, facts: Facts) -> Plan:
    """What the bot does about the event.

    Raises:
        BotError: what was read can't be decided on; nothing is done then.
    """
    match event:
        case ReleasesRead():
            return releases_read(event, facts)
        case DetectionFailed():
            return detection_failed(event, facts)
        case CommentCreated():
            return answer(event, facts)
        case ManifestMerged():
            return _manifest_merged(event, facts)
        case RunEnded():
            return _run_ended(event, facts)
        case RunAsked():
            return begin(event, facts)
        case RunGoesOn():
            return goes_on(event, facts)
        case RunLost():
            return lost(event, facts)


def _manifest_merged(event: ManifestMerged, facts: Facts) -> Plan:
    thread = facts.threads.get(event.release)
    manifest = facts.manifests.get(event.release)
    if thread is None or manifest is None:
        missing = "manifest on the default branch" if thread else "thread of the bot's"
        return Plan((), f"{event.release} was merged, but has no {missing}: nothing to do.")
    if facts.ingest_on_merge:
        decided = _ingested_on_merge(event, facts, thread, manifest)
        asked = f"merge {event.commit[:8]}"
        return audited(decided, thread, who=event.actor, role="", asked=asked)
    marker = Marker(MarkerKind.MERGED, event.commit)
    said = Comment(thread, marker, replies.merged(event.release, event.actor))
    reason = f"The manifest of {event.release} was merged; a person starts its ingestion."
    return Plan((SetLabel(thread, Label.MERGED), said), reason)


def _ingested_on_merge(
    event: ManifestMerged, facts: Facts, thread: int, manifest: Manifest
) -> Plan:
    marker = Marker(MarkerKind.MERGED, event.commit)
    if open_rules := open_rules_of(manifest.dataset_schema_version, facts):
        said = Comment(thread, marker, replies.merged_but_undecided(event.release, open_rules))
        reason = (
            f"The manifest of {event.release} was merged, but not ingested: {open_rules.problem}"
        )
        return Plan((SetLabel(thread, Label.MERGED), said), reason)
    request = _merge_request(event, facts, thread)
    running = facts.running()
    if running and running.request.run_id != request.run_id:
        said = Comment(thread, marker, replies.merged_but_busy(event.release, running))
        reason = f"The manifest of {event.release} was merged while {running.request.run_id} runs."
        return Plan((SetLabel(thread, Label.MERGED), said), reason)
    said = Comment(thread, marker, replies.accepted(request, manifest, None))
    effects = (StartRun(request), SetLabel(thread, Label.RUNNING), said)
    return Plan(effects, f"The manifest of {event.release} was merged: its ingestion starts.")


def _merge_request(event: ManifestMerged, facts: Facts, thread: int) -> RunRequest:
    return RunRequest(
        run_id=f"{event.release}-ingest-{event.commit[:8]}",
        action=Action.INGEST,
        release=event.release,
        manifest=manifest_path(event.release),
        instance=facts.instance,
        thread=thread,
        requested_by=event.actor,
    )


def _run_ended(event: RunEnded, facts: Facts) -> Plan:
    request = event.report.request
    thread = facts.threads.get(request.release)
    if thread is None:
        return Plan(
            (), f"{request.run_id} ended, but {request.release} has no thread of the bot's."
        )
    body = result.body(event.report, _context(event, facts))
    said = UpsertComment(thread, Marker(MarkerKind.RESULT, request.run_id), body)
    ended = Conclude(request.release, event.report.verdict, result.headline(event.report))
    effects: tuple[Effect, ...] = (said, ended, *settled(request, facts))
    if facts.running() is None:
        effects = (*effects, SetLabel(thread, ENDED[event.report.verdict]))
    return Plan(effects, f"{request.run_id} ended with the verdict {event.report.verdict}.")


def _context(event: RunEnded, facts: Facts) -> result.ResultContext:
    """The last run of this release that ended before this one, and that of the release before."""
    report = event.report
    return result.ResultContext(
        earlier=_last(facts, report.request.release, report),
        before=_last(facts, report.previous.release, report) if report.previous else None,
        page=event.page,
    )


def _last(facts: Facts, release: str, now: RunReport) -> RunReport | None:
    reports = [run.report for run in facts.runs_of(release) if run.report is not None]
    ended = [one for one in reports if one.ended_at < now.started_at]
    return max(ended, key=lambda one: one.ended_at, default=None)
