"""What a play makes at AWS: a machine, and objects where runs are kept, both known by its run.

It looks, ends and deletes by what the launchers themselves do, with this machine's credentials.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.comments.replies import at_most
from bot.model.limits import MACHINES, run_limits
from live.scratch import LiveError
from runners.contract import ENDED, LAUNCHED, ContractError
from runners.contract.launch_toml import Configuration, bucket_and_prefix
from runners.launch.adapters import launcher, ports
from runners.launch.aws import client
from runners.launch.aws_requests import job_name
from runners.launch.ports import Launcher, Ports
from runners.launch.price_list import with_listed_prices
from runners.launch.prices import highest_cost
from runners.launch.sagemaker import SageMakerLauncher
from runners.launch.work import FOLDER
from runners.run.run_storage import run_storage_at
from runners.settings import from_environment

REQUEST = "request.json"


@contextmanager
def _in_one_sentence(beginning: str = "") -> Iterator[None]:
    try:
        yield
    except (ContractError, ClientError, BotoCoreError) as error:
        raise LiveError(f"{beginning}{error}") from error


@dataclass
class Machines:
    """Those of one repository, by its own LAUNCH_TOML. `seen` are the ids of those that lived.

    Every method raises LiveError where AWS refuses, or can't be asked.
    """

    name: str
    launch_toml: str
    configuration: Configuration
    launcher: Launcher
    ports: Ports
    s3: Any
    seen: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, repository: str, variables: Mapping[str, str], environment: Mapping[str, str]
    ) -> "Machines":
        """Those that the repository's variables say. Raises LiveError if this can't play there."""
        name, runs = variables.get("LAUNCHER") or "hosted", variables.get("RUNS") or ""
        text = variables.get("LAUNCH_TOML") or ""
        if name not in MACHINES:
            raise LiveError(
                f"LAUNCHER: AWS=1 plays on {' or '.join(MACHINES)}, and there it is {name}; set "
                "it, or play without AWS=1."
            )
        if bucket_and_prefix(runs) is None:
            raise LiveError(
                f"RUNS: AWS=1 wants an s3:// address, and there it is {runs or 'missing'}; set it."
            )
        if not text:
            raise LiveError("LAUNCH_TOML: missing there; set it to what machines are launched by.")
        with _in_one_sentence():
            configuration = Configuration.from_text(text, source="LAUNCH_TOML")
            settings = from_environment(environment)
            chosen = launcher(name, configuration, settings)
        named = (configuration.repository, bucket_and_prefix(configuration.runs))
        if named != (repository, bucket_and_prefix(runs)):
            raise LiveError(
                f"LAUNCH_TOML: repository and runs are {configuration.repository} and "
                f"{configuration.runs}; they must be {repository} and {runs}: correct them there."
            )
        s3 = client("s3", configuration.region)
        return cls(name, text, configuration, chosen, ports(configuration, settings), s3)

    def prospect(self) -> str:
        """What is made at AWS, and what it costs at most."""
        kinds, disk_gib = self._kinds()
        with _in_one_sentence():
            most = highest_cost(with_listed_prices(self.configuration), kinds, disk_gib)
        limits = run_limits(self.name, self.launch_toml)
        assert limits is not None, "the launcher is known"
        hour = most / self.configuration.lifetime_hours
        limit = at_most(replace(limits, dollars=hour, is_whole=True))
        work = f" and one under {self._runs}/{FOLDER}/" if self.name == "sagemaker" else ""
        return (
            f"At AWS, in {self.configuration.region}, it makes one machine, {' or '.join(kinds)}: "
            f"at most {limit}. It keeps objects under {self._runs}/RELEASE-ingest-NUMBER/{work}. "
            "Machine and objects are taken away; its lines in CloudWatch's logs stay."
        )

    def try_to_look(self) -> None:
        """Raises LiveError if what a play would make can't be seen from here, nor taken away."""
        if self.name == "ec2":
            with _in_one_sentence("RUNNERS_TOKEN, else BOT_GITHUB_TOKEN: "):
                self.ports.forge.runners()
        with _in_one_sentence("The AWS credentials of this machine can't look: "):
            if self.name == "ec2":
                self.ports.handovers.all()
            self._keys("none")
            self._live("none")

    def live(self, run_id: str) -> tuple[str, ...]:
        """The run's machines that are paid for; one that is shutting down isn't any more."""
        with _in_one_sentence():
            found = self._live(run_id)
        self.seen.update(found)
        return found

    def _live(self, run_id: str) -> tuple[str, ...]:
        if job := self._job(run_id):
            is_live = job["ProcessingJobStatus"] == "InProgress"
            return (job["ProcessingJobName"],) if is_live else ()
        if self.name == "sagemaker":
            return ()
        hosts = self.ports.cloud.hosts()
        return tuple(host.id for host in hosts if host.run_id == run_id and host.is_live)

    @property
    def mark(self) -> str:
        """By what a run's machine is known."""
        return "a machine with its tags" if self.name == "ec2" else "a Processing job of its name"

    def after_result(self, run_id: str) -> dict[str, Callable[[], bool]]:
        """What the doubles have soon after a run's result, and how it is seen."""
        behaviours: dict[str, Callable[[], bool]] = {
            "the run's report comes to RUNS": lambda: self._has_report(run_id),
            "after the result AWS has no machine of the run": lambda: not self.live(run_id),
            "the trail beside the run has its machine's end": lambda: self._is_trail_whole(run_id),
        }
        if self.name == "ec2":
            gone = "the secret that was handed to the machine is gone"
            behaviours[gone] = lambda: not self._secrets(run_id)
        return behaviours

    def _has_report(self, run_id: str) -> bool:
        with _in_one_sentence():
            return self.ports.ledger.has_ended(run_id)

    def _is_trail_whole(self, run_id: str) -> bool:
        """Whether the run's audit trail has a machine, and the end of each."""
        with _in_one_sentence():
            lines = [one for one in self.ports.ledger.trail(run_id) if one.run == run_id]
        launched = {one.machine for one in lines if one.act == LAUNCHED}
        return bool(launched) and launched <= {one.machine for one in lines if one.act in ENDED}

    def _secrets(self, run_id: str) -> tuple[str, ...]:
        """The run's machines of EC2 to which something was handed that is still there."""
        with _in_one_sentence():
            hosts = {host.id for host in self.ports.cloud.hosts() if host.run_id == run_id}
            named = sorted(hosts | self.seen)
            return tuple(one for one in named if self.ports.handovers.claimed_at(one))

    def place_of(self, run_id: str) -> str:
        """Where the run's objects lie."""
        return f"{self._runs}/{run_id}/"

    def fetch(self, run_id: str, folder: Path) -> bool:
        """Copies what is kept of the run into a folder of its name; False if it never began."""
        with _in_one_sentence():
            run_storage_at(self._runs).fetch(folder, f"{run_id}/")
        return (folder / run_id / REQUEST).exists()

    # --- afterwards -------------------------------------------------------------------------------

    def end(self, run_id: str) -> None:
        """Ends the run's machine and its runner, as `runners terminate` does, and deletes what was
        handed to it.
        """
        try:
            with _in_one_sentence():
                self.launcher.terminate(run_id)
        finally:
            for host_id in self._secrets(run_id) if self.name == "ec2" else ():
                with _in_one_sentence():
                    self.ports.handovers.drop(host_id)

    def still_run(self, run_id: str) -> list[str]:
        """A sentence of each machine that couldn't be ended, and how a person ends it."""
        region = self.configuration.region
        try:
            found, how = self.live(run_id), "IT STILL RUNS, AND COSTS"
        except LiveError as error:
            found, how = tuple(sorted(self.seen)), f"IT MAY STILL RUN, AND COST ({error})"
            if not found:
                place = f"AWS's console of {self.name} in {region}"
                return [f"a machine of {run_id}, if there is one: {how}; look for it in {place}."]
        words = {
            "ec2": "ec2 terminate-instances --instance-ids",
            "sagemaker": "sagemaker stop-processing-job --processing-job-name",
        }[self.name]
        return [f"{one}: {how}; end it: `aws {words} {one} --region {region}`." for one in found]

    def delete(self, run_id: str) -> None:
        """Deletes what is kept of the run, and the work that its job was given."""
        bucket, _ = self._place
        with _in_one_sentence():
            job = self._job(run_id) or {}
            work = str(job.get("Environment", {}).get("WORK", ""))
            keys = self._keys(run_id)
            if work.startswith(f"{self._runs}/{FOLDER}/"):  # it holds the request: no other has it
                keys.append(work.removeprefix(f"s3://{bucket}/"))
            for begin in range(0, len(keys), 1000):
                part = [{"Key": key} for key in keys[begin : begin + 1000]]
                told = self.s3.delete_objects(Bucket=bucket, Delete={"Objects": part})
                for error in told.get("Errors", ()):
                    raise LiveError(f"s3://{bucket}/{error['Key']}: S3 answers {error['Code']}")

    def _keys(self, run_id: str) -> list[str]:
        """With the slash: else those of run-10 would be among those of run-1."""
        bucket, prefix = self._place
        beginning = f"{prefix}/{run_id}/" if prefix else f"{run_id}/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=beginning)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def _job(self, run_id: str) -> Mapping[str, Any] | None:
        if not isinstance(self.launcher, SageMakerLauncher):
            return None
        return self.launcher.described(job_name(self.configuration, run_id))

    def _kinds(self) -> tuple[tuple[str, ...], int]:
        """Types of machines, and GiB of disk."""
        if self.name == "ec2":
            ec2 = self.configuration.for_ec2()
            return ec2.types, ec2.disk_gib
        sagemaker = self.configuration.for_sagemaker()
        return (sagemaker.type,), sagemaker.disk_gib

    @property
    def _place(self) -> tuple[str, str]:
        place = bucket_and_prefix(self.configuration.runs)
        assert place is not None, "runs are on S3"
        return place

    @property
    def _runs(self) -> str:
        return self.configuration.runs.rstrip("/")
