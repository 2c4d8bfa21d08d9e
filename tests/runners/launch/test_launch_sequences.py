"""Launches, jobs, crashes, cancellations, time and reaping in any order, and within one another.

At most one live machine per release; none past its expiry plus one pass of the reaper; none killed
while its job runs; every machine in the audit trail.
"""

import unittest
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from launch.model import BEGINNING, KilledError, Ledger, World
from launch.site import request, table
from runners.contract import LAUNCHED, ContractError
from runners.contract.launch_toml import Configuration
from runners.launch.fleet import Fleet, Host
from runners.launch.ports import LaunchError
from runners.launch.reap import reap
from runners.launch.start import LaunchRequest, start
from runners.launch.termination import terminate_run
from runners.launch.user_data import Lock

CONFIGURATION = Configuration.from_mapping(
    table(
        budget=1e6,  # no sequence ends for want of money
        prices={"first": 1.0, "second": 2.0},
        ec2__types=["first", "second"],
        ec2__online_within_minutes=15,
        ec2__poll_seconds=60,
    ),
    source="test",
)
RELEASES = ("2025-01-30", "2025-11-08")
LOCK = Lock({"constraints.txt": b"", "pyproject.toml": b""})
LONGER = timedelta(hours=13)
MOMENTS = (
    *("hosts", "place", "note", "run", "run done", "claim", "runners", "register"),
    *("register done", "put", "remove", "terminate", "sleep"),
)


