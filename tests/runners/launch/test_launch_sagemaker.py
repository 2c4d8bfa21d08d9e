"""The launcher `sagemaker`: it detaches, and whoever looks later knows what became of its job."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result

from launch.fake_aws import Fault
from launch.fake_sagemaker import FakeSageMaker, fake_sagemaker
from launch.site import ROOT, RUN, LaunchSite, request
from runners.contract import (
    ContractError,
    JobState,
    Machine,
    RemoteJob,
    TrailLine,
)
from runners.launch.job_state import SETTLING, job_after, log_of
from runners.launch.sagemaker import _is_refusal
from runners.settings import from_environment
from runners.verification.verify import this_machine

MANIFEST = ROOT / "tests" / "flows" / "expected" / "2026-02-01.toml"
JOB = {
    "type": "ml.r5.8xlarge",
    "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/ingestion:1",
    "role": "arn:aws:iam::123456789012:role/ingestion-machine",
}
LOG = "console.aws.amazon.com/cloudwatch/home?region=us-west-2#logsV2:log-groups/log-group/"


@dataclass
class JobSite(LaunchSite):
    """A site whose runs lie on S3, and whose Processing jobs a test plays."""

    sagemaker: FakeSageMaker = None  # type: ignore[assignment]

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "AWS_ENDPOINT_URL_SAGEMAKER": self.sagemaker.address}

    def launches(self, *more: str) -> Result:
        common = ["--request", str(self.ask()), "--repository", str(self.root), *more]
        return self.call(self.words("launch", "--launcher", "sagemaker", *common))

    def follows(self, *more: str) -> Result:
        return self.call(self.words("follow", *more))

    def terminates(self) -> Result:
        return self.call(self.words("terminate", "--launcher", "sagemaker", "--run", RUN))

    def kept(self, name: str, run: str = RUN) -> bytes:
        key = f"census/{run}/{name}"
        body = self.amazon.client("s3").get_object(Bucket="our-runs", Key=key)["Body"]
        return bytes(body.read())

    def names(self) -> set[str]:
        listed = self.amazon.client("s3").list_objects_v2(Bucket="our-runs")
        return {one["Key"].removeprefix("census/") for one in listed.get("Contents", ())}

    def job(self) -> RemoteJob:
        return RemoteJob.from_json(self.kept("job.json").decode(), source="S3")

    def keep(self, job: RemoteJob) -> None:
        """Writes the run's record, as an earlier launch or look has left it."""
        s3, key = self.amazon.client("s3"), f"census/{RUN}/job.json"
        s3.put_object(Bucket="our-runs", Key=key, Body=job.to_json().encode())

    def forget(self) -> None:
        """As if the run had never been launched."""
        self.sagemaker.jobs.clear()
        s3 = self.amazon.client("s3")
        for name in self.names():
            s3.delete_object(Bucket="our-runs", Key=f"census/{name}")

    @property
    def asked(self) -> dict[str, Any]:
        (job,) = self.sagemaker.jobs.values()
        return job.asked

    @property
    def job_name(self) -> str:
        (name,) = self.sagemaker.jobs
        return name


@pytest.fixture
def place(site: LaunchSite) -> Iterator[JobSite]:
    """A site with the manifests that the request names."""
    s3 = site.amazon.client("s3")
    where = {"LocationConstraint": "us-west-2"}
    s3.create_bucket(Bucket="our-runs", CreateBucketConfiguration=where)
    releases = site.root / "runners" / "releases"
    releases.mkdir(parents=True)
    text = MANIFEST.read_text()
    for release, previous in (("2025-11-08", "2025-01-30"), ("2025-01-30", "2024-07-01")):
        lines = [f'release = "{release}"', f'previous = "{previous}"']
        rest = [n for n in text.splitlines() if not n.startswith(("release =", "previous ="))]
        (releases / f"{release}.toml").write_text("\n".join(lines + rest))
    with fake_sagemaker() as sagemaker:
        made = JobSite(site.root, site.amazon, site.runner_api, sagemaker=sagemaker)
        made.configure(runs="s3://our-runs/census", sagemaker=JOB)
        yield made


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


# --- launching ------------------------------------------------------------------------------------


