"""`terminate` and `reap` against moto and a small GitHub, whatever was left behind."""

import json
from datetime import timedelta
from typing import Any

from launch.amazon import Fault
from launch.stage import RUN, Stage
from runners.contract import Act, Reaped

HOUR = timedelta(hours=1)


def launched(stage: Stage) -> Any:
    done = stage.call(stage.launch_words())
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def reaped(stage: Stage, after: timedelta | None = None, code: int = 0) -> list[tuple[str, str]]:
    """What the reaper did, and what came of it."""
    done = stage.call(stage.reap_words(after))
    assert done.exit_code == code, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line["act"], line["result"]) for line in lines]


def test_a_run_is_terminated_whole_and_again_nothing_happens(stage: Stage) -> None:
    host_id = launched(stage)["machine"]["id"]
    for _ in "12":
        done = stage.call(stage.words("terminate", "--run", RUN))
        assert json.loads(done.stdout) == {"run": RUN, "terminated": [host_id]}
        stage.assert_nothing_is_left()
    assert [line["act"] for line in stage.trail()].count("terminated") == 1


def test_a_busy_machine_lives_to_the_end_of_its_time_and_no_longer(stage: Stage) -> None:
    said = launched(stage)
    stage.hub.named(said["label"])["busy"] = True
    assert reaped(stage, 11 * HOUR) == []
    assert stage.live() == [said["machine"]["id"]]
    assert reaped(stage) == [("terminate_expired", "done")]
    assert stage.live() == []
    assert stage.hub.names() == [said["label"]]  # until GitHub notices
    stage.hub.named(said["label"])["busy"] = False
    assert reaped(stage) == [("remove_runner", "done")]
    stage.assert_nothing_is_left()
    assert reaped(stage) == []


def test_a_job_that_begins_while_the_reaper_looks_is_spared(stage: Stage) -> None:
    said = launched(stage)
    stage.hub.faults.append(Fault("remove", status=422))
    assert reaped(stage, HOUR) == [("terminate", "spared")]
    assert stage.live() == [said["machine"]["id"]]
    assert stage.trail()[-1]["act"] == "spared"


def test_a_job_that_nobody_picks_up_costs_less_than_an_hour(stage: Stage) -> None:
    launched(stage)
    assert reaped(stage, timedelta(minutes=30)) == []
    assert reaped(stage, timedelta(minutes=55)) == [("terminate", "done")]
    stage.assert_nothing_is_left()


def test_a_finished_job_whose_shutdown_failed_is_ended(stage: Stage) -> None:
    said = launched(stage)
    stage.hub.runners.clear()  # GitHub removes a JIT runner after its job
    assert reaped(stage, timedelta(minutes=30)) == [("terminate", "done")]
    stage.assert_nothing_is_left()
    assert stage.trail()[-1] == {
        "at": stage.trail()[-1]["at"],
        "run": RUN,
        "act": "terminated",
        "machine": said["machine"]["id"],
        "why": "it has no runner that is online",
    }


def test_an_ended_runs_machine_is_ended_at_once(stage: Stage) -> None:
    launched(stage)
    (stage.root / "runs" / RUN / "report.json").write_text("{}")
    assert reaped(stage, timedelta()) == [("terminate", "done")]
    stage.assert_nothing_is_left()


def test_a_crashed_machine_leaves_no_runner_and_no_secret(stage: Stage) -> None:
    said = launched(stage)
    stage.amazon.client("ec2").terminate_instances(InstanceIds=[said["machine"]["id"]])
    assert reaped(stage, timedelta()) == [("remove_runner", "done"), ("drop_handover", "done")]
    stage.assert_nothing_is_left()


def test_each_line_names_the_run_whose_thread_is_told(stage: Stage) -> None:
    said = launched(stage)
    host_id = said["machine"]["id"]
    stage.amazon.client("ec2").terminate_instances(InstanceIds=[host_id])
    done = stage.call(stage.reap_words())
    lines = [Reaped.from_json(line, source="stdout") for line in done.stdout.splitlines()]
    assert [(one.act, one.machine, one.run, one.release) for one in lines] == [
        (act, host_id, RUN, "2025-11-08") for act in (Act.REMOVE_RUNNER, Act.DROP_HANDOVER)
    ]


def test_a_spoilt_tag_gives_a_machine_its_ordinary_lifetime(stage: Stage) -> None:
    host_id = launched(stage)["machine"]["id"]
    spoilt = [{"Key": "ingestion-bot:expiry", "Value": "2026-01-01"}]
    stage.amazon.client("ec2").create_tags(Resources=[host_id], Tags=spoilt)
    for runner in stage.hub.runners.values():
        runner["busy"] = True
    assert reaped(stage, 11 * HOUR) == []
    assert reaped(stage) == [("terminate_expired", "done")]


def test_without_github_only_time_decides(stage: Stage) -> None:
    launched(stage)
    stage.hub.refused = True
    assert reaped(stage, HOUR, code=2) == []
    found = reaped(stage, code=2)
    assert [act for act, _ in found] == ["terminate_expired"]
    assert stage.live() == []


def test_without_aws_nothing_is_touched(stage: Stage) -> None:
    said = launched(stage)
    stage.amazon.faults.append(Fault("DescribeInstances", "RequestExpired", 400, 99))
    assert reaped(stage, code=2) == []
    assert stage.hub.names() == [said["label"]]


def test_one_action_that_fails_stops_no_other(stage: Stage) -> None:
    first = launched(stage)
    stage.ask("2025-01-30-ingest-1", "2025-01-30")
    assert stage.call(stage.launch_words("2025-01-30-ingest-1")).exit_code == 0
    stage.amazon.faults.append(Fault("TerminateInstances", "UnauthorizedOperation", 403))
    (_, failed), (_, done) = reaped(stage, code=1)
    assert "give the role this right" in failed
    assert done == "done"
    assert stage.live() == [first["machine"]["id"]]
    assert reaped(stage) != []
    stage.assert_nothing_is_left()


def test_other_repositories_machines_and_runners_are_left_alone(stage: Stage) -> None:
    ec2 = stage.amazon.client("ec2")
    tags = [{"Key": "ingestion-bot:repository", "Value": "laminlabs/third"}]
    theirs = ec2.run_instances(
        ImageId="ami-0a1b2c3d",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )["Instances"][0]["InstanceId"]
    stage.hub.register({"name": "theirs", "runner_group_id": 1, "labels": ["x"]})
    assert reaped(stage, 1000 * HOUR) == []
    assert (stage.live(), stage.hub.names()) == ([theirs], ["theirs"])
