"""Gathers the facts that a decision on an event needs, through the ports."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.errors import BotError
from bot.gather.explanation import read_explanation
from bot.gather.releases import read_directory
from bot.model.announcement import announcement_in
from bot.model.audit_entry import AuditEntry, Decision, audit_entry_in
from bot.model.commands import Command, Role, Verb, parse
from bot.model.events import (
    GHOST,
    CommentCreated,
    Event,
    ManifestMerged,
    RunAsked,
    RunEnded,
    RunLost,
)
from bot.model.facts import STARTING, Facts
from bot.model.limits import RunLimits, run_limits
from bot.model.look import Look, look_in
from bot.model.markers import DASHBOARD, Marker, MarkerKind, last_marker, reply_marker
from bot.model.own_comments import own_comment
from bot.model.places import bucket_of, foreign_places
from bot.model.ports import Pages, Ports, Threads
from bot.schema.changes import SchemaDiff
from bot.schema.impact import Impact
from bot.settings import Settings
from runners.contract import Manifest


def gather(event: Event | None, ports: Ports, settings: Settings) -> Facts:
    """The facts for a decision on the event; with None, those for detection."""
    marked = ports.threads.marked()
    merged, rules = ports.repository.manifests(), ports.repository.rules()
    asking = who_asks(event)
    facts = Facts(
        instance=settings.instance,
        manifests=merged.whole,
        broken=merged.broken,
        blobs=merged.blobs,
        threads=_threads(marked, MarkerKind.RELEASE),
        proposals=_threads(marked, MarkerKind.MANIFEST),
        own=frozenset(marked.values()),
        dashboard=marked.get(DASHBOARD),
        can_look=ports.clock is not None,
        runs=ports.runs.all(),
        role=ports.roles.role_of(asking) if asking and asking != GHOST else Role.NONE,
        answered=_answered(event, ports, marked),
        explanation=_explanation(event, ports, settings, marked),
        is_followed=_is_followed(event, ports, marked),
        ingest_on_merge=settings.ingest_on_merge,
        limits=_limits(settings),
        minimum_roles=settings.minimum_roles,
        previous=settings.previous,
        rules=rules.open,
        broken_rules=rules.broken,
    )
    if event is None:
        return _remembered(facts, marked, ports)
    if isinstance(event, RunLost):
        asked = event.request
        numbers = (facts.threads.get(asked.release), facts.proposals.get(asked.release))
        who = cancelled_by(asked.run_id, numbers, ports.threads)
        facts = replace(facts, cancelled_by=who)
        return _with_proofs(event, facts, ports.threads)
    release = _starting(event, facts)
    return facts if release is None else _for_a_run(release, event, facts, ports, settings)


def _limits(settings: Settings) -> RunLimits | None:
    if settings.launcher is None:
        return None
    return run_limits(settings.launcher, settings.launch_toml, settings.codebuild)


def gather_failures(ports: Ports, settings: Settings) -> Facts:
    """The facts for counting a look that failed; no file of the repository is read for them."""
    marked = ports.threads.marked()
    alerts = _threads(marked, MarkerKind.ALERT)
    bodies = (body for number in alerts.values() for body in _own_bodies(ports.threads, number))
    return Facts(
        instance=settings.instance,
        alerts=alerts,
        markers=frozenset(marker for marker in map(last_marker, bodies) if marker is not None),
        failures=ports.tally.failures(),
    )


def who_asks(event: Event | None) -> str | None:
    """Whose role decides: who said or merged it, or started the run, or had the bot start it."""
    if isinstance(event, RunAsked) and event.by_bot:
        return event.request.requested_by
    return event.actor if isinstance(event, CommentCreated | ManifestMerged | RunAsked) else None


def _starting(event: Event, facts: Facts) -> str | None:
    """The release of which the event may start a run; None if it can't."""
    match event:
        case CommentCreated():
            command = parse(event.body)
            if not isinstance(command, Command) or command.verb not in STARTING:
                return None
            return facts.release_meant(command, event.thread)
        case ManifestMerged():
            return event.release
        case RunAsked():
            return event.request.release
    return None


def _for_a_run(release: str, event: Event, facts: Facts, ports: Ports, settings: Settings) -> Facts:
    """The facts with what is asked of a run before it starts or begins."""
    if isinstance(event, RunAsked):
        facts = _with_proofs(event, facts, ports.threads)
    if release not in facts.manifests:
        return facts
    if isinstance(event, ManifestMerged):
        commit = event.commit
    else:
        commit = ports.repository.merged_in(release)
    places, problem = _places(facts.manifests[release], ports.pages, settings)
    return replace(facts, commit=commit, places=places, places_unread=problem)


def _with_proofs(event: RunAsked | RunLost, facts: Facts, threads: Threads) -> Facts:
    """The facts with what proves that the bot has started the run, in a thread of its own."""
    thread = event.request.thread
    if thread is None or facts.release_of(thread) not in (event.request.release, None):
        return facts
    if thread not in facts.own:
        return facts
    comments = threads.comments(thread)
    entries = (audit_entry_in(comment.body) for comment in comments if comment.by_bot)
    return replace(
        facts,
        proofs=frozenset(entry.proof for entry in entries if entry and entry.proof),
        command=next((c for c in comments if c.comment_id == event.request.comment), None),
    )


