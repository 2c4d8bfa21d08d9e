"""Launches and reapers as processes of their own: cancelled, killed at any moment, two at once.

Whatever happens, one pass of the reaper after the machine's expiry leaves nothing of ours.
"""

import json
import signal
import subprocess
from typing import TypeAlias

import pytest

from launch.amazon import Fault
from launch.stage import RUN, Stage

Process: TypeAlias = "subprocess.Popen[str]"


def launch_with(stage: Stage, number: int, fault: Fault, *, on_github: bool = False) -> Process:
    """A launch that a signal reaches in the middle of a call, and has ended."""
    begun: list[Process] = []

    def stop() -> None:
        begun[0].send_signal(number)
        if number == signal.SIGKILL:
            begun[0].wait(30)

    fault.hook = stop
    (stage.hub.faults if on_github else stage.amazon.faults).append(fault)
    begun.append(stage.begin(stage.launch_words()))
    begun[0].communicate(timeout=120)
    stage.amazon.faults.clear()
    stage.hub.faults.clear()
    return begun[0]


def assert_one_pass_is_enough(stage: Stage) -> None:
    done = stage.call(stage.reap_words())
    assert done.exit_code == 0, done.output
    stage.assert_nothing_is_left()
    machines = {machine["InstanceId"] for machine in stage.amazon.machines()}
    trail = stage.trail() if machines else []
    assert machines <= {line["machine"] for line in trail}


def test_a_launch_that_is_cancelled_before_it_knows_its_machine_ends_it(stage: Stage) -> None:
    launch = launch_with(stage, signal.SIGTERM, Fault("RunInstances", "InternalError", after=True))
    assert launch.returncode == 143
    assert len(stage.amazon.machines()) == 1
    stage.assert_nothing_is_left()


def test_a_launch_that_is_killed_before_it_knows_its_machine_is_found_again(stage: Stage) -> None:
    launch_with(stage, signal.SIGKILL, Fault("RunInstances", after=True))
    (host_id,) = stage.live()
    assert [line["act"] for line in stage.trail()] == ["launching"]
    done = stage.call(stage.launch_words())
    assert json.loads(done.stdout)["machine"]["id"] == host_id
    assert_one_pass_is_enough(stage)


def test_the_same_request_twice_at_once_gives_one_machine(stage: Stage) -> None:
    both = [stage.begin(stage.launch_words()) for _ in "12"]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1]
    assert len(stage.amazon.machines()) == 1
    assert len(stage.hub.runners) == 1


def test_two_reapers_at_once_are_as_good_as_one(stage: Stage) -> None:
    assert stage.call(stage.launch_words()).exit_code == 0
    both = [stage.begin(stage.reap_words()) for _ in "12"]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    stage.assert_nothing_is_left()


@pytest.mark.prove
def test_two_runs_of_a_release_at_once_leave_one_machine(stage: Stage) -> None:
    other = "2025-11-08-ingest-9"
    stage.ask(other)
    both = [stage.begin(stage.launch_words(run_id)) for run_id in (RUN, other)]
    for process in both:
        process.communicate(timeout=120)
    assert sorted(process.returncode for process in both) == [0, 2]
    assert len(stage.live()) == 1
    assert len(stage.hub.runners) == 1


AWS_CALLS, GITHUB_CALLS = 8, 5
LAUNCH = 3
"""The calls of AWS before the one that makes the machine."""


@pytest.mark.prove
def test_a_launch_makes_as_many_calls_as_it_is_killed_at(stage: Stage) -> None:
    assert stage.call(stage.launch_words()).exit_code == 0
    assert (len(stage.amazon.calls), len(stage.hub.calls)) == (AWS_CALLS, GITHUB_CALLS)


@pytest.mark.prove
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("skip", range(AWS_CALLS))
def test_killed_at_any_call_of_aws_it_leaves_nothing(
    stage: Stage, skip: int, is_after: bool
) -> None:
    launch = launch_with(stage, signal.SIGKILL, Fault("*", skip=skip, after=is_after))
    assert launch.returncode == -signal.SIGKILL
    assert_one_pass_is_enough(stage)


@pytest.mark.prove
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("skip", range(GITHUB_CALLS))
def test_killed_at_any_call_of_github_it_leaves_nothing(
    stage: Stage, skip: int, is_after: bool
) -> None:
    fault = Fault("*", skip=skip, after=is_after)
    launch = launch_with(stage, signal.SIGKILL, fault, on_github=True)
    assert launch.returncode == -signal.SIGKILL
    assert_one_pass_is_enough(stage)


@pytest.mark.prove
@pytest.mark.parametrize("skip", range(LAUNCH, AWS_CALLS))
def test_cancelled_at_any_call_it_cleans_up_by_itself(stage: Stage, skip: int) -> None:
    """From the machine's launch on; what was asked for before has no machine yet."""
    fault = Fault("*", "InternalError", skip=skip, after=True)
    launch = launch_with(stage, signal.SIGINT, fault)
    assert launch.returncode == 130
    assert stage.live() == []
    assert_one_pass_is_enough(stage)


@pytest.mark.prove
@pytest.mark.parametrize(
    ("command", "skip"),
    [*(("reap", skip) for skip in range(4)), *(("terminate", skip) for skip in range(3))],
)
def test_a_reaper_follows_what_is_killed_while_it_ends_a_machine(
    stage: Stage, command: str, skip: int
) -> None:
    words = {"reap": stage.reap_words(), "terminate": stage.words("terminate", "--run", RUN)}
    assert stage.call(stage.launch_words()).exit_code == 0
    begun: list[Process] = []

    def kill() -> None:
        begun[0].kill()
        begun[0].wait(30)

    stage.amazon.faults.append(Fault("*", skip=skip, after=True, hook=kill))
    begun.append(stage.begin(words[command]))
    begun[0].communicate(timeout=120)
    assert begun[0].returncode == -signal.SIGKILL
    stage.amazon.faults.clear()
    assert_one_pass_is_enough(stage)


@pytest.mark.prove
def test_two_terminations_at_once_end_one_machine(stage: Stage) -> None:
    assert stage.call(stage.launch_words()).exit_code == 0
    both = [stage.begin(stage.words("terminate", "--run", RUN)) for _ in "12"]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    stage.assert_nothing_is_left()