class Fleets(RuleBasedStateMachine):
    """`disturbed` is true while a launch that was killed may have left two machines behind."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Fleet.of(CONFIGURATION))
        self.disturbed = False
        self.granted: set[str] = set()

    # --- what we do ---------------------------------------------------------------------------

    @rule(
        release=st.sampled_from(RELEASES),
        number=st.integers(1, 2),
        dud=st.sampled_from([False, False, False, True]),
        begins=st.booleans(),
        moment=st.sampled_from(MOMENTS),
        happening=st.sampled_from(["kill", "cancel", "reap", "launch", "launch other", "wait", ""]),
    )
    def launch(
        self, release: str, number: int, dud: bool, begins: bool, moment: str, happening: str
    ) -> None:
        happenings: dict[str, Callable[[], None]] = {
            "kill": self._kill,
            "cancel": self._cancel,
            "reap": self._reap,
            "launch": lambda: self._launch(release, number),
            "launch other": lambda: self._launch(release, 3 - number),
            "wait": lambda: self._wait(LONGER),
        }
        before = {host.id for host in self.world.live()}
        self.world.next_is_dud = dud
        self._disturb(moment, happenings.get(happening))
        try:
            self._launch(release, number)
        except KilledError:
            self.disturbed = True
        except KeyboardInterrupt:
            new = {h.id for h in self.world.live() if not self.world.is_busy(h.id)} - before
            assert new == set()
        self.world.disturbance = None
        if not self.disturbed:
            assert len(self.world.live(release)) <= 1
        if begins:
            self._begin_any_job()

    @rule(
        minutes=st.sampled_from([0, 25, 60, 13 * 60]),
        moment=st.sampled_from(["hosts", "all", "remove", "terminate", "terminate done", "drop"]),
        happening=st.sampled_from(["kill", "job", "reap", "launch", "", ""]),
    )
    def reap(self, minutes: int, moment: str, happening: str) -> None:
        happenings: dict[str, Callable[[], None]] = {
            "kill": self._kill,
            "job": self._begin_any_job,
            "reap": self._reap,
            "launch": lambda: self._launch(RELEASES[0], 1),
        }
        self._wait(timedelta(minutes=minutes))
        self._disturb(moment, happenings.get(happening))
        try:
            self._reap()
        except KilledError:
            return
        was_quiet = self.world.disturbance is not None or happening == ""
        self.world.disturbance = None
        if was_quiet:
            self._nothing_was_missed()

    @rule(release=st.sampled_from(RELEASES), number=st.integers(1, 2))
    def terminate(self, release: str, number: int) -> None:
        """The workflow's last job: the machine's own job is over by then."""
        run_id = f"{release}-ingest-{number}"
        if self.world.github_is_down or any(self.world.is_busy(h.id) for h in self._of(run_id)):
            return
        terminate_run(self.world.ports, self.world.fleet, run_id)
        assert not any(host.is_live for host in self._of(run_id))

    # --- what happens to us -------------------------------------------------------------------

    @precondition(lambda self: any(self.world.is_busy(h.id) for h in self.world.live()))
    @rule(reports=st.booleans(), shuts_down=st.booleans())
    def finish_a_job(self, reports: bool, shuts_down: bool) -> None:
        host = next(h for h in self.world.live() if self.world.is_busy(h.id))
        runner = self.world.runner_of(host.id)
        assert runner is not None
        del self.world.registered[runner.id]
        if reports:
            self.world.reports.add(host.run_id)
        if shuts_down:
            self._gone(host.id)

    @rule()
    def crash(self) -> None:
        """A machine is gone, by itself or because spot capacity was taken back."""
        if live := self.world.live():
            self._gone(live[0].id)

    @rule()
    def github_notices(self) -> None:
        """GitHub gives up on jobs whose machine is gone."""
        for runner in list(self.world.registered.values()):
            host_id = self.world.fleet.host_of(runner.name)
            if not any(host.id == host_id for host in self.world.live()):
                self.world.change(runner, is_busy=False)

    @rule(
        capacity=st.sampled_from([("first", "second"), ("second",), ()]),
        github_is_down=st.sampled_from([False, False, True]),
    )
    def change_the_weather(self, capacity: tuple[str, ...], github_is_down: bool) -> None:
        self.world.capacity = set(capacity)
        self.world.github_is_down = github_is_down

    @invariant()
    def no_rule_was_broken(self) -> None:
        assert self.world.broken == []

    def teardown(self) -> None:
        """After every sequence: time passes, the reaper comes, GitHub notices, and all is gone.

        Machines go even while GitHub is silent, as it is after every other one.
        """
        self.world.github_is_down = len(self.world.machines) % 2 == 1
        self._wait(LONGER)
        self._reap()
        assert self.world.live() == []
        self.world.github_is_down = False
        assert self.world.secrets == {}
        self.github_notices()
        self._reap()
        assert self.world.registered == {}
        assert self.world.waiting == set()
        assert self.world.broken == []

    # --- in one word --------------------------------------------------------------------------

    def _disturb(self, moment: str, happening: Callable[[], None] | None) -> None:
        if happening is not None:
            self.world.disturbance = (moment, happening)

    def _kill(self) -> None:
        raise KilledError

    def _cancel(self) -> None:
        raise KeyboardInterrupt

    def _wait(self, how_long: timedelta) -> None:
        self.world.now += how_long

    def _of(self, run_id: str) -> list[Any]:
        return [host for host in self.world.machines.values() if host.run_id == run_id]

    def _launch(self, release: str, number: int) -> None:
        asked = LaunchRequest(
            request(f"{release}-ingest-{number}", release), CONFIGURATION, LOCK, self.world.ports
        )
        began = self.world.now
        try:
            host = start(asked)
        except LaunchError:
            return
        assert host.run_id == asked.run_id
        assert host.expires_at > began
        self.granted.add(host.id)
        if not self.world.is_busy(host.id):
            self.world.waiting.add(host.id)

    def _begin_any_job(self) -> None:
        """A job begins on a machine that a launch has promised and GitHub sees."""
        for host in self.world.live():
            runner = self.world.runner_of(host.id)
            if host.id in self.granted and runner and runner.is_online and not runner.is_busy:
                self.world.change(runner, is_busy=True)
                self.world.waiting.discard(host.id)
                return

    def _gone(self, host_id: str) -> None:
        host = self.world.machines[host_id]
        self.world.machines[host_id] = type(host)(**{**vars(host), "state": "terminated"})

    def _reap(self) -> None:
        try:
            list(reap(CONFIGURATION, self.world.ports, self.world.now))
        except LaunchError:
            assert self.world.github_is_down

    def _nothing_was_missed(self) -> None:
        """What holds after a whole pass that nothing disturbed."""
        live = self.world.live()
        assert [host.id for host in live if host.expires_at <= self.world.now] == []
        assert {h.id for h in self.world.machines.values()} <= {
            line.machine for line in self.world.lines
        }
        assert self.world.secrets.keys() <= {host.id for host in live}
        if self.world.github_is_down:
            return
        names = {self.world.fleet.runner_name(host.id) for host in live}
        idle = {r.name for r in self.world.registered.values() if not r.is_busy}
        assert idle <= names
        for release in RELEASES:
            assert (
                len([h for h in live if h.release == release and not self.world.is_busy(h.id)]) <= 1
            )
        self.disturbed = False


def sequences(examples: int, steps: int) -> type[unittest.TestCase]:
    case = Fleets.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
    )
    return case


def run_sequences(examples: int, steps: int) -> None:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(sequences(examples, steps)).run(result)
    for _, trace in result.failures + result.errors:
        raise AssertionError(trace)
    assert result.testsRun == 1


def launched(world: World, run_id: str) -> Host:
    asked = LaunchRequest(request(run_id, run_id[:10]), CONFIGURATION, LOCK, world.ports)
    return start(asked)


def fail(error: BaseException) -> Callable[..., None]:
    def happen(*_: object) -> None:
        raise error

    return happen


def test_a_launch_that_is_cancelled_ends_its_own_machine_alone() -> None:
    world = World(Fleet.of(CONFIGURATION))
    other = launched(world, "2025-01-30-ingest-1")
    world.disturbance = ("run done", fail(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        launched(world, "2025-11-08-ingest-1")
    assert len(world.machines) == 2
    assert world.live() == [other]


def test_of_two_machines_of_one_moment_one_is_kept() -> None:
    """EC2 tells the second of a launch, and no more."""
    world = World(Fleet.of(CONFIGURATION))
    kept: list[Host] = []
    world.disturbance = ("run", lambda: kept.append(launched(world, "2025-11-08-ingest-2")))
    with pytest.raises(LaunchError, match="i-0000 works on release 2025-11-08 for run 2025"):
        launched(world, "2025-11-08-ingest-1")
    assert {host.launched_at for host in world.machines.values()} == {BEGINNING}
    assert (len(world.machines), world.live()) == (2, kept)
    assert world.runner_of("i-0001") is None


def test_a_launch_that_is_made_again_waits_no_longer_than_the_first() -> None:
    world = World(Fleet.of(CONFIGURATION), next_is_dud=True)
    world.disturbance = ("sleep", fail(KilledError()))
    with pytest.raises(KilledError):
        launched(world, "2025-11-08-ingest-1")
    world.now += timedelta(minutes=14)
    with pytest.raises(LaunchError, match="no runner on i-0000 within 15 minutes"):
        launched(world, "2025-11-08-ingest-1")
    assert world.now == BEGINNING + timedelta(minutes=15)
    assert world.live() == []


@pytest.mark.parametrize(
    ("moment", "skip"),
    [("note", 1), ("note", 2), ("note", 3), ("hosts", 3), ("hosts", 4), ("claim", 0), ("put", 0)],
)
def test_whatever_fails_once_a_machine_is_there_none_is_left(moment: str, skip: int) -> None:
    """The runs' storage, EC2 or Secrets Manager refuse one call."""
    world = World(Fleet.of(CONFIGURATION))
    world.disturbance = (moment, fail(LaunchError("AWS answers SlowDown (); try again.")))
    world.undisturbed = skip
    with pytest.raises(LaunchError, match=r"; try again; i-0000 was terminated\."):
        launched(world, "2025-11-08-ingest-1")
    assert (len(world.machines), world.live()) == (1, [])
    assert world.secrets == {}


