"""The reaper: gathers what is there, asks `reap_policy` what to do, and does it.

The failure of one action stops no other.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TypeAlias, TypeVar

from runners.contract import Act, ContractError, Reaped
from runners.contract.launch_toml import Configuration
from runners.launch.fleet import Fleet, Host, Runner, WaitingJob
from runners.launch.lives import note_end, note_launch, noted
from runners.launch.ports import LaunchError, Ports
from runners.launch.price_list import with_listed_prices
from runners.launch.reap_policy import FleetFacts, ReaperAction, decide
from runners.launch.termination import terminate, terminate_unless_busy

Answer = TypeVar("Answer")
Deed: TypeAlias = Callable[[Ports, ReaperAction], bool]
"""Does an action; whether it was done, and not spared."""


def reap(configuration: Configuration, ports: Ports, now: datetime) -> Iterator[Reaped]:
    """Yields each action once it is done. It may run twice, or twice at once, without harm.

    Raises:
        LaunchError: AWS or the runs' storage could not be asked, and nothing was done. (Without
            GitHub, expired machines still go, and its error comes last.)
    """
    jobs, no_jobs = _if_answered(ports.forge.waiting_jobs)
    runners, no_runners = _if_answered(ports.forge.runners)
    facts = _facts(configuration, ports, jobs or (), runners, now)
    priced = cache(lambda: with_listed_prices(configuration))
    by_act: dict[Act, Deed] = {**_BY_ACT, Act.NOTE: partial(_note, priced)}
    yield from (_perform(by_act[action.act], ports, action) for action in decide(facts))
    if refusal := no_runners or no_jobs:
        raise refusal


def _if_answered(ask: Callable[[], Answer]) -> tuple[Answer | None, LaunchError | None]:
    try:
        return ask(), None
    except LaunchError as error:
        return None, error


def _facts(
    configuration: Configuration,
    ports: Ports,
    jobs: Sequence[WaitingJob],
    runners: Sequence[Runner] | None,
    now: datetime,
) -> FleetFacts:
    ec2, fleet = configuration.for_ec2(), Fleet.of(configuration)
    handovers = ports.handovers.all()
    hosts = ports.cloud.hosts()  # last: what the others belong to was there before them
    return FleetFacts(
        fleet=fleet,
        hosts=hosts,
        runners=runners,
        jobs=jobs,
        handovers={**handovers, **_new_handovers(ports, fleet, runners or (), hosts)},
        ended_runs=_ended_runs(ports, hosts),
        noted=noted(ports, hosts),
        now=now,
        online_within=timedelta(minutes=ec2.online_within_minutes),
        idle=timedelta(minutes=ec2.idle_minutes),
    )


def _new_handovers(
    ports: Ports, fleet: Fleet, runners: Sequence[Runner], hosts: Sequence[Host]
) -> dict[str, datetime]:
    """The handovers to machines that have a runner and that EC2 doesn't show."""
    named = {fleet.host_of(runner.name) for runner in runners} - {host.id for host in hosts}
    found = {host_id: ports.handovers.claimed_at(host_id) for host_id in named if host_id}
    return {host_id: at for host_id, at in found.items() if at is not None}


def _ended_runs(ports: Ports, hosts: Sequence[Host]) -> frozenset[str]:
    live = {host.run_id for host in hosts if host.is_live}
    return frozenset(run_id for run_id in live if ports.ledger.has_ended(run_id))


def _perform(do: Deed, ports: Ports, action: ReaperAction) -> Reaped:
    try:
        result = Reaped.DONE if do(ports, action) else Reaped.SPARED
    except ContractError as error:
        result = str(error)
    return Reaped(
        act=action.act,
        machine=action.host_id,
        run=action.host.run_id if action.host else None,
        release=action.host.release if action.host else None,
        why=action.why,
        result=result,
    )


def _note(priced: Callable[[], Configuration], ports: Ports, action: ReaperAction) -> bool:
    """Says what the audit trail lacks of a machine, so that its cost counts; `priced` knows prices,
    and may ask AWS for them.
    """
    assert action.host is not None, "what is noted was found"
    if not action.host.is_live:
        note_end(ports, action.host)
    note_launch(priced(), ports, action.host, action.host.launched_at)
    return True


def _terminate(ports: Ports, action: ReaperAction) -> bool:
    return terminate_unless_busy(ports, action.run_id, action.host_id, action.runner, action.why)


def _terminate_expired(ports: Ports, action: ReaperAction) -> bool:
    terminate(ports, action.run_id, action.host_id, action.runner, action.why)
    return True


def _remove_runner(ports: Ports, action: ReaperAction) -> bool:
    return action.runner is None or ports.forge.remove(action.runner.id)


def _cancel_run(ports: Ports, action: ReaperAction) -> bool:
    ports.forge.cancel(action.workflow_run)
    return True


def _drop_handover(ports: Ports, action: ReaperAction) -> bool:
    ports.handovers.drop(action.host_id)
    return True


_BY_ACT: dict[Act, Deed] = {
    Act.TERMINATE: _terminate,
    Act.TERMINATE_EXPIRED: _terminate_expired,
    Act.REMOVE_RUNNER: _remove_runner,
    Act.DROP_HANDOVER: _drop_handover,
    Act.CANCEL_RUN: _cancel_run,
}
