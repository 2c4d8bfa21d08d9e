"""From a machine to its runner, online; what has none in time is ended with its last words.

Its name is the machine's, so that no runner is made for a machine that isn't there. Must not launch
a machine.
"""

from datetime import timedelta

from runners.launch.asked import Start
from runners.launch.ending import end, spare_or_end
from runners.launch.fleet import Host
from runners.launch.ports import LaunchError, NameTakenError, named


class _NotRegisteredError(LaunchError):
    """GitHub gave no runner for a machine that this process alone could have got one for."""


def brought_online(asked: Start, host: Host) -> Host:
    """The machine, whose runner waits for its job or has it.

    Raises:
        LaunchError: it has no runner, and was ended; or AWS or GitHub could not be asked.
    """
    try:
        _hand_over(asked, host)
        _wait(asked, host)
    except _NotRegisteredError as error:
        end(asked.ports, asked.run_id, host.id, None, str(error))
        raise
    except LaunchError as error:
        _end_unless_busy(asked, host, str(error))
    asked.note("online", host.id, asked.fleet.runner_name(host.id))
    return host


def _hand_over(asked: Start, host: Host) -> None:
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


def _wait(asked: Start, host: Host) -> None:
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


def _end_unless_busy(asked: Start, host: Host, why: str) -> None:
    """Returns if the machine's job runs after all; else ends it and raises with its last words.

    A machine is left to its own timer and the reaper when GitHub doesn't say if its job runs.
    """
    ports, console = asked.ports, _console(asked, host)
    runner = named(ports.forge.runners(), asked.fleet.runner_name(host.id))
    if spare_or_end(ports, asked.run_id, host.id, runner, why):
        raise LaunchError(f"{why}; it was terminated. Its console ended with:\n{console}")


def _console(asked: Start, host: Host) -> str:
    try:
        return asked.ports.cloud.console(host.id) or "(nothing)"
    except LaunchError as error:
        return f"(unknown: {error})"
