"""Machines and runners as plain values, and what they are called everywhere.

A runner's name holds its machine's id, so that either finds the other without a table of our own.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from runners.contract.launch_toml import Configuration

TAG = "ingestion-bot:"
LIVE = frozenset({"pending", "running", "stopping", "stopped"})
"""States of a machine that is paid for, or could be again."""


@dataclass(frozen=True)
class Host:
    """A machine of ours, as AWS knows it; the tags say for which run and until when."""

    id: str
    run_id: str
    release: str
    type: str
    state: str
    launched_at: datetime
    expires_at: datetime
    spot: bool = False

    @property
    def is_live(self) -> bool:
        """Whether the machine is paid for, or could be again."""
        return self.state in LIVE


@dataclass(frozen=True)
class Runner:
    """A runner as GitHub knows it. Without its connection it may be busy and offline at once."""

    id: int
    name: str
    is_online: bool
    is_busy: bool


@dataclass(frozen=True)
class WaitingJob:
    """A job that GitHub has given to no runner yet. `runner_name` is the label that it asks for."""

    workflow_run: int
    runner_name: str


@dataclass(frozen=True)
class Fleet:
    """The names that one repository's machines have in one region, which nobody else's have."""

    repository: str
    region: str

    @classmethod
    def of(cls, configuration: Configuration) -> "Fleet":
        """The fleet of a configuration's repository and region."""
        return cls(configuration.repository, configuration.region)

    @property
    def prefix(self) -> str:
        """What every runner's name begins with."""
        return f"ingestion-{_digest(self.repository, self.region)[:8]}-"

    def runner_name(self, host_id: str) -> str:
        """The name of a machine's runner, which is its unique label, too."""
        return self.prefix + host_id

    def host_of(self, runner_name: str) -> str | None:
        """The id of the machine that a runner stands for; None for a runner that isn't ours."""
        if runner_name.startswith(self.prefix):
            return runner_name.removeprefix(self.prefix)
        return None

    @property
    def secrets(self) -> str:
        """What the name of every secret that is handed to a machine begins with."""
        return f"ingestion/{self.repository}/runner/"

    def token(self, run_id: str, attempt: int, kind: str, subnet: str) -> str:
        """EC2's client token (64 characters): equal requests have equal ones, others don't.

        EC2 refuses a token that it knows with another type or subnet, so both are in it.
        """
        return _digest(self.repository, self.region, run_id, str(attempt), kind, subnet)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def tags(fleet: Fleet, run_id: str, release: str, expires_at: datetime) -> Mapping[str, str]:
    """The tags of a machine, from which `Ec2Cloud.hosts` makes a Host."""
    return {
        "Name": f"ingestion {run_id}",
        f"{TAG}repository": fleet.repository,
        f"{TAG}release": release,
        f"{TAG}run": run_id,
        f"{TAG}expiry": expires_at.isoformat(timespec="seconds"),
    }


def oldest(hosts: Iterable[Host]) -> Host | None:
    """The live machine that was launched first; every process picks the same one."""
    live = [host for host in hosts if host.is_live]
    return min(live, key=lambda host: (host.launched_at, host.id), default=None)
