"""A machine's user data, which it runs at its start: plain settings, then the bootstrap script.

Must hold no secret, because anybody who may describe the machine can read it; and no time, because
EC2 compares it, so that equal requests must give equal text.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from runners.contract import ContractError, Machine
from runners.contract.launch_toml import Configuration
from runners.launch.fleet import Fleet
from runners.launch.prices import price
from runners.launch.work import LOCKED, require_checkout

SCRIPT = "bootstrap.sh"
MOST_BYTES = 16384
"""The most user data that EC2 takes
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html).
"""


@dataclass(frozen=True)
class Lock:
    """The files that say what the machine installs: `constraints.txt` and `pyproject.toml`."""

    files: Mapping[str, bytes]

    @classmethod
    def of(cls, repository: Path) -> "Lock":
        """The two files of the checkout at `repository`.

        Raises:
            ContractError: there is no checkout.
        """
        require_checkout(repository)
        return cls({name: (repository / name).read_bytes() for name in LOCKED})

    @property
    def sums(self) -> str:
        """What `sha256sum --check` reads."""
        digests = ((hashlib.sha256(content).hexdigest(), n) for n, content in self.files.items())
        return "".join(f"{digest}  {name}\n" for digest, name in sorted(digests))


def user_data(
    configuration: Configuration, run_id: str, kind: str, lock: Lock, job: Mapping[str, str]
) -> str:
    """The script that the machine runs as root when it starts. `job` has what GitHub's variables
    say in the one job that it does.

    Raises:
        ContractError: it is longer than EC2 takes.
    """
    settings = _settings(configuration, run_id, kind, lock, job)
    lines = [f"{name}={shlex.quote(value)}" for name, value in settings.items()]
    script = resources.files(__package__).joinpath(SCRIPT).read_text(encoding="utf-8")
    text = "\n".join(["#!/bin/bash", *lines, script])
    if len(text.encode()) > MOST_BYTES:
        raise ContractError(
            f"user data of run {run_id}: {len(text.encode())} bytes, and EC2 takes {MOST_BYTES}; "
            f"shorten {SCRIPT}."
        )
    return text


def _settings(
    configuration: Configuration, run_id: str, kind: str, lock: Lock, job: Mapping[str, str]
) -> dict[str, str]:
    ec2, fleet = configuration.for_ec2(), Fleet.of(configuration)
    expected = {**job, "GITHUB_REPOSITORY": configuration.repository}
    return {
        "RUN_ID": run_id,
        "RUNS": configuration.runs.rstrip("/"),
        "REGION": configuration.region,
        "LIFETIME_MINUTES": str(int(configuration.lifetime_hours * 60)),
        "IDLE_SECONDS": str(int(ec2.idle_minutes * 60)),
        "ONLINE_SECONDS": str(int(ec2.online_within_minutes * 60)),
        "SECRET_PREFIX": fleet.secrets,
        "JOB": "".join(f"{name}={value}\n" for name, value in sorted(expected.items())),
        "SPOT": "1" if ec2.spot else "",
        "LOCK_SUMS": lock.sums,
        "LAMINDB_SECRET": configuration.lamindb_secret or "",
        "LOG_GROUP": ec2.log_group or "",
        "MACHINE": _machine(configuration, kind),
    }


def _machine(configuration: Configuration, kind: str) -> str:
    """The machine as reports name it; it puts in its own id."""
    ec2 = configuration.for_ec2()
    cost = price(configuration, kind, ec2.disk_gib)
    machine = Machine(
        launcher="ec2",
        type=kind,
        region=configuration.region,
        id="@ID@",
        spot=ec2.spot,
        price=round(cost.hour, 4),
        priced_on=cost.priced_on,
    )
    return json.dumps(machine.to_mapping(), sort_keys=True)
