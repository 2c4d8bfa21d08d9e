"""Ends a machine and its runner, and deletes what was handed to it; may be repeated at any point.

Must not decide which machine has to go.
"""

from runners.launch.fleet import Fleet, Runner
from runners.launch.lives import note_end
from runners.launch.ports import Ports


def terminate_unless_busy(
    ports: Ports, run_id: str, host_id: str, runner: Runner | None, why: str
) -> bool:
    """Whether the machine was ended. It is spared when GitHub says that its job is running.

    The runner goes first: GitHub refuses to remove a busy one, and gives no job to one that is
    removed, so that no job can begin between the look and the end.
    """
    if runner is not None and not ports.forge.remove(runner.id):
        ports.note(run_id, "spared", host_id, "its job is running")
        return False
    _end(ports, run_id, host_id, why)
    return True


def terminate(ports: Ports, run_id: str, host_id: str, runner: Runner | None, why: str) -> None:
    """Ends the machine, whatever runs on it.

    GitHub may keep a runner for a while that was busy; the reaper comes back for it.
    """
    _end(ports, run_id, host_id, why)
    if runner is not None:
        ports.forge.remove(runner.id)


def _end(ports: Ports, run_id: str, host_id: str, why: str) -> None:
    ports.cloud.terminate(host_id)
    ports.note(run_id, "terminated", host_id, why)
    ports.handovers.drop(host_id)


def terminate_run(ports: Ports, fleet: Fleet, run_id: str) -> tuple[str, ...]:
    """The ids of the run's machines, all of which have ended, as have their runners."""
    hosts = [host for host in ports.cloud.hosts() if host.run_id == run_id]
    for host in (host for host in hosts if host.is_live):
        _end(ports, run_id, host.id, "asked for")
    for host in (host for host in hosts if not host.is_live):
        note_end(ports, host)
    names = {fleet.runner_name(host.id) for host in hosts}
    for runner in (runner for runner in ports.forge.runners() if runner.name in names):
        ports.forge.remove(runner.id)
    return tuple(sorted(host.id for host in hosts))
