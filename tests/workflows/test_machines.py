"""The workflow files that start and end machines on AWS, on moto and a small GitHub of runners."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import ACTIONS, FakeGithub, Issue
from flows.scenario import report
from launch.fake_aws import Fault, fake_aws
from launch.fake_runner_api import fake_runner_api as runners_hub
from launch.site import RUN
from launch.site import LaunchSite as Machines
from launch.test_launch_sagemaker import JOB, MANIFEST

from bot.model.markers import Marker, MarkerKind, sign
from runners.contract import RunRequest
from workflows.act import ActRepository

pytestmark = pytest.mark.prove


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with fake_aws() as aws, runners_hub() as github:
        made = Machines(tmp_path / "machines", aws, github)
        made.ask()
        yield made


@pytest.fixture
def repo(machines: Machines, tmp_path: Path) -> Iterator[ActRepository]:
    environment = {k: v for k, v in machines.environment.items() if k.startswith("AWS_")}
    environment |= {
        "AWS_DEFAULT_REGION": "us-west-2",
        "BOT_GITHUB_PACE": "0",
        "BOT_STORAGE": "s3://census/",
    }
    with serving(FakeGithub()) as server:
        yield ActRepository(tmp_path, server, {}, environment)


def thread_of(repo: ActRepository, release: str, files: dict[str, str]) -> Issue:
    """The release was announced long ago, and these files lie on the default branch."""
    fake = repo.fake
    fake.branches["main"] = fake.commit(files, "Long ago", fake.branches["main"])
    body = sign("It is there.", Marker(MarkerKind.RELEASE, release))
    return people.open_issue(fake, fake.user(ACTIONS), "Release", body)


def test_what_a_failing_reaper_did_is_said_in_the_thread(
    machines: Machines, repo: ActRepository
) -> None:
    iam = machines.amazon.client("iam")
    iam.create_instance_profile(InstanceProfileName="ingestion-machine")
    machines.configure(lifetime_hours=0.0001)  # is over when the machine is there
    launched = machines.call(machines.launch_words())
    assert launched.exit_code == 0, launched.output
    (host_id,) = machines.live()
    launch_toml = (machines.root / "launch.toml").read_text()
    thread = thread_of(repo, "2025-11-08", {"launch.toml": launch_toml})
    # Without RUNNERS_TOKEN, which only an App could make, time alone decides.
    repo.variables = {"LAUNCHER": "ec2", "RUNS": str(machines.root / "runs")}
    assert repo.strikes("reap.yml") == "reap.yml failure", repo.told()
    (said,) = thread.comments
    assert said.body.startswith(
        f"🧹 The reaper ended machine `{host_id}` of run `{RUN}`: its lifetime ended at "
    )
    assert machines.live() == []


def test_a_processing_jobs_result_comes_from_the_job_that_follows_it(
    machines: Machines, repo: ActRepository
) -> None:
    s3 = machines.amazon.client("s3")
    place = {"LocationConstraint": "us-west-2"}
    s3.create_bucket(Bucket="our-runs", CreateBucketConfiguration=place)
    machines.configure(runs="s3://our-runs/census", sagemaker=JOB)
    repo.fake.user("maintainer", "maintain")
    text = MANIFEST.read_text()
    older = text.replace("2026-02-01", "2025-06-01")
    thread = thread_of(
        repo,
        "2026-02-01",
        {
            "launch.toml": (machines.root / "launch.toml").read_text(),
            "runners/releases/2026-02-01.toml": text,
            "runners/releases/2025-06-01.toml": older,
        },
    )
    repo.variables = {
        "LAUNCHER": "sagemaker", "RUNS": "s3://our-runs/census", "BOT_INSTANCE": "owner/name"
    }  # fmt: skip

    def work() -> None:
        """What the Processing job does, which moto only says is done."""
        (created,) = [c for c in machines.amazon.calls if c.action == "CreateProcessingJob"]
        words = json.loads(created.body)["AppSpecification"]["ContainerArguments"]
        folder = f"census/{words[1]}"
        asked = s3.get_object(Bucket="our-runs", Key=f"{folder}/request.json")["Body"].read()
        told = report(RunRequest.from_json(asked.decode(), source="S3")).to_json()
        s3.put_object(Bucket="our-runs", Key=f"{folder}/report.json", Body=told.encode())

    machines.amazon.faults.append(
        Fault("DescribeProcessingJob", "ThrottlingException", 400, hook=work)
    )
    people.comment(repo.fake, "maintainer", thread.number, "/verify")
    assert repo.deliver() == ["commands.yml success", "verify.yml success"], repo.told()
    assert thread.comments[-1].body.startswith("## ✅ Release 2026-02-01 passed its verification")
    log = repo.logs[-1].read_text()
    assert "Say" in log
    assert "Register and verify" not in log
    assert "StopProcessingJob" in machines.amazon.actions()  # whatever has become of it
