"""`terminate` and `reap` against moto and a small GitHub, whatever was left behind."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from launch.fake_aws import Fault
from launch.site import RUN, LaunchSite
from runners.contract import ENDED, Act, Reaped

HOUR = timedelta(hours=1)


def launched(site: LaunchSite) -> Any:
    done = site.call(site.launch_words())
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def reaped(
    site: LaunchSite, after: timedelta | None = None, code: int = 0
) -> list[tuple[str, str]]:
    """What the reaper did, and what came of it."""
    done = site.call(site.reap_words(after))
    assert done.exit_code == code, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line["act"], line["result"]) for line in lines]


def test_the_runner_of_a_machine_that_ended_by_itself_goes_with_its_run(site: LaunchSite) -> None:
    host_id = launched(site)["machine"]["id"]
    site.amazon.client("ec2").terminate_instances(InstanceIds=[host_id])
    assert site.runner_api.names()
    done = site.call(site.words("terminate", "--run", RUN))
    assert json.loads(done.stdout) == {"run": RUN, "terminated": [host_id]}
    assert site.runner_api.names() == []
    assert [line["act"] for line in site.trail()].count("ended") == 1


def test_a_run_is_terminated_whole_and_again_nothing_happens(site: LaunchSite) -> None:
    host_id = launched(site)["machine"]["id"]
    for _ in "12":
        done = site.call(site.words("terminate", "--run", RUN))
        assert json.loads(done.stdout) == {"run": RUN, "terminated": [host_id]}
        site.assert_nothing_is_left()
    assert [line["act"] for line in site.trail()].count("terminated") == 1


def test_a_run_is_terminated_wherever_somebody_is_and_without_a_price(
    site: LaunchSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel has no lock; and nobody needs a price to end what costs money."""
    host_id = launched(site)["machine"]["id"]
    monkeypatch.setattr("runners.launch.adapters.REPOSITORY", site.root)
    site.configure(ec2__types=["r9i.8xlarge"])
    done = site.call(site.words("terminate", "--run", RUN))
    assert json.loads(done.stdout) == {"run": RUN, "terminated": [host_id]}
    site.assert_nothing_is_left()
    assert "GetProducts" not in site.amazon.actions()


def test_a_busy_machine_lives_to_the_end_of_its_time_and_no_longer(site: LaunchSite) -> None:
    said = launched(site)
    site.runner_api.named(said["label"])["busy"] = True
    assert reaped(site, 11 * HOUR) == []
    assert site.live() == [said["machine"]["id"]]
    assert reaped(site) == [("terminate_expired", "done")]
    assert site.live() == []
    assert site.runner_api.names() == [said["label"]]  # until GitHub notices
    site.runner_api.named(said["label"])["busy"] = False
    assert reaped(site) == [("remove_runner", "done")]
    site.assert_nothing_is_left()
    assert reaped(site) == []


def test_a_job_that_begins_while_the_reaper_looks_is_spared(site: LaunchSite) -> None:
    said = launched(site)
    site.runner_api.faults.append(Fault("remove", status=422))
    assert reaped(site, HOUR) == [("terminate", "spared")]
    assert site.live() == [said["machine"]["id"]]
    assert site.trail()[-1]["act"] == "spared"


def test_a_job_that_nobody_picks_up_costs_less_than_an_hour(site: LaunchSite) -> None:
    launched(site)
    assert reaped(site, timedelta(minutes=30)) == []
    assert reaped(site, timedelta(minutes=55)) == [("terminate", "done")]
    site.assert_nothing_is_left()


def test_a_finished_job_whose_shutdown_failed_is_ended(site: LaunchSite) -> None:
    said = launched(site)
    site.runner_api.runners.clear()  # GitHub removes a JIT runner after its job
    assert reaped(site, timedelta(minutes=30)) == [("terminate", "done")]
    site.assert_nothing_is_left()
    assert site.trail()[-1] == {
        "at": site.trail()[-1]["at"],
        "run": RUN,
        "act": "terminated",
        "machine": said["machine"]["id"],
        "why": "it has no runner that is online",
    }


