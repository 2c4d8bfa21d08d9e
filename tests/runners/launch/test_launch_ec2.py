"""`launch --launcher ec2` against moto and a small GitHub, whatever they answer."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from launch.amazon import Fault
from launch.hub import REPOSITORY
from launch.stage import LIFETIME, RUN, TYPES, Stage


def launched(stage: Stage, run_id: str = RUN) -> dict[str, Any]:
    done = stage.call(stage.launch_words(run_id))
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def refused(stage: Stage, run_id: str = RUN) -> str:
    """The one sentence (and the console) of a launch that fails."""
    done = stage.call(stage.launch_words(run_id))
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr.strip()


def acts(stage: Stage) -> list[str]:
    return [line["act"] for line in stage.trail()]


def test_a_launch_gives_a_machine_whose_runner_is_online(stage: Stage) -> None:
    said = launched(stage)
    (machine,) = stage.amazon.machines()
    assert said["machine"] == {
        "launcher": "ec2",
        "type": TYPES[0],
        "region": "us-west-2",
        "id": machine["InstanceId"],
        "spot": False,
        "price": 2.1716,  # 2.1168, and 500 GiB at 0.08 a month
        "priced_on": "2025-01-01",
    }
    assert said["cost_at_most"] == 26.06
    runner = stage.hub.named(said["label"])
    assert [label["name"] for label in runner["labels"]] == ["self-hosted", said["label"]]
    assert acts(stage) == ["launching", "launched", "registered", "online"]
    secret = stage.amazon.client("secretsmanager").get_secret_value(SecretId=stage.secrets()[0])
    assert secret["SecretString"] == "JIT-SECRET-1"


def test_the_machine_is_locked_down_and_tagged(stage: Stage) -> None:
    said = launched(stage)
    (machine,) = stage.amazon.machines()
    tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
    expiry = datetime.fromisoformat(tags.pop("ingestion-bot:expiry"))
    assert abs(expiry - datetime.now(UTC) - LIFETIME) < timedelta(minutes=2)
    assert expiry == datetime.fromisoformat(said["expires_at"])
    assert tags == {
        "Name": f"ingestion {RUN}",
        "ingestion-bot:repository": REPOSITORY,
        "ingestion-bot:release": "2025-11-08",
        "ingestion-bot:run": RUN,
    }
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    assert machine["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert machine["IamInstanceProfile"]["Arn"].endswith("/ingestion-machine")
    assert not machine.get("KeyName")
    ec2 = stage.amazon.client("ec2")
    (volume,) = ec2.describe_volumes()["Volumes"]
    assert (volume["Encrypted"], volume["Size"], volume["VolumeType"]) == (True, 500, "gp3")
    shutdown = ec2.describe_instance_attribute(
        InstanceId=machine["InstanceId"], Attribute="instanceInitiatedShutdownBehavior"
    )
    assert shutdown["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"


def test_neither_user_data_nor_output_nor_trail_holds_a_secret(stage: Stage) -> None:
    done = stage.call(stage.launch_words())
    (host_id,) = stage.live()
    attribute = stage.amazon.client("ec2").describe_instance_attribute(
        InstanceId=host_id, Attribute="userData"
    )
    user_data = base64.b64decode(attribute["UserData"]["Value"]).decode()
    assert f"RUN_ID={RUN}\n" in user_data
    trail = json.dumps(stage.trail())
    for text in (user_data, done.output, trail):
        assert "JIT-SECRET" not in text
        assert "ghs_" not in text


def test_the_same_request_again_gives_the_same_machine(stage: Stage) -> None:
    first, second = launched(stage), launched(stage)
    assert first == second
    assert stage.amazon.actions().count("RunInstances") == 1
    assert stage.hub.calls.count("register") == 1


def test_a_run_whose_machine_has_ended_gets_another(stage: Stage) -> None:
    first = launched(stage)
    stage.amazon.client("ec2").terminate_instances(InstanceIds=[first["machine"]["id"]])
    stage.hub.runners.clear()
    second = launched(stage)
    assert second["machine"]["id"] != first["machine"]["id"]
    assert stage.live() == [second["machine"]["id"]]


@pytest.mark.prove
def test_spot_is_asked_for_only_when_configured(stage: Stage) -> None:
    launched(stage)
    stage.configure(ec2__spot=True)
    stage.ask("2020-01-01-ingest-1", "2020-01-01")
    assert launched(stage, "2020-01-01-ingest-1")["machine"]["spot"] is True
    spot, ordinary = (b"MarketType=spot" in call.body for call in runs(stage)[::-1])
    assert (spot, ordinary) == (True, False)


def runs(stage: Stage) -> list[Any]:
    return [call for call in stage.amazon.calls if call.action == "RunInstances"]


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "Unsupported"])
def test_types_and_subnets_are_tried_in_turn(stage: Stage, code: str) -> None:
    stage.amazon.faults.append(Fault("RunInstances", code, 400, times=3))
    assert launched(stage)["machine"]["type"] == TYPES[1]
    assert acts(stage)[:7] == ["launching", "refused"] * 3 + ["launching"]
    tokens = {call.body.split(b"ClientToken=")[1][:64] for call in runs(stage)}
    assert len(tokens) == 4


def test_no_capacity_anywhere_is_said_in_one_sentence(stage: Stage) -> None:
    stage.amazon.faults.append(Fault("RunInstances", "InsufficientInstanceCapacity", 400, 99))
    assert refused(stage) == (
        f"run {RUN}: AWS has no capacity for {', '.join(TYPES)} in any of the subnets; try again "
        "later, or add a type or subnet to [launch.ec2]."
    )
    stage.assert_nothing_is_left()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("RunInstances", "RequestLimitExceeded", 503, times=2),
        Fault("RunInstances", "InternalError", 500, after=True),
        Fault("RunInstances", None, after=True),
        *(
            pytest.param(fault, marks=pytest.mark.prove)
            for fault in (
                Fault("DescribeInstances", "Unavailable", 503, times=2),
                Fault("CreateSecret", "ThrottlingException", 400),
                Fault("PutSecretValue", "InternalServiceError", 500, after=True),
            )
        ),
    ],
    ids=lambda fault: f"{fault.action}-{fault.code}-{'after' if fault.after else 'before'}",
)
def test_what_passes_is_asked_again_and_gives_one_machine(stage: Stage, fault: Fault) -> None:
    stage.amazon.faults.append(Fault(**vars(fault)))
    launched(stage)
    assert len(stage.amazon.machines()) == 1
    assert len(stage.hub.runners) == 1


@pytest.mark.prove
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_lost_answer_of_github_leaves_one_runner(stage: Stage, is_after: bool) -> None:
    stage.hub.faults.append(Fault("register", status=502, after=is_after))
    label = launched(stage)["label"]
    assert stage.hub.names() == [label]
    secret = stage.amazon.client("secretsmanager").get_secret_value(SecretId=stage.secrets()[0])
    assert secret["SecretString"] == stage.hub.secrets[-1]


def test_a_token_that_may_not_register_shows_before_a_cent_is_spent(stage: Stage) -> None:
    stage.hub.refused = True
    assert refused(stage) == (
        "listing runners: GitHub refuses (403); RUNNERS_TOKEN must be a token of an App or a person"
        " with administration rights, and not have expired."
    )
    assert runs(stage) == []


def test_a_refused_registration_ends_the_machine(stage: Stage) -> None:
    stage.hub.faults.append(Fault("register", status=403))
    assert refused(stage).endswith("was terminated.")
    stage.assert_nothing_is_left()
    assert acts(stage) == ["launching", "launched", "terminated"]


def test_a_runner_that_never_comes_online_ends_its_machine_with_its_last_words(
    stage: Stage,
) -> None:
    stage.configure(ec2__online_within_minutes=0.001)
    stage.hub.online_after = None
    said = refused(stage)
    assert f"run {RUN}: no runner on i-" in said
    assert "Its console ended with:\n" in said
    assert said.splitlines()[-1].startswith("Enabling fast FPU save")  # moto's console
    stage.assert_nothing_is_left()


def test_a_runner_that_is_given_a_job_at_the_last_moment_is_kept(stage: Stage) -> None:
    stage.configure(ec2__online_within_minutes=0.001)
    stage.hub.online_after = None

    def begin_a_job() -> None:
        for runner in stage.hub.runners.values():
            runner["busy"] = True

    stage.hub.faults.append(Fault("remove", status=422, hook=begin_a_job))
    said = launched(stage)
    assert stage.live() == [said["machine"]["id"]]


def test_a_role_that_expires_on_the_way_leaves_what_the_reaper_ends(stage: Stage) -> None:
    stage.amazon.faults.append(Fault("CreateSecret", "ExpiredTokenException", 400, 99))
    stage.amazon.faults.append(Fault("TerminateInstances", "RequestExpired", 400, 99))
    assert "the role's credentials have expired" in refused(stage)
    assert len(stage.live()) == 1
    stage.amazon.faults.clear()
    assert stage.call(stage.reap_words()).exit_code == 0
    stage.assert_nothing_is_left()


def test_a_release_has_one_machine_whichever_run_asks(stage: Stage) -> None:
    first = launched(stage)
    stage.ask("2025-11-08-ingest-9")
    said = refused(stage, "2025-11-08-ingest-9")
    assert f"{first['machine']['id']} works on release 2025-11-08 for run {RUN}" in said
    assert stage.live() == [first["machine"]["id"]]


def test_an_ended_run_gets_no_machine(stage: Stage) -> None:
    (stage.root / "runs" / RUN / "report.json").write_text("{}")
    assert refused(stage) == f"run {RUN} has ended; ask for a new run."


def test_a_dry_run_asks_nobody(stage: Stage) -> None:
    done = stage.call(stage.launch_words(RUN, "--dry-run"))
    shown = json.loads(done.stdout)
    assert shown["cost_at_most"] == 26.06
    assert [one["InstanceType"] for one in shown["requests"]] == [t for t in TYPES for _ in "12"]
    assert (stage.amazon.calls, stage.hub.calls) == ([], [])
    launched(stage)
    sent = runs(stage)[0].body.decode()
    assert f"ClientToken={shown['requests'][0]['ClientToken']}" in sent


@pytest.mark.prove
def test_runs_on_s3_have_their_lock_and_trail_there(stage: Stage) -> None:
    s3 = stage.amazon.client("s3")
    s3.create_bucket(
        Bucket="our-runs", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    stage.configure(runs="s3://our-runs/census/")
    host_id = launched(stage)["machine"]["id"]
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="our-runs")["Contents"]]
    folder = f"census/{RUN}/"
    assert all(key.startswith(folder) for key in keys)
    names = [key.removeprefix(folder) for key in keys]
    assert names[0] == "constraints.txt"
    assert [name.split("_")[1:] for name in names if name.startswith("machines/")] == [
        ["launching", ".json"],
        *([act, f"{host_id}.json"] for act in ("launched", "registered", "online")),
    ]
    s3.put_object(Bucket="our-runs", Key=f"{folder}report.json", Body=b"{}")
    done = stage.call(stage.reap_words(timedelta()))
    assert [json.loads(line)["why"] for line in done.stdout.splitlines()] == ["its run has ended"]
    stage.assert_nothing_is_left()
