"""An event through the whole bot: gather the facts, decide, carry out.

The order is all that is here; must not decide anything itself.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.apply import apply
from bot.commands import Role
from bot.comments.markers import Marker, MarkerKind, find_own
from bot.detect import read_releases
from bot.effects import Plan
from bot.errors import BotError, BusyError
from bot.events import CommentCreated, DetectionFailed, Event, RunAsked, RunEnded, RunLost
from bot.facts import Facts
from bot.plan import plan, reply_marker
from bot.ports import Ports, Threads
from bot.record import recorded
from bot.settings import Settings


def handle(event: Event, ports: Ports, settings: Settings, *, dry_run: bool = False) -> Plan:
    """The plan for the event, carried out unless `dry_run`.

    A run that was started meanwhile by somebody else makes it another one: asked again, it says so.
    """
    decided = plan(event, gather(event, ports, settings))
    if dry_run:
        return decided
    try:
        apply(decided, ports)
    except BusyError:
        decided = plan(event, gather(event, ports, settings))
        apply(decided, ports)
    return decided


def detect(
    ports: Ports,
    settings: Settings,
    documents: Mapping[str, str] | None = None,
    *,
    dry_run: bool = False,
    is_counted: bool = True,
) -> Plan:
    """The plan for what page and directory say now, carried out unless `dry_run`.

    Raises:
        BotError: one of them can't be read or believed; that it failed is all that is remembered.
    """
    facts = gather(None, ports, settings)
    try:
        read = read_releases(ports.pages, settings, facts, documents, ports.upstream)
        decided = plan(read, facts)
    except BotError as error:
        if is_counted and not dry_run:
            apply(plan(DetectionFailed(str(error)), facts), ports)
        raise
    if not dry_run:
        apply(decided, ports)
    return decided


def gather(event: Event | None, ports: Ports, settings: Settings) -> Facts:
    """The facts that a decision on the event may rest on; with None, those of detection."""
    marked = ports.threads.marked()
    comment = event if isinstance(event, CommentCreated) else None
    asking = event if isinstance(event, CommentCreated | RunAsked) else None
    facts = Facts(
        instance=settings.instance,
        manifests=ports.repository.manifests(),
        threads=_threads(marked, MarkerKind.RELEASE),
        proposals=_threads(marked, MarkerKind.MANIFEST),
        runs=ports.runs.all(),
        role=ports.roles.role_of(asking.actor) if asking else Role.NONE,
        answered=comment is not None and _answered(comment, ports, marked),
        is_followed=_is_followed(event, ports, marked),
        ingest_on_merge=settings.ingest_on_merge,
        minimum_roles=settings.minimum_roles,
        previous=settings.previous,
        rules=ports.repository.rules(),
    )
    return facts if event is not None else _remembered(facts, marked, ports)


def _remembered(facts: Facts, marked: Mapping[Marker, int], ports: Ports) -> Facts:
    """The facts with what the bot has said so far, which detection needs."""
    said = {number: _own(ports.threads, number) for number in sorted(set(marked.values()))}
    texts = ports.threads.texts()
    found = {
        release: [recorded(body) for body in (texts[number], *said[number])]
        for release, number in facts.threads.items()
    }
    records = {release: [one for one in some if one] for release, some in found.items()}
    markers = (find_own(body) for bodies in said.values() for body in bodies)
    return replace(
        facts,
        notices=_threads(marked, MarkerKind.NOTICE),
        alerts=_threads(marked, MarkerKind.ALERT),
        closed=ports.threads.closed(),
        said=frozenset(one for one in markers if one is not None),
        records={release: some[-1] for release, some in records.items() if some},
        failures=ports.tally.failures(),
    )


def _threads(marked: Mapping[Marker, int], kind: MarkerKind) -> dict[str, int]:
    return {marker.key: number for marker, number in marked.items() if marker.kind is kind}


def _own(threads: Threads, number: int) -> list[str]:
    return [one.body for one in threads.comments(number) if one.by_bot]


def _is_followed(event: Event | None, ports: Ports, marked: Mapping[Marker, int]) -> bool:
    if not isinstance(event, RunEnded | RunLost):
        return False
    request = event.report.request if isinstance(event, RunEnded) else event.request
    thread = marked.get(Marker(MarkerKind.RELEASE, request.release))
    status = Marker(MarkerKind.STATUS, request.run_id)
    return thread is not None and any(find_own(b) == status for b in _own(ports.threads, thread))


def _answered(event: CommentCreated, ports: Ports, marked: Mapping[Marker, int]) -> bool:
    if event.thread not in marked.values():
        return False
    return any(find_own(b) == reply_marker(event) for b in _own(ports.threads, event.thread))