def test_an_ended_runs_machine_is_ended_at_once(site: LaunchSite) -> None:
    launched(site)
    (site.root / "runs" / RUN / "report.json").write_text("{}")
    assert reaped(site, timedelta()) == [("terminate", "done")]
    site.assert_nothing_is_left()


def test_a_crashed_machine_leaves_no_runner_and_no_secret(site: LaunchSite) -> None:
    said = launched(site)
    site.amazon.client("ec2").terminate_instances(InstanceIds=[said["machine"]["id"]])
    assert reaped(site, timedelta()) == [
        ("note", "done"),
        ("remove_runner", "done"),
        ("drop_handover", "done"),
    ]
    site.assert_nothing_is_left()


@pytest.mark.parametrize("how", ["by itself", "reaped", "asked for"])
def test_the_end_of_a_machine_is_told_once_whoever_sees_it(site: LaunchSite, how: str) -> None:
    """EC2 forgets a machine an hour after its end; without one its whole lifetime would count."""
    host_id = launched(site)["machine"]["id"]
    if how == "by itself":
        site.amazon.client("ec2").terminate_instances(InstanceIds=[host_id])
    elif how == "asked for":
        site.call(site.words("terminate", "--run", RUN))
    for words in (site.reap_words(), site.reap_words(), site.words("terminate", "--run", RUN)):
        assert site.call(words).exit_code == 0
        (end,) = (line for line in site.trail() if line["act"] in ENDED)
        assert end["act"] == ("ended" if how == "by itself" else "terminated")


@pytest.mark.parametrize("has_ended", [False, True])
def test_a_machine_that_nobody_noted_costs_from_its_launch_on(
    site: LaunchSite, has_ended: bool
) -> None:
    """Its launch was killed before it could, and nobody makes it again."""
    launched(site)
    site.runner_api.runners.clear()
    trail = site.root / "runs" / RUN / "machines.jsonl"
    trail.write_text(trail.read_text().splitlines(keepends=True)[0])
    (machine,) = site.amazon.machines()
    if has_ended:
        site.amazon.client("ec2").terminate_instances(InstanceIds=[machine["InstanceId"]])
    for _ in "12":
        reaped(site, HOUR)
    (begun,) = (line for line in site.trail() if line["act"] == "launched")
    assert datetime.fromisoformat(begun["at"]) == machine["LaunchTime"]
    assert (begun["machine"], begun["price"]) == (machine["InstanceId"], 2.1716)
    assert len([line for line in site.trail() if line["act"] in ENDED]) == 1


def test_a_job_whose_machine_is_gone_before_it_began_is_cancelled(site: LaunchSite) -> None:
    """GitHub would let it wait for a day, and the run would block the next one."""
    said = launched(site)
    site.runner_api.jobs = {
        6: {"status": "queued", "run_status": "in_progress", "labels": [said["label"]]},
        7: {"status": "queued", "labels": [said["label"]]},
        8: {"status": "queued", "labels": ["ubuntu-latest"]},
        9: {"status": "in_progress", "labels": [said["label"]]},
    }
    assert reaped(site, timedelta()) == []
    site.amazon.client("ec2").terminate_instances(InstanceIds=[said["machine"]["id"]])
    site.runner_api.runners.clear()
    cancelled = [("cancel_run", "done")] * 2
    assert reaped(site, timedelta()) == [("note", "done"), *cancelled, ("drop_handover", "done")]
    assert sorted(site.runner_api.jobs) == [8, 9]


def test_without_the_right_to_see_jobs_the_rest_is_done(site: LaunchSite) -> None:
    said = launched(site)
    site.amazon.client("ec2").terminate_instances(InstanceIds=[said["machine"]["id"]])
    site.runner_api.faults.append(Fault("jobs", status=403))
    done = [("note", "done"), ("remove_runner", "done"), ("drop_handover", "done")]
    assert reaped(site, timedelta(), code=2) == done


def test_a_launch_at_the_same_time_keeps_its_runner_and_secret(site: LaunchSite) -> None:
    """What a reaper has listed of GitHub and Secrets Manager before the launch is no orphan."""
    site.runner_api.online_after = None
    site.configure(ec2__online_within_minutes=0.05)
    site.amazon.ec2.unseen_looks = 4
    site.amazon.on(
        "PutSecretValue", lambda: codes.append(site.process(site.reap_words(timedelta())))
    )
    codes: list[int] = []
    site.call(site.launch_words())
    assert codes == [0]
    assert site.runner_api.calls.count("remove") == 1  # the launch's own, at its end


