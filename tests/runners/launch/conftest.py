"""One moto for a file of tests, emptied before each; a GitHub of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.fake_aws import FakeAws, fake_aws
from launch.fake_runner_api import fake_runner_api
from launch.set_ups import healthy, own, site_of_pages
from launch.site import LaunchSite

__all__ = ["healthy", "own", "site_of_pages"]


@pytest.fixture(scope="module")
def running_amazon() -> Iterator[FakeAws]:
    with fake_aws() as running:
        yield running


@pytest.fixture
def site(running_amazon: FakeAws, tmp_path: Path) -> Iterator[LaunchSite]:
    running_amazon.reset()
    running_amazon.client("iam").create_instance_profile(InstanceProfileName="ingestion-machine")
    with fake_runner_api() as github:
        made = LaunchSite(tmp_path, running_amazon, github)
        made.configure()
        made.ask()
        yield made
