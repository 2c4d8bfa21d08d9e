"""A place to launch from: a configuration, runs in a folder, AWS and GitHub on loopback."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import tomli_w
from click.testing import CliRunner, Result

from launch.fake_aws import REGION, FakeAws
from launch.fake_runner_api import REPOSITORY, TOKEN, FakeRunnerApi
from runners.cli.commands import main
from runners.contract import Action, RunRequest
from runners.contract.launch_toml import Configuration

ROOT = Path(__file__).resolve().parents[3]
RUN = "2025-11-08-ingest-4"
JOB = {
    "GITHUB_REPOSITORY": REPOSITORY,
    "GITHUB_RUN_ID": "7000000001",
    "GITHUB_SHA": "5e5cba6" + "0" * 33,
    "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/ingest.yml@refs/heads/main",
}
"""What GitHub's variables say in every job of the workflow run that launches."""

TYPES = ("r7i.8xlarge", "r6i.8xlarge", "r5.8xlarge")
LIFETIME = timedelta(hours=12)


def table(subnets: tuple[str, ...] = ("subnet-0a1b2c3d",), **changes: Any) -> dict[str, Any]:
    """A good `[launch]` table; a dotted name in `changes` reaches into a table within."""
    made: dict[str, Any] = {
        "repository": REPOSITORY,
        "runs": "s3://our-runs/census",
        "region": REGION,
        "lifetime_hours": 12,
        "budget": 40,
        "lamindb_secret": "ingestion/lamindb",
        "ec2": {
            "types": list(TYPES),
            "subnets": list(subnets),
            "security_group": "sg-0a1b2c3d",
            "image": "ami-0a1b2c3d",
            "role": "ingestion-machine",
            "online_within_minutes": 15,
            "idle_minutes": 30,
            "poll_seconds": 0.05,
        },
    }
    for name, value in changes.items():
        part, _, field = name.rpartition("__")
        target = made[part] if part else made
        if value is None:
            del target[field]
        else:
            target[field] = value
    return made


def request(run_id: str = RUN, release: str = "2025-11-08") -> RunRequest:
    return RunRequest(
        run_id=run_id,
        action=Action.INGEST,
        release=release,
        manifest=f"runners/releases/{release}.toml",
        instance="laminlabs/cellxgene",
    )


@dataclass
class LaunchSite:
    root: Path
    amazon: FakeAws
    runner_api: FakeRunnerApi
    key: str = "tests"

    def configure(self, **changes: Any) -> None:
        """Writes launch.toml for moto's own network, with runs in a folder."""
        ec2 = self.amazon.client("ec2")
        subnets = tuple(subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2])
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        given = {"runs": str(self.root / "runs"), "ec2__security_group": group, **changes}
        text = tomli_w.dumps({"launch": table(subnets, **given)})
        (self.root / "launch.toml").write_text(text)

    @property
    def configuration(self) -> Configuration:
        return Configuration.from_file(self.root / "launch.toml")

    def ask(self, run_id: str = RUN, release: str = "2025-11-08") -> Path:
        path = self.root / "runs" / run_id / "request.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(request(run_id, release).to_json())
        return path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.amazon.address,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_EC2_METADATA_DISABLED": "true",
            "GITHUB_API_URL": self.runner_api.address,
            "RUNNERS_TOKEN": TOKEN,
            **JOB,
        }

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def words(self, command: str, *more: str) -> list[str]:
        return [command, "--config", str(self.root / "launch.toml"), *more]

    def launch_words(self, run_id: str = RUN, *more: str) -> list[str]:
        path = str(self.root / "runs" / run_id / "request.json")
        return self.words("launch", "--launcher", "ec2", "--request", path, *more)

    def call(self, words: list[str]) -> Result:
        """A command in this process, which is cheaper than one of its own."""
        boto3.DEFAULT_SESSION = None  # it would keep the credentials of the call before
        return CliRunner().invoke(main, words, env=self.environment)

    def begin(self, words: list[str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "runners", *words],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def process(self, words: list[str]) -> int:
        """The exit code of a command in a process of its own."""
        process = self.begin(words)
        process.communicate(timeout=120)
        return process.returncode

    def reap_words(self, after: timedelta | None = None) -> list[str]:
        """`reap` as if it were so long after now; by default a moment after every expiry."""
        at = datetime.now(UTC) + (LIFETIME + timedelta(minutes=1) if after is None else after)
        return self.words("reap", "--now", at.strftime("%Y-%m-%dT%H:%M:%S"))

    def trail(self, run_id: str = RUN) -> list[dict[str, Any]]:
        path = self.root / "runs" / run_id / "machines.jsonl"
        return [{"machine": None, **json.loads(line)} for line in path.read_text().splitlines()]

    def live(self) -> list[str]:
        states = ("pending", "running", "stopping", "stopped")
        return [machine["InstanceId"] for machine in self.amazon.machines(*states)]

    def secrets(self) -> list[str]:
        listed = self.amazon.client("secretsmanager").list_secrets()["SecretList"]
        return [release["Name"] for release in listed]

    def assert_nothing_is_left(self) -> None:
        assert self.live() == []
        assert self.runner_api.names() == []
        assert self.secrets() == []
