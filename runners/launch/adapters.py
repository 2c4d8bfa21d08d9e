"""Makes the real launchers and ports from configuration and settings: AWS, GitHub, the runs'
storage and the clock.
"""

import time
from datetime import UTC, datetime
from functools import cache

import httpx

from runners.contract.launch_toml import Configuration
from runners.launch.aws import SecretsManager
from runners.launch.ec2 import Ec2Cloud, Ec2Launcher
from runners.launch.github import GitHub
from runners.launch.ledger import ledger
from runners.launch.ports import Launcher, Ports
from runners.launch.price_list import with_listed_prices
from runners.launch.sagemaker import SageMakerLauncher
from runners.launch.user_data import Lock
from runners.launch.work import PackedWork
from runners.settings import REPOSITORY, Settings

_certificates = cache(httpx.create_ssl_context)
"""Whom to trust: read once, which takes longer than a request."""


class SystemClock:
    """The clock of this machine, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def launcher(
    name: str, configuration: Configuration, settings: Settings, work: PackedWork | None = None
) -> Launcher:
    """The launcher `name` (ec2 or sagemaker). Raises ContractError: its table or a checkout is
    missing.

    `work` is what a Processing job is launched to work by.
    """
    configuration = with_listed_prices(configuration)
    if name == "sagemaker":
        return sagemaker(configuration, work)
    return _ec2(configuration, settings, Lock.of(REPOSITORY))


def terminator(name: str, configuration: Configuration, settings: Settings) -> Launcher:
    """The launcher `name` with all that `terminate` needs: no prices, and no checkout. Raises
    ContractError if its table is missing.
    """
    return sagemaker(configuration) if name == "sagemaker" else _ec2(configuration, settings)


def _ec2(configuration: Configuration, settings: Settings, lock: Lock | None = None) -> Ec2Launcher:
    configuration.for_ec2()
    return Ec2Launcher(configuration, ports(configuration, settings), settings.job, lock)


def sagemaker(configuration: Configuration, work: PackedWork | None = None) -> SageMakerLauncher:
    """The launcher of Processing jobs, which can also look at those that it has launched."""
    return SageMakerLauncher(configuration, ledger(configuration), SystemClock(), work)


def ports(configuration: Configuration, settings: Settings) -> Ports:
    """What launching and reaping on EC2 need."""
    clock = SystemClock()
    return Ports(
        cloud=Ec2Cloud(configuration, clock.sleep),
        forge=GitHub(configuration, _github(settings), clock.sleep),
        handovers=SecretsManager(configuration),
        ledger=ledger(configuration),
        clock=clock,
    )


def _github(settings: Settings) -> httpx.Client:
    token = settings.runners_token
    return httpx.Client(
        base_url=settings.github_api,
        verify=_certificates(),
        timeout=30,
        headers={
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            **({"Authorization": f"Bearer {token}"} if token else {}),
        },
    )
