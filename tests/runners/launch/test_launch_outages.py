"""What AWS, GitHub and machines do to a launch, with `launch`, `terminate`, `reap` as processes.

Beside the run's machine there is always another one, whose job is running: it is never touched.
"""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from launch.fake_aws import Fault
from launch.site import RUN, TYPES, LaunchSite

pytestmark = pytest.mark.prove
OTHER = "2025-01-30-ingest-1"
LONGER = 18
"""Hours that the other machine lives: more than the run's machine does."""


@pytest.fixture
def place(site: LaunchSite) -> Iterator[LaunchSite]:
    """A site with a busy machine. However a test ends, one pass after the expiry is enough."""
    site.configure(lifetime_hours=LONGER)
    site.ask(OTHER, OTHER[:10])
    launched = site.call(site.launch_words(OTHER))
    assert launched.exit_code == 0, launched.output
    busy = json.loads(launched.stdout)
    site.runner_api.named(busy["label"])["busy"] = True
    site.configure()
    yield site
    site.amazon.faults.clear()
    site.runner_api.faults.clear()
    code, said = process(site, site.reap_words())
    assert code == 0, said
    assert site.live() == [busy["machine"]["id"]]
    assert site.runner_api.names() == [busy["label"]]
    assert [secret.endswith(busy["machine"]["id"]) for secret in site.secrets()] == [True]
    mine = {machine["InstanceId"] for machine in site.amazon.machines()} - {busy["machine"]["id"]}
    assert mine == {line["machine"] for line in site.trail() if line["machine"]}


def process(site: LaunchSite, words: list[str]) -> tuple[int, str]:
    """The exit code, and what was said on standard output (if it went well) or error."""
    begun = site.begin(words)
    said, complaint = begun.communicate(timeout=120)
    return begun.returncode, complaint if begun.returncode else said


def acts(said: str) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in said.splitlines()]
    return [(line["act"], line["result"]) for line in lines]


def launched(site: LaunchSite) -> str:
    """The id of the run's machine, whose runner is online."""
    code, said = process(site, site.launch_words())
    assert code == 0, said
    return str(json.loads(said)["machine"]["id"])


def is_left(site: LaunchSite, host_id: str) -> bool:
    return host_id in site.live()


def test_throttling_and_5xx_pass(place: LaunchSite) -> None:
    place.amazon.faults += [
        Fault("RunInstances", "RequestLimitExceeded", 503, times=2),
        Fault("RunInstances", "InternalError", after=True),
        Fault("PutSecretValue", "ThrottlingException", 400),
    ]
    place.runner_api.faults.append(Fault("register", status=502, after=True))
    host_id = launched(place)
    assert len(place.amazon.machines()) == 2
    place.amazon.faults += [
        Fault("DescribeInstances", "Unavailable", 503),
        Fault("TerminateInstances", "RequestLimitExceeded", 503, times=2),
    ]
    code, said = process(place, place.words("terminate", "--run", RUN))
    assert (code, json.loads(said)["terminated"]) == (0, [host_id])
    assert not is_left(place, host_id)


def test_no_capacity_in_the_first_two_types_gives_the_third(place: LaunchSite) -> None:
    full = Fault("RunInstances", "InsufficientInstanceCapacity", 400, times=4)  # two subnets each
    place.amazon.faults.append(full)
    launched(place)
    assert [line["act"] for line in place.trail()].count("refused") == 4
    (machine,) = [
        machine for machine in place.amazon.machines() if machine["InstanceType"] == TYPES[2]
    ]
    assert is_left(place, machine["InstanceId"])


def test_no_capacity_anywhere_leaves_nothing(place: LaunchSite) -> None:
    place.amazon.faults.append(Fault("RunInstances", "InsufficientInstanceCapacity", 400, 99))
    code, said = process(place, place.launch_words())
    assert code == 2
    assert "AWS has no capacity" in said
    assert len(place.live()) == 1


def test_a_refused_registration_ends_the_machine(place: LaunchSite) -> None:
    place.runner_api.faults.append(Fault("register", status=403))
    code, said = process(place, place.launch_words())
    assert code == 2
    assert "registering a runner: GitHub refuses (403)" in said
    assert len(place.live()) == 1


def test_a_runner_that_never_comes_online_ends_its_machine(place: LaunchSite) -> None:
    place.configure(ec2__online_within_minutes=0.001)
    place.runner_api.online_after = None
    code, said = process(place, place.launch_words())
    assert code == 2
    assert "no runner on i-" in said
    assert len(place.live()) == 1


def test_a_job_that_nobody_picks_up_is_not_waited_for(place: LaunchSite) -> None:
    host_id = launched(place)
    assert process(place, place.reap_words(timedelta(minutes=30))) == (0, "")
    assert is_left(place, host_id)
    code, said = process(place, place.reap_words(timedelta(minutes=55)))
    assert (code, acts(said)) == (0, [("terminate", "done")])
    assert not is_left(place, host_id)


def test_a_finished_job_whose_shutdown_and_termination_failed_is_reaped(place: LaunchSite) -> None:
    host_id = launched(place)
    place.runner_api.runners = {
        n: one for n, one in place.runner_api.runners.items() if one["busy"]
    }
    (place.root / "runs" / RUN / "report.json").write_text("{}")
    place.amazon.faults.append(Fault("TerminateInstances", "InternalError", 500, 99))
    code, said = process(place, place.words("terminate", "--run", RUN))
    assert code == 2
    assert f"terminating {host_id}" in said
    assert is_left(place, host_id)
    place.amazon.faults.clear()
    code, said = process(place, place.reap_words(timedelta()))
    assert (code, acts(said)) == (0, [("terminate", "done")])


def test_a_role_that_expires_while_launching_leaves_what_the_reaper_ends(place: LaunchSite) -> None:
    place.amazon.faults += [
        Fault("CreateSecret", "ExpiredTokenException", 400, 99),
        Fault("TerminateInstances", "RequestExpired", 400, 99),
    ]
    code, said = process(place, place.launch_words())
    assert code == 2
    assert "the role's credentials have expired" in said
    assert len(place.live()) == 2


@pytest.mark.parametrize(
    ("action", "code"), [("DescribeInstances", 2), ("TerminateInstances", 1), ("DeleteSecret", 1)]
)
def test_a_reaper_whose_role_expires_is_followed_by_another(
    place: LaunchSite, action: str, code: int
) -> None:
    launched(place)
    place.amazon.faults.append(Fault(action, "ExpiredTokenException", 400, 99))
    assert process(place, place.reap_words())[0] == code
