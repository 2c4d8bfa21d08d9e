"""A scratch repository of a test's own, with AWS by its doubles, and by hand what its bot does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import boto3
import pytest
from fake_github import people
from fake_github.server import Server
from fake_github.state import ACTIONS
from launch.fake_sagemaker import FakeSageMaker
from launch.site import LaunchSite

from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind, sign
from live.fake import scratch_of
from live.play import Play
from live.test_live import RELEASE, VARIABLES, proposes

BUCKET = "our-runs"
RUNS = f"s3://{BUCKET}/census"


@dataclass
class Maintained:
    """A scratch repository whose runs work on EC2. Each pause lets its bot do what comes next.

    `interruptions` are Ctrl-C while the machine works, so often.
    """

    server: Server
    site: LaunchSite
    interruptions: int = 0
    ends_its_machine: bool = True
    done: list[str] = field(default_factory=list)

    def play(self) -> Play:
        scratch = scratch_of(self.server, self.goes_on)
        return Play(scratch, "detect.yml", 2, self.site.environment, lambda _: None, on_aws=True)

    def goes_on(self) -> None:
        proposes(self.server)
        fake = self.server.fake
        (thread,) = (one for one in fake.issues.values() if one.pull is None)
        if not any(one.pull and one.pull.merged_as for one in fake.issues.values()):
            return
        if not thread.labels:
            thread.labels.append(Label.MERGED)
            return
        said = next((one for one in thread.comments if one.body.startswith("/ingest")), None)
        if said is None:
            return
        run_id = f"{RELEASE}-ingest-{said.id}"
        if not self.done:
            said.reactions.append((ACTIONS, "eyes"))
            self.answers(thread.number, MarkerKind.REPLY, "Accepted")
            self.begins(run_id)
        elif self.interruptions:
            self.interruptions -= 1
            raise KeyboardInterrupt
        elif self.done == ["launched"] and any(
            one.status == "queued" for one in fake.runs.values()
        ):
            self.works_on(run_id)
            self.answers(thread.number, MarkerKind.RESULT, "2 of 2 datasets registered")

    def answers(self, thread: int, kind: MarkerKind, text: str) -> None:
        fake = self.server.fake
        people.add_comment(fake, fake.user(ACTIONS), thread, sign(text, Marker(kind, RELEASE)))

    def begins(self, run_id: str) -> None:
        fake = self.server.fake
        fake.run_names["detect.yml"] = lambda _: f"{run_id} in lab/scratch"
        people.start(fake, "detect.yml", "workflow_dispatch", fake.user(ACTIONS))
        self.site.ask(run_id, RELEASE)
        self.calls(self.site.launch_words(run_id))
        self.done.append("launched")

    def works_on(self, run_id: str) -> None:
        self.site.amazon.client("s3").put_object(
            Bucket=BUCKET, Key=f"census/{run_id}/report.json", Body=b"{}"
        )
        if self.ends_its_machine:
            self.ends_machine(run_id)
        for run in self.server.fake.runs.values():
            if run.status != "completed":
                people.end(self.server.fake, run, "success")
        self.done.append("worked")

    def ends_machine(self, run_id: str) -> None:
        self.calls(self.site.words("terminate", "--run", run_id))

    def calls(self, words: list[str]) -> None:
        done = self.site.call(words)
        assert done.exit_code == 0, done.output

    def kept(self) -> list[str]:
        listed = self.site.amazon.client("s3").list_objects_v2(Bucket=BUCKET)
        return [one["Key"] for one in listed.get("Contents", ())]


@dataclass
class JobSite(LaunchSite):
    """A site whose runs are Processing jobs, by work that is packed already."""

    sagemaker: FakeSageMaker = field(default_factory=FakeSageMaker)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "AWS_ENDPOINT_URL_SAGEMAKER": self.sagemaker.address}

    def launch_words(self, run_id: str = "", *more: str) -> list[str]:
        request = self.root / "runs" / run_id / "request.json"
        work = request.with_name("work.tar")
        work.write_text(f"work of {run_id}")
        words = ["--launcher", "sagemaker", "--request", str(request), "--work", str(work)]
        return self.words("launch", *words, *more)


@dataclass
class MaintainedJobs(Maintained):
    """As its parent, on Processing jobs."""

    def ends_machine(self, run_id: str) -> None:
        assert isinstance(self.site, JobSite)
        for name in self.site.sagemaker.jobs:
            self.site.sagemaker.ends(name, "Completed")
        self.calls(self.site.words("follow"))


@contextmanager
def maintained_on(
    site: LaunchSite, server: Server, launcher: str, **configured: object
) -> Iterator[None]:
    """The repository's variables, this machine's environment, and the bucket."""
    where = {"LocationConstraint": "us-west-2"}
    s3 = site.amazon.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    site.configure(runs=RUNS, **configured)
    server.fake.variables = {
        **VARIABLES,
        "LAUNCHER": launcher,
        "RUNS": RUNS,
        "LAUNCH_TOML": (site.root / "launch.toml").read_text(),
    }
    server.fake.run_names = dict.fromkeys(("detect.yml", "commands.yml"), lambda _: "look")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in site.environment.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield
    assert server.broken == []