def test_a_launch_returns_while_its_job_works_on(place: JobSite) -> None:
    document = json.loads(done(place.launches()))
    assert document["run"] == RUN
    assert document["machine"]["id"] == place.job_name
    assert place.sagemaker.actions == ["CreateProcessingJob"]
    assert place.job().state is JobState.WORKING
    assert place.asked["StoppingCondition"] == {"MaxRuntimeInSeconds": 12 * 3600}
    words = place.asked["AppSpecification"]["ContainerArguments"]
    assert words[:4] == ["--run", RUN, "--to", "s3://our-runs/census"]
    assert words[-1] == "launch"
    assert {f"{RUN}/request.json", f"{RUN}/job.json"} <= place.names()


def test_the_job_is_given_the_work_by_its_digest(place: JobSite) -> None:
    packed = place.root / "work.tar"
    packed.write_bytes(b"what the plan job packed")
    done(place.launches("--work", str(packed), "--commit", "c" * 40))
    told = place.asked["Environment"]
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert told["WORK_SHA256"] == digest
    assert told["WORK"] == f"s3://our-runs/census/work/{digest}.tar"
    assert told["COMMIT"] == "c" * 40
    assert place.kept(f"{digest}.tar", "work") == packed.read_bytes()


def test_without_packed_work_the_checkout_is_packed_with_the_requests_manifests(
    place: JobSite,
) -> None:
    done(place.launches())
    digest = place.asked["Environment"]["WORK_SHA256"]
    with tarfile.open(fileobj=io.BytesIO(place.kept(f"{digest}.tar", "work"))) as archive:
        archive.extractall(place.root / "there", filter="data")
    there = place.root / "there"
    assert (there / "request.json").read_text() == request().to_json()
    for release in ("2025-11-08", "2025-01-30"):
        path = f"runners/releases/{release}.toml"
        assert (there / path).read_text() == (place.root / path).read_text()
    assert (there / "constraints.txt").read_bytes() == (ROOT / "constraints.txt").read_bytes()
    assert (there / "runners/rules/7.0.0.json").is_file()
    assert not list(there.rglob("__pycache__"))


@pytest.mark.parametrize("is_absolute", [False, True])
def test_a_manifest_that_no_job_would_find_is_not_packed(place: JobSite, is_absolute: bool) -> None:
    """A path of this machine's, or one that leads out of the folder that is packed."""
    where = place.root.parent / f"beside-{place.root.name}"
    where.mkdir()
    named = f"{where if is_absolute else f'../{where.name}'}/2025-11-08.toml"
    known = place.root / "runners" / "releases"
    for file in known.iterdir():
        (where / file.name).write_bytes(file.read_bytes())
    asked = request().model_copy(update={"manifest": named})
    (place.root / "request.json").write_text(asked.to_json())
    words = ["--request", str(place.root / "request.json"), "--repository", str(place.root)]
    refused = place.call(place.words("launch", "--launcher", "sagemaker", *words))
    assert refused.exit_code == 2
    assert f"request.json: field manifest: {named} isn't within {place.root}, " in refused.output
    assert place.sagemaker.jobs == {}


def test_the_same_request_again_is_the_same_job(place: JobSite) -> None:
    first, second = place.launches(), place.launches()
    assert done(first) == done(second)
    assert len(place.sagemaker.jobs) == 1


@pytest.mark.parametrize(
    ("hours", "minutes"), [(0.25, "7.5"), (0.5, "15"), (12, "700"), (120, "7180"), (216, "12940")]
)
def test_a_life_may_be_as_long_as_aws_allows_and_ends_with_a_report(
    place: JobSite, hours: float, minutes: str
) -> None:
    """The work is asked to end before, so that it is verified within that life."""
    place.configure(
        runs="s3://our-runs/census", sagemaker=JOB, ec2=None, lifetime_hours=hours, budget=1000
    )
    done(place.launches())
    assert place.asked["StoppingCondition"]["MaxRuntimeInSeconds"] == hours * 3600
    words = place.asked["AppSpecification"]["ContainerArguments"]
    assert words[4:6] == ["--minutes", minutes]


