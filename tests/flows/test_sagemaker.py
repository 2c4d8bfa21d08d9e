"""A Processing job that no workflow run waits for: followed for days, over outages, to its result.

GitHub is the stateful double, SageMaker another with a clock of its own, S3 is moto's. Each look is
what reap.yml does: jobs, follow, ended and end, progress. How often it looks doesn't matter to any
of them, so that three simulated hours lie between two looks here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_github import faults, people
from launch.fake_aws import FakeAws, Fault, fake_aws
from launch.fake_sagemaker import FakeSageMaker, fake_sagemaker
from launch.site import table

from bot.comments.status import LOST
from flows.github_scenario import GithubScenario
from flows.scenario import bad, good, report
from flows.test_jobs import done, ended, job, payload
from flows.test_on_github import empty_scenario as _empty_scenario
from runners.contract import ContractError, JobState, RemoteJob, RunRequest
from runners.contract.launch_toml import Configuration
from runners.launch.ledger import ledger
from runners.launch.sagemaker import SageMakerLauncher
from runners.launch.work import PackedWork

empty_scenario = _empty_scenario
RUNS = "s3://our-runs/census"
RUN = "2026-02-01-ingest-2"
JOB = {
    "type": "ml.r5.8xlarge",
    "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/ingestion:1",
    "role": "arn:aws:iam::123456789012:role/ingestion-machine",
}
AFTER = timedelta(hours=3)


@dataclass
class Clock:
    """A clock that a test sets; it begins so long ago that no simulated hour is to come."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=40))

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Site:
    """A repository whose runs work on SageMaker, and the world around it."""

    scenario: GithubScenario
    amazon: FakeAws
    sagemaker: FakeSageMaker
    clock: Clock

    @property
    def launcher(self) -> SageMakerLauncher:
        told = table(runs=RUNS, sagemaker=JOB, ec2=None, lifetime_hours=48, budget=500)
        configuration = Configuration.from_mapping(told, source="launch.toml")
        return SageMakerLauncher(
            configuration, ledger(configuration), self.clock, PackedWork(b"work")
        )

    def request(self, run_id: str = RUN) -> RunRequest:
        runs = (run for run in self.scenario.fake.runs.values() if run.title.startswith(run_id))
        return RunRequest.from_json(next(runs).inputs["request"], source="input")

    def puts(self, name: str, text: str, run_id: str = RUN) -> None:
        key = f"census/{run_id}/{name}"
        self.amazon.client("s3").put_object(Bucket="our-runs", Key=key, Body=text.encode())

    def launches(self, run_id: str = RUN) -> None:
        """What run.yml does, which is over then."""
        self.launcher.launch(self.request(run_id))
        self.says_the_end(run_id, launch="success", work="skipped")

    def says_the_end(self, run_id: str = RUN, **results: str) -> None:
        file = self.scenario.home / "request.json"
        file.write_text(self.request(run_id).to_json())
        done(job(self.scenario, *ended(file, **results)))
        runs = [run for run in self.scenario.fake.runs.values() if run.title.startswith(run_id)]
        people.end(self.scenario.fake, runs[0], "success")

    def works(self, written: int) -> None:
        """The job has written so many datasets by now."""
        at = (self.clock.now() - timedelta(hours=1)).isoformat()
        lines: list[dict[str, Any]] = [{"at": at, "step": "start", "chosen": ["d"] * 12}]
        now = self.clock.now().isoformat()
        lines += [{"at": now, "step": "written", "dataset_id": f"d{n}"} for n in range(written)]
        self.puts("journal.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    def looks(self, after: timedelta = AFTER) -> tuple[dict[str, str], int]:
        """The outputs of reap.yml's jobs, one after the other, and how many of them failed."""
        self.clock.at += after
        output, failed = self.scenario.home / "output", 0
        output.unlink(missing_ok=True)
        failed += job(self.scenario, "jobs", "--output", str(output)).exit_code != 0
        told = outputs(output)
        if "open" in told:
            looked = list(self.launcher.follow(told["stop"].split(",")))
            failed += any(isinstance(one, ContractError) for one in looked)
        request, folder = self.scenario.home / "ended.json", self.scenario.home / "report"
        words = ("ended", str(request), str(folder), "--output", str(output))
        failed += job(self.scenario, *words).exit_code != 0
        if "run-id" in outputs(output):
            say = ("end", str(request), "--jobs", "{}", "--page", "https://pages.test/1")
            failed += job(self.scenario, *say).exit_code != 0
        failed += job(self.scenario, "progress", "--output", str(output)).exit_code != 0
        return outputs(output), failed

    @property
    def job_name(self) -> str:
        return next(iter(self.sagemaker.jobs))

    def job(self) -> RemoteJob:
        key = f"census/{RUN}/job.json"
        body = self.amazon.client("s3").get_object(Bucket="our-runs", Key=key)["Body"].read()
        return RemoteJob.from_json(body.decode(), source="S3")


def outputs(output: Any) -> dict[str, str]:
    lines = output.read_text().splitlines() if output.exists() else []
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def amazon() -> Iterator[FakeAws]:
    with fake_aws() as running:
        yield running


@pytest.fixture
def site(
    scenario: GithubScenario, amazon: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """A maintainer has said /ingest, and the workflow run's first jobs are through."""
    s3 = amazon.client("s3")
    if not s3.list_buckets()["Buckets"]:
        where = {"LocationConstraint": "us-west-2"}
        s3.create_bucket(Bucket="our-runs", CreateBucketConfiguration=where)
    for one in s3.list_objects_v2(Bucket="our-runs").get("Contents", ()):
        s3.delete_object(Bucket="our-runs", Key=one["Key"])
    clock = Clock()
    with fake_sagemaker() as sagemaker:
        sagemaker.now = clock.now
        for name, value in {
            "AWS_ENDPOINT_URL": amazon.address,
            "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker.address,
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_DEFAULT_REGION": "us-west-2",
        }.items():
            monkeypatch.setenv(name, value)
        scenario.set(runs=RUNS)
        scenario.says("maintainer", "/ingest")
        scenario.heard()
        yield Site(scenario, amazon, sagemaker, clock)


@pytest.mark.prove  # GitHub that is away is asked for half a minute by each command
def test_a_job_of_thirty_hours_is_followed_over_outages_to_its_result(site: Site) -> None:
    scenario = site.scenario
    site.launches()
    told = scenario.heard()
    assert "waiting for its machine, or in its smoke test." in told
    assert f"The job `{site.job_name}` (`sagemaker ml.r5.8xlarge`) works on by itself" in told
    for look in range(1, 10):
        site.works(look)
        if look == 3:  # GitHub is away for as long as a look takes
            scenario.server.faults.append(faults.unavailable("GET", "", times=999))
        if look == 5:  # SageMaker is
            gone = Fault("DescribeProcessingJob", "InternalFailure", 501, times=9)
            site.sagemaker.faults.append(gone)
        told_outputs, failed = site.looks()
        assert (failed > 0) == (look in (3, 5))
        scenario.server.faults.clear()
        site.sagemaker.faults.clear()
        heard = scenario.heard()
        if look != 3:
            assert told_outputs["going-on"] == "true"
            assert f"{look} of 12 datasets" in heard
        assert "StopProcessingJob" not in site.sagemaker.actions
        if look == 7:
            scenario.says("maintainer", "/ingest")
            assert "has been ingesting release 2026-02-01 in `demo`" in scenario.heard()
            scenario.says("writer", "/status")
            assert "wait for the result of what is running; `/cancel` in" in scenario.heard()
    # It ends while GitHub is away, and the look that comes next says so; once.
    site.puts("report.json", report(site.request(), good("d1")).to_json())
    site.sagemaker.ends(site.job_name, "Completed")
    scenario.server.faults.append(faults.unavailable("GET", "", times=999))
    assert site.looks()[1] == 3
    scenario.server.faults.clear()
    assert scenario.heard() == ""
    told_outputs, failed = site.looks(timedelta())
    assert failed == 0
    heard = scenario.heard()
    assert "## ✅ Release 2026-02-01 passed its verification" in heard
    assert "(https://pages.test/1)" in heard
    assert "has ended; its result stands in a comment of its own" in heard
    assert scenario.fake.issues[2].labels == ["verified"]
    assert site.clock.now() - site.job().launched_at == timedelta(hours=30)
    assert site.job().state is JobState.ENDED
    for _ in range(2):
        assert site.looks() == ({}, 0)
    assert scenario.heard() == ""


def test_a_result_that_comes_between_two_looks_asks_for_the_next(site: Site) -> None:
    site.launches()
    site.puts("report.json", report(site.request(), good("d1")).to_json())
    output = site.scenario.home / "output"
    done(job(site.scenario, "progress", "--output", str(output)))
    assert outputs(output) == {"going-on": "true"}
    site.looks()
    assert "passed its verification" in site.scenario.heard()


def test_a_look_that_fails_is_made_again(site: Site) -> None:
    site.launches()
    site.scenario.heard()
    site.amazon.faults.append(Fault("s3:GET", "AccessDenied", 403))
    output = site.scenario.home / "output"
    words = ("progress", "--minutes", "0.03", "--every", "0.01", "--output", str(output))
    done(job(site.scenario, *words))
    assert outputs(output) == {"going-on": "true"}


def test_where_nobody_looks_any_more_the_next_command_has_it_done(site: Site) -> None:
    scenario = site.scenario

    def watches() -> int:
        return sum(run.workflow == "reap.yml" for run in scenario.fake.runs.values())

    def asks(text: str) -> None:
        people.comment(scenario.fake, "writer", 2, text)
        event = payload(scenario, scenario.fake.outbox.pop().payload)
        done(job(scenario, "handle", "--event", "issue_comment", "--payload", event))
        scenario.heard()

    asks("/status")
    assert watches() == 0
    site.launches()
    asks("/status")
    assert watches() == 1


def test_a_job_that_outlives_its_time_is_ended_by_the_next_look(site: Site) -> None:
    site.launches()
    site.scenario.heard()
    before = site.clock.now()
    site.sagemaker.now = lambda: before  # AWS hasn't noticed
    site.clock.at += timedelta(hours=48, minutes=45)
    list(site.launcher.follow())
    assert "StopProcessingJob" in site.sagemaker.actions


def test_cancel_ends_the_job_and_is_told(site: Site) -> None:
    scenario = site.scenario
    site.launches()
    site.works(6)
    site.looks()
    scenario.heard()
    scenario.says("maintainer", "/cancel")
    assert f"🛑 **Asked to stop:** `{RUN}` ends early" in scenario.heard()
    watches = [run for run in scenario.fake.runs.values() if run.workflow == "reap.yml"]
    assert len(watches) == 1  # a look is asked for, which waits for no other
    site.sagemaker.faults.append(Fault("StopProcessingJob", "InternalFailure", 501, times=1))
    told, failed = site.looks(timedelta(minutes=1))
    assert (told["stop"], failed) == (RUN, 1)
    site.looks(timedelta(minutes=1))
    assert site.sagemaker.jobs[site.job_name].status == "Stopping"
    assert "is being ended" in scenario.heard()
    scenario.says("maintainer", "/ingest")
    assert "an instance takes one run at a time" in scenario.heard()
    site.sagemaker.ends(site.job_name, "Stopped")
    site.looks(timedelta(minutes=1))
    heard = scenario.heard()
    assert f"{LOST} `{RUN}` was stopped, as @maintainer asked" in heard
    assert "- Done: 6 datasets of release 2026-02-01.\n- Not done: 6 datasets" in heard
    assert "$" in heard.rpartition("On `ml.r5.8xlarge`")[2]  # what it has cost, roughly
    assert site.looks() == ({}, 0)
    scenario.says("maintainer", "/ingest")
    assert "🚀 **Accepted:**" in scenario.heard()


@pytest.mark.parametrize(
    ("status", "failure", "message"),
    [
        ("Failed", "AlgorithmError: exit code: 3", "this image was built with another lock"),
        ("Failed", "ClientError: the image can't be pulled", ""),
        ("Failed", "AlgorithmError: exit code: 137", ""),
        ("Stopped", "", "MaxRuntimeExceeded"),
    ],
)
def test_a_job_that_failed_before_it_wrote_anything_says_why(
    site: Site, status: str, failure: str, message: str
) -> None:
    site.launches()
    site.scenario.heard()
    site.sagemaker.ends(site.job_name, status, failure, message)
    told, failed = site.looks()
    assert ("going-on" in told, failed) == (False, 0)
    heard = site.scenario.heard()
    assert f"{LOST} `{RUN}` ended without a report" in heard
    for words in filter(None, (status, failure, message)):
        assert words in heard
    assert "console.aws.amazon.com/cloudwatch/home?region=us-west-2#logsV2:" in heard
    assert site.scenario.fake.issues[2].labels == ["verification incomplete"]


def test_a_job_that_aws_has_forgotten_is_lost(site: Site) -> None:
    site.launches()
    site.scenario.heard()
    site.sagemaker.jobs.clear()
    site.looks()
    assert "AWS doesn't know the Processing job" in site.scenario.heard()


def test_a_refused_launch_is_told_with_its_reason(site: Site) -> None:
    site.sagemaker.faults.append(Fault("CreateProcessingJob", "ResourceLimitExceeded", 400))
    with pytest.raises(ContractError, match="ResourceLimitExceeded"):
        site.launcher.launch(site.request())
    site.says_the_end(launch="failure", work="skipped")
    heard = site.scenario.heard()
    assert f"{LOST} `{RUN}` didn't begin: the launch of its machine failed" in heard
    assert "AWS refused it: ResourceLimitExceeded" in heard
    assert site.looks() == ({}, 0)


def test_where_nobody_can_look_a_run_is_lost_when_its_time_is_over(site: Site) -> None:
    site.launches()
    site.scenario.heard()
    over = datetime.now(UTC) - timedelta(minutes=1)
    site.puts("job.json", site.job().model_copy(update={"expires_at": over}).to_json())
    done(job(site.scenario, "progress"))
    assert f"{LOST} `{RUN}`" in site.scenario.heard()


def test_retry_works_after_a_job(site: Site) -> None:
    site.launches()
    site.puts("report.json", report(site.request(), good("d1"), bad("d2")).to_json())
    site.sagemaker.ends(site.job_name, "Failed", "AlgorithmError: see logs, exit code: 1")
    site.looks()
    assert "failed its verification" in site.scenario.heard()
    site.scenario.says("maintainer", "/retry")
    heard = site.scenario.heard()
    assert f"what failed in {RUN}" in heard
