"""The launcher `sagemaker`: what it asks of AWS, for how much, and what a launch leaves behind."""

import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime, timedelta

import pytest

from launch.fake_aws import Fault
from launch.job_site import JOB, JobSite, done, place
from launch.site import ROOT, RUN, request
from runners.contract import (
    ContractError,
    JobState,
    Machine,
    RemoteJob,
    TrailLine,
)
from runners.settings import from_environment
from runners.verification.verify import this_machine

__all__ = ["place"]


def test_a_launch_returns_while_its_job_works_on(place: JobSite) -> None:
    document = json.loads(done(place.launches()))
    assert document["run"] == RUN
    assert document["machine"]["id"] == place.job_name
    assert place.sagemaker.actions == ["CreateProcessingJob"]
    assert place.job().state is JobState.WORKING
    assert place.asked["StoppingCondition"] == {"MaxRuntimeInSeconds": 12 * 3600}
    words = place.asked["AppSpecification"]["ContainerArguments"]
    assert words[:4] == ["--run", RUN, "--to", "s3://our-runs/census"]
    assert words[-1] == "launch"
    assert {f"{RUN}/request.json", f"{RUN}/job.json"} <= place.names()


def test_the_job_is_given_the_work_by_its_digest(place: JobSite) -> None:
    packed = place.root / "work.tar"
    packed.write_bytes(b"what the plan job packed")
    done(place.launches("--work", str(packed), "--commit", "c" * 40))
    told = place.asked["Environment"]
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert told["WORK_SHA256"] == digest
    assert told["WORK"] == f"s3://our-runs/census/work/{digest}.tar"
    assert told["COMMIT"] == "c" * 40
    assert place.kept(f"{digest}.tar", "work") == packed.read_bytes()


def test_without_packed_work_the_checkout_is_packed_with_the_requests_manifests(
    place: JobSite,
) -> None:
    done(place.launches())
    digest = place.asked["Environment"]["WORK_SHA256"]
    with tarfile.open(fileobj=io.BytesIO(place.kept(f"{digest}.tar", "work"))) as archive:
        archive.extractall(place.root / "there", filter="data")
    there = place.root / "there"
    assert (there / "request.json").read_text() == request().to_json()
    for release in ("2025-11-08", "2025-01-30"):
        path = f"runners/releases/{release}.toml"
        assert (there / path).read_text() == (place.root / path).read_text()
    assert (there / "constraints.txt").read_bytes() == (ROOT / "constraints.txt").read_bytes()
    assert (there / "runners/rules/7.0.0.json").is_file()
    assert not list(there.rglob("__pycache__"))


@pytest.mark.parametrize("is_absolute", [False, True])
def test_a_manifest_that_no_job_would_find_is_not_packed(place: JobSite, is_absolute: bool) -> None:
    """A path of this machine's, or one that leads out of the folder that is packed."""
    where = place.root.parent / f"beside-{place.root.name}"
    where.mkdir()
    named = f"{where if is_absolute else f'../{where.name}'}/2025-11-08.toml"
    known = place.root / "runners" / "releases"
    for file in known.iterdir():
        (where / file.name).write_bytes(file.read_bytes())
    asked = request().model_copy(update={"manifest": named})
    (place.root / "request.json").write_text(asked.to_json())
    words = ["--request", str(place.root / "request.json"), "--repository", str(place.root)]
    refused = place.call(place.words("launch", "--launcher", "sagemaker", *words))
    assert refused.exit_code == 2
    assert f"request.json: field manifest: {named} isn't within {place.root}, " in refused.output
    assert place.sagemaker.jobs == {}


def test_the_same_request_again_is_the_same_job(place: JobSite) -> None:
    first, second = place.launches(), place.launches()
    assert done(first) == done(second)
    assert len(place.sagemaker.jobs) == 1


@pytest.mark.parametrize(
    ("hours", "minutes"), [(0.25, "7.5"), (0.5, "15"), (12, "700"), (120, "7180"), (216, "12940")]
)
def test_a_life_may_be_as_long_as_aws_allows_and_ends_with_a_report(
    place: JobSite, hours: float, minutes: str
) -> None:
    """The work is asked to end before, so that it is verified within that life."""
    place.configure(
        runs="s3://our-runs/census", sagemaker=JOB, ec2=None, lifetime_hours=hours, budget=1000
    )
    done(place.launches())
    assert place.asked["StoppingCondition"]["MaxRuntimeInSeconds"] == hours * 3600
    words = place.asked["AppSpecification"]["ContainerArguments"]
    assert words[4:6] == ["--minutes", minutes]


