"""`make live AWS=1` without workflow files: a play on EC2 and one on Processing jobs."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from fake_github.faults import Fault as FaultOfGithub
from launch.fake_aws import Fault

from live.__main__ import report
from live.maintained import BUCKET, RUNS, JobSite, Maintained, MaintainedJobs
from live.play import KEPT
from live.test_live import is_clean
from runners.contract import TrailLine

Said = Callable[[], str]


def lines_of(text: str, beginning: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(beginning)]


def test_a_play_says_what_it_makes_sees_the_machine_and_takes_all_away(
    maintained: Maintained, said: Said
) -> None:
    done = report(maintained.play(), is_sure=True)
    text = said()
    assert done, text
    assert (
        "At AWS, in us-west-2, it makes one machine, r7i.8xlarge or r6i.8xlarge or r5.8xlarge: at "
        "most 12 hours on one machine of EC2 at $" in text
    )
    assert f"objects under {RUNS}/RELEASE-ingest-NUMBER/." in text
    for behaviour in (
        "while the run went on, AWS had a machine with its tags",
        "the run's report comes to RUNS",
        "after the result AWS has no machine of the run",
        "the trail beside the run has its machine's end",
        "the secret that was handed to the machine is gone",
    ):
        assert f"as the doubles: {behaviour}" in text
    assert "artifact" not in text
    assert maintained.kept() == []
    maintained.site.assert_nothing_is_left()
    assert is_clean(maintained.server)


def test_a_machine_that_is_left_is_told_and_ended(maintained: Maintained, said: Said) -> None:
    maintained.ends_its_machine = False
    assert not report(maintained.play(), is_sure=True)
    text = said()
    assert lines_of(text, "OTHERWISE") == [
        "OTHERWISE: after the result AWS has no machine of the run",
        "OTHERWISE: the trail beside the run has its machine's end",
        "OTHERWISE: the secret that was handed to the machine is gone",
    ]
    assert lines_of(text, "left") == []
    assert maintained.kept() == []
    maintained.site.assert_nothing_is_left()


@pytest.mark.prove
def test_a_machine_that_cannot_be_ended_is_told_before_all_else(
    maintained: Maintained, said: Said
) -> None:
    maintained.ends_its_machine = False
    amazon = maintained.site.amazon
    amazon.faults.append(Fault("TerminateInstances", "UnauthorizedOperation", 403, times=99))
    assert not report(maintained.play(), is_sure=True)
    (host_id,) = maintained.site.live()
    first, *others = lines_of(said(), "left: ")
    assert first == (
        f"left: {host_id}: IT STILL RUNS, AND COSTS; end it: `aws ec2 "
        f"terminate-instances --instance-ids {host_id} --region us-west-2`."
    )
    assert ["UnauthorizedOperation" in others[0], "can be rolled back" in others[1]] == [True, True]
    assert maintained.kept()
    assert is_clean(maintained.server)


@pytest.mark.prove
def test_a_machine_of_which_aws_says_nothing_is_told_as_one_that_may_run(
    maintained: Maintained, said: Said
) -> None:
    maintained.interruptions = 1
    amazon, play = maintained.site.amazon, maintained.play()
    instance = play.ready()
    with pytest.raises(KeyboardInterrupt):
        play.play()
    (host_id,) = maintained.site.live()
    amazon.faults.append(Fault("DescribeInstances", "UnauthorizedOperation", 403, times=99))
    play.take_away(instance)
    assert play.running[0].startswith(f"{host_id}: IT MAY STILL RUN, AND COST (")


@pytest.mark.prove
def test_a_play_that_is_interrupted_ends_its_machine(maintained: Maintained, said: Said) -> None:
    """And cancels before what could launch another."""
    maintained.interruptions = 1
    states: list[str] = []
    fake = maintained.server.fake
    maintained.site.amazon.on(
        "TerminateInstances", lambda: states.extend(one.status for one in fake.runs.values())
    )
    assert not report(maintained.play(), is_sure=True)
    text = said()
    assert "ended early: KeyboardInterrupt" in text
    assert set(states) == {"completed"}
    assert lines_of(text, "left: ") == []
    assert maintained.kept() == []
    maintained.site.assert_nothing_is_left()
    assert is_clean(maintained.server)


@pytest.mark.prove
def test_who_interrupts_again_gives_up_one_thing(maintained: Maintained, said: Said) -> None:
    maintained.interruptions = 2
    assert not report(maintained.play(), is_sure=True)
    (left,) = lines_of(said(), "left: ")
    assert left == "left: workflow runs that go on, and may do more: KeyboardInterrupt"
    assert maintained.kept() == []
    maintained.site.assert_nothing_is_left()
    assert is_clean(maintained.server)


@pytest.mark.prove
def test_a_workflow_run_that_goes_on_keeps_no_machine(maintained: Maintained, said: Said) -> None:
    maintained.interruptions = 9
    maintained.server.faults.append(FaultOfGithub("POST", "/cancel", 500, times=99))
    assert not report(maintained.play(), is_sure=True)
    told = lines_of(said(), "left: ")
    assert told[0].startswith("left: workflow runs that go on, and may do more: ")
    assert told[1].startswith("left: workflow run ")
    maintained.site.assert_nothing_is_left()


@pytest.mark.prove
def test_a_look_that_fails_for_once_ends_no_play(
    maintained: Maintained, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each behaviour that is looked for afterwards, too."""
    goes_on = maintained.works_on

    def while_aws_fails(run_id: str) -> None:
        goes_on(run_id)
        denied = Fault("DescribeInstances", "UnauthorizedOperation", 403, times=1)
        maintained.site.amazon.faults.append(denied)

    monkeypatch.setattr(maintained, "works_on", while_aws_fails)
    assert report(maintained.play(), is_sure=True), said()


