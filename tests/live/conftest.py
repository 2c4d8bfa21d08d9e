"""A scratch repository with EC2, and one with Processing jobs, both on the doubles."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fake_github.server import serving
from fake_github.state import FakeGithub
from launch.fake_aws import FakeAws, fake_aws
from launch.fake_runner_api import REPOSITORY, fake_runner_api
from launch.fake_sagemaker import fake_sagemaker
from launch.job_site import JOB
from launch.site import LaunchSite

from live.maintained import JobSite, Maintained, MaintainedJobs, maintained_on


@pytest.fixture(scope="module")
def running_amazon() -> Iterator[FakeAws]:
    with fake_aws() as running:
        yield running


@pytest.fixture
def amazon(running_amazon: FakeAws) -> FakeAws:
    running_amazon.reset()
    return running_amazon


@pytest.fixture
def maintained(amazon: FakeAws, tmp_path: Path) -> Iterator[Maintained]:
    amazon.client("iam").create_instance_profile(InstanceProfileName="ingestion-machine")
    with fake_runner_api() as runners, serving(FakeGithub(REPOSITORY)) as server:
        site = LaunchSite(tmp_path, amazon, runners)
        with maintained_on(site, server, "ec2"):
            yield Maintained(server, site)


@pytest.fixture
def maintained_jobs(amazon: FakeAws, tmp_path: Path) -> Iterator[MaintainedJobs]:
    with ExitStack() as closing:
        server = closing.enter_context(serving(FakeGithub(REPOSITORY)))
        runners = closing.enter_context(fake_runner_api())
        site = JobSite(tmp_path, amazon, runners, sagemaker=closing.enter_context(fake_sagemaker()))
        closing.enter_context(maintained_on(site, server, "sagemaker", sagemaker=JOB))
        yield MaintainedJobs(server, site)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capsys.readouterr().out
