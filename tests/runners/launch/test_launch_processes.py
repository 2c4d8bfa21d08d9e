"""Launches and reapers as processes of their own: cancelled, killed at any moment, two at once.

Whatever happens, one pass of the reaper after the machine's expiry leaves nothing of ours.
"""

import json
import signal
import subprocess
from typing import TypeAlias

import pytest

from launch.fake_aws import Fault
from launch.site import RUN, LaunchSite

Process: TypeAlias = "subprocess.Popen[str]"


def launch_with(site: LaunchSite, number: int, fault: Fault, *, on_github: bool = False) -> Process:
    """A launch that a signal reaches in the middle of a call, and has ended."""
    begun: list[Process] = []

    def stop() -> None:
        begun[0].send_signal(number)
        if number == signal.SIGKILL:
            begun[0].wait(30)

    fault.hook = stop
    (site.runner_api.faults if on_github else site.amazon.faults).append(fault)
    begun.append(site.begin(site.launch_words()))
    begun[0].communicate(timeout=120)
    site.amazon.faults.clear()
    site.runner_api.faults.clear()
    return begun[0]


def assert_one_pass_is_enough(site: LaunchSite) -> None:
    site.amazon.ec2.unseen.clear()  # half a day later EC2 shows it
    done = site.call(site.reap_words())
    assert done.exit_code == 0, done.output
    site.assert_nothing_is_left()
    machines = {machine["InstanceId"] for machine in site.amazon.machines()}
    trail = site.trail() if machines else []
    assert machines <= {line.get("machine") for line in trail}


def test_a_launch_that_is_cancelled_before_it_knows_its_machine_ends_it(site: LaunchSite) -> None:
    launch = launch_with(site, signal.SIGTERM, Fault("RunInstances", "InternalError", after=True))
    assert launch.returncode == 143
    assert len(site.amazon.machines()) == 1
    site.assert_nothing_is_left()


def test_a_launch_that_is_killed_before_it_knows_its_machine_is_found_again(
    site: LaunchSite,
) -> None:
    launch_with(site, signal.SIGKILL, Fault("RunInstances", after=True))
    (host_id,) = site.live()
    assert [line["act"] for line in site.trail()] == ["launching"]
    done = site.call(site.launch_words())
    assert json.loads(done.stdout)["machine"]["id"] == host_id
    assert_one_pass_is_enough(site)


def test_the_same_request_twice_at_once_gives_one_machine(site: LaunchSite) -> None:
    both = [site.begin(site.launch_words()) for _ in "12"]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    assert len(site.amazon.machines()) == 1
    assert len(site.runner_api.runners) == 1


def test_two_reapers_at_once_are_as_good_as_one(site: LaunchSite) -> None:
    assert site.call(site.launch_words()).exit_code == 0
    both = [site.begin(site.reap_words()) for _ in "12"]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    site.assert_nothing_is_left()


@pytest.mark.prove
def test_two_runs_of_a_release_at_once_leave_one_machine(site: LaunchSite) -> None:
    other = "2025-11-08-ingest-9"
    site.ask(other)
    both = [site.begin(site.launch_words(run_id)) for run_id in (RUN, other)]
    for process in both:
        process.communicate(timeout=120)
    assert sorted(process.returncode for process in both) == [0, 2]
    assert len(site.live()) == 1
    assert len(site.runner_api.runners) == 1


AWS_CALLS, GITHUB_CALLS = 9, 6
LAUNCH = 3
"""The calls of AWS before the one that makes the machine."""


@pytest.mark.prove
def test_a_launch_makes_as_many_calls_as_it_is_killed_at(site: LaunchSite) -> None:
    assert site.call(site.launch_words()).exit_code == 0
    assert (len(site.amazon.calls), len(site.runner_api.calls)) == (AWS_CALLS, GITHUB_CALLS)


@pytest.mark.prove
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("skip", range(AWS_CALLS))
def test_killed_at_any_call_of_aws_it_leaves_nothing(
    site: LaunchSite, skip: int, is_after: bool
) -> None:
    launch = launch_with(site, signal.SIGKILL, Fault("*", skip=skip, after=is_after))
    assert launch.returncode == -signal.SIGKILL
    assert_one_pass_is_enough(site)


@pytest.mark.prove
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("skip", range(GITHUB_CALLS))
def test_killed_at_any_call_of_github_it_leaves_nothing(
    site: LaunchSite, skip: int, is_after: bool
) -> None:
    fault = Fault("*", skip=skip, after=is_after)
    launch = launch_with(site, signal.SIGKILL, fault, on_github=True)
    assert launch.returncode == -signal.SIGKILL
    assert_one_pass_is_enough(site)


@pytest.mark.prove
@pytest.mark.parametrize("skip", range(LAUNCH, AWS_CALLS))
def test_cancelled_at_any_call_it_cleans_up_by_itself(site: LaunchSite, skip: int) -> None:
    """From the machine's launch on; what was asked for before has no machine yet."""
    fault = Fault("*", "InternalError", skip=skip, after=True)
    launch = launch_with(site, signal.SIGINT, fault)
    assert launch.returncode == 130
    assert site.live() == []
    assert_one_pass_is_enough(site)


@pytest.mark.prove
@pytest.mark.parametrize(
    ("command", "skip"),
    [*(("reap", skip) for skip in range(4)), *(("terminate", skip) for skip in range(3))],
)
def test_a_reaper_follows_what_is_killed_while_it_ends_a_machine(
    site: LaunchSite, command: str, skip: int
) -> None:
    words = {"reap": site.reap_words(), "terminate": site.words("terminate", "--run", RUN)}
    assert site.call(site.launch_words()).exit_code == 0
    begun: list[Process] = []

    def kill() -> None:
        begun[0].kill()
        begun[0].wait(30)

    site.amazon.faults.append(Fault("*", skip=skip, after=True, hook=kill))
    begun.append(site.begin(words[command]))
    begun[0].communicate(timeout=120)
    assert begun[0].returncode == -signal.SIGKILL
    site.amazon.faults.clear()
    assert_one_pass_is_enough(site)


@pytest.mark.prove
def test_two_terminations_at_once_end_one_machine(site: LaunchSite) -> None:
    assert site.call(site.launch_words()).exit_code == 0
    both = [site.begin(site.words("terminate", "--run", RUN)) for _ in "12"]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    site.assert_nothing_is_left()
