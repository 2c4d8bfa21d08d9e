"""Gets a machine whose runner is online for a request, or leaves none behind.

The machine comes first and its runner second, named after it, so that a runner without a machine is
always one that has lost it. Stopped at any point, what is left is found again by the same request,
or by the reaper. Reaches AWS and GitHub through `Ports` alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runners.contract import ContractError, RunRequest, cost
from runners.contract.launch_toml import Configuration, Ec2
from runners.launch.fleet import Fleet, Host, oldest
from runners.launch.lives import note_launch
from runners.launch.ports import (
    Candidate,
    LaunchError,
    NameTakenError,
    NoCapacityError,
    Order,
    Ports,
    runner_named,
)
from runners.launch.prices import highest_cost
from runners.launch.termination import terminate, terminate_unless_busy
from runners.launch.user_data import Lock, user_data

TOO_OLD = "GitHub refuses this runner: it is too old"
"""What the bootstrap script says then."""

_LAST_LOOKS = 4
"""Looks of a cancelled launch for a machine that EC2 may not show yet, a second apart:
GitHub leaves it ten (https://docs.github.com/en/actions/reference/workflow-cancellation-reference).
"""


@dataclass(frozen=True)
class LaunchRequest:
    """One request to start a machine for a run. `lock` is what the machine installs; `job` has what
    GitHub's variables say in the one job that it does.
    """

    request: RunRequest
    configuration: Configuration
    lock: Lock
    ports: Ports
    job: Mapping[str, str] = field(default_factory=dict)

    @property
    def ec2(self) -> Ec2:
        """The `[launch.ec2]` table."""
        return self.configuration.for_ec2()

    @property
    def fleet(self) -> Fleet:
        """The names of the configuration's machines."""
        return Fleet.of(self.configuration)

    @property
    def run_id(self) -> str:
        """The id of the run that gets the machine."""
        return self.request.run_id

    def note(self, act: str, host_id: str | None, why: str) -> None:
        """Adds a line to the run's audit trail."""
        self.ports.note(self.run_id, act, host_id, why)


def candidates(ec2: Ec2) -> Iterator[Candidate]:
    """What is tried, in order: the preferred type in every subnet, then the next type."""
    return (Candidate(kind, subnet) for kind in ec2.types for subnet in ec2.subnets)


def order(launch_request: LaunchRequest, candidate: Candidate) -> Order:
    """The order of a machine: its type and subnet, its lifetime, and what it runs at its start."""
    return Order(
        candidate=candidate,
        run_id=launch_request.run_id,
        release=launch_request.request.release,
        expires_at=launch_request.ports.clock.now() + launch_request.configuration.lifetime,
        user_data=user_data(
            launch_request.configuration,
            launch_request.run_id,
            candidate.type,
            launch_request.lock,
            launch_request.job,
        ),
    )


class _NotRegisteredError(LaunchError):
    """GitHub gave no runner for a machine that this process alone could have got one for."""


def bring_online(launch_request: LaunchRequest, host: Host, since: datetime) -> Host:
    """Waits until the machine's runner is online or busy, and returns the machine, which counts as
    launched `since` then if nothing has said so.

    Raises:
        ContractError: it has no runner, or what it costs can't be kept, and it was ended; or AWS or
            GitHub could not be asked.
    """
    try:
        note_launch(launch_request.configuration, launch_request.ports, host, since)
        _hand_over(launch_request, host)
        _wait(launch_request, host)
        launch_request.note("online", host.id, launch_request.fleet.runner_name(host.id))
    except _NotRegisteredError as error:
        terminate(launch_request.ports, launch_request.run_id, host.id, None, str(error))
        raise
    except ContractError as error:
        _end_unless_busy(launch_request, host, str(error))
    return host


def _hand_over(launch_request: LaunchRequest, host: Host) -> None:
    """Gives the machine its runner's secret, unless another launch has, or is about to."""
    name, handovers = launch_request.fleet.runner_name(host.id), launch_request.ports.handovers
    if runner_named(launch_request.ports.forge.runners(), name) or not handovers.claim(host.id):
        return
    try:
        application = launch_request.ports.forge.application()
        secret = launch_request.ports.forge.register(name)
    except NameTakenError:
        handovers.drop(host.id)
        return
    except LaunchError as error:
        raise _NotRegisteredError(
            f"run {launch_request.run_id}: {error} {host.id} was terminated."
        ) from error
    handovers.put(host.id, f"{application.address} {application.sha256} {secret}")
    launch_request.note("registered", host.id, name)


def _wait(launch_request: LaunchRequest, host: Host) -> None:
    """Returns when the runner is online; raises LaunchError when that can't be awaited."""
    clock, name = launch_request.ports.clock, launch_request.fleet.runner_name(host.id)
    deadline = host.launched_at + timedelta(minutes=launch_request.ec2.online_within_minutes)
    while True:
        runner = runner_named(launch_request.ports.forge.runners(), name)
        if runner is not None and (runner.is_online or runner.is_busy):
            return
        if _is_over(launch_request, host):
            raise LaunchError(
                f"run {launch_request.run_id}: {host.id} ended before its runner was online"
            )
        if clock.now() >= deadline:
            minutes = f"{launch_request.ec2.online_within_minutes:g}"
            raise LaunchError(
                f"run {launch_request.run_id}: no runner on {host.id} within {minutes} minutes"
            )
        clock.sleep(launch_request.ec2.poll_seconds)


def _is_over(launch_request: LaunchRequest, host: Host) -> bool:
    """Whether AWS says that the machine has ended. One that it doesn't show may be too new for it
    (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html).
    """
    hosts = launch_request.ports.cloud.hosts()
    return any(shown.id == host.id and not shown.is_live for shown in hosts)


def _end_unless_busy(launch_request: LaunchRequest, host: Host, why: str) -> None:
    """Returns if the machine's job runs after all; else ends it and raises with its last words.

    A machine is left to its own timer and the reaper when GitHub doesn't say if its job runs.
    """
    ports, console = launch_request.ports, _console(launch_request, host)
    runner = runner_named(ports.forge.runners(), launch_request.fleet.runner_name(host.id))
    if terminate_unless_busy(ports, launch_request.run_id, host.id, runner, why):
        if TOO_OLD in console:
            raise LaunchError(
                f"run {launch_request.run_id}: GitHub refuses the runner of {host.id}, which is "
                "too old; take [launch.ec2.runner] out of launch.toml, and the newest is used."
            )
        why = why.rstrip(".")
        raise LaunchError(f"{why}; {host.id} was terminated. Its console ended with:\n{console}")


def _console(launch_request: LaunchRequest, host: Host) -> str:
    try:
        return launch_request.ports.cloud.console(host.id) or "(nothing)"
    except LaunchError as error:
        return f"(unknown: {error})"


def start(launch_request: LaunchRequest) -> Host:
    """The run's machine, whose runner waits for its job; the same request again gives the same one.

    Raises:
        ContractError: it would cost more than the budget; nothing was asked for.
        LaunchError: there is no such machine, and none is left of those that were tried, as far as
            AWS and GitHub could be asked.
    """
    highest_cost(
        launch_request.configuration, launch_request.ec2.types, launch_request.ec2.disk_gib
    )
    if launch_request.ports.ledger.has_ended(launch_request.run_id):
        raise LaunchError(f"run {launch_request.run_id} has ended; ask for a new run.")
    # A token that may not do this shows before a cent is spent.
    launch_request.ports.forge.runners()
    _end_expired(launch_request)
    host = _existing_host(launch_request)
    if host is not None:
        return bring_online(launch_request, host, host.launched_at)
    with _ends_host_if_interrupted(launch_request):
        host = _keep_oldest(launch_request, _launch_new_host(launch_request))
        host = bring_online(launch_request, host, launch_request.ports.clock.now())
        # By now AWS shows every machine that was launched when this one was.
        kept = _keep_oldest(launch_request, host)
        if kept.id != host.id:
            bring_online(launch_request, kept, kept.launched_at)
        return kept


def _end_expired(launch_request: LaunchRequest) -> None:
    """Ends what the reaper has not come to yet: no job may begin on it."""
    for host in launch_request.ports.cloud.hosts():
        is_ours = host.is_live and host.release == launch_request.request.release
        if is_ours and host.expires_at <= launch_request.ports.clock.now():
            terminate(launch_request.ports, host.run_id, host.id, None, "its lifetime is over")


def _existing_host(launch_request: LaunchRequest) -> Host | None:
    """The release's machine if it is this run's. Raises LaunchError if it is another run's."""
    first = _oldest_of_release(launch_request)
    if first is not None and first.run_id != launch_request.run_id:
        raise LaunchError(
            f"run {launch_request.run_id}: {first.id} works on release {first.release} for run "
            f"{first.run_id}, until {first.expires_at:%Y-%m-%d %H:%M} UTC at the latest; wait for "
            "its end."
        )
    return first


def _oldest_of_release(launch_request: LaunchRequest) -> Host | None:
    hosts = launch_request.ports.cloud.hosts()
    return oldest(host for host in hosts if host.release == launch_request.request.release)


def _check_budget(launch_request: LaunchRequest) -> None:
    """Raises ContractError if the release's machines, with this one, may cost too much."""
    release, configuration = launch_request.request.release, launch_request.configuration
    now = launch_request.ports.clock.now()
    spent = cost(launch_request.ports.ledger.trail(release), now, configuration.lifetime)
    highest_cost(configuration, launch_request.ec2.types, launch_request.ec2.disk_gib, spent)


def _launch_new_host(launch_request: LaunchRequest) -> Host:
    _check_budget(launch_request)
    for name, content in launch_request.lock.files.items():
        launch_request.ports.ledger.place(launch_request.run_id, name, content)
    for candidate in candidates(launch_request.ec2):
        if (
            existing_host := _existing_host(launch_request)
        ) is not None:  # another process was faster
            return existing_host
        launch_request.note("launching", None, f"{candidate.type} in {candidate.subnet}")
        try:
            return launch_request.ports.cloud.run(order(launch_request, candidate))
        except NoCapacityError as error:
            launch_request.note("refused", None, str(error))
    raise LaunchError(
        f"run {launch_request.run_id}: AWS has no capacity for "
        f"{', '.join(launch_request.ec2.types)} in any of the subnets; "
        "try again later, or add a type or subnet to [launch.ec2]."
    )


def _keep_oldest(launch_request: LaunchRequest, host: Host) -> Host:
    """The machine that the release keeps, where two processes have launched one each."""
    ports, name = launch_request.ports, launch_request.fleet.runner_name(host.id)
    try:
        first = _oldest_of_release(launch_request)
        if first is None or (first.launched_at, first.id) >= (host.launched_at, host.id):
            return host
        runner = runner_named(ports.forge.runners(), name)
        why = f"{first.id} was there first"
        if not terminate_unless_busy(ports, launch_request.run_id, host.id, runner, why):
            return host
    except LaunchError as error:
        _end_unless_busy(launch_request, host, str(error))
        return host
    return _existing_host(launch_request) or host


@contextmanager
def _ends_host_if_interrupted(launch_request: LaunchRequest) -> Iterator[None]:
    """Ends the run's machine, launched a moment ago, when somebody stops this process."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        for looks_left in reversed(range(_LAST_LOOKS)):
            if _end_hosts_of_run(launch_request, "its launch was cancelled") or not looks_left:
                break
            launch_request.ports.clock.sleep(1)
        raise


def _end_hosts_of_run(launch_request: LaunchRequest, why: str) -> bool:
    """Whether the run has a machine; it is ended unless its job runs."""
    ports, fleet, run_id = launch_request.ports, launch_request.fleet, launch_request.run_id
    runners = ports.forge.runners()
    hosts = [host for host in ports.cloud.hosts() if host.is_live and host.run_id == run_id]
    for host in hosts:
        runner = runner_named(runners, fleet.runner_name(host.id))
        terminate_unless_busy(ports, run_id, host.id, runner, why)
    return bool(hosts)
