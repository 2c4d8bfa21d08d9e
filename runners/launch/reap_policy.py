"""Decides, from machines, runners and runs as they are, what to do so that none is left behind.

Never ends a machine whose job is running and within its lifetime. Must not read a clock or ask a
service: `runners.launch.reap` does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

from runners.contract import Act
from runners.launch.fleet import Fleet, Host, Runner, WaitingJob, oldest

MARGIN = timedelta(minutes=5)
"""Time beyond a launch's own waiting time before its machine counts as forgotten."""


@dataclass(frozen=True)
class ReaperAction:
    """One thing to be done to a machine, a runner or a handover of a machine, and why.

    `host` is None for what is left of a machine that AWS has forgotten.
    """

    act: Act
    host_id: str
    why: str
    host: Host | None = None
    runner: Runner | None = None
    workflow_run: int = 0

    @property
    def run_id(self) -> str:
        return self.host.run_id if self.host else ""


@dataclass(frozen=True)
class FleetFacts:
    """What is there. `runners` is None when GitHub could not be asked: then only time decides.

    Jobs, runners and handovers were listed before machines: each is only there for a machine that
    is, so one whose machine isn't among `hosts` has lost it, or is so new that EC2 doesn't show it
    yet. `handovers` says since when the handover to a machine is there, also of every runner's
    machine that isn't shown. `noted` are the machines of whose life so far the audit trail says.
    `online_within` and `idle` are how long a machine may be without a runner, and without a job.
    """

    fleet: Fleet
    hosts: Sequence[Host]
    runners: Sequence[Runner] | None
    jobs: Sequence[WaitingJob]
    handovers: Mapping[str, datetime]
    ended_runs: frozenset[str]
    noted: frozenset[str]
    now: datetime
    online_within: timedelta
    idle: timedelta


def decide(facts: FleetFacts) -> tuple[ReaperAction, ...]:
    """What to do, machines first; the same facts give the same actions."""
    runner_of = _runners_by_host(facts)
    live = [host for host in facts.hosts if host.is_live]
    return (
        *(_note_action(host) for host in facts.hosts if host.id not in facts.noted),
        *(
            action
            for host in live
            if (action := _action_for_host(facts, host, runner_of.get(host.id)))
        ),
        *_actions_for_gone(facts, runner_of),
    )


def _actions_for_gone(facts: FleetFacts, runner_of: Mapping[str, Runner]) -> Iterator[ReaperAction]:
    """What is left of machines that have ended: runners, jobs that wait for them, secrets.

    GitHub itself ends the job of a runner that is busy.
    """
    host_by_id, gone = {host.id: host for host in facts.hosts}, "its machine is gone"
    for host_id, runner in sorted(runner_of.items(), key=itemgetter(0)):
        if not runner.is_busy and _is_gone(facts, host_id):
            yield ReaperAction(Act.REMOVE_RUNNER, host_id, gone, host_by_id.get(host_id), runner)
    for job in facts.jobs:
        host_id = facts.fleet.host_of(job.runner_name) or ""
        if _is_gone(facts, host_id):
            host, why = host_by_id.get(host_id), "its job waits for a machine that is gone"
            yield ReaperAction(Act.CANCEL_RUN, host_id, why, host, workflow_run=job.workflow_run)
    for host_id in sorted(facts.handovers):
        if _is_gone(facts, host_id):
            yield ReaperAction(Act.DROP_HANDOVER, host_id, gone, host_by_id.get(host_id))


def _is_gone(facts: FleetFacts, host_id: str) -> bool:
    """Whether a machine has ended. One that isn't shown may be new: its handover tells its age
    (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html).
    """
    shown = [host for host in facts.hosts if host.id == host_id]
    if shown:
        return not any(host.is_live for host in shown)
    claimed_at = facts.handovers.get(host_id)
    return claimed_at is None or facts.now - claimed_at >= MARGIN


def _runners_by_host(facts: FleetFacts) -> Mapping[str, Runner]:
    by_host = ((facts.fleet.host_of(runner.name), runner) for runner in facts.runners or ())
    return {host_id: runner for host_id, runner in by_host if host_id is not None}


def _note_action(host: Host) -> ReaperAction:
    why = f"found {host.state}, which its audit trail doesn't say"
    return ReaperAction(Act.NOTE, host.id, why, host)


def _action_for_host(facts: FleetFacts, host: Host, runner: Runner | None) -> ReaperAction | None:
    if facts.now >= host.expires_at:
        reason_text = f"its lifetime ended at {host.expires_at:%Y-%m-%d %H:%M} UTC"
        return ReaperAction(Act.TERMINATE_EXPIRED, host.id, reason_text, host, runner)
    if facts.runners is None or (runner is not None and runner.is_busy):
        return None
    if reason := _why_not_needed(facts, host, runner):
        return ReaperAction(Act.TERMINATE, host.id, reason, host, runner)
    return None


def _why_not_needed(facts: FleetFacts, host: Host, runner: Runner | None) -> str | None:
    """Why a machine without a running job is of no use any more; None if it may be."""
    age = facts.now - host.launched_at
    if host.run_id in facts.ended_runs:
        return "its run has ended"
    if (first := _preferred(facts, host.release)) and first.id != host.id:
        return f"{first.id} works on the same release"
    if (runner is None or not runner.is_online) and age >= facts.online_within + MARGIN:
        return "it has no runner that is online"
    if age >= facts.online_within + facts.idle + MARGIN:
        return "nobody gave it a job"
    return None


def _preferred(facts: FleetFacts, release: str) -> Host | None:
    """The machine that a release keeps: one whose job is running, else the oldest."""
    runner_of = _runners_by_host(facts)
    same = [host for host in facts.hosts if host.release == release]
    busy = [host for host in same if host.id in runner_of and runner_of[host.id].is_busy]
    return oldest(busy) or oldest(same)
