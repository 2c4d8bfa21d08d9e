"""An event through the whole bot: gather the facts, decide, carry out.

The order is all that is here; must not decide anything itself.
"""

from collections.abc import Mapping

from bot.apply import apply
from bot.decide.plan import plan
from bot.errors import BotError, BusyError
from bot.gather.facts import gather
from bot.gather.releases import read_releases
from bot.model.effects import Plan
from bot.model.events import DetectionFailed, Event
from bot.model.ports import Ports
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
