"""From a request to a machine whose runner is online, or to none at all.

The machine comes first and its runner second, so that a runner without a machine is always one
that has lost it. Stopped at any point, what is left is found again by the same request, or by the
reaper. Must not know how AWS and GitHub are spoken to.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from runners.launch.asked import Start, candidates, order
from runners.launch.ending import end, spare_or_end
from runners.launch.fleet import Host, oldest
from runners.launch.online import brought_online
from runners.launch.ports import LaunchError, NoCapacityError, named
from runners.launch.prices import most


def start(asked: Start) -> Host:
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


def _end_expired(asked: Start) -> None:
    """Ends what the reaper has not come to yet: no job may begin on it."""
    for host in asked.ports.cloud.hosts():
        is_ours = host.is_live and host.release == asked.request.release
        if is_ours and host.expires_at <= asked.ports.clock.now():
            end(asked.ports, host.run_id, host.id, None, "its lifetime is over")


def _known(asked: Start) -> Host | None:
    """The release's machine if it is this run's. Raises LaunchError if it is another run's."""
    first = _of_release(asked)
    if first is not None and first.run_id != asked.run_id:
        raise LaunchError(
            f"run {asked.run_id}: {first.id} works on release {first.release} for run "
            f"{first.run_id}, until {first.expires_at:%Y-%m-%d %H:%M} UTC at the latest; wait for "
            "its end."
        )
    return first


def _of_release(asked: Start) -> Host | None:
    hosts = asked.ports.cloud.hosts()
    return oldest(host for host in hosts if host.release == asked.request.release)


def _launched(asked: Start) -> Host:
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


def _only_one(asked: Start, host: Host) -> Host:
    """The machine that the release keeps, where two processes have launched one each."""
    first = _of_release(asked)
    if first is None or first.id == host.id:
        return host
    end(asked.ports, asked.run_id, host.id, None, f"{first.id} was there first")
    return _known(asked) or host


@contextmanager
def _ended_if_interrupted(asked: Start) -> Iterator[None]:
    """Ends the run's machine, launched a moment ago, when somebody stops this process."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        runners = asked.ports.forge.runners()
        for host in asked.ports.cloud.hosts():
            if host.is_live and host.run_id == asked.run_id:
                runner = named(runners, asked.fleet.runner_name(host.id))
                spare_or_end(asked.ports, asked.run_id, host.id, runner, "its launch was cancelled")
        raise