def test_whatever_the_names_aws_takes_the_request(place: JobSite) -> None:
    longest = "2025-11-08-ingest-" + "x" * 62
    for run_id in (longest, "2025-11-08-ingest-4-"):
        file = place.root / "request.json"
        file.write_text(request(run_id).to_json())
        words = ["--request", str(file), "--repository", str(place.root)]
        done(place.call(place.words("launch", "--launcher", "sagemaker", *words)))
    assert len(place.sagemaker.jobs) == 2


def test_a_dry_run_shows_the_request_and_its_cost(place: JobSite) -> None:
    packed = place.root / "work.tar"
    packed.write_bytes(b"work")
    shown = json.loads(done(place.launches("--work", str(packed), "--dry-run")))
    assert shown["cost_at_most"] == 29.69
    assert (place.amazon.calls, place.sagemaker.actions) == ([], [])
    done(place.launches("--work", str(packed)))
    assert [place.asked] == shown["requests"]


def test_a_release_has_one_budget_whatever_its_launches(place: JobSite) -> None:
    begun = datetime.now(UTC) - timedelta(hours=5)
    line = {"run": "2025-11-08-ingest-3", "act": "launched", "machine": "i-1", "why": ""}
    place.amazon.client("s3").put_object(
        Bucket="our-runs",
        Key="census/2025-11-08-ingest-3/machines/20251108T000000.0-a_launched_i-1.json",
        Body=json.dumps({**line, "at": begun.isoformat(), "price": 2.5}),
    )
    place.configure(runs="s3://our-runs/census", sagemaker=JOB, budget=40)
    refused = place.launches()
    assert refused.exit_code == 2
    assert "29.69 US dollars, after 12.50 for earlier ones of the release" in refused.output
    assert place.sagemaker.jobs == {}
    place.configure(runs="s3://our-runs/census", sagemaker=JOB, budget=50)
    done(place.launches())
    done(place.launches())  # of a job that is there it isn't asked again


def test_a_refused_launch_says_why_and_leaves_no_job_to_wait_for(place: JobSite) -> None:
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ResourceLimitExceeded", 400))
    refused = place.launches()
    assert refused.exit_code == 2
    assert "AWS answers ResourceLimitExceeded" in refused.output
    assert place.job().state is JobState.ENDED
    assert "ResourceLimitExceeded" in (place.job().reason or "")


@pytest.mark.parametrize("after", [False, True])
def test_a_launch_that_heard_no_answer_leaves_the_truth_to_the_next_look(
    place: JobSite, after: bool
) -> None:
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=after)
    )
    assert place.launches().exit_code == 2
    assert place.job().state is JobState.LAUNCHING
    place.sagemaker.faults.clear()
    # What run.yml does then: the job isn't to go on, if there is one.
    assert json.loads(done(place.terminates()))["terminated"] == ([place.job_name] if after else [])
    assert place.job().state is JobState.STOPPING
    if after:
        place.sagemaker.ends(place.job_name, "Stopped")
        done(place.follows())
        assert place.job().reason == "Stopped"


def test_a_job_that_shows_late_is_stopped_all_the_same(place: JobSite) -> None:
    """What was just made may be unknown for a while."""
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    place.sagemaker.unknown_looks = 2
    assert json.loads(done(place.terminates()))["terminated"] == []
    done(place.follows())
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"


def test_throttling_passes(place: JobSite) -> None:
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ThrottlingException", 400))
    done(place.launches())


@pytest.mark.parametrize("state", [JobState.LAUNCHING, JobState.WORKING])
def test_a_refusal_ends_no_record_of_a_job_that_may_be_there(
    place: JobSite, state: JobState
) -> None:
    """A quota of one job, say, which the run's own has used up."""
    done(place.launches())
    place.keep(place.job().model_copy(update={"state": state}))
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ResourceLimitExceeded", 400))
    is_there = state is JobState.WORKING
    assert place.launches().exit_code == (0 if is_there else 2)
    assert place.job().state is state
    assert len(place.sagemaker.actions) == (1 if is_there else 2)
    done(place.follows("--stop", RUN))
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"


def test_nor_does_one_that_follows_an_answer_that_was_lost(place: JobSite) -> None:
    place.sagemaker.faults += [
        Fault("CreateProcessingJob", after=True),
        Fault("CreateProcessingJob", "ResourceLimitExceeded", 400),
    ]
    assert place.launches().exit_code == 2
    assert place.sagemaker.actions == ["CreateProcessingJob"] * 2
    assert place.job().state is JobState.LAUNCHING