def test_whatever_the_names_aws_takes_the_request(place: JobSite) -> None:
    longest = "2025-11-08-ingest-" + "x" * 62
    for run_id in (longest, "2025-11-08-ingest-4-"):
        file = place.root / "request.json"
        file.write_text(request(run_id).to_json())
        words = ["--request", str(file), "--repository", str(place.root)]
        done(place.call(place.words("launch", "--launcher", "sagemaker", *words)))
    assert len(place.sagemaker.jobs) == 2


def test_a_dry_run_shows_the_request_and_its_cost(place: JobSite) -> None:
    packed = place.root / "work.tar"
    packed.write_bytes(b"work")
    shown = json.loads(done(place.launches("--work", str(packed), "--dry-run")))
    assert shown["cost_at_most"] == 29.69
    assert (place.amazon.calls, place.sagemaker.actions) == ([], [])
    done(place.launches("--work", str(packed)))
    assert [place.asked] == shown["requests"]


def test_a_release_has_one_budget_whatever_its_launches(place: JobSite) -> None:
    begun = datetime.now(UTC) - timedelta(hours=5)
    line = {"run": "2025-11-08-ingest-3", "act": "launched", "machine": "i-1", "why": ""}
    place.amazon.client("s3").put_object(
        Bucket="our-runs",
        Key="census/2025-11-08-ingest-3/machines/20251108T000000.0-a_launched_i-1.json",
        Body=json.dumps({**line, "at": begun.isoformat(), "price": 2.5}),
    )
    place.configure(runs="s3://our-runs/census", sagemaker=JOB, budget=40)
    refused = place.launches()
    assert refused.exit_code == 2
    assert "29.69 US dollars, after 12.50 for earlier ones of the release" in refused.output
    assert place.sagemaker.jobs == {}
    place.configure(runs="s3://our-runs/census", sagemaker=JOB, budget=50)
    done(place.launches())
    done(place.launches())  # of a job that is there it isn't asked again


def test_a_refused_launch_says_why_and_leaves_no_job_to_wait_for(place: JobSite) -> None:
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ResourceLimitExceeded", 400))
    refused = place.launches()
    assert refused.exit_code == 2
    assert "AWS answers ResourceLimitExceeded" in refused.output
    assert place.job().state is JobState.ENDED
    assert "ResourceLimitExceeded" in (place.job().reason or "")


@pytest.mark.parametrize("after", [False, True])
def test_a_launch_that_heard_no_answer_leaves_the_truth_to_the_next_look(
    place: JobSite, after: bool
) -> None:
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=after)
    )
    assert place.launches().exit_code == 2
    assert place.job().state is JobState.LAUNCHING
    place.sagemaker.faults.clear()
    # What run.yml does then: the job isn't to go on, if there is one.
    assert json.loads(done(place.terminates()))["terminated"] == ([place.job_name] if after else [])
    assert place.job().state is JobState.STOPPING
    if after:
        place.sagemaker.ends(place.job_name, "Stopped")
        done(place.follows())
        assert place.job().reason == "Stopped"


def test_a_job_that_shows_late_is_stopped_all_the_same(place: JobSite) -> None:
    """What was just made may be unknown for a while."""
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    place.sagemaker.unknown_looks = 2
    assert json.loads(done(place.terminates()))["terminated"] == []
    done(place.follows())
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"


def test_throttling_passes(place: JobSite) -> None:
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ThrottlingException", 400))
    done(place.launches())


@pytest.mark.parametrize("state", [JobState.LAUNCHING, JobState.WORKING])
def test_a_refusal_ends_no_record_of_a_job_that_may_be_there(
    place: JobSite, state: JobState
) -> None:
    """A quota of one job, say, which the run's own has used up."""
    done(place.launches())
    place.keep(place.job().model_copy(update={"state": state}))
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ResourceLimitExceeded", 400))
    is_there = state is JobState.WORKING
    assert place.launches().exit_code == (0 if is_there else 2)
    assert place.job().state is state
    assert len(place.sagemaker.actions) == (1 if is_there else 2)
    done(place.follows("--stop", RUN))
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"


def test_nor_does_one_that_follows_an_answer_that_was_lost(place: JobSite) -> None:
    place.sagemaker.faults += [
        Fault("CreateProcessingJob", after=True),
        Fault("CreateProcessingJob", "ResourceLimitExceeded", 400),
    ]
    assert place.launches().exit_code == 2
    assert place.sagemaker.actions == ["CreateProcessingJob"] * 2
    assert place.job().state is JobState.LAUNCHING


