"""The launcher `ec2`: a virtual machine that becomes GitHub's runner for one job.

Finds the fleet's machines by their tags alone; what is asked of AWS is in `aws_requests`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runners.contract import Machine, RunRequest
from runners.contract.launch_toml import Configuration
from runners.launch.aws import client, code_of, with_clear_errors
from runners.launch.aws_requests import run_instances
from runners.launch.fleet import TAG, Fleet, Host
from runners.launch.ports import Launched, LaunchError, NoCapacityError, Order, Ports
from runners.launch.prices import highest_cost, price_of_made
from runners.launch.start import LaunchRequest, candidates, order, start
from runners.launch.termination import terminate_run
from runners.launch.user_data import Lock

# What another type or subnet may not meet
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
_NO_CAPACITY = {
    "InstanceLimitExceeded",
    "InsufficientFreeAddressesInSubnet",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity",
    "MaxSpotInstanceCountExceeded",
    "SpotMaxPriceTooLow",
    "Unsupported",  # this type, in this zone
    "VcpuLimitExceeded",
}
_ATTEMPTS = 10
"""Machines that one run may have had before: each one's client token stays known for a day."""

_LOOKS = 6
"""How often EC2 is asked for a machine that it doesn't show yet
(https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html).
"""

_LAST_LINES = 30


class Ec2Cloud:
    """The fleet's machines in one region."""

    def __init__(self, configuration: Configuration, sleep: Callable[[float], None]) -> None:
        """`sleep` waits between looks for what EC2 doesn't show yet."""
        self._configuration = configuration
        self._fleet = Fleet.of(configuration)
        self._client = client("ec2", configuration.region)
        self._sleep = sleep

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
            if host is not None and host.is_live:
                return host
        raise LaunchError(
            f"run {order.run_id}: {_ATTEMPTS} machines have ended before its end; look at their "
            "consoles, and ask for a new run."
        )

    def _run(self, order: Order, attempt: int) -> Host | None:
        """The machine of the order's token; None if it has ended and AWS shows it no more."""
        request = run_instances(self._configuration, order, attempt)
        with with_clear_errors(f"run {order.run_id}: launching {order.candidate.type}"):
            try:
                answer = self._client.run_instances(**request)
            except ClientError as error:
                if code_of(error) == "IdempotentInstanceTerminated":
                    return None
                if code_of(error) == "IdempotentParameterMismatch":
                    return self._by_token(request["ClientToken"])
                if code_of(error) not in _NO_CAPACITY:
                    raise
                place = f"{order.candidate.type} in {order.candidate.subnet}"
                raise NoCapacityError(f"{place}: {code_of(error)}") from error
        return self._host(answer["Instances"][0])

    def _by_token(self, token: str) -> Host | None:
        """The machine that the same order gave before, when it was to expire at another time."""
        for looks_left in reversed(range(_LOOKS)):
            for instance in self._instances():
                if instance.get("ClientToken") == token:
                    return self._host(instance)
            if looks_left:
                self._sleep(self._configuration.for_ec2().poll_seconds)
        return None

    def terminate(self, host_id: str) -> None:
        """A machine that EC2 doesn't know isn't taken for ended: it may be too new to be seen."""
        for looks_left in reversed(range(_LOOKS)):
            with with_clear_errors(f"terminating {host_id}"):
                try:
                    self._client.terminate_instances(InstanceIds=[host_id])
                    return
                except ClientError as error:
                    if code_of(error) != "InvalidInstanceID.NotFound" or not looks_left:
                        raise
            self._sleep(self._configuration.for_ec2().poll_seconds)

    def console(self, host_id: str) -> str:
        with with_clear_errors(f"reading the console of {host_id}"):
            answer = self._console(host_id)
        return "\n".join(str(answer.get("Output", "")).splitlines()[-_LAST_LINES:])

    def _console(self, host_id: str) -> Any:
        """Without `Latest` EC2 gives what it kept at a start, which is nothing yet; types before
        Nitro have no other (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html).
        """
        try:
            return self._client.get_console_output(InstanceId=host_id, Latest=True)
        except ClientError as error:
            if code_of(error) != "UnsupportedOperation":
                raise
            return self._client.get_console_output(InstanceId=host_id)

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
    """Starts machines of EC2 for runs. `job` is what GitHub's variables say where they are
    launched, and in the one job that they do; `lock` is what one that is launched installs.
    """

    def __init__(
        self,
        configuration: Configuration,
        ports: Ports,
        job: Mapping[str, str],
        lock: Lock | None = None,
    ) -> None:
        self._configuration = configuration
        self._lock = lock
        self._job = job
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
        cost = price_of_made(self._configuration, host.type)
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
        assert self._lock is not None, "a launch has its lock"
        return LaunchRequest(request, self._configuration, self._lock, self._ports, self._job)


def machine_of_host(configuration: Configuration, host: Host) -> Machine:
    """The machine as reports name it."""
    cost = price_of_made(configuration, host.type)
    return Machine(
        launcher="ec2",
        type=host.type,
        region=configuration.region,
        id=host.id,
        spot=host.spot,
        price=round(cost.hour, 4),
        priced_on=cost.priced_on,
    )
