"""The lines of the audit trail by which a machine's cost is counted: its launch and its end.

Each may be noted again by whoever finds that it is missing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from runners.contract import BY_ITSELF, ENDED, LAUNCHED, ContractError, TrailLine
from runners.contract.launch_toml import Configuration
from runners.launch.fleet import Host
from runners.launch.ports import LaunchError, Ports
from runners.launch.prices import price_of_made


def note_launch(configuration: Configuration, ports: Ports, host: Host, since: datetime) -> None:
    """Says, once, what an hour of the machine costs, and since when.

    Raises:
        ContractError: no price is known, or the runs' storage could not be asked.
    """
    if not _is_noted(ports, host, {LAUNCHED}):
        hour = round(price_of_made(configuration, host.type).hour, 4)
        _note(ports, host, since, LAUNCHED, host.type, hour)


def note_end(ports: Ports, host: Host) -> None:
    """Says, once, that a machine has ended, by now or by its expiry."""
    if not _is_noted(ports, host, ENDED):
        at = min(ports.clock.now(), host.expires_at)
        _note(ports, host, at, BY_ITSELF, "by itself, before now")


def noted(ports: Ports, hosts: Iterable[Host]) -> frozenset[str]:
    """The machines of whose launch, and of whose end if they have one, the audit trail says. One
    that can't be read says nothing: whoever notes what it lacks is told why.

    Raises:
        LaunchError: the runs' storage could not be asked.
    """
    known = list(hosts)
    runs = sorted({host.run_id for host in known})
    lines = {(line.machine, line.act) for run_id in runs for line in _readable(ports, run_id)}
    launched = {machine for machine, act in lines if act == LAUNCHED}
    ended = {machine for machine, act in lines if act in ENDED}
    return frozenset(
        host.id for host in known if host.id in launched and (host.is_live or host.id in ended)
    )


def _readable(ports: Ports, run_id: str) -> Sequence[TrailLine]:
    try:
        return ports.ledger.trail(run_id)
    except LaunchError:
        raise
    except ContractError:
        return ()


def _is_noted(ports: Ports, host: Host, acts: Iterable[str]) -> bool:
    trail = ports.ledger.trail(host.run_id)
    return any(line.machine == host.id and line.act in acts for line in trail)


def _note(
    ports: Ports, host: Host, at: datetime, act: str, why: str, price: float | None = None
) -> None:
    ports.ledger.note(
        TrailLine(at=at, run=host.run_id, act=act, machine=host.id, why=why, price=price)
    )
