"""What one run asks for when it starts a machine, and the orders that come of it.

Must not give them: `start` does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from runners.contract import RunRequest
from runners.launch.configuration import Configuration, Ec2
from runners.launch.fleet import Fleet
from runners.launch.ports import Candidate, Order, Ports
from runners.launch.user_data import Lock, user_data


@dataclass(frozen=True)
class Start:
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


def order(asked: Start, candidate: Candidate) -> Order:
    """The machine that is asked for, with what it does from its first second."""
    return Order(
        candidate=candidate,
        run_id=asked.run_id,
        release=asked.request.release,
        expires_at=asked.ports.clock.now() + asked.configuration.lifetime,
        user_data=user_data(asked.configuration, asked.run_id, candidate.type, asked.lock),
    )
