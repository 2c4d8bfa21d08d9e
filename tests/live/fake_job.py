"""AWS for a play: moto, and Processing jobs that are processes of this machine.

A job begins as the image does, by the real entrypoint, and does the run's real work. Its packages
are this machine's, and AWS's command line is a stand-in.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import tomli_w
from launch.fake_aws import REGION, fake_aws
from launch.fake_sagemaker import FakeSageMaker, Job, fake_sagemaker
from launch.job_site import JOB
from launch.site import table
from workflows.act import ROOT, ActRepository

from runners.launch.work import LOCKED

BUCKET = "our-runs"
RUNS = f"s3://{BUCKET}/census"
PROGRAMS = {
    "venv/bin/python": f'exec "{sys.executable}" "$@"',
    "bin/aws": f"""PYTHONPATH="{ROOT}/tests/runners"
export PYTHONPATH
exec "{sys.executable}" -m launch.machine_aws "$@\"""",
}


@dataclass
class Jobs:
    """The Processing jobs that `repo`'s workflows launch; `environment` is what each finds on its
    machine.
    """

    repo: ActRepository
    sagemaker: FakeSageMaker
    environment: Mapping[str, str]

    def go_on(self) -> None:
        """What waits in the repository; or what works at AWS, to its end, and then the watch."""
        working = [n for n, job in self.sagemaker.jobs.items() if job.status == "InProgress"]
        for name in working:
            self._work(name, self.sagemaker.jobs[name])
        self.repo.deliver()
        if working:
            self.repo.strikes("reap.yml")

    def _work(self, name: str, job: Job) -> None:
        home = self.repo.home / name
        _make_image(home)
        done = subprocess.run(
            [
                sys.executable,
                str(ROOT / "runners/launch/entrypoint.py"),
                *job.asked["AppSpecification"]["ContainerArguments"],
            ],
            env={
                **os.environ,
                **self.environment,
                **job.asked["Environment"],
                "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
                "ROOT": str(home),
                "OUTPUT": str(home / "output"),
            },
            cwd=home,
            check=False,
        )
        message = home / "output/message"
        if done.returncode == 0:
            self.sagemaker.ends(name, "Completed")
        else:
            reason = f"AlgorithmError: , exit code: {done.returncode}"
            text = message.read_text() if message.exists() else ""
            self.sagemaker.ends(name, "Failed", reason, text)


def _make_image(home: Path) -> None:
    """A folder as the image has it."""
    for path, line in PROGRAMS.items():
        (home / path).parent.mkdir(parents=True)
        (home / path).write_text(f"#!/bin/sh\n{line}\n")
        (home / path).chmod(0o755)
    shutil.copy2(ROOT / "runners/launch/with-key.sh", home)
    (home / "lock").mkdir()
    for name in LOCKED:
        shutil.copy2(ROOT / name, home / "lock")


@contextmanager
def jobs_of(repo: ActRepository) -> Iterator[tuple[Jobs, dict[str, str]]]:
    """The jobs, and what this machine's environment says of AWS, which it says until they end.

    The repository's variables name AWS, and its watch waits for each job's end.
    """
    launch = table(repository=repo.fake.full_name, runs=RUNS, sagemaker=JOB, lamindb_secret=None)
    repo.fake.variables |= {
        "LAUNCHER": "sagemaker",
        "RUNS": RUNS,
        "LAUNCH_TOML": tomli_w.dumps({"launch": launch}),
    }
    repo.held = {"reap.yml"}
    with fake_aws() as amazon, fake_sagemaker() as sagemaker, pytest.MonkeyPatch.context() as patch:
        place = {"LocationConstraint": REGION}
        amazon.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        told = {
            "AWS_ENDPOINT_URL": amazon.address,
            "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker.address,
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": REGION,
        }
        for name, value in told.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        environment, repo.environment = repo.environment, {**repo.environment, **told}
        yield Jobs(repo, sagemaker, environment), told