def test_a_job_that_is_left_is_told_and_stopped(
    maintained_jobs: MaintainedJobs, said: Said
) -> None:
    jobs = maintained_jobs
    jobs.ends_its_machine = False
    assert not report(jobs.play(), is_sure=True)
    text = said()
    assert "it makes one machine, ml.r5.8xlarge: at most 12 hours on one Processing job at" in text
    assert f"under {RUNS}/RELEASE-ingest-NUMBER/ and one under {RUNS}/work/" in text
    assert lines_of(text, "OTHERWISE") == [
        "OTHERWISE: after the result AWS has no machine of the run",
        "OTHERWISE: the trail beside the run has its machine's end",
    ]
    assert isinstance(jobs.site, JobSite)
    assert [job.status for job in jobs.site.sagemaker.jobs.values()] == ["Stopping"]


@pytest.mark.prove
def test_a_job_that_cannot_be_stopped_is_told_before_all_else(
    maintained_jobs: MaintainedJobs, said: Said
) -> None:
    jobs = maintained_jobs
    jobs.ends_its_machine = False
    assert isinstance(jobs.site, JobSite)
    denied = Fault("StopProcessingJob", "AccessDeniedException", 400, times=99)
    jobs.site.sagemaker.faults.append(denied)
    assert not report(jobs.play(), is_sure=True)
    (name,) = jobs.site.sagemaker.jobs
    assert lines_of(said(), "left: ")[0] == (
        f"left: {name}: IT STILL RUNS, AND COSTS; end it: `aws sagemaker stop-processing-job "
        f"--processing-job-name {name} --region us-west-2`."
    )


@pytest.mark.prove
def test_of_packed_work_the_runs_own_goes_alone(maintained_jobs: MaintainedJobs) -> None:
    jobs, s3 = maintained_jobs, maintained_jobs.site.amazon.client("s3")
    s3.put_object(Bucket=BUCKET, Key="census/work/of-another.tar", Body=b"")
    play = jobs.play()
    play.ready()
    play.play()
    assert play.machines is not None
    assert len([key for key in jobs.kept() if key.startswith("census/work/")]) == 2
    play.machines.delete(play.run_id)
    assert jobs.kept() == ["census/work/of-another.tar"]
    play.machines.delete(play.run_id)  # again, it changes nothing


