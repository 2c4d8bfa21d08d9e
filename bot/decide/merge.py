"""A manifest reached the default branch -> what the bot does about it."""

from bot.comments import replies
from bot.comments.audit import audited
from bot.comments.pull_requests import open_rules_of
from bot.model.effects import Comment, Plan, SetLabel, StartRun
from bot.model.events import ManifestMerged
from bot.model.facts import Facts
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind
from runners.contract import Action, Manifest, RunRequest, manifest_path


def manifest_merged(event: ManifestMerged, facts: Facts) -> Plan:
    """Starts the ingestion where the settings say so; else says what a person does next."""
    thread = facts.threads.get(event.release)
    manifest = facts.manifests.get(event.release)
    if thread is None or manifest is None:
        missing = "manifest on the default branch" if thread else "thread of the bot's"
        return Plan((), f"{event.release} was merged, but has no {missing}: nothing to do.")
    if facts.ingest_on_merge:
        decided = _ingested_on_merge(event, facts, thread, manifest)
        command = f"merge {event.commit[:8]}"
        return audited(decided, thread, who=event.actor, role="", line=command)
    marker = Marker(MarkerKind.MERGED, event.commit)
    has_run = bool(facts.runs_of(event.release))
    comment = Comment(thread, marker, replies.merged(event.release, event.actor, has_run=has_run))
    reason = f"The manifest of {event.release} was merged; a person starts its ingestion."
    return Plan((SetLabel(thread, Label.MERGED), comment), reason)


def _ingested_on_merge(
    event: ManifestMerged, facts: Facts, thread: int, manifest: Manifest
) -> Plan:
    marker = Marker(MarkerKind.MERGED, event.commit)
    if open_rules := open_rules_of(manifest.dataset_schema_version, facts):
        comment = Comment(thread, marker, replies.merged_but_undecided(event.release, open_rules))
        reason = (
            f"The manifest of {event.release} was merged, but not ingested: {open_rules.problem}"
        )
        return Plan((SetLabel(thread, Label.MERGED), comment), reason)
    request = _merge_request(event, facts, thread)
    running = facts.running()
    if running and running.request.run_id != request.run_id:
        comment = Comment(thread, marker, replies.merged_but_busy(event.release, running))
        reason = f"The manifest of {event.release} was merged while {running.request.run_id} runs."
        return Plan((SetLabel(thread, Label.MERGED), comment), reason)
    ended = [run for run in facts.runs_of(event.release) if run.report is not None]
    earlier = ended[-1] if ended else None
    accepted = replies.accepted(request, manifest, earlier, limits=facts.limits)
    comment = Comment(thread, marker, accepted)
    effects = (StartRun(request), SetLabel(thread, Label.RUNNING), comment)
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
