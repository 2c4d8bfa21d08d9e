"""EC2 as it answers just after a launch: machines that aren't shown yet, tokens of ended ones."""

import json
from typing import Any

import boto3
import pytest

from launch.fake_aws import Fault
from launch.site import RUN, TYPES, LaunchSite
from runners.launch.aws import SecretsManager
from runners.launch.start import TOO_OLD


def launched(site: LaunchSite, run_id: str = RUN) -> dict[str, Any]:
    done = site.call(site.launch_words(run_id))
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def acts(site: LaunchSite) -> list[str]:
    return [line["act"] for line in site.trail()]


def expire_otherwise(site: LaunchSite) -> None:
    """As a launch does that is made later: one of the same second asks for the very same."""
    site.configure(lifetime_hours=site.configuration.lifetime_hours - 1)


def test_a_machine_that_is_not_shown_yet_is_waited_for(site: LaunchSite) -> None:
    site.amazon.ec2.unseen_looks = 4
    site.runner_api.online_after = 3
    host_id = launched(site)["machine"]["id"]
    assert site.live() == [host_id]
    assert acts(site) == ["launching", "launched", "registered", "online"]


def test_a_machine_that_ended_while_it_was_awaited_is_said_to_have(site: LaunchSite) -> None:
    site.runner_api.online_after = None

    def end() -> None:
        ids = [machine["InstanceId"] for machine in site.amazon.machines()]
        site.amazon.client("ec2").terminate_instances(InstanceIds=ids)

    site.amazon.on("PutSecretValue", end)
    done = site.call(site.launch_words())
    assert done.exit_code == 2
    assert "ended before its runner was online" in done.stderr


@pytest.mark.parametrize(("looks", "is_ended"), [(3, True), (99, False)])
def test_a_machine_that_is_not_shown_is_not_booked_as_ended(
    site: LaunchSite, looks: int, is_ended: bool
) -> None:
    site.amazon.ec2.unseen_looks = looks
    site.runner_api.faults.append(Fault("register", status=403))
    done = site.call(site.launch_words())
    assert done.exit_code == 2
    assert (site.live() == []) is is_ended
    assert ("terminated" in acts(site)) is is_ended
    if not is_ended:
        assert "InvalidInstanceID.NotFound" in done.stderr
        site.amazon.ec2.unseen.clear()
        assert site.call(site.reap_words()).exit_code == 0
        site.assert_nothing_is_left()


def test_a_run_whose_machine_has_ended_gets_another(site: LaunchSite) -> None:
    first = launched(site)
    site.amazon.client("ec2").terminate_instances(InstanceIds=[first["machine"]["id"]])
    site.runner_api.runners.clear()
    second = launched(site)
    assert site.live() == [second["machine"]["id"]]


@pytest.mark.parametrize("looks", [0, 3])
def test_a_launch_whose_answer_was_lost_finds_its_machine_by_the_token(
    site: LaunchSite, looks: int
) -> None:
    """A later launch asks for another expiry, which AWS refuses: the machine is looked for."""
    launched(site)
    (host_id,) = site.live()
    # as many as are made before the machine is asked for
    site.amazon.ec2.unseen[host_id] = 3 + looks
    expire_otherwise(site)
    assert launched(site)["machine"]["id"] == host_id
    assert len(site.amazon.machines()) == 1


def test_a_token_whose_machine_is_forgotten_blocks_nobody(site: LaunchSite) -> None:
    """AWS shows an ended machine for about an hour, and knows its token for a day."""
    launched(site)
    (host_id,) = site.live()
    site.runner_api.runners.clear()
    site.amazon.ec2.unseen[host_id] = 999
    expire_otherwise(site)
    second = launched(site)["machine"]["id"]
    assert second != host_id


@pytest.mark.parametrize(
    "code", ["InstanceLimitExceeded", "VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"]
)
def test_a_limit_of_one_type_leads_to_the_next(site: LaunchSite, code: str) -> None:
    site.amazon.ec2.full[TYPES[0],] = code
    assert launched(site)["machine"]["type"] == TYPES[1]


def test_an_image_that_is_not_there_is_said_to_be_so(site: LaunchSite) -> None:
    site.configure(ec2__image="ami-0bad")
    done = site.call(site.launch_words())
    assert done.exit_code == 2
    assert "InvalidAMIID.NotFound" in done.stderr


def test_a_runner_that_github_refuses_is_told_with_the_remedy(site: LaunchSite) -> None:
    site.configure(ec2__online_within_minutes=0.001)
    site.runner_api.online_after = None
    site.amazon.ec2.console = f"bootstrap: {TOO_OLD}\n"
    said = site.call(site.launch_words()).stderr
    host_id = site.trail()[1]["machine"]
    assert said.strip() == (
        f"run {RUN}: GitHub refuses the runner of {host_id}, which is too old; take "
        "[launch.ec2.runner] out of launch.toml, and the newest is used."
    )


def begin_another_in_the_midst(site: LaunchSite, unseen_looks: int) -> list[int]:
    """Where the exit code of another launch will stand, which is made when the next one claims its
    handover.
    """
    other = "2025-11-08-ingest-9"
    site.ask(other)
    site.amazon.ec2.unseen_looks = unseen_looks
    site.runner_api.online_after = 4
    codes: list[int] = []

    def launch_another() -> None:
        other_launch = site.begin(site.launch_words(other))
        other_launch.communicate(timeout=120)
        codes.append(other_launch.returncode)

    site.amazon.on("CreateSecret", launch_another)
    return codes


def test_two_launches_that_do_not_see_each_other_leave_one_machine(site: LaunchSite) -> None:
    codes = begin_another_in_the_midst(site, unseen_looks=3)
    kept = launched(site)["machine"]["id"]
    assert site.live() == [kept]
    assert codes == [2]


def test_two_launches_that_see_each_other_once_one_is_online_leave_one_machine(
    site: LaunchSite,
) -> None:
    """Whose it is depends on who looks how often in the time that the other takes."""
    codes = begin_another_in_the_midst(site, unseen_looks=5)
    done = site.call(site.launch_words(RUN))
    assert len(site.live()) == 1
    assert sorted([done.exit_code, *codes]) == [0, 2]


def test_a_handover_is_claimed_by_one_launch_until_it_is_dropped(
    site: LaunchSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an answer that was lost, too: whose the claim is says its mark."""
    for name, value in site.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    one, other = SecretsManager(site.configuration), SecretsManager(site.configuration)
    site.amazon.faults.append(Fault("CreateSecret", after=True))
    assert one.claim("i-1")
    assert not other.claim("i-1")
    one.put("i-1", "secret")
    for _ in range(2):
        other.drop("i-1")
    assert other.claim("i-1")