@pytest.mark.prove
def test_the_secret_of_a_machine_that_has_ended_by_itself_is_deleted(
    maintained: Maintained, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    amazon = maintained.site.amazon

    def loses_power(run_id: str) -> None:
        amazon.client("ec2").terminate_instances(InstanceIds=maintained.site.live())

    monkeypatch.setattr(maintained, "ends_machine", loses_power)
    assert not report(maintained.play(), is_sure=True)
    text = said()
    assert "OTHERWISE: the secret that was handed to the machine is gone" in text
    assert lines_of(text, "left: ") == []
    maintained.site.assert_nothing_is_left()


@pytest.mark.prove
def test_machines_and_objects_of_other_runs_stay(
    maintained: Maintained, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one whose name begins as this run's does, above all."""
    site, others = maintained.site, set[str]()
    goes_on = maintained.works_on

    def beside_others(run_id: str) -> None:
        site.ask("2025-11-08-ingest-4")
        maintained.calls(site.launch_words("2025-11-08-ingest-4"))
        others.update(key for key in maintained.kept() if "2025-11-08" in key)
        trail = f"census/{run_id}0/machines/20260201T000000.000000-0_launched_i-0.json"
        line = TrailLine(at=site.now, run=f"{run_id}0", act="launched", machine="i-0", why="x")
        reports = [f"census/{name}/report.json" for name in (f"{run_id}0", run_id[:-1], "doctor")]
        for key in (trail, *reports, f"elsewhere/{run_id}/report.json"):
            site.amazon.client("s3").put_object(
                Bucket=BUCKET, Key=key, Body=line.to_line().encode()
            )
            others.add(key)
        goes_on(run_id)

    monkeypatch.setattr(maintained, "works_on", beside_others)
    assert report(maintained.play(), is_sure=True), said()
    assert set(maintained.kept()) == others
    assert len(maintained.site.live()) == 1


def test_an_object_that_cannot_be_deleted_is_named(maintained: Maintained) -> None:
    """S3 says so of each, in an answer that is none of an error."""
    play = maintained.play()
    instance = play.ready()
    play.play()
    assert play.machines is not None
    refusal = {"Errors": [{"Key": "census/a", "Code": "AccessDenied"}]}
    lists = play.machines.s3.get_paginator
    play.machines.s3 = SimpleNamespace(get_paginator=lists, delete_objects=lambda **_: refusal)
    play.take_away(instance)
    place = f"{RUNS}/{play.run_id}/"
    assert play.left == [f"{place}: s3://{BUCKET}/census/a: S3 answers AccessDenied"]


@pytest.mark.prove
@pytest.mark.parametrize("has_journal", [True, False])
def test_a_journal_stays_until_the_instance_is_rolled_back(
    maintained: Maintained, said: Said, monkeypatch: pytest.MonkeyPatch, has_journal: bool
) -> None:
    """The instance isn't there, so that the rollback fails."""
    s3, goes_on = maintained.site.amazon.client("s3"), maintained.works_on

    def with_a_request(run_id: str) -> None:
        request = (maintained.site.root / "runs" / run_id / "request.json").read_bytes()
        for name in ("request.json", *(["journal.jsonl"] if has_journal else [])):
            body = request if name == "request.json" else b""
            s3.put_object(Bucket=BUCKET, Key=f"census/{run_id}/{name}", Body=body)
        goes_on(run_id)

    monkeypatch.setattr(maintained, "works_on", with_a_request)
    assert not report(maintained.play(), is_sure=True)
    told = lines_of(said(), "left: ")
    assert told[0].startswith("left: the instance's records: `runners rollback --run ")
    kept = [one for one in told if one.endswith(f"/: {KEPT}")]
    assert len(kept) == (1 if has_journal else 0)
    assert bool(maintained.kept()) is has_journal