@pytest.mark.parametrize("has_ended", [False, True])
@pytest.mark.parametrize("first", [["terminate"], ["--stop", RUN], []])
def test_a_job_whose_launch_heard_no_answer_costs_from_its_launch_on(
    place: JobSite, has_ended: bool, first: list[str]
) -> None:
    """run.yml terminates a run whose launch has failed."""
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    if has_ended:
        place.sagemaker.ends(place.job_name, "Completed")
    done(place.terminates() if first == ["terminate"] else place.follows(*first))
    done(place.follows())
    (name,) = (name for name in place.names() if "_launched_" in name)
    line = TrailLine.from_json(place.kept(name.removeprefix(f"{RUN}/")).decode(), source=name)
    assert line.at == place.job().launched_at
    assert line.price


def test_a_job_is_looked_at_where_its_price_is_known_no_more(place: JobSite) -> None:
    """That of AWS's list, by which it was launched, stands in its record."""
    far = {"runs": "s3://our-runs/census", "region": "eu-central-1", "ec2": None, "budget": 100}
    place.configure(sagemaker=JOB, **far)
    for kind, dollars in ((JOB["type"], 2.5), ("gp3", 0.1)):
        place.amazon.prices[kind, "eu-central-1"] = dollars
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    place.amazon.prices.clear()
    place.sagemaker.ends(place.job_name, "Completed")
    asked = place.amazon.actions().count("GetProducts")
    done(place.follows())
    assert place.amazon.actions().count("GetProducts") == asked
    assert place.job().state is JobState.ENDED
    (name,) = (name for name in place.names() if "_launched_" in name)
    line = TrailLine.from_json(place.kept(name.removeprefix(f"{RUN}/")).decode(), source=name)
    assert line.price == place.job().machine.price == 2.5685


def test_a_job_that_is_asked_for_late_has_its_life_before_it(place: JobSite) -> None:
    """Of a launch without an answer hours ago: the record says so before AWS is asked again."""
    done(place.launches())
    (made,) = place.sagemaker.jobs.values()
    place.sagemaker.jobs.clear()
    job, ago = place.job(), timedelta(hours=14)
    old = {"launched_at": job.launched_at - ago, "expires_at": job.expires_at - ago}
    place.keep(job.model_copy(update={"state": JobState.LAUNCHING, **old}))
    seen: list[RemoteJob] = []
    fault = Fault("CreateProcessingJob", after=True, hook=lambda: seen.append(place.job()))
    place.sagemaker.faults.append(fault)
    done(place.launches())
    assert seen[0].state is JobState.LAUNCHING
    for known in (seen[0], place.job()):
        assert known.launched_at >= made.since
        assert known.expires_at - known.launched_at == job.expires_at - job.launched_at
    done(place.follows())
    assert "StopProcessingJob" not in place.sagemaker.actions


def test_a_job_that_was_there_all_along_keeps_its_life(place: JobSite) -> None:
    """Whose launch heard no answer, and was repeated hours later."""
    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "InternalFailure", 501, times=9, after=True)
    )
    assert place.launches().exit_code == 2
    place.sagemaker.faults.clear()
    job, ago = place.job(), timedelta(hours=3)
    old = {"launched_at": job.launched_at - ago, "expires_at": job.expires_at - ago}
    place.keep(job.model_copy(update=old))
    for _ in range(2):
        done(place.launches())
    known = place.job()
    assert (known.launched_at, known.expires_at) == (old["launched_at"], old["expires_at"])
    (name,) = (name for name in place.names() if "_launched_" in name)
    line = TrailLine.from_json(place.kept(name.removeprefix(f"{RUN}/")).decode(), source=name)
    assert line.at == known.launched_at


def test_a_job_that_is_asked_for_late_is_within_the_budget(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.jobs.clear()
    place.keep(place.job().model_copy(update={"state": JobState.LAUNCHING}))
    place.configure(runs="s3://our-runs/census", sagemaker=JOB, budget=20)
    assert "and the budget is 20.00" in place.launches().output
    assert place.sagemaker.jobs == {}


@pytest.mark.parametrize("is_there", [False, True])
def test_a_run_that_was_asked_to_end_is_not_launched(place: JobSite, is_there: bool) -> None:
    done(place.launches())
    if not is_there:
        place.sagemaker.jobs.clear()
    done(place.terminates())
    before, asked = place.kept("job.json"), place.sagemaker.actions.count("CreateProcessingJob")
    again = place.launches()
    assert again.exit_code == 2
    assert f"run {RUN} was asked to end; ask for a new run." in again.output
    assert place.kept("job.json") == before
    assert place.sagemaker.actions.count("CreateProcessingJob") == asked


def test_a_run_that_has_ended_is_not_launched_again(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.ends(place.job_name, "Completed")
    done(place.follows())
    again = place.launches()
    assert again.exit_code == 2
    assert f"run {RUN} has ended; ask for a new run." in again.output


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
