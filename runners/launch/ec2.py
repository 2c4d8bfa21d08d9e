"""Machines of EC2, found by their tags alone. Must not know of runners or runs' ends."""

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runners.launch.aws_client import client, code_of, told
from runners.launch.configuration import Configuration
from runners.launch.ec2_request import run_instances
from runners.launch.fleet import TAG, Fleet, Host
from runners.launch.ports import LaunchError, NoCapacityError, Order

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
        mine = {"Name": f"tag:{TAG}repository", "Values": [self._fleet.repository]}
        with told("listing machines"):
            pages = list(self._client.get_paginator("describe_instances").paginate(Filters=[mine]))
        return [
            one for page in pages for group in page["Reservations"] for one in group["Instances"]
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
        with told(f"run {order.run_id}: launching {order.candidate.type}"):
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
        with told(f"terminating {host_id}"):
            try:
                self._client.terminate_instances(InstanceIds=[host_id])
            except ClientError as error:
                if code_of(error) != "InvalidInstanceID.NotFound":  # ended long ago
                    raise

    def console(self, host_id: str) -> str:
        with told(f"reading the console of {host_id}"):
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
