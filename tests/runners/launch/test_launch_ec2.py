"""`launch --launcher ec2` against moto and a small GitHub, whatever they answer."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from launch.fake_aws import Fault
from launch.fake_runner_api import REPOSITORY
from launch.site import LIFETIME, RUN, TYPES, LaunchSite
from runners.launch.fleet import Fleet


def launched(site: LaunchSite, run_id: str = RUN) -> dict[str, Any]:
    done = site.call(site.launch_words(run_id))
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def refused(site: LaunchSite, run_id: str = RUN) -> str:
    """The one sentence (and the console) of a launch that fails."""
    done = site.call(site.launch_words(run_id))
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr.strip()


def acts(site: LaunchSite) -> list[str]:
    return [line["act"] for line in site.trail()]


def test_a_launch_gives_a_machine_whose_runner_is_online(site: LaunchSite) -> None:
    said = launched(site)
    (machine,) = site.amazon.machines()
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
    runner = site.runner_api.named(said["label"])
    assert [label["name"] for label in runner["labels"]] == [said["label"]]
    assert acts(site) == ["launching", "launched", "registered", "online"]
    secret = site.amazon.client("secretsmanager").get_secret_value(SecretId=site.secrets()[0])
    newest = site.runner_api.application
    handed = [newest["download_url"], newest["sha256_checksum"], "JIT-SECRET-1"]
    assert secret["SecretString"].split(" ") == handed


def test_the_machine_is_locked_down_and_tagged(site: LaunchSite) -> None:
    said = launched(site)
    (machine,) = site.amazon.machines()
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
    ec2 = site.amazon.client("ec2")
    (volume,) = ec2.describe_volumes()["Volumes"]
    assert (volume["Encrypted"], volume["Size"], volume["VolumeType"]) == (True, 500, "gp3")
    shutdown = ec2.describe_instance_attribute(
        InstanceId=machine["InstanceId"], Attribute="instanceInitiatedShutdownBehavior"
    )
    assert shutdown["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"


def test_neither_user_data_nor_output_nor_trail_holds_a_secret(site: LaunchSite) -> None:
    done = site.call(site.launch_words())
    (host_id,) = site.live()
    attribute = site.amazon.client("ec2").describe_instance_attribute(
        InstanceId=host_id, Attribute="userData"
    )
    user_data = base64.b64decode(attribute["UserData"]["Value"]).decode()
    assert f"RUN_ID={RUN}\n" in user_data
    trail = json.dumps(site.trail())
    for text in (user_data, done.output, trail):
        assert "JIT-SECRET" not in text
        assert "ghs_" not in text


def test_the_same_request_again_gives_the_same_machine(site: LaunchSite) -> None:
    first, second = launched(site), launched(site)
    assert first == second
    assert site.amazon.actions().count("RunInstances") == 1
    assert site.runner_api.calls.count("register") == 1


def test_a_run_whose_machine_has_ended_gets_another(site: LaunchSite) -> None:
    first = launched(site)
    site.amazon.client("ec2").terminate_instances(InstanceIds=[first["machine"]["id"]])
    site.runner_api.runners.clear()
    second = launched(site)
    assert second["machine"]["id"] != first["machine"]["id"]
    assert site.live() == [second["machine"]["id"]]


@pytest.mark.prove
def test_spot_is_asked_for_only_when_configured(site: LaunchSite) -> None:
    launched(site)
    site.configure(ec2__spot=True)
    site.ask("2020-01-01-ingest-1", "2020-01-01")
    assert launched(site, "2020-01-01-ingest-1")["machine"]["spot"] is True
    spot, ordinary = (b"MarketType=spot" in call.body for call in runs(site)[::-1])
    assert (spot, ordinary) == (True, False)


def runs(site: LaunchSite) -> list[Any]:
    return [call for call in site.amazon.calls if call.action == "RunInstances"]


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "Unsupported"])
def test_types_and_subnets_are_tried_in_turn(site: LaunchSite, code: str) -> None:
    site.amazon.faults.append(Fault("RunInstances", code, 400, times=3))
    assert launched(site)["machine"]["type"] == TYPES[1]
    assert acts(site)[:7] == ["launching", "refused"] * 3 + ["launching"]
    tokens = {call.body.split(b"ClientToken=")[1][:64] for call in runs(site)}
    assert len(tokens) == 4


def test_no_capacity_anywhere_is_said_in_one_sentence(site: LaunchSite) -> None:
    site.amazon.faults.append(Fault("RunInstances", "InsufficientInstanceCapacity", 400, 99))
    assert refused(site) == (
        f"run {RUN}: AWS has no capacity for {', '.join(TYPES)} in any of the subnets; try again "
        "later, or add a type or subnet to [launch.ec2]."
    )
    site.assert_nothing_is_left()


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
def test_what_passes_is_asked_again_and_gives_one_machine(site: LaunchSite, fault: Fault) -> None:
    site.amazon.faults.append(Fault(**vars(fault)))
    launched(site)
    assert len(site.amazon.machines()) == 1
    assert len(site.runner_api.runners) == 1


@pytest.mark.prove
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_lost_answer_of_github_leaves_one_runner(site: LaunchSite, is_after: bool) -> None:
    site.runner_api.faults.append(Fault("register", status=502, after=is_after))
    label = launched(site)["label"]
    assert site.runner_api.names() == [label]
    secret = site.amazon.client("secretsmanager").get_secret_value(SecretId=site.secrets()[0])
    assert secret["SecretString"].split(" ")[-1] == site.runner_api.secrets[-1]


def test_a_token_that_may_not_register_shows_before_a_cent_is_spent(site: LaunchSite) -> None:
    site.runner_api.refused = True
    assert refused(site) == (
        "listing runners: GitHub refuses (403); RUNNERS_TOKEN must be a token of an App or a person"
        " with administration rights, and not have expired."
    )
    assert runs(site) == []


def test_a_refused_registration_ends_the_machine(site: LaunchSite) -> None:
    site.runner_api.faults.append(Fault("register", status=403))
    assert refused(site).endswith("was terminated.")
    site.assert_nothing_is_left()
    assert acts(site) == ["launching", "launched", "terminated"]


def test_a_runner_that_never_comes_online_ends_its_machine_with_its_last_words(
    site: LaunchSite,
) -> None:
    site.configure(ec2__online_within_minutes=0.001)
    site.runner_api.online_after = None
    site.amazon.ec2.console = "\n".join(f"line {n}" for n in range(40))
    said = refused(site)
    assert f"run {RUN}: no runner on i-" in said
    assert "Its console ended with:\n" in said
    assert said.splitlines()[-1] == "line 39"
    site.assert_nothing_is_left()


def test_a_runner_that_is_given_a_job_at_the_last_moment_is_kept(site: LaunchSite) -> None:
    site.configure(ec2__online_within_minutes=0.001)
    site.runner_api.online_after = None

    def begin_a_job() -> None:
        for runner in site.runner_api.runners.values():
            runner["busy"] = True

    site.runner_api.faults.append(Fault("remove", status=422, hook=begin_a_job))
    said = launched(site)
    assert site.live() == [said["machine"]["id"]]


def test_a_runner_that_is_busy_and_offline_is_not_waited_for(site: LaunchSite) -> None:
    """Without its connection GitHub shows a runner so while its job goes on."""
    site.configure(ec2__online_within_minutes=0.001)
    site.runner_api.online_after = None

    def begin_a_job() -> None:
        for runner in site.runner_api.runners.values():
            runner["busy"] = True

    site.amazon.on("PutSecretValue", begin_a_job)
    launched(site)
    assert acts(site) == ["launching", "launched", "registered", "online"]


def test_where_the_runner_is_there_already_its_claim_is_given_back(site: LaunchSite) -> None:
    """Whoever registered it may have to claim the handover anew."""

    def register_it() -> None:
        (host_id,) = site.live()
        name = Fleet.of(site.configuration).runner_name(host_id)
        site.runner_api.register({"name": name, "runner_group_id": 1, "labels": [name]})

    site.runner_api.faults.append(Fault("register", status=409, hook=register_it))
    launched(site)
    assert site.secrets() == []
    assert acts(site) == ["launching", "launched", "online"]


@pytest.mark.parametrize(
    ("code", "last"),
    [("UnsupportedOperation", "(nothing)"), ("UnauthorizedOperation", "reading the console of i-")],
)
def test_a_console_is_read_as_far_as_its_type_and_the_role_let_us(
    site: LaunchSite, code: str, last: str
) -> None:
    """Types before Nitro have none of now."""
    site.configure(ec2__online_within_minutes=0.001)
    site.runner_api.online_after = None
    site.amazon.ec2.console = "line 1\nline 2"
    site.amazon.faults.append(Fault("GetConsoleOutput", code, 400))
    said = refused(site).splitlines()
    assert last in said[-1]
    assert ("(unknown: " in said[-1]) is (code != "UnsupportedOperation")
    site.assert_nothing_is_left()


def test_a_role_that_expires_on_the_way_leaves_what_the_reaper_ends(site: LaunchSite) -> None:
    site.amazon.faults.append(Fault("CreateSecret", "ExpiredTokenException", 400, 99))
    site.amazon.faults.append(Fault("TerminateInstances", "RequestExpired", 400, 99))
    assert "the role's credentials have expired" in refused(site)
    assert len(site.live()) == 1
    site.amazon.faults.clear()
    assert site.call(site.reap_words()).exit_code == 0
    site.assert_nothing_is_left()


def test_a_release_has_one_machine_whichever_run_asks(site: LaunchSite) -> None:
    first = launched(site)
    site.ask("2025-11-08-ingest-9")
    said = refused(site, "2025-11-08-ingest-9")
    assert f"{first['machine']['id']} works on release 2025-11-08 for run {RUN}" in said
    assert site.live() == [first["machine"]["id"]]


def test_an_ended_run_gets_no_machine(site: LaunchSite) -> None:
    (site.root / "runs" / RUN / "report.json").write_text("{}")
    assert refused(site) == f"run {RUN} has ended; ask for a new run."


def test_a_dry_run_asks_nobody(site: LaunchSite) -> None:
    done = site.call(site.launch_words(RUN, "--dry-run"))
    shown = json.loads(done.stdout)
    assert shown["cost_at_most"] == 26.06
    assert [offender["InstanceType"] for offender in shown["requests"]] == [
        t for t in TYPES for _ in "12"
    ]
    assert (site.amazon.calls, site.runner_api.calls) == ([], [])
    launched(site)
    sent = runs(site)[0].body.decode()
    assert f"ClientToken={shown['requests'][0]['ClientToken']}" in sent


@pytest.mark.prove
def test_runs_on_s3_have_their_lock_and_trail_there(site: LaunchSite) -> None:
    s3 = site.amazon.client("s3")
    s3.create_bucket(
        Bucket="our-runs", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    site.configure(runs="s3://our-runs/census/")
    host_id = launched(site)["machine"]["id"]
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
    done = site.call(site.reap_words(timedelta()))
    assert [json.loads(line)["why"] for line in done.stdout.splitlines()] == ["its run has ended"]
    site.assert_nothing_is_left()
