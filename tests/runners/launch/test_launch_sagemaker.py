"""The launcher `sagemaker` against moto, which completes a Processing job when it is made."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import instances
import pytest
from instances import Place

from launch.fake_aws import Fault
from launch.site import RUN, LaunchSite, request
from runners.contract import Action, ContractError, Machine, RunReport, Verdict
from runners.launch.sagemaker import exit_code
from runners.launch.user_data import Lock
from runners.sample.datasets import OLDER, of_release
from runners.settings import from_environment
from runners.verification.verify import this_machine

MANIFEST = Path(__file__).parents[3] / "tests" / "flows" / "expected" / "2026-02-01.toml"
JOB = {
    "type": "ml.r5.8xlarge",
    "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/ingestion:1",
    "role": "arn:aws:iam::123456789012:role/ingestion-machine",
    "poll_seconds": 0.05,
}


@pytest.fixture
def place(site: LaunchSite) -> LaunchSite:
    """A site whose runs lie on S3, with the manifests that the request names."""
    site.amazon.client("s3").create_bucket(
        Bucket="our-runs", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    site.configure(runs="s3://our-runs/census", sagemaker=JOB)
    releases = site.root / "runners" / "releases"
    releases.mkdir(parents=True)
    text = MANIFEST.read_text()
    for release, previous in (("2025-11-08", "2025-01-30"), ("2025-01-30", "2024-07-01")):
        lines = [f'release = "{release}"', f'previous = "{previous}"']
        rest = [n for n in text.splitlines() if not n.startswith(("release =", "previous ="))]
        (releases / f"{release}.toml").write_text("\n".join(lines + rest))
    return site


def words(site: LaunchSite, *more: str) -> list[str]:
    common = ["--request", str(site.ask()), "--repository", str(site.root), *more]
    return site.words("launch", "--launcher", "sagemaker", *common)


def created(site: LaunchSite) -> list[Any]:
    calls = (call for call in site.amazon.calls if call.action == "CreateProcessingJob")
    return [json.loads(call.body) for call in calls]


def test_a_job_gets_the_same_documents_and_is_stopped_by_aws(place: LaunchSite) -> None:
    done = place.call(words(place))
    assert done.exit_code == 0, done.output
    (asked,) = created(place)
    assert asked["StoppingCondition"] == {"MaxRuntimeInSeconds": 12 * 3600}
    told = asked["AppSpecification"]["ContainerArguments"]
    assert told == ["--run", RUN, "--to", "s3://our-runs/census", "launch"]
    listed = place.amazon.client("s3").list_objects_v2(Bucket="our-runs")["Contents"]
    names = {release["Key"].removeprefix(f"census/{RUN}/") for release in listed}
    releases = "runners/releases"
    assert {"request.json", f"{releases}/2025-11-08.toml", f"{releases}/2025-01-30.toml"} <= names
    assert json.loads(done.stdout)["machine"]["id"] == asked["ProcessingJobName"]


@pytest.mark.prove
def test_the_container_works_by_what_is_kept_of_the_releases_runs(
    place: LaunchSite, older: Place, tmp_path: Path
) -> None:
    release = OLDER.version
    run_id, earlier = f"{release}-verify-2", f"{release}-ingest-1"
    here = instances.copy(older, tmp_path / "here", **place.environment)
    asked = request(run_id, release).model_copy(
        update={"action": Action.VERIFY, "instance": instances.INSTANCE}
    )
    file = place.root / "request.json"
    file.write_text(asked.to_json())
    manifest = here.repository / f"{release}.toml"
    (place.root / asked.manifest).write_text(manifest.read_text())
    s3 = place.amazon.client("s3")
    for one in (here.root / "runs" / "older").iterdir():
        text = one.read_text().replace('"older"', f'"{earlier}"')
        s3.put_object(Bucket="our-runs", Key=f"census/{earlier}/{one.name}", Body=text.encode())
    common = ["--request", str(file), "--repository", str(place.root)]
    launched = place.call(place.words("launch", "--launcher", "sagemaker", *common))
    assert launched.exit_code == 0, launched.output
    words = created(place)[0]["AppSpecification"]["ContainerArguments"]
    done = here.script("-m", "runners", "mirror", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = s3.get_object(Bucket="our-runs", Key=f"census/{run_id}/report.json")["Body"].read()
    report = RunReport.from_json(kept.decode(), source="S3")
    assert report.verdict is Verdict.PASSED
    assert len(report.outcomes) == len(of_release(OLDER))  # the earlier run's journal has them


def test_the_same_request_follows_the_same_job(place: LaunchSite) -> None:
    first, second = place.call(words(place)), place.call(words(place))
    assert first.stdout == second.stdout
    assert len({one["ProcessingJobName"] for one in created(place)}) == 1
    jobs = place.amazon.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"]
    assert len(jobs) == 1


def test_a_dry_run_shows_the_request_and_its_cost(place: LaunchSite) -> None:
    shown = json.loads(place.call(words(place, "--dry-run")).stdout)
    assert shown["cost_at_most"] == 29.69
    assert place.amazon.calls == []
    place.call(words(place))
    assert created(place) == shown["requests"]


def test_it_is_ended_by_name_and_again_changes_nothing(place: LaunchSite) -> None:
    terminate = place.words("terminate", "--launcher", "sagemaker", "--run", RUN)
    assert json.loads(place.call(terminate).stdout) == {"run": RUN, "terminated": []}


def test_throttling_passes(place: LaunchSite) -> None:
    place.amazon.faults.append(Fault("CreateProcessingJob", "ThrottlingException", 400))
    assert place.call(words(place)).exit_code == 0


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("Completed", "", 0),
        ("Failed", "AlgorithmError: See job logs for more information, exit code: 1", 1),
        ("Failed", "AlgorithmError: See job logs for more information, exit code: 137", None),
        ("Failed", "InternalServerError", None),
        ("Stopped", "", None),
    ],
)
def test_a_verification_that_fails_is_a_result(status: str, reason: str, code: int | None) -> None:
    assert exit_code({"ProcessingJobStatus": status, "FailureReason": reason}) == code


def test_a_report_names_the_machine_that_it_was_made_on() -> None:
    machine = Machine(launcher="ec2", type="r7i.8xlarge", id="i-1", price=2.0)
    begun = datetime(2026, 1, 1, 12, tzinfo=UTC)
    told = {"MACHINE": machine.to_json(), "MACHINE_SINCE": "2026-01-01T12:00:00Z"}
    found = this_machine(from_environment(told), begun + timedelta(minutes=90))
    assert found == machine.model_copy(update={"hours": 1.5})
    assert this_machine(from_environment({}), begun) is None
    with pytest.raises(ContractError, match="MACHINE_SINCE: 'noon' is no time"):
        this_machine(from_environment({**told, "MACHINE_SINCE": "noon"}), begun)


def test_a_token_shows_in_no_representation() -> None:
    assert "secret" not in repr(from_environment({"RUNNERS_TOKEN": "secret"}))


def test_the_image_is_made_by_the_bootstraps_own_steps() -> None:
    launch = Path(__file__).parents[3] / "runners" / "launch"
    steps = (launch / "Dockerfile").read_text()
    assert "bootstrap.sh environment" in steps
    assert '"runners", "mirror"]' in steps
    assert all(name in steps for name in Lock.of(launch.parents[1]).files)
