"""The launcher `ec2`: a virtual machine that becomes GitHub's runner for one job.

Finds the fleet's machines by their tags alone; what is asked of AWS is in `aws_requests`.
"""

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runners.contract import Machine, RunRequest
from runners.launch.aws import client, code_of, with_clear_errors
from runners.launch.aws_requests import run_instances
from runners.launch.configuration import Configuration
from runners.launch.fleet import TAG, Fleet, Host
from runners.launch.ports import Launched, LaunchError, NoCapacityError, Order, Ports
from runners.launch.prices import highest_cost, price
from runners.launch.start import LaunchRequest, candidates, order, start
from runners.launch.termination import terminate_run
from runners.launch.user_data import Lock

_NO_CAPACITY = {
    "InsufficientFreeAddressesInSubnet",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "MaxSpotInstanceCountExceeded",
    "SpotMaxPriceTooLow",
    "Unsupported",  # this type, in this zone
    "VcpuLimitExceeded",
}
_ATTEMPTS = 10
"""Machines that one run may have had before: each one's client token stays known for a day."""

_LAST_LINES = 30


class Ec2Cloud:
    """The fleet's machines in one region."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._fleet = Fleet.of(configuration)
        self._client = client("ec2", configuration.region)

    def hosts(self) -> tuple[Host, ...]:
        return tuple(self._host(instance) for instance in self._instances())

    def _instances(self) -> list[Any]:
        repository_filter = {"Name": f"tag:{TAG}repository", "Values": [self._fleet.repository]}
        with with_clear_errors("listing machines"):
            pages = list(
                self._client.get_paginator("describe_instances").paginate(
                    Filters=[repository_filter]
                )
            )
        return [
            instance
            for page in pages
            for group in page["Reservations"]
            for instance in group["Instances"]
        ]

    def run(self, order: Order) -> Host:
        """A live machine for the order.

        A token stands for one machine, also after its end: if that has ended (its spot capacity was
        taken back, say), the next attempt's token is used.
        """
        for attempt in range(_ATTEMPTS):
            host = self._run(order, attempt)
            if host.is_live:
                return host
        raise LaunchError(
            f"run {order.run_id}: {_ATTEMPTS} machines have ended before its end; look at their "
            "consoles, and ask for a new run."
        )

    def _run(self, order: Order, attempt: int) -> Host:
        request = run_instances(self._configuration, order, attempt)
        with with_clear_errors(f"run {order.run_id}: launching {order.candidate.type}"):
            try:
                answer = self._client.run_instances(**request)
            except ClientError as error:
                if code_of(error) == "IdempotentParameterMismatch":
                    return self._by_token(request["ClientToken"])
                if code_of(error) not in _NO_CAPACITY:
                    raise
                place = f"{order.candidate.type} in {order.candidate.subnet}"
                raise NoCapacityError(f"{place}: {code_of(error)}") from error
        return self._host(answer["Instances"][0])

    def _by_token(self, token: str) -> Host:
        """The machine that the same order gave before, when it was to expire at another time."""
        for instance in self._instances():
            if instance.get("ClientToken") == token:
                return self._host(instance)
        raise LaunchError("EC2 knows the client token but not yet its machine; try again.")

    def terminate(self, host_id: str) -> None:
        with with_clear_errors(f"terminating {host_id}"):
            try:
                self._client.terminate_instances(InstanceIds=[host_id])
            except ClientError as error:
                if code_of(error) != "InvalidInstanceID.NotFound":  # ended long ago
                    raise

    def console(self, host_id: str) -> str:
        with with_clear_errors(f"reading the console of {host_id}"):
            answer = self._client.get_console_output(InstanceId=host_id)
        return "\n".join(str(answer.get("Output", "")).splitlines()[-_LAST_LINES:])

    def _host(self, instance: Any) -> Host:
        labels = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
        launched_at = instance["LaunchTime"]
        return Host(
            id=instance["InstanceId"],
            run_id=labels.get(f"{TAG}run", ""),
            release=labels.get(f"{TAG}release", ""),
            type=instance["InstanceType"],
            state=instance["State"]["Name"],
            launched_at=launched_at,
            expires_at=_moment(labels.get(f"{TAG}expiry"))
            or launched_at + self._configuration.lifetime,
            spot=instance.get("InstanceLifecycle") == "spot",
        )


def _moment(tag: str | None) -> datetime | None:
    """The time that a tag says; None for one that somebody has spoilt."""
    try:
        moment = datetime.fromisoformat(tag or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class Ec2Launcher:
    """Starts machines of EC2 for runs; `lock` is what they install."""

    def __init__(self, configuration: Configuration, lock: Lock, ports: Ports) -> None:
        self._configuration = configuration
        self._lock = lock
        self._ports = ports

    def shown(self, request: RunRequest) -> dict[str, Any]:
        launch_request = self._launch_request(request)
        orders = [order(launch_request, candidate) for candidate in candidates(launch_request.ec2)]
        return {
            "launcher": "ec2",
            "requests": [
                run_instances(self._configuration, wanted_order) for wanted_order in orders
            ],
            "cost_at_most": round(
                highest_cost(
                    self._configuration, launch_request.ec2.types, launch_request.ec2.disk_gib
                ),
                2,
            ),
        }

    def launch(self, request: RunRequest) -> Launched:
        """The machine, and the label that the job must ask for in `runs-on`."""
        launch_request = self._launch_request(request)
        host = start(launch_request)
        cost = price(self._configuration, host.type, launch_request.ec2.disk_gib)
        document = {
            "run": request.run_id,
            "label": launch_request.fleet.runner_name(host.id),
            "expires_at": host.expires_at.isoformat(),
            "cost_at_most": round(cost.hour * self._configuration.lifetime_hours, 2),
            "machine": machine_of_host(self._configuration, host).to_mapping(),
        }
        return Launched(document)

    def terminate(self, run_id: str) -> tuple[str, ...]:
        return terminate_run(self._ports, Fleet.of(self._configuration), run_id)

    def _launch_request(self, request: RunRequest) -> LaunchRequest:
        return LaunchRequest(request, self._configuration, self._lock, self._ports)


def machine_of_host(configuration: Configuration, host: Host) -> Machine:
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