def test_each_line_names_the_run_whose_thread_is_told(site: LaunchSite) -> None:
    said = launched(site)
    host_id = said["machine"]["id"]
    site.amazon.client("ec2").terminate_instances(InstanceIds=[host_id])
    done = site.call(site.reap_words())
    lines = [Reaped.from_json(line, source="stdout") for line in done.stdout.splitlines()]
    assert [(line.act, line.machine, line.run, line.release) for line in lines] == [
        (act, host_id, RUN, "2025-11-08")
        for act in (Act.NOTE, Act.REMOVE_RUNNER, Act.DROP_HANDOVER)
    ]


def test_a_spoilt_tag_gives_a_machine_its_ordinary_lifetime(site: LaunchSite) -> None:
    host_id = launched(site)["machine"]["id"]
    spoilt = [{"Key": "ingestion-bot:expiry", "Value": "2026-01-01"}]
    site.amazon.client("ec2").create_tags(Resources=[host_id], Tags=spoilt)
    for runner in site.runner_api.runners.values():
        runner["busy"] = True
    assert reaped(site, 11 * HOUR) == []
    assert reaped(site) == [("terminate_expired", "done")]


def test_without_github_only_time_decides(site: LaunchSite) -> None:
    launched(site)
    site.runner_api.refused = True
    assert reaped(site, HOUR, code=2) == []
    found = reaped(site, code=2)
    assert [act for act, _ in found] == ["terminate_expired"]
    assert site.live() == []


def test_without_aws_nothing_is_touched(site: LaunchSite) -> None:
    said = launched(site)
    site.amazon.faults.append(Fault("DescribeInstances", "RequestExpired", 400, 99))
    assert reaped(site, code=2) == []
    assert site.runner_api.names() == [said["label"]]


def test_one_action_that_fails_stops_no_other(site: LaunchSite) -> None:
    first = launched(site)
    site.ask("2025-01-30-ingest-1", "2025-01-30")
    assert site.call(site.launch_words("2025-01-30-ingest-1")).exit_code == 0
    site.amazon.faults.append(Fault("TerminateInstances", "UnauthorizedOperation", 403))
    (_, failed), (_, done) = reaped(site, code=1)
    assert "give the role this right" in failed
    assert done == "done"
    assert site.live() == [first["machine"]["id"]]
    assert reaped(site) != []
    site.assert_nothing_is_left()


@pytest.mark.parametrize("line", [b'{"act": "launched", "zone": "of a newer version"}', b"\xff"])
def test_a_trail_that_cant_be_read_keeps_no_machine_alive(site: LaunchSite, line: bytes) -> None:
    """Nor is it written to as if it lacked something; whoever reads what the reaper did is told."""
    launched(site)
    site.ask("2025-01-30-ingest-1", "2025-01-30")
    assert site.call(site.launch_words("2025-01-30-ingest-1")).exit_code == 0
    trail = site.root / "runs" / RUN / "machines.jsonl"
    trail.write_bytes(trail.read_bytes() + line + b"\n")
    (_, told), *others = reaped(site, code=1)
    assert "machines.jsonl" in told
    assert others == [("terminate_expired", "done")] * 2
    assert trail.read_bytes().count(b'"launched"') == 1 + line.count(b'"launched"')
    site.assert_nothing_is_left()


def test_other_repositories_machines_and_runners_are_left_alone(site: LaunchSite) -> None:
    ec2 = site.amazon.client("ec2")
    tags = [{"Key": "ingestion-bot:repository", "Value": "laminlabs/third"}]
    theirs = ec2.run_instances(
        ImageId="ami-0a1b2c3d",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )["Instances"][0]["InstanceId"]
    site.runner_api.register({"name": "theirs", "runner_group_id": 1, "labels": ["x"]})
    assert reaped(site, 1000 * HOUR) == []
    assert (site.live(), site.runner_api.names()) == ([theirs], ["theirs"])
