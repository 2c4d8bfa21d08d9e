"""What AWS says of a Processing job -> what is known of it. Pure.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeProcessingJob.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from runners.contract import JobState, RemoteJob

GRACE = timedelta(hours=1)
"""What AWS gets beyond a job's lifetime, which counts neither its start nor its end."""

SETTLING = timedelta(minutes=10)
"""How long a job that was just asked for may be unknown to AWS: what it answers is eventually
consistent."""

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
_CONSOLES = {
    "cn-": "amazonaws.cn",
    "us-gov-": "amazonaws-us-gov.com",
    "eusc-": "amazonaws-eusc.eu",
}

_STATES = {"InProgress": JobState.WORKING, "Stopping": JobState.STOPPING}


def job_after(known: RemoteJob, described: Mapping[str, Any] | None, now: datetime) -> RemoteJob:
    """The job as AWS describes it now; with None, AWS doesn't know it."""
    if described is None:
        if now < known.launched_at + SETTLING:
            return known.model_copy(update={"seen_at": now})
        return _ended(known, now, _absence(known))
    status = described["ProcessingJobStatus"]
    state = _STATES.get(status)
    if state is None:
        return _ended(_measured(known, described), now, _reason(described))
    if known.state is JobState.STOPPING:
        state = JobState.STOPPING
    return _measured(known, described).model_copy(update={"state": state, "seen_at": now})


def ended_at(ended: RemoteJob, described: Mapping[str, Any] | None) -> datetime:
    """When a job has ended by what AWS says, else by which time."""
    moment: datetime | None = (described or {}).get("ProcessingEndTime")
    return moment.astimezone(UTC) if moment else min(ended.seen_at, ended.expires_at)


def log_of(region: str, job: str) -> str:
    """Where a browser finds the job's log in CloudWatch, whose streams begin with its name."""
    others = (one for start, one in _CONSOLES.items() if region.startswith(start))
    domain = next(others, "aws.amazon.com")
    # The console wants a group's name encoded twice, what follows once, and $ for %.
    group = quote(quote(LOG_GROUP, safe=""), safe="")
    streams = quote(f"?logStreamNameFilter={job}/", safe="")
    place = f"logsV2:log-groups/log-group/{group}{streams}".replace("%", "$")
    return f"https://{region}.console.{domain}/cloudwatch/home?region={region}#{place}"


def _ended(known: RemoteJob, now: datetime, reason: str | None) -> RemoteJob:
    return known.model_copy(
        update={"state": JobState.ENDED, "seen_at": now, "reason": known.reason or reason}
    )


def _absence(known: RemoteJob) -> str:
    if known.state is JobState.LAUNCHING:
        return f"AWS has never had the Processing job {known.name}"
    # one that is to stop may have worked, or never have been there
    more = " any more" if known.state is JobState.WORKING else ""
    return f"AWS doesn't know the Processing job {known.name}{more}"


def _reason(described: Mapping[str, Any]) -> str | None:
    """Why the job ended, in its own words and in AWS's; None if it ended well. One that broke ends
    as a verification does that fails: with 1.
    """
    status = described["ProcessingJobStatus"]
    if status == "Completed":
        return None
    words = (described.get("ExitMessage", ""), described.get("FailureReason", ""))
    parts = [text for text in (" ".join(one.split()) for one in words) if text]
    return "; ".join([status, *parts])


def _measured(known: RemoteJob, described: Mapping[str, Any]) -> RemoteJob:
    """The job with the hours that it has worked, once it has ended."""
    begun, ended = described.get("ProcessingStartTime"), described.get("ProcessingEndTime")
    if begun is None or ended is None:
        return known
    hours = round((ended - begun).total_seconds() / 3600, 3)
    machine = known.machine.model_copy(update={"hours": max(hours, 0.0)})
    return known.model_copy(update={"machine": machine})
