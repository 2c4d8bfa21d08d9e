"""The lines of the audit trail by which a machine's cost is counted: its launch and its end.

Each may be noted again by whoever finds that it is missing.
"""

from datetime import datetime

from runners.contract import LAUNCHED, TrailLine
from runners.contract.launch_toml import Configuration
from runners.launch.fleet import Host
from runners.launch.ports import Ports
from runners.launch.prices import price


def note_launch(configuration: Configuration, ports: Ports, host: Host, since: datetime) -> None:
    """Says, once, what an hour of the machine costs, and since when.

    Raises:
        ContractError: its price isn't known, or the runs' storage could not be asked.
    """
    hour = round(price(configuration, host.type, configuration.for_ec2().disk_gib).hour, 4)
    trail = ports.ledger.trail(host.run_id)
    if not any(line.act == LAUNCHED and line.machine == host.id for line in trail):
        ports.ledger.note(
            TrailLine(
                at=since,
                run=host.run_id,
                act=LAUNCHED,
                machine=host.id,
                why=host.type,
                price=hour,
            )
        )
