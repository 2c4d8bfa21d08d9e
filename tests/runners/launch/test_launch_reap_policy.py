"""What the reaper decides, one fact at a time."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from runners.contract import Act
from runners.launch.fleet import Fleet, Host, Runner, WaitingJob
from runners.launch.reap_policy import MARGIN, FleetFacts, decide

FLEET = Fleet("laminlabs/census-bot", "us-west-2")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONLINE_WITHIN, IDLE = timedelta(minutes=15), timedelta(minutes=30)


def host(number: int = 1, *, age: timedelta = timedelta(minutes=30), **fields: Any) -> Host:
    known: dict[str, Any] = {
        "id": f"i-{number:04}",
        "run_id": f"run-{number}",
        "release": "2025-11-08",
        "type": "r7i.8xlarge",
        "state": "running",
        "launched_at": NOON - age,
        "expires_at": NOON - age + timedelta(hours=12),
    }
    return Host(**{**known, **fields})


def runner(number: int = 1, *, online: bool = True, busy: bool = False) -> Runner:
    return Runner(number, FLEET.runner_name(f"i-{number:04}"), online, busy)


def acts(*hosts: Host, runners: Any = (), **fields: Any) -> list[tuple[Act, str]]:
    known: dict[str, Any] = {
        "fleet": FLEET,
        "hosts": hosts,
        "runners": runners,
        "jobs": (),
        "handovers": {},
        "ended_runs": frozenset(),
        "noted": frozenset(one.id for one in hosts),
        "now": NOON,
        "online_within": ONLINE_WITHIN,
        "idle": IDLE,
    }
    return [(action.act, action.host_id) for action in decide(FleetFacts(**{**known, **fields}))]


END, END_EXPIRED = (Act.TERMINATE, "i-0001"), (Act.TERMINATE_EXPIRED, "i-0001")


def test_a_machine_whose_job_is_running_stays() -> None:
    busy = [runner(busy=True)]
    assert acts(host(age=timedelta(hours=11)), runners=busy) == []
    assert acts(host(), runners=busy, ended_runs=frozenset({"run-1"})) == []
    assert acts(host(), runners=[runner(online=False, busy=True)]) == []


def test_nothing_outlives_its_lifetime_whatever_it_does() -> None:
    old = host(age=timedelta(hours=12))
    assert acts(old, runners=[runner(busy=True)]) == [END_EXPIRED]
    assert acts(old, runners=None) == [END_EXPIRED]
    assert acts(host(age=timedelta(hours=12) - timedelta(seconds=1)), runners=None) == []


@pytest.mark.parametrize("state", ["pending", "running", "stopping", "stopped"])
def test_a_machine_that_may_work_again_is_ended_in_any_state(state: str) -> None:
    """The disk of one that somebody has stopped is paid for."""
    assert acts(host(state=state, age=timedelta(hours=12)), runners=None) == [END_EXPIRED]
    assert acts(host(state=state), runners=[], ended_runs=frozenset({"run-1"})) == [END]


def test_a_machine_of_an_ended_run_goes() -> None:
    assert acts(host(), runners=[runner()], ended_runs=frozenset({"run-1"})) == [END]
    assert acts(host(), runners=[runner()], ended_runs=frozenset({"run-2"})) == []


@pytest.mark.parametrize(
    ("minutes", "runners", "goes"),
    [
        (19, [], False),
        (20, [], True),
        (20, [runner(online=False)], True),
        (20, [runner()], False),
        (49, [runner()], False),
        (50, [runner()], True),
        (50, None, False),
    ],
    ids=["young", "no runner", "offline", "waiting", "still waiting", "idle", "GitHub is silent"],
)
def test_a_machine_without_a_job_goes_in_time(minutes: int, runners: Any, goes: bool) -> None:
    found = acts(host(age=timedelta(minutes=minutes)), runners=runners)
    assert found == ([END] if goes else [])


def test_of_two_machines_for_a_release_the_busy_one_stays_else_the_older() -> None:
    older, newer = host(1, age=timedelta(minutes=9)), host(2, age=timedelta(minutes=8))
    idle = [runner(1), runner(2)]
    assert acts(older, newer, runners=idle) == [(Act.TERMINATE, "i-0002")]
    assert acts(older, newer, runners=[runner(1), runner(2, busy=True)]) == [END]
    both = [runner(1, busy=True), runner(2, busy=True)]
    assert acts(older, newer, runners=both) == []
    assert acts(older, host(2, release="2025-01-30"), runners=idle) == []
    for listed in permutations((host(1), host(2))):  # EC2 tells the second of a launch, no more
        assert acts(*listed, runners=idle) == [(Act.TERMINATE, "i-0002")]


def test_machines_that_have_ended_are_left_alone() -> None:
    ended = host(state="terminated", age=timedelta(hours=13))
    assert acts(ended, host(2, age=timedelta(minutes=1)), runners=[runner(2)]) == []


def test_runners_and_handovers_without_a_machine_go() -> None:
    ghost, stranger = runner(7), Runner(8, "somebody-elses", True, False)
    assert acts(runners=[ghost, stranger]) == [(Act.REMOVE_RUNNER, "i-0007")]
    for is_online in (True, False):
        assert acts(runners=[runner(7, online=is_online, busy=True)]) == []
    assert acts(host(state="terminated"), runners=[runner()]) == [(Act.REMOVE_RUNNER, "i-0001")]
    waiting = {"i-0001": NOON, "i-0009": NOON - MARGIN}
    young = host(age=timedelta(minutes=1))
    assert acts(young, handovers=waiting) == [(Act.DROP_HANDOVER, "i-0009")]


def test_a_machine_that_is_not_shown_yet_keeps_its_runner_its_job_and_its_secret() -> None:
    """EC2 may show it a moment later; who handed it a secret a moment ago had it launched."""
    mine = {"runners": [runner(7)], "jobs": [WaitingJob(1, runner(7).name)]}
    assert acts(handovers={"i-0007": NOON - timedelta(seconds=9)}, **mine) == []
    assert acts(handovers={"i-0007": NOON - MARGIN}, **mine) == [
        (Act.REMOVE_RUNNER, "i-0007"),
        (Act.CANCEL_RUN, "i-0007"),
        (Act.DROP_HANDOVER, "i-0007"),
    ]


def test_a_job_that_waits_for_a_machine_that_is_gone_waits_no_longer() -> None:
    job = WaitingJob(1, runner(1).name)
    assert acts(jobs=[job]) == [(Act.CANCEL_RUN, "i-0001")]
    assert acts(host(state="terminated"), jobs=[job]) == [(Act.CANCEL_RUN, "i-0001")]
    assert acts(host(age=timedelta(minutes=1)), jobs=[job]) == []


def test_a_machine_that_nobody_wrote_down_is() -> None:
    young = host(age=timedelta(minutes=1))
    assert acts(young, noted=frozenset()) == [(Act.NOTE, "i-0001")]
    ended = host(state="terminated")
    assert acts(ended, noted=frozenset()) == [(Act.NOTE, "i-0001")]


def test_another_repositorys_runners_are_nobodys_business() -> None:
    other = Fleet("laminlabs/another", "us-west-2")
    theirs = Runner(1, other.runner_name("i-0001"), True, False)
    assert acts(runners=[theirs]) == []