@pytest.mark.parametrize("has_ended", [False, True])
@pytest.mark.parametrize("first", [["terminate"], ["--stop", RUN], []])
def test_a_job_whose_launch_heard_no_answer_costs_from_its_launch_on(
    place: JobSite, has_ended: bool, first: list[str]
) -> None:
    """run.yml terminates a run whose launch has failed."""
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    if has_ended:
        place.sagemaker.ends(place.job_name, "Completed")
    done(place.terminates() if first == ["terminate"] else place.follows(*first))
    done(place.follows())
    (name,) = (name for name in place.names() if "_launched_" in name)
    line = TrailLine.from_json(place.kept(name.removeprefix(f"{RUN}/")).decode(), source=name)
    assert line.at == place.job().launched_at
    assert line.price


def test_a_job_is_looked_at_where_its_price_is_known_no_more(place: JobSite) -> None:
    """That of AWS's list, by which it was launched, stands in its record."""
    far = {"runs": "s3://our-runs/census", "region": "eu-central-1", "ec2": None, "budget": 100}
    place.configure(sagemaker=JOB, **far)
    for kind, dollars in ((JOB["type"], 2.5), ("gp3", 0.1)):
        place.amazon.prices[kind, "eu-central-1"] = dollars
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    place.amazon.prices.clear()
    place.sagemaker.ends(place.job_name, "Completed")
    asked = place.amazon.actions().count("GetProducts")
    done(place.follows())
    assert place.amazon.actions().count("GetProducts") == asked
    assert place.job().state is JobState.ENDED
    (name,) = (name for name in place.names() if "_launched_" in name)
    line = TrailLine.from_json(place.kept(name.removeprefix(f"{RUN}/")).decode(), source=name)
    assert line.price == place.job().machine.price == 2.5685


def test_a_job_that_is_asked_for_late_has_its_life_before_it(place: JobSite) -> None:
    """Of a launch without an answer hours ago: the record says so before AWS is asked again."""
    done(place.launches())
    (made,) = place.sagemaker.jobs.values()
    place.sagemaker.jobs.clear()
    job, ago = place.job(), timedelta(hours=14)
    old = {"launched_at": job.launched_at - ago, "expires_at": job.expires_at - ago}
    place.keep(job.model_copy(update={"state": JobState.LAUNCHING, **old}))
    seen: list[RemoteJob] = []
    fault = Fault("CreateProcessingJob", after=True, hook=lambda: seen.append(place.job()))
    place.sagemaker.faults.append(fault)
    done(place.launches())
    assert seen[0].state is JobState.LAUNCHING
    for known in (seen[0], place.job()):
        assert known.launched_at >= made.since
        assert known.expires_at - known.launched_at == job.expires_at - job.launched_at
    done(place.follows())
    assert "StopProcessingJob" not in place.sagemaker.actions


def test_a_job_that_was_there_all_along_keeps_its_life(place: JobSite) -> None:
    """Whose launch heard no answer, and was repeated hours later."""
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    job, ago = place.job(), timedelta(hours=3)
    old = {"launched_at": job.launched_at - ago, "expires_at": job.expires_at - ago}
    place.keep(job.model_copy(update=old))
    for _ in range(2):
        done(place.launches())
    known = place.job()
    assert (known.launched_at, known.expires_at) == (old["launched_at"], old["expires_at"])
    (name,) = (name for name in place.names() if "_launched_" in name)
    line = TrailLine.from_json(place.kept(name.removeprefix(f"{RUN}/")).decode(), source=name)
    assert line.at == known.launched_at


