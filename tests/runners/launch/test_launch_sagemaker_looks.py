"""The launcher `sagemaker`: it detaches, and whoever looks later knows what became of its job."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from launch.fake_aws import Fault
from launch.job_site import JOB, LOG, JobSite, done, place
from launch.site import RUN
from runners.contract import (
    JobState,
    RemoteJob,
    TrailLine,
)
from runners.launch.job_state import SETTLING, job_after, log_of
from runners.launch.sagemaker import _is_refusal

__all__ = ["place"]


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
