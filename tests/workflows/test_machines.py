"""The workflow files that start and end machines on AWS, on moto and a small GitHub of runners."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import ACTIONS, FakeGithub, Issue
from flows.scenario import report
from launch.fake_aws import fake_aws
from launch.fake_runner_api import fake_runner_api as runners_hub
from launch.fake_sagemaker import FakeSageMaker, fake_sagemaker
from launch.job_site import JOB, MANIFEST
from launch.site import RUN
from launch.site import LaunchSite as Machines

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


@pytest.fixture
def sagemaker(repo: ActRepository) -> Iterator[FakeSageMaker]:
    with fake_sagemaker() as running:
        repo.environment = {**repo.environment, "AWS_ENDPOINT_URL_SAGEMAKER": running.address}
        yield running


def test_a_processing_jobs_result_comes_from_the_watch(
    machines: Machines, repo: ActRepository, sagemaker: FakeSageMaker
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
    people.comment(repo.fake, "maintainer", thread.number, "/verify")
    assert repo.deliver_to("commands.yml") == ["commands.yml success"], repo.told()
    # The workflow run is over while its job works on, and nothing has stopped that.
    waiting = repo.taken()
    (verify,) = (one for one in waiting if one.run and one.run.workflow == "verify.yml")
    assert [repo.end(one) for one in repo.start(verify)] == ["verify.yml success"], repo.told()
    assert "works on by itself" in thread.comments[-1].body
    assert sagemaker.actions == ["CreateProcessingJob"]
    ((name, job),) = sagemaker.jobs.items()
    work = job.asked["Environment"]["WORK"].removeprefix("s3://our-runs/")
    packed = s3.get_object(Bucket="our-runs", Key=work)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = set(archive.getnames())
    assert {"request.json", "constraints.txt", "runners/releases/2026-02-01.toml"} <= names
    # What the job does then, and how the watch that was asked for says so.
    assert verify.run is not None
    asked = RunRequest.from_json(verify.run.inputs["request"], source="")
    key = f"census/{asked.run_id}/report.json"
    s3.put_object(Bucket="our-runs", Key=key, Body=report(asked).to_json().encode())
    sagemaker.ends(name, "Completed")
    assert [one.run.workflow for one in repo.taken() if one.run] == ["reap.yml"]
    assert repo.strikes("reap.yml") == "reap.yml success", repo.told()
    result = [c for c in thread.comments if c.body.startswith("## ✅ Release 2026-02-01 passed")]
    assert len(result) == 1
    assert "[the whole report](https://artifacts.test/report)" in result[0].body
    assert "StopProcessingJob" not in sagemaker.actions
