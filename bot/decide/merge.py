"""A manifest reached the default branch -> what the bot does about it."""

from bot.comments import merges, replies
from bot.comments.audit import audited
from bot.comments.pull_requests import open_rules_of
from bot.decide.conversation import minimum_role
from bot.model.commands import Command, Verb
from bot.model.effects import Comment, Plan, SetLabel, StartRun, Tabulate
from bot.model.events import ManifestMerged
from bot.model.facts import Facts
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind
from bot.model.places import foreign_places
from runners.contract import Action, Manifest, RunRequest, manifest_path


def manifest_merged(event: ManifestMerged, facts: Facts) -> Plan:
    """Starts the ingestion where the settings say so; else says what a person does next."""
    thread = facts.threads.get(event.release)
    manifest = facts.manifests.get(event.release)
    if event.blob and facts.blobs.get(event.release) != event.blob:
        return Plan((), f"{event.release} was changed again since: that change is answered.")
    if thread is not None and facts.answered:
        return Plan((Tabulate(thread),), f"The merge of {event.release} was answered before.")
    if thread is not None and event.release in facts.broken:
        body = merges.but_broken(event.release, facts.broken[event.release])
        return _waits(event, thread, body, f"The manifest of {event.release} is broken.")
    if thread is None or manifest is None:
        missing = "manifest on the default branch" if thread else "thread of the bot's"
        return Plan((), f"{event.release} was merged, but has no {missing}: nothing to do.")
    if facts.ingest_on_merge:
        decided = _ingested_on_merge(event, facts, thread, manifest)
        command = f"merge {event.commit[:8]}"
        role = facts.role.name.lower()
        return audited(decided, thread, who=event.actor, role=role, line=command)
    has_run = bool(facts.runs_of(event.release))
    reason = f"The manifest of {event.release} was merged; a person starts its ingestion."
    return _waits(event, thread, merges.merged(event.release, event.actor, has_run=has_run), reason)


def _waits(event: ManifestMerged, thread: int, body: str, reason: str) -> Plan:
    """The thread says what has to be done before the release is ingested."""
    comment = Comment(thread, Marker(MarkerKind.MERGED, event.commit), body)
    return Plan((SetLabel(thread, Label.MERGED), comment), reason)


def _ingested_on_merge(
    event: ManifestMerged, facts: Facts, thread: int, manifest: Manifest
) -> Plan:
    merged = f"The manifest of {event.release} was merged"
    wanted = minimum_role(Command(Verb.INGEST), facts)
    if facts.role < wanted:
        body = merges.by_another_role(event.release, event.actor, facts.role, wanted)
        return _waits(event, thread, body, f"{merged} by {event.actor}, who may not say /ingest.")
    if places := foreign_places(manifest, facts.places):
        why = replies.why_elsewhere(places, facts.places_unread)
        remedy = f"{replies.ALLOW_PLACES} Then say `/ingest`."
        body = merges.not_started(event.release, why, remedy)
        return _waits(event, thread, body, f"{merged}, and lies where nobody has allowed it.")
    if open_rules := open_rules_of(manifest.dataset_schema_version, facts):
        body = merges.but_undecided(event.release, open_rules)
        return _waits(event, thread, body, f"{merged}, but not ingested: {open_rules.problem}")
    request = _merge_request(event, facts, thread)
    running = facts.running()
    if running and running.request.run_id != request.run_id:
        body = merges.but_busy(event.release, running)
        return _waits(event, thread, body, f"{merged} while {running.request.run_id} runs.")
    ended = [run for run in facts.runs_of(event.release) if run.verdict is not None]
    earlier = ended[-1] if ended else None
    accepted = replies.accepted(request, manifest, earlier, limits=facts.limits)
    comment = Comment(thread, Marker(MarkerKind.MERGED, event.commit), accepted)
    effects = (StartRun(request), SetLabel(thread, Label.RUNNING), comment)
    return Plan(effects, f"{merged}: its ingestion starts.")


def _merge_request(event: ManifestMerged, facts: Facts, thread: int) -> RunRequest:
    return RunRequest(
        run_id=f"{event.release}-ingest-{event.commit[:8]}",
        action=Action.INGEST,
        release=event.release,
        manifest=manifest_path(event.release),
        instance=facts.instance,
        thread=thread,
        requested_by=event.actor,
        manifest_blob=event.blob or None,
        manifest_commit=event.commit if event.blob else None,
    )