def test_a_machine_whose_price_nobody_knows_any_more_is_joined() -> None:
    """launch.toml has changed between a request and its repetition."""
    world = World(Fleet.of(CONFIGURATION))
    launched(world, "2025-11-08-ingest-1")
    changed = table(prices={"second": 2.0}, ec2__types=["second"])
    other = Configuration.from_mapping(changed, source="test")
    asked = LaunchRequest(request("2025-11-08-ingest-1"), other, LOCK, world.ports)
    assert start(asked).id == "i-0000"
    assert [line.price for line in world.lines if line.act == LAUNCHED] == [1.0548]


def test_a_machine_whose_cost_can_t_be_kept_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Fleet.of(CONFIGURATION))
    launched(world, "2025-11-08-ingest-1")
    monkeypatch.setattr(Ledger, "trail", fail(ContractError("line 1: isn't JSON.")))
    with pytest.raises(LaunchError, match=r"line 1: isn't JSON; i-0000 was terminated"):
        launched(world, "2025-11-08-ingest-1")
    assert world.live() == []


@pytest.mark.parametrize("moment", ["run done", "hosts", "note", "claim"])
def test_a_machine_is_noted_by_whoever_finds_that_it_is_not(moment: str) -> None:
    """A launch that was killed has left it; its cost counts from its launch on."""
    world = World(Fleet.of(CONFIGURATION))
    world.disturbance = (moment, fail(KilledError()))
    world.undisturbed = {"hosts": 3, "note": 1}.get(moment, 0)
    with pytest.raises(KilledError):
        launched(world, "2025-11-08-ingest-1")
    assert len(world.machines) == 1
    world.now += timedelta(minutes=5)
    launched(world, "2025-11-08-ingest-1")
    (line,) = (line for line in world.lines if line.act == LAUNCHED)
    assert (line.machine, line.at, line.price) == ("i-0000", BEGINNING, 1.0548)


def test_a_hundred_sequences() -> None:
    run_sequences(100, 30)


@pytest.mark.prove
def test_thousands_of_sequences() -> None:
    run_sequences(2000, 25)
