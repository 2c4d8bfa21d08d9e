"""One moto for a file of tests, emptied before each; a GitHub of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from launch.amazon import Amazon, amazon
from launch.hub import hub
from launch.stage import Stage


@pytest.fixture(scope="module")
def running_amazon() -> Iterator[Amazon]:
    with amazon() as running:
        yield running


@pytest.fixture
def stage(running_amazon: Amazon, tmp_path: Path) -> Iterator[Stage]:
    httpx.post(f"{running_amazon.moto}/moto-api/reset", timeout=60).raise_for_status()
    for kept in (running_amazon.faults, running_amazon.calls, running_amazon.tokens):
        kept.clear()
    running_amazon.client("iam").create_instance_profile(InstanceProfileName="ingestion-machine")
    with hub() as github:
        made = Stage(tmp_path, running_amazon, github)
        made.configure()
        made.ask()
        yield made
