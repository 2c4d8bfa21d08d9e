"""EC2, GitHub, secrets and runs as plain state, behind the same ports as the real ones.

Anything may happen between two calls: a test says at which moment, and what. Machines never end
themselves here, because the reaper is for those that should have and didn't. It doesn't model
eventual consistency, or AWS refusing anything but capacity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runners.contract import TrailLine
from runners.launch.fleet import Fleet, Host, Runner, WaitingJob
from runners.launch.ports import (
    Application,
    LaunchError,
    NameTakenError,
    NoCapacityError,
    Order,
    Ports,
)

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class KilledError(BaseException):
    """This process is gone, at once and without a word."""


@dataclass
class World:
    """`duds` are machines that never boot. `broken` says which rule of ours was broken. The first
    `undisturbed` calls of the disturbance's kind are as ever.
    """

    fleet: Fleet
    now: datetime = BEGINNING
    machines: dict[str, Host] = field(default_factory=dict)
    tokens: dict[tuple[str, str, int], str] = field(default_factory=dict)
    registered: dict[int, Runner] = field(default_factory=dict)
    secrets: dict[str, str | None] = field(default_factory=dict)
    claimed: dict[str, datetime] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    reports: set[str] = field(default_factory=set)
    lines: list[TrailLine] = field(default_factory=list)
    duds: set[str] = field(default_factory=set)
    next_is_dud: bool = False
    capacity: set[str] = field(default_factory=lambda: {"first", "second"})
    github_is_down: bool = False
    broken: list[str] = field(default_factory=list)
    calls: int = 0
    disturbance: tuple[str, Callable[[], None]] | None = None
    undisturbed: int = 0

    @property
    def ports(self) -> Ports:
        return Ports(Cloud(self), Forge(self), Handovers(self), Ledger(self), Clock(self))

    def step(self, call: str) -> None:
        """One of the moments between which calls take effect."""
        self.calls += 1
        if self.disturbance and self.disturbance[0] == call:
            if self.undisturbed:
                self.undisturbed -= 1
                return
            _, happen = self.disturbance
            self.disturbance = None
            happen()

    def live(self, release: str | None = None) -> list[Host]:
        found = (host for host in self.machines.values() if host.is_live)
        return [host for host in found if release in (None, host.release)]

    def runner_of(self, host_id: str) -> Runner | None:
        name = self.fleet.runner_name(host_id)
        return next((one for one in self.registered.values() if one.name == name), None)

    def is_busy(self, host_id: str) -> bool:
        runner = self.runner_of(host_id)
        return runner is not None and runner.is_busy

    def change(self, runner: Runner, **fields: Any) -> None:
        self.registered[runner.id] = replace(runner, **fields)

    def boot(self) -> None:
        """Machines that were handed a secret become runners."""
        for host in self.live():
            runner = self.runner_of(host.id)
            secret = (self.secrets.get(host.id) or "").split(" ")[-1]
            if runner and secret == str(runner.id) and host.id not in self.duds:
                self.change(runner, is_online=True)
                del self.secrets[host.id]


class Part:
    def __init__(self, world: World) -> None:
        self.world = world


class Cloud(Part):
    def hosts(self) -> tuple[Host, ...]:
        self.world.step("hosts")
        return tuple(self.world.machines.values())

    def run(self, order: Order) -> Host:
        world = self.world
        world.step("run")
        if order.candidate.type not in world.capacity:
            raise NoCapacityError(order.candidate.type)
        for attempt in range(99):
            key = (order.run_id, order.candidate.type, attempt)
            if key not in world.tokens:
                host = self._made(order)
                world.tokens[key] = host.id
            host = world.machines[world.tokens[key]]
            if host.is_live:
                break
        world.step("run done")
        return host

    def _made(self, order: Order) -> Host:
        world = self.world
        host = Host(
            id=f"i-{len(world.machines):04}",
            run_id=order.run_id,
            release=order.release,
            type=order.candidate.type,
            state="running",
            launched_at=world.now,
            expires_at=order.expires_at,
        )
        world.machines[host.id] = host
        if world.next_is_dud:
            world.duds.add(host.id)
        return host

    def terminate(self, host_id: str) -> None:
        world = self.world
        world.step("terminate")
        host = world.machines[host_id]
        if host.is_live and world.is_busy(host_id) and world.now < host.expires_at:
            world.broken.append(f"{host_id} was killed while busy")
        world.machines[host_id] = replace(host, state="terminated")
        if runner := world.runner_of(host_id):
            world.change(runner, is_online=False)
        world.step("terminate done")

    def console(self, host_id: str) -> str:
        return f"console of {host_id}"


class Forge(Part):
    def runners(self) -> tuple[Runner, ...]:
        self.world.step("runners")
        self._ask()
        self.world.boot()
        return tuple(self.world.registered.values())

    def application(self) -> Application:
        self._ask()
        return Application("https://example.org/runner", "0" * 64)

    def register(self, name: str) -> str:
        self.world.step("register")
        self._ask()
        if any(runner.name == name for runner in self.world.registered.values()):
            raise NameTakenError(name)
        number = len(self.world.lines) * 1000 + self.world.calls
        self.world.registered[number] = Runner(number, name, is_online=False, is_busy=False)
        self.world.step("register done")
        return str(number)

    def remove(self, runner_id: int) -> bool:
        self.world.step("remove")
        self._ask()
        runner = self.world.registered.get(runner_id)
        if runner is not None and runner.is_busy:
            return False
        self.world.registered.pop(runner_id, None)
        self.world.step("remove done")
        return True

    def waiting_jobs(self) -> tuple[WaitingJob, ...]:
        """A workflow run has the number of its machine."""
        self._ask()
        fleet = self.world.fleet
        return tuple(
            WaitingJob(int(host_id[2:]), fleet.runner_name(host_id))
            for host_id in sorted(self.world.waiting)
        )

    def cancel(self, workflow_run: int) -> None:
        self._ask()
        host_id = f"i-{workflow_run:04}"
        if self.world.machines[host_id].is_live:
            self.world.broken.append(f"the job of {host_id} was cancelled")
        self.world.waiting.discard(host_id)

    def _ask(self) -> None:
        if self.world.github_is_down:
            raise LaunchError("GitHub does not answer")


class Handovers(Part):
    def claim(self, host_id: str) -> bool:
        self.world.step("claim")
        if host_id in self.world.secrets:
            return False
        self.world.secrets[host_id] = None
        self.world.claimed[host_id] = self.world.now
        self.world.step("claim done")
        return True

    def put(self, host_id: str, secret: str) -> None:
        self.world.step("put")
        if host_id not in self.world.secrets:
            raise LaunchError("there is no such secret")
        self.world.secrets[host_id] = secret

    def drop(self, host_id: str) -> None:
        self.world.step("drop")
        self.world.secrets.pop(host_id, None)

    def all(self) -> Mapping[str, datetime]:
        self.world.step("all")
        return {host_id: self.world.claimed[host_id] for host_id in self.world.secrets}

    def claimed_at(self, host_id: str) -> datetime | None:
        return self.world.claimed[host_id] if host_id in self.world.secrets else None


class Ledger(Part):
    def has_ended(self, run_id: str) -> bool:
        return run_id in self.world.reports

    def place(self, run_id: str, name: str, content: bytes) -> None:
        self.world.step("place")

    def trail(self, beginning: str) -> tuple[TrailLine, ...]:
        return tuple(line for line in self.world.lines if line.run.startswith(beginning))

    def note(self, line: TrailLine) -> None:
        self.world.step("note")
        self.world.lines.append(line)


class Clock(Part):
    def now(self) -> datetime:
        return self.world.now

    def sleep(self, seconds: float) -> None:
        self.world.step("sleep")
        self.world.now += timedelta(seconds=seconds)
