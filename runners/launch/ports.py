"""What launching and reaping need of AWS, GitHub, the runs' storage and the clock, as protocols.

Every method may raise LaunchError: the service refused, or did not answer. A Launcher is what
machines come from: EC2, SageMaker or this very computer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from runners.contract import ContractError, RunRequest, TrailLine
from runners.launch.fleet import Host, Runner, WaitingJob


class LaunchError(ContractError):
    """A machine or runner that could not be had or ended; its text is one sentence for a person."""


class NoCapacityError(LaunchError):
    """There is no machine of this type in this subnet now."""


class NameTakenError(LaunchError):
    """GitHub has a runner of this name."""


@dataclass(frozen=True)
class Application:
    """GitHub's runner application, to be fetched from `address` if it has this checksum."""

    address: str
    sha256: str


@dataclass(frozen=True)
class Candidate:
    """A type of machine in a subnet, which is where one may be had."""

    type: str
    subnet: str


@dataclass(frozen=True)
class Order:
    """One machine, as it is asked for."""

    candidate: Candidate
    run_id: str
    release: str
    expires_at: datetime
    user_data: str


class Cloud(Protocol):
    """Where machines run: EC2."""

    def hosts(self) -> tuple[Host, ...]:
        """The fleet's machines, those that ended lately too."""

    def run(self, order: Order) -> Host:
        """A live machine; the same order again gives the same one. Raises NoCapacityError."""

    def terminate(self, host_id: str) -> None:
        """Ends a machine; one that has ended stays so."""

    def console(self, host_id: str) -> str:
        """The last lines that the machine printed, as far as they are known."""


class RunnerRegistry(Protocol):
    """Where runners are registered: GitHub."""

    def runners(self) -> tuple[Runner, ...]:
        """The fleet's runners."""

    def application(self) -> Application:
        """What a machine is to run as its runner: the pinned one, else the newest."""

    def register(self, name: str) -> str:
        """The secret that makes a machine the runner `name`, once. Raises NameTakenError."""

    def remove(self, runner_id: int) -> bool:
        """Whether the runner is gone. False: GitHub keeps it, because a job is running on it."""

    def waiting_jobs(self) -> tuple[WaitingJob, ...]:
        """The jobs that wait for one of the fleet's runners."""

    def cancel(self, workflow_run: int) -> None:
        """Ends a workflow run; one that has ended stays so."""


class Handovers(Protocol):
    """Secrets on their way to a machine, each under the machine's id."""

    def claim(self, host_id: str) -> bool:
        """Whether the caller alone may hand over a secret to this machine."""

    def put(self, host_id: str, secret: str) -> None:
        """Hands over the secret that was claimed."""

    def drop(self, host_id: str) -> None:
        """Deletes claim and secret, if they are there."""

    def all(self) -> Mapping[str, datetime]:
        """The machines that a claim or secret is there for, and since when; without new ones."""

    def claimed_at(self, host_id: str) -> datetime | None:
        """Since when a claim or secret is there, also a new one; None if there is none."""


class Ledger(Protocol):
    """What is known of runs: whether they have ended, and what was done to their machines."""

    def has_ended(self, run_id: str) -> bool:
        """Whether the run has its report."""

    def note(self, line: TrailLine) -> None:
        """Adds a line to its run's audit trail, which nobody ever changes."""

    def trail(self, beginning: str) -> Sequence[TrailLine]:
        """The lines on machines' beginning and end, of all runs whose ids begin so."""

    def place(self, run_id: str, name: str, content: bytes) -> None:
        """Puts a file into the run's folder, for its machine to read."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Returns after so many seconds."""


@dataclass(frozen=True)
class Ports:
    """All services that launching and reaping use."""

    cloud: Cloud
    forge: RunnerRegistry
    handovers: Handovers
    ledger: Ledger
    clock: Clock

    def note(self, run_id: str, act: str, host_id: str | None, why: str) -> None:
        """Adds a line of now to the run's audit trail."""
        now = self.clock.now()
        self.ledger.note(TrailLine(at=now, run=run_id, act=act, machine=host_id, why=why))


def runner_named(runners: Sequence[Runner], name: str) -> Runner | None:
    """The runner of that name; None if there is none."""
    return next((runner for runner in runners if runner.name == name), None)


@dataclass(frozen=True)
class Launched:
    """What a workflow reads of a launch; `exit_code` is that of work that has been done already."""

    document: dict[str, Any] | None
    exit_code: int = 0


class Launcher(Protocol):
    """What gives a run a machine. Every method may raise ContractError."""

    def shown(self, request: RunRequest) -> dict[str, Any]:
        """The exact requests that `launch` would make, and what they may cost. Asks nobody."""

    def launch(self, request: RunRequest) -> Launched:
        """What the run works on from now on; the same request again gives the same."""

    def terminate(self, run_id: str) -> tuple[str, ...]:
        """What the run had worked on, all of which has ended."""
