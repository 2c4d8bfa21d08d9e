"""SageMaker's Processing jobs for tests, which go on until a test says how they end.

moto completes a job when it is made and takes any name. This one checks each request against the
patterns and lengths of AWS's own service model, keeps a name's first job
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html), stops what
works and refuses to stop what doesn't
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopProcessingJob.html), ends what
outlives its MaxRuntimeInSeconds, by its own clock, and doesn't know a job at first, for as many
looks as `unknown_looks` says. Faults come before or after an effect. It doesn't model IAM, images,
quotas (but by a fault), networks, or containers: a test plays what they do.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session

from launch.fake_aws import Fault, Quiet, due, served

_MODEL = botocore.session.get_session().get_service_model("sagemaker")


@dataclass
class Job:
    """A job, as it was asked for and as it is."""

    asked: dict[str, Any]
    since: datetime
    status: str = "InProgress"
    ended: datetime | None = None
    failure: str = ""
    message: str = ""


@dataclass
class FakeSageMaker:
    """`now` is its clock, which a test may replace."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    address: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unknown_looks: int = 0

    def ends(self, name: str, status: str, failure: str = "", message: str = "") -> None:
        """The job has ended so."""
        job = self.jobs[name]
        job.status, job.ended, job.failure, job.message = status, self.now(), failure, message

    def answer(self, action: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status of the answer and its document."""
        problem = _problem(_MODEL.operation_model(action).input_shape, asked)
        if problem:
            return 400, _error("ValidationException", problem)
        answers = {
            "CreateProcessingJob": self._create,
            "DescribeProcessingJob": self._describe,
            "StopProcessingJob": self._stop,
        }
        return answers[action](asked["ProcessingJobName"], asked)

    def _create(self, name: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if name in self.jobs:
            return 400, _error("ResourceInUse", f"Job name must be unique: {name}")
        self.jobs[name] = Job(asked, self.now())
        return 200, {"ProcessingJobArn": _arn(name)}

    def _describe(self, name: str, _: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        job = self._job(name)
        if job is None:
            return 400, _error("ResourceNotFound", f"Could not find requested job: {name}")
        told = {
            **job.asked,
            "ProcessingJobArn": _arn(name),
            "ProcessingJobStatus": job.status,
            "CreationTime": job.since.timestamp(),
            "ProcessingStartTime": job.since.timestamp(),
        }
        if job.ended is not None:
            told["ProcessingEndTime"] = job.ended.timestamp()
        texts = {"FailureReason": job.failure, "ExitMessage": job.message}
        return 200, {**told, **{key: text for key, text in texts.items() if text}}

    def _stop(self, name: str, _: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """By a role that may stop what bears a tag, as the stack's: what isn't there bears none
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html).
        """
        job = self._job(name)
        if job is None:
            return 400, _error("AccessDeniedException", f"not authorized to stop {name}")
        if job.status not in {"InProgress", "Stopping"}:
            return 400, _error("ValidationException", f"The job {name} is in {job.status}")
        job.status = "Stopping"
        return 200, {}

    def _job(self, name: str) -> Job | None:
        """What AWS knows of by now."""
        if self.unknown_looks:
            self.unknown_looks -= 1
            return None
        job = self.jobs.get(name)
        if job is not None and job.status == "InProgress":
            most = timedelta(seconds=job.asked["StoppingCondition"]["MaxRuntimeInSeconds"])
            if self.now() >= job.since + most:
                job.status, job.ended = "Stopped", job.since + most
                job.message = "MaxRuntimeExceeded"
        return job


def _arn(name: str) -> str:
    return f"arn:aws:sagemaker:us-west-2:123456789012:processing-job/{name}"


def _error(code: str, message: str) -> dict[str, Any]:
    return {"__type": code, "message": message}


def _problem(shape: Any, value: Any, path: str = "") -> str:
    """What of a value AWS's model forbids, which botocore doesn't look at; "" if nothing."""
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                return f"{path}.{name}: no such field"
            if found := _problem(shape.members[name], member, f"{path}.{name}"):
                return found
        return next((f"{path}.{n}: missing" for n in shape.required_members if n not in value), "")
    if shape.type_name in {"list", "map"}:
        members = value if shape.type_name == "list" else value.values()
        inner = shape.member if shape.type_name == "list" else shape.value
        found = next(filter(None, (_problem(inner, member, path) for member in members)), "")
        return found or _limits(shape, len(value), path)
    if shape.type_name == "string":
        pattern = shape.metadata.get("pattern", "")
        for theirs, ours in ((r"\p{L}", r"\w"), (r"\p{Z}", r"\s"), (r"\p{N}", r"\d")):
            pattern = pattern.replace(theirs, ours)
        if pattern and not re.fullmatch(pattern, value):
            return f"{path}: {value!r} doesn't match {pattern}"
        return _limits(shape, len(value), path)
    return _limits(shape, value, path) if shape.type_name == "integer" else ""


def _limits(shape: Any, size: int, path: str) -> str:
    least, most = shape.metadata.get("min", size), shape.metadata.get("max", size)
    return "" if least <= size <= most else f"{path}: {size} isn't within {least} and {most}"


@contextmanager
def fake_sagemaker() -> Iterator[FakeSageMaker]:
    state = FakeSageMaker()
    with served(_handler(state)) as state.address:
        yield state


def _handler(state: FakeSageMaker) -> type[Quiet]:
    class Handler(Quiet):
        def answer(self) -> None:
            asked = json.loads(self.body())
            action = self.headers["X-Amz-Target"].partition(".")[2]
            state.actions.append(action)
            fault = due(state.faults, action)
            status, document = (0, {}) if fault and not fault.after else state.answer(action, asked)
            if fault is not None:
                if (code := self.met(fault)) is None:
                    return
                status, document = fault.status, _error(code, f"{code}, said the test")
            self.send(status, "application/x-amz-json-1.1", json.dumps(document).encode())

    return Handler