def test_a_job_that_is_asked_for_late_is_within_the_budget(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.jobs.clear()
    place.keep(place.job().model_copy(update={"state": JobState.LAUNCHING}))
    place.configure(runs="s3://our-runs/census", sagemaker=JOB, budget=20)
    assert "and the budget is 20.00" in place.launches().output
    assert place.sagemaker.jobs == {}


@pytest.mark.parametrize("is_there", [False, True])
def test_a_run_that_was_asked_to_end_is_not_launched(place: JobSite, is_there: bool) -> None:
    done(place.launches())
    if not is_there:
        place.sagemaker.jobs.clear()
    done(place.terminates())
    before, asked = place.kept("job.json"), place.sagemaker.actions.count("CreateProcessingJob")
    again = place.launches()
    assert again.exit_code == 2
    assert f"run {RUN} was asked to end; ask for a new run." in again.output
    assert place.kept("job.json") == before
    assert place.sagemaker.actions.count("CreateProcessingJob") == asked


def test_a_run_that_has_ended_is_not_launched_again(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.ends(place.job_name, "Completed")
    done(place.follows())
    again = place.launches()
    assert again.exit_code == 2
    assert f"run {RUN} has ended; ask for a new run." in again.output


# --- at the same moment ---------------------------------------------------------------------------


def test_a_launch_that_is_refused_leaves_the_record_of_another_that_was_not(
    place: JobSite,
) -> None:
    """Two launches of a run, begun by hand; a quota had no room for the one, and then has."""
    theirs: list[RemoteJob] = []

    def another_launch() -> None:
        theirs.append(place.job().model_copy(update={"state": JobState.WORKING, "log": "theirs"}))
        place.keep(theirs[0])

    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "ResourceLimitExceeded", 400, hook=another_launch)
    )
    assert place.launches().exit_code == 2
    assert place.job() == theirs[0]


def test_of_two_first_launches_one_is_the_first(place: JobSite) -> None:
    """The other has read that no job is known, and then finds the record of the first."""
    done(place.launches())
    theirs = place.job().model_copy(update={"state": JobState.LAUNCHING, "log": "theirs"})
    place.forget()

    place.amazon.faults.append(
        Fault("s3:PUT", "InternalError", 500, hook=lambda: place.keep(theirs))
    )
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ResourceLimitExceeded", 400))
    assert place.launches().exit_code == 2
    # the first may have its job by now: no refusal of the other's ends it
    assert place.job().state is JobState.LAUNCHING
    assert place.job().launched_at > theirs.launched_at


@pytest.mark.parametrize("ended", [False, True])
def test_a_run_that_is_asked_to_end_while_it_is_launched_ends(place: JobSite, ended: bool) -> None:
    """The order comes before AWS has the job, and finds nothing to stop."""

    def order() -> None:
        place.keep(place.job().model_copy(update={"state": JobState.STOPPING}))

    place.sagemaker.faults.append(Fault("CreateProcessingJob", after=ended, hook=order))
    refused = place.launches()
    assert refused.exit_code == 2
    assert f"run {RUN} was asked to end" in refused.output
    assert place.job().state is JobState.STOPPING
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"
    assert any("_launched_" in name for name in place.names())  # it costs until it has ended


@pytest.mark.parametrize("is_late", [False, True])
def test_a_run_that_ends_while_it_is_launched_has_ended(place: JobSite, is_late: bool) -> None:
    """By a look before AWS's answer was heard; what AWS has made since then is stopped."""

    def look() -> None:
        reason = "AWS has never had it" if is_late else "Stopped"
        ended = place.job().model_copy(update={"state": JobState.ENDED, "reason": reason})
        place.keep(ended)
        if not is_late:
            place.sagemaker.ends(place.job_name, "Stopped")

    place.sagemaker.faults.append(Fault("CreateProcessingJob", after=True, hook=look))
    refused = place.launches()
    assert refused.exit_code == 2
    assert f"run {RUN} has ended; ask for a new run." in refused.output
    assert place.job().state is JobState.ENDED
    assert place.sagemaker.jobs[place.job_name].status == ("Stopping" if is_late else "Stopped")
    done(place.follows())
    assert not [name for name in place.names() if "_ended_" in name]  # the look has noted it


@pytest.mark.parametrize("how", ["look", "terminate", "--stop"])
def test_a_record_that_is_taken_away_stays_so_and_an_order_to_end_counts(
    place: JobSite, how: str
) -> None:
    """Somebody, or a rule of the bucket, deletes the run's folder during a look."""
    done(place.launches())
    s3 = place.amazon.client("s3")

    def delete() -> None:
        s3.delete_object(Bucket="our-runs", Key=f"census/{RUN}/job.json")

    place.amazon.faults.append(Fault("s3:PUT", "InternalError", 500, hook=delete))
    words = {"look": (), "--stop": ("--stop", RUN)}
    done(place.terminates() if how == "terminate" else place.follows(*words[how]))
    assert f"{RUN}/job.json" not in place.names()
    is_to_end = how != "look"
    assert place.sagemaker.jobs[place.job_name].status == (
        "Stopping" if is_to_end else "InProgress"
    )