def _places(manifest: Manifest, pages: Pages, settings: Settings) -> tuple[tuple[str, ...], str]:
    """Where releases may lie, and why the release directory can't be asked.

    It is asked only about what the settings don't allow.
    """
    if not foreign_places(manifest, settings.storage):
        return settings.storage, ""
    try:
        directory = read_directory(pages, settings.release_directory)
    except BotError as error:
        return settings.storage, str(error)
    entries = directory.entries.values()
    hosted = {bucket_of(uri) for entry in entries for uri in (entry.soma_uri, entry.h5ads_uri)}
    return (*settings.storage, *sorted(hosted)), ""


def gather_states(event: Event, ports: Ports, settings: Settings) -> tuple[Facts, Look | None]:
    """The facts that the dashboard is made of, and the look that is remembered in it."""
    facts, marked = gather(event, ports, settings), ports.threads.marked()
    facts = replace(
        facts,
        notices=_threads(marked, MarkerKind.NOTICE),
        alerts=_threads(marked, MarkerKind.ALERT),
        closed=ports.threads.closed(),
    )
    text = ports.threads.texts().get(facts.dashboard, "") if facts.dashboard is not None else ""
    return facts, look_in(text)


def _remembered(facts: Facts, marked: Mapping[Marker, int], ports: Ports) -> Facts:
    """The facts with what the bot has said so far, which detection needs."""
    bodies_by_thread = {
        number: _own_bodies(ports.threads, number) for number in sorted(set(marked.values()))
    }
    texts = ports.threads.texts()
    announcements = {
        release: [
            announcement_in(body) for body in (texts.get(number, ""), *bodies_by_thread[number])
        ]
        for release, number in facts.threads.items()
    }
    asked = [
        audit_entry_in(body)
        for number in sorted(bodies_by_thread)
        for body in bodies_by_thread[number]
    ]
    records = {
        release: [entry for entry in entries if entry] for release, entries in announcements.items()
    }
    markers = (last_marker(body) for bodies in bodies_by_thread.values() for body in bodies)
    return replace(
        facts,
        notices=_threads(marked, MarkerKind.NOTICE),
        alerts=_threads(marked, MarkerKind.ALERT),
        closed=ports.threads.closed(),
        markers=frozenset(marker for marker in markers if marker is not None),
        records={release: entries[-1] for release, entries in records.items() if entries},
        failures=ports.tally.failures(),
        asked_for={
            release: entry.who for entry in asked if entry and (release := _thread_asked_for(entry))
        },
    )


def _thread_asked_for(entry: AuditEntry) -> str | None:
    """The release that the bot has promised a thread about, by its own answer."""
    command = parse(entry.asked) if entry.decision is Decision.ACCEPTED else None
    if not isinstance(command, Command) or command.verb is not Verb.THREAD:
        return None
    return command.release


def _threads(marked: Mapping[Marker, int], kind: MarkerKind) -> dict[str, int]:
    return {marker.key: number for marker, number in marked.items() if marker.kind is kind}


def _own_bodies(threads: Threads, number: int) -> list[str]:
    return [comment.body for comment in threads.comments(number) if comment.by_bot]


def _is_followed(event: Event | None, ports: Ports, marked: Mapping[Marker, int]) -> bool:
    if not isinstance(event, RunEnded | RunLost):
        return False
    request = event.report.request if isinstance(event, RunEnded) else event.request
    thread = marked.get(Marker(MarkerKind.RELEASE, request.release))
    status = Marker(MarkerKind.STATUS, request.run_id)
    return thread is not None and own_comment(thread, status, ports.threads) is not None


def _explanation(
    event: Event | None, ports: Ports, settings: Settings, marked: Mapping[Marker, int]
) -> tuple[SchemaDiff, Impact] | str | None:
    is_own = isinstance(event, CommentCreated) and event.thread in marked.values()
    is_heard = isinstance(event, CommentCreated) and not (event.is_bot or event.edited)
    if not (isinstance(event, CommentCreated) and is_own and is_heard):
        return None
    return read_explanation(event, ports.pages, settings)


def cancelled_by(run_id: str, numbers: Iterable[int | None], threads: Threads) -> str:
    """Who said `/cancel` to the run, by the bot's own answers in the threads; "" if nobody did."""
    bodies = (
        body for number in numbers if number is not None for body in _own_bodies(threads, number)
    )
    entries = (audit_entry_in(body) for body in bodies)
    return next((e.who for e in entries if e and e.is_cancel and e.run_id == run_id), "")


def _answered(event: Event | None, ports: Ports, marked: Mapping[Marker, int]) -> bool:
    match event:
        case CommentCreated():
            thread, marker = event.thread, reply_marker(event.comment_id)
        case ManifestMerged():
            thread = marked.get(Marker(MarkerKind.RELEASE, event.release), 0)
            marker = Marker(MarkerKind.MERGED, event.commit)
        case _:
            return False
    if thread not in marked.values():
        return False
    return own_comment(thread, marker, ports.threads) is not None
