"""Gathers the facts that a decision on an event needs, through the ports."""

from collections.abc import Mapping
from dataclasses import replace

from bot.gather.explanation import read_explanation
from bot.model.announcement import announcement_in
from bot.model.commands import Role
from bot.model.events import CommentCreated, Event, RunAsked, RunEnded, RunLost
from bot.model.facts import Facts
from bot.model.limits import run_limits
from bot.model.look import Look, look_in
from bot.model.markers import DASHBOARD, Marker, MarkerKind, last_marker, reply_marker
from bot.model.ports import Ports, Threads
from bot.schema.changes import SchemaDiff
from bot.schema.impact import Impact
from bot.settings import Settings


def gather(event: Event | None, ports: Ports, settings: Settings) -> Facts:
    """The facts for a decision on the event; with None, those for detection."""
    marked = ports.threads.marked()
    comment = event if isinstance(event, CommentCreated) else None
    asking = event if isinstance(event, CommentCreated | RunAsked) else None
    facts = Facts(
        instance=settings.instance,
        manifests=ports.repository.manifests(),
        threads=_threads(marked, MarkerKind.RELEASE),
        proposals=_threads(marked, MarkerKind.MANIFEST),
        own=frozenset(marked.values()),
        dashboard=marked.get(DASHBOARD),
        can_look=ports.clock is not None,
        runs=ports.runs.all(),
        role=ports.roles.role_of(asking.actor) if asking else Role.NONE,
        answered=comment is not None and _answered(comment, ports, marked),
        explanation=_explanation(event, ports, settings, marked),
        is_followed=_is_followed(event, ports, marked),
        ingest_on_merge=settings.ingest_on_merge,
        limits=run_limits(settings.launcher, settings.launch_toml) if settings.launcher else None,
        minimum_roles=settings.minimum_roles,
        previous=settings.previous,
        rules=ports.repository.rules(),
    )
    return facts if event is not None else _remembered(facts, marked, ports)


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
        release: [announcement_in(body) for body in (texts[number], *bodies_by_thread[number])]
        for release, number in facts.threads.items()
    }
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
    )


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
    return thread is not None and any(
        last_marker(b) == status for b in _own_bodies(ports.threads, thread)
    )


def _explanation(
    event: Event | None, ports: Ports, settings: Settings, marked: Mapping[Marker, int]
) -> tuple[SchemaDiff, Impact] | str | None:
    is_own = isinstance(event, CommentCreated) and event.thread in marked.values()
    is_heard = isinstance(event, CommentCreated) and not (event.is_bot or event.edited)
    if not (isinstance(event, CommentCreated) and is_own and is_heard):
        return None
    return read_explanation(event, ports.pages, settings)


def _answered(event: CommentCreated, ports: Ports, marked: Mapping[Marker, int]) -> bool:
    if event.thread not in marked.values():
        return False
    return any(
        last_marker(b) == reply_marker(event.comment_id)
        for b in _own_bodies(ports.threads, event.thread)
    )
