"""The launcher `ec2`: a virtual machine that becomes GitHub's runner for one job."""

from typing import Any

from runners.contract import Machine, RunRequest
from runners.launch.asked import Start, candidates, order
from runners.launch.configuration import Configuration
from runners.launch.ec2_request import run_instances
from runners.launch.ending import end_run
from runners.launch.fleet import Fleet, Host
from runners.launch.launcher import Launched
from runners.launch.ports import Ports
from runners.launch.prices import most, price
from runners.launch.start import start
from runners.launch.user_data import Lock


class Ec2Launcher:
    def __init__(self, configuration: Configuration, lock: Lock, ports: Ports) -> None:
        self._configuration = configuration
        self._lock = lock
        self._ports = ports

    def shown(self, request: RunRequest) -> dict[str, Any]:
        asked = self._asked(request)
        orders = [order(asked, candidate) for candidate in candidates(asked.ec2)]
        return {
            "launcher": "ec2",
            "requests": [run_instances(self._configuration, one) for one in orders],
            "cost_at_most": round(
                most(self._configuration, asked.ec2.types, asked.ec2.disk_gib), 2
            ),
        }

    def launch(self, request: RunRequest) -> Launched:
        """The machine, and the label that the job must ask for in `runs-on`."""
        asked = self._asked(request)
        host = start(asked)
        cost = price(self._configuration, host.type, asked.ec2.disk_gib)
        document = {
            "run": request.run_id,
            "label": asked.fleet.runner_name(host.id),
            "expires_at": host.expires_at.isoformat(),
            "cost_at_most": round(cost.hour * self._configuration.lifetime_hours, 2),
            "machine": machine(self._configuration, host).to_mapping(),
        }
        return Launched(document)

    def terminate(self, run_id: str) -> tuple[str, ...]:
        return end_run(self._ports, Fleet.of(self._configuration), run_id)

    def _asked(self, request: RunRequest) -> Start:
        return Start(request, self._configuration, self._lock, self._ports)


def machine(configuration: Configuration, host: Host) -> Machine:
    """The machine as reports name it."""
    cost = price(configuration, host.type, configuration.for_ec2().disk_gib)
    return Machine(
        launcher="ec2",
        type=host.type,
        region=configuration.region,
        id=host.id,
        spot=host.spot,
        price=round(cost.hour, 4),
        priced_on=cost.priced_on,
    )
