"""The launcher `sagemaker`: a Processing job that does the run's work, and that nobody waits for
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html).

AWS itself ends the job at its lifetime. What is known of it lies beside its run, and whoever looks
at it later writes that anew, so that any look may fail or never come.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runners.contract import (
    BY_ITSELF,
    LAUNCHED,
    ContractError,
    JobState,
    RemoteJob,
    RunRequest,
    TrailLine,
    cost,
)
from runners.contract.launch_toml import Configuration
from runners.launch.aws import client, code_of, is_passing, with_clear_errors
from runners.launch.aws_requests import create_processing_job, job_name, machine_of_job
from runners.launch.job_records import JobRecords, is_open
from runners.launch.job_state import GRACE, ended_at, job_after, log_of
from runners.launch.ports import Clock, Launched, LaunchError, Ledger
from runners.launch.prices import highest_cost
from runners.launch.work import FOLDER, PackedWork

_NOT_THERE = {"ResourceNotFound", "ValidationException"}
"""What AWS answers of a job that isn't there, or that has ended and can't be stopped any more."""


class SageMakerLauncher:
    """Runs the work as Processing jobs. `work` is what one that is launched works by."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        clock: Clock,
        work: PackedWork | None = None,
    ) -> None:
        configuration.for_sagemaker()
        self._configuration = configuration
        self._ledger = ledger
        self._clock = clock
        self._work = work
        self._records = JobRecords(configuration)
        self._client: Any = client("sagemaker", configuration.region)

    def shown(self, request: RunRequest) -> dict[str, Any]:
        return {
            "launcher": "sagemaker",
            "requests": [create_processing_job(self._configuration, request, self._packed())],
            "cost_at_most": self._cost_at_most(),
        }

    def launch(self, request: RunRequest) -> Launched:
        """The job, which then works on by itself; the same request again gives the same one.

        Raises:
            LaunchError: there is none, or AWS didn't say. Whoever looks at it later knows.
        """
        job = None
        while job is None:
            known = self._records.read(request.run_id)
            if self._ledger.has_ended(request.run_id) or (known and not is_open(known)):
                raise _has_ended(request.run_id)
            if known is not None and known.state is JobState.STOPPING:
                raise _asked_to_end(known)
            if known is not None and known.state is JobState.WORKING:
                job = known
                self._note_launched(job, job.launched_at)
            else:
                job = self._started(request, known)
        return Launched({"run": job.run, "machine": job.machine.to_mapping()})

    def terminate(self, run_id: str) -> tuple[str, ...]:
        """The run's job, which is asked to end, and asked again by each look until it has."""
        known = self._records.read(run_id)
        if known is None:
            name = job_name(self._configuration, run_id)
            return (name,) if self._stop(name) else ()
        stopping = self._ordered_to_end(known)
        if not is_open(stopping):
            return ()
        is_there = self._stop(known.name)
        self._look(stopping)
        return (known.name,) if is_there else ()

    def follow(self, unwanted: Collection[str] = ()) -> Iterator[RemoteJob | ContractError]:
        """Looks at each job whose end isn't known, and stops those of the `unwanted` runs.

        What can't be looked at is an error among the others; the next look is made as if this one
        had not been.
        """
        for run_id in self._records.runs():
            try:
                known = self._records.read(run_id)
                if known is not None and is_open(known):
                    if run_id in unwanted and known.state is not JobState.STOPPING:
                        known = self._ordered_to_end(known)
                    yield self._look(known) if is_open(known) else known
            except ContractError as error:
                yield error

    def described(self, name: str) -> Mapping[str, Any] | None:
        """What AWS says of a job; None if there is none."""
        with with_clear_errors(f"looking at {name}"):
            try:
                described: Mapping[str, Any] = self._client.describe_processing_job(
                    ProcessingJobName=name
                )
            except ClientError as error:
                if code_of(error) not in _NOT_THERE:
                    raise
                return None
        return described

    def _packed(self) -> PackedWork:
        assert self._work is not None, "a launch has its work"
        return self._work

    def _cost_at_most(self, spent: float = 0) -> float:
        sagemaker = self._configuration.for_sagemaker()
        kinds, disk_gib = (sagemaker.type,), sagemaker.disk_gib
        return round(highest_cost(self._configuration, kinds, disk_gib, spent), 2)

    def _spent(self, release: str) -> float:
        """What the release's machines and jobs have cost until now."""
        return cost(self._ledger.trail(release), self._clock.now(), self._configuration.lifetime)

    def _new(self, request: RunRequest) -> RemoteJob:
        now, name = self._clock.now(), job_name(self._configuration, request.run_id)
        return RemoteJob(
            run=request.run_id,
            name=name,
            state=JobState.LAUNCHING,
            launched_at=now,
            expires_at=now + self._configuration.lifetime + GRACE,
            seen_at=now,
            machine=machine_of_job(self._configuration, name),
            log=log_of(self._configuration.region, name),
        )

    def _started(self, request: RunRequest, known: RemoteJob | None) -> RemoteJob | None:
        """The job, asked for now; its record tells of it before, and counts its life from now, or
        from when it was `known` first, if it is there already. None if it is `known` no more.
        """
        self._cost_at_most(self._spent(request.release))
        job, work = self._new(request), self._packed()
        self._ledger.place(FOLDER, work.name, work.content)
        self._ledger.place(request.run_id, "request.json", request.to_json().encode())
        if not self._records.replace(known, job):
            return None
        self._note(job, "launching")
        is_new = self._create(job, request, work, is_first=known is None)
        if known is not None and not is_new:
            times = {"launched_at": known.launched_at, "expires_at": known.expires_at}
            job = job.model_copy(update=times)
        job = job.model_copy(update={"state": JobState.WORKING})
        self._note_launched(job, self._clock.now() if is_new else job.launched_at)
        return self._kept_working(job)

    def _kept_working(self, job: RemoteJob) -> RemoteJob:
        """The job, which AWS has; one that was asked to end meanwhile, or has by a look that came
        before AWS knew it, is stopped.
        """
        while True:
            kept = self._records.read(job.run)
            if kept is not None and not is_open(kept):
                self._stop(job.name)
                raise _has_ended(job.run)
            if kept is not None and kept.state is JobState.STOPPING:
                self._look(kept)
                raise _asked_to_end(job)
            if self._records.replace(kept, job):
                return job

    def _create(
        self, job: RemoteJob, request: RunRequest, work: PackedWork, *, is_first: bool
    ) -> bool:
        """Asks AWS for the job; whether it may be new, and not that of an earlier request. Of one
        that was asked for before, without an answer, a refusal says nothing: the next look does.
        """
        with with_clear_errors(f"run {request.run_id}: starting a Processing job"):
            try:
                self._client.create_processing_job(
                    **create_processing_job(self._configuration, request, work)
                )
            except ClientError as error:
                if code_of(error) == "ResourceInUse":
                    return _was_repeated(error)
                if is_first and _is_refusal(error):
                    message = error.response.get("Error", {}).get("Message", "")
                    reason = f"AWS refused it: {code_of(error)} ({message})"
                    ended = job.model_copy(update={"state": JobState.ENDED, "reason": reason})
                    self._records.replace(job, ended)  # unless another launch goes on with it
                raise
        return True

    def _look(self, known: RemoteJob) -> RemoteJob:
        """The job as it is now, also in its record; one that is to end is asked again."""
        while True:
            described = self.described(known.name)
            job = job_after(known, described, self._clock.now())
            is_overdue = self._clock.now() >= job.expires_at - GRACE / 2
            is_running = described is not None and described["ProcessingJobStatus"] == "InProgress"
            if is_running and (job.state is JobState.STOPPING or is_overdue):
                self._stop(job.name)
            if known.state is not JobState.WORKING and described is not None:
                # where its launch heard no answer, nothing has said so
                self._note_launched(known, known.launched_at)
            if self._records.replace(known, job):
                break
            again = self._records.read(job.run)
            if again is None or not is_open(again):
                return again or job  # somebody has taken the record away, which stays so
            known = again
        if not is_open(job):
            self._note(job, BY_ITSELF, at=ended_at(job, described))
        return job

    def _ordered_to_end(self, known: RemoteJob) -> RemoteJob:
        """The job, which each look stops from now on; or as it has ended."""
        while is_open(known):
            stopping = known.model_copy(update={"state": JobState.STOPPING})
            if self._records.replace(known, stopping):
                self._note(stopping, "stopping")
                return stopping
            again = self._records.read(known.run)
            if again is None:
                return stopping
            known = again
        return known

    def _stop(self, name: str) -> bool:
        """Whether there is such a job, which hadn't ended."""
        if self.described(name) is None:
            return (
                False  # its tag, by which it may be stopped, isn't there either: AWS would refuse
            )
        with with_clear_errors(f"stopping {name}"):
            try:
                self._client.stop_processing_job(ProcessingJobName=name)
            except ClientError as error:
                if code_of(error) not in _NOT_THERE:
                    raise
                return False
        return True

    def _note_launched(self, job: RemoteJob, at: datetime) -> None:
        """Says, once, what an hour of the job costs, and since when."""
        trail = self._ledger.trail(job.run)
        if not any(line.act == LAUNCHED and line.machine == job.name for line in trail):
            self._note(job, LAUNCHED, job.machine.price, at)

    def _note(
        self, job: RemoteJob, act: str, hour: float | None = None, at: datetime | None = None
    ) -> None:
        """Adds a line to the run's audit trail, of now if no time is given."""
        why = job.reason or job.machine.type or ""
        moment = at or self._clock.now()
        self._ledger.note(
            TrailLine(at=moment, run=job.run, act=act, machine=job.name, why=why, price=hour)
        )


def _asked_to_end(job: RemoteJob) -> LaunchError:
    return LaunchError(f"run {job.run} was asked to end; ask for a new run.")


def _has_ended(run_id: str) -> LaunchError:
    return LaunchError(f"run {run_id} has ended; ask for a new run.")


def _is_refusal(error: ClientError) -> bool:
    """Whether AWS has surely not made the job: it said no at once, and not that it is busy."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return 400 <= status < 500 and not is_passing(error) and not _was_repeated(error)


def _was_repeated(error: ClientError) -> bool:
    """Whether botocore had asked before, and may have been heard."""
    return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))
