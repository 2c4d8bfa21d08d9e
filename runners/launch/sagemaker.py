"""The launcher `sagemaker`: a Processing job that does the run's work, followed to its end
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html).

AWS itself ends the job at its lifetime, so that there is nothing for the reaper. The process that
follows it may end: the same request finds the job again.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from runners import progress
from runners.contract import ContractError, Manifest, RunRequest
from runners.launch.aws import client, code_of, with_clear_errors
from runners.launch.aws_requests import create_processing_job, job_name, machine_of_job
from runners.launch.configuration import Configuration
from runners.launch.ports import Clock, Launched, LaunchError, Ledger
from runners.launch.prices import highest_cost

_GOES_ON = {"InProgress", "Stopping"}


class SageMakerLauncher:
    """Runs the work as Processing jobs."""

    def __init__(
        self, configuration: Configuration, repository: Path, ledger: Ledger, clock: Clock
    ) -> None:
        """`repository` is the folder in which the request's manifest is found."""
        self._configuration = configuration
        self._repository = repository
        self._ledger = ledger
        self._clock = clock
        self._client: Any = client("sagemaker", configuration.region)

    def shown(self, request: RunRequest) -> dict[str, Any]:
        return {
            "launcher": "sagemaker",
            "requests": [create_processing_job(self._configuration, request)],
            "cost_at_most": self._cost_at_most(),
        }

    def launch(self, request: RunRequest) -> Launched:
        """The job, once it has ended. Raises LaunchError if it did so without a result."""
        self._cost_at_most()
        if self._ledger.has_ended(request.run_id):
            raise LaunchError(f"run {request.run_id} has ended; ask for a new run.")
        self._place(request)
        name = job_name(self._configuration, request.run_id)
        self._note(request, "launching", None, name)
        self._create(request)
        self._note(request, "launched", name, machine_of_job(self._configuration).type or "")
        code = self._follow_to_end(name)
        self._note(request, "ended", name, f"exit code {code}")
        document = {
            "run": request.run_id,
            "machine": machine_of_job(self._configuration, name).to_mapping(),
        }
        return Launched(document, code)

    def terminate(self, run_id: str) -> tuple[str, ...]:
        name = job_name(self._configuration, run_id)
        with with_clear_errors(f"stopping {name}"):
            try:
                self._client.stop_processing_job(ProcessingJobName=name)
            except ClientError as error:
                if code_of(error) not in {"ResourceNotFound", "ValidationException"}:
                    raise  # there is no such job, or it has ended
                return ()
        return (name,)

    def _cost_at_most(self) -> float:
        sagemaker = self._configuration.for_sagemaker()
        return round(highest_cost(self._configuration, (sagemaker.type,), sagemaker.disk_gib), 2)

    def _place(self, request: RunRequest) -> None:
        """Puts request and manifests where the job reads them, as they lie in the repository."""
        path = self._repository / request.manifest
        manifest = Manifest.from_file(path)
        files = {request.manifest: path.read_bytes(), "request.json": request.to_json().encode()}
        if manifest.previous:
            previous = path.with_name(f"{manifest.previous}.toml")
            if not previous.exists():
                raise ContractError(f"{path}: field previous: there is no {previous.name}; add it.")
            beside = Path(request.manifest).with_name(previous.name)
            files[str(beside)] = previous.read_bytes()
        for name, content in files.items():
            self._ledger.place(request.run_id, name, content)

    def _create(self, request: RunRequest) -> None:
        with with_clear_errors(f"run {request.run_id}: starting a Processing job"):
            try:
                self._client.create_processing_job(
                    **create_processing_job(self._configuration, request)
                )
            except ClientError as error:
                if code_of(error) != "ResourceInUse":  # the same request has started it
                    raise

    def _follow_to_end(self, name: str) -> int:
        """The exit code of the job's work: 0, or 1 for a verification that did not pass."""
        while True:
            with with_clear_errors(f"following {name}"):
                job = self._client.describe_processing_job(ProcessingJobName=name)
            status = job["ProcessingJobStatus"]
            progress.say(f"{name}: {status}")
            if status not in _GOES_ON:
                break
            self._clock.sleep(self._configuration.for_sagemaker().poll_seconds)
        code = exit_code(job)
        if code is None:
            reason_text = job.get("FailureReason") or job.get("ExitMessage") or "no reason given"
            raise LaunchError(f"{name}: {status} ({reason_text}); see its log in CloudWatch.")
        return code

    def _note(self, request: RunRequest, act: str, job: str | None, why: str) -> None:
        self._ledger.note(request.run_id, self._clock.now(), act, job, why)


def exit_code(job: Mapping[str, Any]) -> int | None:
    """0, or 1 for a verification that did not pass, which is a result; None without a result.

    SageMaker gives a container's exit code only at the end of the sentence in FailureReason.
    """
    if job["ProcessingJobStatus"] == "Completed":
        return 0
    if re.search(r"exit code: 1\b", job.get("FailureReason", "")):
        return 1
    return None
