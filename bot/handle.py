"""An event through the whole bot: gather the facts, decide, carry out.

The order is all that is here; must not decide anything itself.
"""

from collections.abc import Mapping

from bot.apply import apply
from bot.commands import Role
from bot.comments.markers import Marker, MarkerKind, find
from bot.effects import Plan
from bot.events import CommentCreated, Event
from bot.facts import Facts
from bot.plan import plan, reply_marker
from bot.ports import Ports
from bot.settings import Settings


def handle(event: Event, ports: Ports, settings: Settings, *, dry_run: bool = False) -> Plan:
    """The plan for the event, carried out unless `dry_run`."""
    decided = plan(event, gather(event, ports, settings))
    if not dry_run:
        apply(decided, ports)
    return decided


def gather(event: Event | None, ports: Ports, settings: Settings) -> Facts:
    """The facts that a decision on the event may rest on; with None, those of detection."""
    marked = ports.threads.marked()
    comment = event if isinstance(event, CommentCreated) else None
    return Facts(
        instance=settings.instance,
        manifests=ports.repository.manifests(),
        threads={m.key: n for m, n in marked.items() if m.kind is MarkerKind.RELEASE},
        runs=ports.runs.all(),
        role=ports.roles.role_of(comment.actor) if comment else Role.NONE,
        answered=comment is not None and _answered(comment, ports, marked),
        ingest_on_merge=settings.ingest_on_merge,
        minimum_roles=settings.minimum_roles,
        previous=settings.previous,
    )


def _answered(event: CommentCreated, ports: Ports, marked: Mapping[Marker, int]) -> bool:
    if event.thread not in marked.values():
        return False
    said = ports.threads.comments(event.thread)
    return any(one.by_bot and find(one.body) == reply_marker(event) for one in said)
