"""What one run asks for when it starts a machine, and the orders that come of it.

Must not give them: `start` does.


From a machine to its runner, online; what has none in time is ended with its last words.

Its name is the machine's, so that no runner is made for a machine that isn't there. Must not launch
a machine.


From a request to a machine whose runner is online, or to none at all.

The machine comes first and its runner second, so that a runner without a machine is always one
that has lost it. Stopped at any point, what is left is found again by the same request, or by the
reaper. Must not know how AWS and GitHub are spoken to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from runners.contract import RunRequest
from runners.launch.configuration import Configuration, Ec2
from runners.launch.fleet import Fleet, Host, oldest
from runners.launch.ports import (
    Candidate,
    LaunchError,
    NameTakenError,
    NoCapacityError,
    Order,
    Ports,
    named,
)
from runners.launch.prices import most
from runners.launch.termination import terminate, terminate_unless_busy
from runners.launch.user_data import Lock, user_data


@dataclass(frozen=True)
class LaunchRequest:
    """One request to start a machine for a run. `lock` is what the machine installs."""

    request: RunRequest
    configuration: Configuration
    lock: Lock
    ports: Ports

    @property
    def ec2(self) -> Ec2:
        return self.configuration.for_ec2()

    @property
    def fleet(self) -> Fleet:
        return Fleet.of(self.configuration)

    @property
    def run_id(self) -> str:
        return self.request.run_id

    def note(self, act: str, host_id: str | None, why: str) -> None:
        self.ports.ledger.note(self.run_id, self.ports.clock.now(), act, host_id, why)


def candidates(ec2: Ec2) -> Iterator[Candidate]:
    """What is tried, in order: the preferred type in every subnet, then the next type."""
    return (Candidate(kind, subnet) for kind in ec2.types for subnet in ec2.subnets)


def order(asked: LaunchRequest, candidate: Candidate) -> Order:
    """The machine that is asked for, with what it does from its first second."""
    return Order(
        candidate=candidate,
        run_id=asked.run_id,
        release=asked.request.release,
        expires_at=asked.ports.clock.now() + asked.configuration.lifetime,
        user_data=user_data(asked.configuration, asked.run_id, candidate.type, asked.lock),
    )


class _NotRegisteredError(LaunchError):
    """GitHub gave no runner for a machine that this process alone could have got one for."""


def brought_online(asked: LaunchRequest, host: Host) -> Host:
    """The machine, whose runner waits for its job or has it.

    Raises:
        LaunchError: it has no runner, and was ended; or AWS or GitHub could not be asked.
    """
    try:
        _hand_over(asked, host)
        _wait(asked, host)
    except _NotRegisteredError as error:
        terminate(asked.ports, asked.run_id, host.id, None, str(error))
        raise
    except LaunchError as error:
        _end_unless_busy(asked, host, str(error))
    asked.note("online", host.id, asked.fleet.runner_name(host.id))
    return host


def _hand_over(asked: LaunchRequest, host: Host) -> None:
    """Gives the machine its runner's secret, unless another launch has, or is about to."""
    name, handovers = asked.fleet.runner_name(host.id), asked.ports.handovers
    if named(asked.ports.forge.runners(), name) or not handovers.claim(host.id):
        return
    try:
        secret = asked.ports.forge.register(name)
    except NameTakenError:
        handovers.drop(host.id)
        return
    except LaunchError as error:
        raise _NotRegisteredError(
            f"run {asked.run_id}: {error} {host.id} was terminated."
        ) from error
    handovers.put(host.id, secret)
    asked.note("registered", host.id, name)


def _wait(asked: LaunchRequest, host: Host) -> None:
    """Returns when the runner is online; raises LaunchError when that can't be awaited."""
    clock, name = asked.ports.clock, asked.fleet.runner_name(host.id)
    deadline = host.launched_at + timedelta(minutes=asked.ec2.online_within_minutes)
    while True:
        runner = named(asked.ports.forge.runners(), name)
        if runner is not None and (runner.is_online or runner.is_busy):
            return
        if host.id not in {known.id for known in asked.ports.cloud.hosts() if known.is_live}:
            raise LaunchError(f"run {asked.run_id}: {host.id} ended before its runner was online")
        if clock.now() >= deadline:
            minutes = f"{asked.ec2.online_within_minutes:g}"
            raise LaunchError(
                f"run {asked.run_id}: no runner on {host.id} within {minutes} minutes"
            )
        clock.sleep(asked.ec2.poll_seconds)