@pytest.mark.parametrize("status", ["InProgress", "Completed"])
def test_a_look_leaves_what_was_written_meanwhile(place: JobSite, status: str) -> None:
    done(place.launches())

    def order() -> None:
        place.keep(place.job().model_copy(update={"state": JobState.STOPPING}))

    if status == "Completed":
        place.sagemaker.ends(place.job_name, status)
    place.sagemaker.faults.append(Fault("DescribeProcessingJob", after=True, hook=order))
    told = RemoteJob.from_json(done(place.follows()), source="stdout")
    assert told == place.job()
    has_ended = status == "Completed"
    assert told.state is (JobState.ENDED if has_ended else JobState.STOPPING)
    assert place.sagemaker.jobs[place.job_name].status == (status if has_ended else "Stopping")
    assert len([name for name in place.names() if "_ended_" in name]) == has_ended


def test_two_looks_note_an_end_once(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.ends(place.job_name, "Completed")
    other = place.job().model_copy(update={"state": JobState.ENDED, "reason": "seen by another"})
    fault = Fault("DescribeProcessingJob", after=True, hook=lambda: place.keep(other))
    place.sagemaker.faults.append(fault)
    done(place.follows())
    assert place.job() == other
    assert not [name for name in place.names() if "_ended_" in name]


@pytest.mark.parametrize("how", ["terminate", "--stop"])
@pytest.mark.parametrize("is_lost", [False, True])
def test_an_order_to_end_is_kept_whatever_its_write_met(
    place: JobSite, how: str, is_lost: bool
) -> None:
    """A look that wrote just before it; or S3's answer was lost, and botocore writes again."""
    done(place.launches())
    newer = place.job().model_copy(update={"seen_at": datetime.now(UTC)})
    fault = Fault("s3:PUT", "InternalError", 500, after=is_lost)
    if not is_lost:
        fault.hook = lambda: place.keep(newer)
    place.amazon.faults.append(fault)
    done(place.terminates() if how == "terminate" else place.follows("--stop", RUN))
    assert place.job().state is JobState.STOPPING
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"
    assert len([name for name in place.names() if "_stopping_" in name]) == 1


@pytest.mark.parametrize("how", ["terminate", "--stop"])
def test_an_order_to_end_comes_to_nothing_for_what_has_ended_meanwhile(
    place: JobSite, how: str
) -> None:
    done(place.launches())
    ended = place.job().model_copy(update={"state": JobState.ENDED})
    place.amazon.faults.append(
        Fault("s3:PUT", "InternalError", 500, hook=lambda: place.keep(ended))
    )
    done(place.terminates() if how == "terminate" else place.follows("--stop", RUN))
    assert place.job() == ended
    assert "StopProcessingJob" not in place.sagemaker.actions


# --- looking --------------------------------------------------------------------------------------


def test_a_look_says_how_the_job_is_and_stops_nothing(place: JobSite) -> None:
    done(place.launches())
    told = RemoteJob.from_json(done(place.follows()), source="stdout")
    assert told == place.job()
    assert told.state is JobState.WORKING
    assert "StopProcessingJob" not in place.sagemaker.actions
    place.sagemaker.ends(place.job_name, "Completed")
    told = RemoteJob.from_json(done(place.follows()), source="stdout")
    assert (told.state, told.reason) == (JobState.ENDED, None)
    assert told.machine.hours is not None
    assert done(place.follows()) == ""


@pytest.mark.parametrize(
    ("status", "failure", "message", "reason"),
    [
        ("Completed", "", "", None),
        (
            "Failed",
            "AlgorithmError: see logs, exit code: 1",
            "MemoryError: no room for 60,000 genes",
            "Failed; MemoryError: no room for 60,000 genes; AlgorithmError: see logs, exit code: 1",
        ),
        (
            "Failed",
            "AlgorithmError: See job logs, exit code: 3",
            "this image was built with another constraints.txt than 0123 has",
            "Failed; this image was built with another constraints.txt than 0123 has; "
            "AlgorithmError: See job logs, exit code: 3",
        ),
        ("Failed", "AlgorithmError: exit code: 137", "", "Failed; AlgorithmError: exit code: 137"),
        ("Failed", "ClientError: no\n such image", "", "Failed; ClientError: no such image"),
        ("Stopped", "", "", "Stopped"),
    ],
)
def test_why_a_job_has_no_result_is_kept(
    place: JobSite, status: str, failure: str, message: str, reason: str | None
) -> None:
    done(place.launches())
    place.sagemaker.ends(place.job_name, status, failure, message)
    done(place.follows())
    assert place.job().state is JobState.ENDED
    assert place.job().reason == reason
    assert LOG in (place.job().log or "")


def test_a_job_that_is_gone_from_aws_has_ended_but_not_at_once(place: JobSite) -> None:
    done(place.launches())
    known = place.job()
    assert job_after(known, None, known.launched_at + SETTLING / 2).state is JobState.WORKING
    seen = known.model_copy(update={"seen_at": known.launched_at + SETTLING})  # by a look just now
    gone = job_after(seen, None, known.launched_at + SETTLING)
    assert gone.state is JobState.ENDED
    assert gone.reason == f"AWS doesn't know the Processing job {place.job_name} any more"
    launching = known.model_copy(update={"state": JobState.LAUNCHING})
    never = job_after(launching, None, known.launched_at + SETTLING)
    assert never.reason == f"AWS has never had the Processing job {place.job_name}"
    stopping = known.model_copy(update={"state": JobState.STOPPING})  # whatever it was before
    stopped = job_after(stopping, None, known.launched_at + SETTLING)
    assert stopped.reason == f"AWS doesn't know the Processing job {place.job_name}"


def test_one_that_cant_be_looked_at_keeps_no_other_from_it(place: JobSite) -> None:
    done(place.launches())
    s3 = place.amazon.client("s3")
    s3.put_object(Bucket="our-runs", Key="census/2020-01-15-ingest-1/job.json", Body=b"{")
    looked = place.follows()
    assert looked.exit_code == 1
    assert "2020-01-15-ingest-1/job.json: not JSON" in looked.stderr
    assert json.loads(looked.stdout)["run"] == RUN
    # The same after an outage of AWS's: the next look is as if that one had not been.
    place.sagemaker.faults.append(Fault("DescribeProcessingJob", "InternalFailure", 501, times=9))
    before = place.kept("job.json")
    assert place.follows().exit_code == 1
    assert place.kept("job.json") == before
    place.sagemaker.faults.clear()
    assert place.follows().exit_code == 1
    assert place.job().state is JobState.WORKING


# --- ending ---------------------------------------------------------------------------------------


def test_an_unwanted_job_is_asked_to_end_until_it_has(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.faults.append(Fault("StopProcessingJob", "InternalFailure", 501, times=9))
    assert place.follows("--stop", f"2020-01-15-ingest-1,{RUN}").exit_code == 1
    place.sagemaker.faults.clear()
    done(place.follows("--stop", f"2020-01-15-ingest-1, {RUN}"))
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"
    assert place.job().state is JobState.STOPPING
    place.sagemaker.ends(place.job_name, "Stopped")
    done(place.follows("--stop", RUN))
    assert place.job().state is JobState.ENDED


def test_it_is_ended_wherever_somebody_is_and_without_a_price(
    place: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(place.launches())
    monkeypatch.setattr("runners.launch.adapters.REPOSITORY", place.root)  # as in a wheel
    place.configure(runs="s3://our-runs/census", sagemaker={**JOB, "type": "ml.r9.8xlarge"})
    assert json.loads(done(place.terminates()))["terminated"] == [place.job_name]
    assert "GetProducts" not in place.amazon.actions()


def test_it_is_ended_by_name_and_again_changes_nothing(place: JobSite) -> None:
    assert json.loads(done(place.terminates())) == {"run": RUN, "terminated": []}
    done(place.launches())
    for _ in range(2):
        assert json.loads(done(place.terminates()))["terminated"] == [place.job_name]
    place.sagemaker.ends(place.job_name, "Stopped")
    done(place.follows())
    assert json.loads(done(place.terminates()))["terminated"] == []


def test_an_order_to_end_is_known_though_aws_can_t_be_asked(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.faults.append(Fault("DescribeProcessingJob", "InternalFailure", 501, times=9))
    assert place.terminates().exit_code == 2
    assert place.job().state is JobState.STOPPING
    place.sagemaker.faults.clear()
    done(place.follows())
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"


@pytest.mark.parametrize(
    ("status", "code", "retries", "is_refused"),
    [
        (400, "ResourceLimitExceeded", 0, True),
        (400, "ResourceLimitExceeded", 1, False),
        (400, "ThrottlingException", 0, False),
        (400, "RequestTimeout", 0, False),
        (503, "ServiceUnavailable", 0, False),
        (302, "302", 0, False),
        (None, "ResourceLimitExceeded", 0, False),
    ],
)
def test_only_what_aws_has_surely_not_made_is_refused(
    status: int | None, code: str, retries: int, is_refused: bool
) -> None:
    told = {"RetryAttempts": retries, **({"HTTPStatusCode": status} if status else {})}
    answer = {"Error": {"Code": code}, "ResponseMetadata": told}
    assert _is_refusal(ClientError(answer, "CreateProcessingJob")) is is_refused


def test_every_act_stands_in_the_trail(place: JobSite) -> None:
    done(place.launches())
    done(place.follows("--stop", RUN))
    place.sagemaker.ends(place.job_name, "Stopped")
    done(place.follows())
    acts = [name.split("_")[1] for name in sorted(place.names()) if "/machines/" in name]
    assert acts == ["launching", "launched", "stopping", "ended"]


@pytest.mark.parametrize("is_known", [True, False])
def test_an_end_that_is_seen_late_has_the_time_at_which_it_came(
    place: JobSite, is_known: bool
) -> None:
    """As AWS says it; of a job that AWS has forgotten, the time by which it had."""
    done(place.launches())
    ago = timedelta(days=9)
    job, (made,) = place.job(), place.sagemaker.jobs.values()
    times = {"launched_at": job.launched_at - ago, "expires_at": job.expires_at - ago}
    place.keep(job.model_copy(update=times))
    place.sagemaker.now = lambda: made.since - ago
    place.sagemaker.ends(place.job_name, "Completed")
    if not is_known:
        place.sagemaker.jobs.clear()
    done(place.follows())
    (end,) = (name for name in place.names() if "_ended_" in name)
    line = TrailLine.from_json(place.kept(end.removeprefix(f"{RUN}/")).decode(), source=end)
    assert line.at == (made.ended if is_known else times["expires_at"])
    assert f"/{line.at:%Y%m%dT%H%M%S}" in end


def test_the_log_is_where_the_console_shows_it() -> None:
    assert log_of("us-west-2", "ingestion-1") == (
        "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#logsV2:"
        "log-groups/log-group/$252Faws$252Fsagemaker$252FProcessingJobs"
        "$3FlogStreamNameFilter$3Dingestion-1$2F"
    )


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "eu-central-1.console.aws.amazon.com"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_each_partition_has_its_console(region: str, host: str) -> None:
    """https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html"""
    assert log_of(region, "ingestion-1").startswith(f"https://{host}/cloudwatch/home?region=")


# --- the rest -------------------------------------------------------------------------------------


def test_a_report_names_the_machine_that_it_was_made_on() -> None:
    machine = Machine(launcher="ec2", type="r7i.8xlarge", id="i-1", price=2.0)
    begun = datetime(2026, 1, 1, 12, tzinfo=UTC)
    told = {"MACHINE": machine.to_json(), "MACHINE_SINCE": "2026-01-01T12:00:00Z"}
    found = this_machine(from_environment(told), begun + timedelta(minutes=90))
    assert found == machine.model_copy(update={"hours": 1.5})
    assert this_machine(from_environment({}), begun) is None
    with pytest.raises(ContractError, match="MACHINE_SINCE: 'noon' is no time"):
        this_machine(from_environment({**told, "MACHINE_SINCE": "noon"}), begun)


def test_a_token_shows_in_no_representation() -> None:
    assert "secret" not in repr(from_environment({"RUNNERS_TOKEN": "secret"}))
