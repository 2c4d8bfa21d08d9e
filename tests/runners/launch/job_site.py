"""A site for the launcher `sagemaker`, and its fixture `place`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import Result

from launch.fake_sagemaker import FakeSageMaker, fake_sagemaker
from launch.site import ROOT, RUN, LaunchSite
from runners.contract import (
    RemoteJob,
)

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