def _end_unless_busy(asked: LaunchRequest, host: Host, why: str) -> None:
    """Returns if the machine's job runs after all; else ends it and raises with its last words.

    A machine is left to its own timer and the reaper when GitHub doesn't say if its job runs.
    """
    ports, console = asked.ports, _console(asked, host)
    runner = named(ports.forge.runners(), asked.fleet.runner_name(host.id))
    if terminate_unless_busy(ports, asked.run_id, host.id, runner, why):
        raise LaunchError(f"{why}; it was terminated. Its console ended with:\n{console}")


def _console(asked: LaunchRequest, host: Host) -> str:
    try:
        return asked.ports.cloud.console(host.id) or "(nothing)"
    except LaunchError as error:
        return f"(unknown: {error})"


def start(asked: LaunchRequest) -> Host:
    """The run's machine, whose runner waits for its job; the same request again gives the same one.

    Raises:
        ContractError: it would cost more than the budget; nothing was asked for.
        LaunchError: there is no such machine, and none is left of those that were tried.
    """
    most(asked.configuration, asked.ec2.types, asked.ec2.disk_gib)
    if asked.ports.ledger.has_ended(asked.run_id):
        raise LaunchError(f"run {asked.run_id} has ended; ask for a new run.")
    asked.ports.forge.runners()  # a token that may not do this shows before a cent is spent
    _end_expired(asked)
    known = _known(asked)
    if known is not None:
        return brought_online(asked, known)
    with _ended_if_interrupted(asked):
        return brought_online(asked, _only_one(asked, _launched(asked)))


def _end_expired(asked: LaunchRequest) -> None:
    """Ends what the reaper has not come to yet: no job may begin on it."""
    for host in asked.ports.cloud.hosts():
        is_ours = host.is_live and host.release == asked.request.release
        if is_ours and host.expires_at <= asked.ports.clock.now():
            terminate(asked.ports, host.run_id, host.id, None, "its lifetime is over")


def _known(asked: LaunchRequest) -> Host | None:
    """The release's machine if it is this run's. Raises LaunchError if it is another run's."""
    first = _of_release(asked)
    if first is not None and first.run_id != asked.run_id:
        raise LaunchError(
            f"run {asked.run_id}: {first.id} works on release {first.release} for run "
            f"{first.run_id}, until {first.expires_at:%Y-%m-%d %H:%M} UTC at the latest; wait for "
            "its end."
        )
    return first


def _of_release(asked: LaunchRequest) -> Host | None:
    hosts = asked.ports.cloud.hosts()
    return oldest(host for host in hosts if host.release == asked.request.release)


def _launched(asked: LaunchRequest) -> Host:
    for name, content in asked.lock.files.items():
        asked.ports.ledger.place(asked.run_id, name, content)
    for candidate in candidates(asked.ec2):
        if (known := _known(asked)) is not None:  # another process was faster
            return known
        asked.note("launching", None, f"{candidate.type} in {candidate.subnet}")
        try:
            host = asked.ports.cloud.run(order(asked, candidate))
        except NoCapacityError as error:
            asked.note("refused", None, str(error))
            continue
        asked.note("launched", host.id, f"{candidate.type} in {candidate.subnet}")
        return host
    raise LaunchError(
        f"run {asked.run_id}: AWS has no capacity for {', '.join(asked.ec2.types)} in any of the "
        "subnets; try again later, or add a type or subnet to [launch.ec2]."
    )


def _only_one(asked: LaunchRequest, host: Host) -> Host:
    """The machine that the release keeps, where two processes have launched one each."""
    first = _of_release(asked)
    if first is None or first.id == host.id:
        return host
    terminate(asked.ports, asked.run_id, host.id, None, f"{first.id} was there first")
    return _known(asked) or host


@contextmanager
def _ended_if_interrupted(asked: LaunchRequest) -> Iterator[None]:
    """Ends the run's machine, launched a moment ago, when somebody stops this process."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        runners = asked.ports.forge.runners()
        for host in asked.ports.cloud.hosts():
            if host.is_live and host.run_id == asked.run_id:
                runner = named(runners, asked.fleet.runner_name(host.id))
                terminate_unless_busy(
                    asked.ports, asked.run_id, host.id, runner, "its launch was cancelled"
                )
        raise
