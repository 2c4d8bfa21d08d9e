"""GitHub's runner API as it answers on bad days. Waiting is noted, not done."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from launch.fake_aws import Fault
from launch.fake_runner_api import TOKEN, FakeRunnerApi, fake_runner_api
from launch.site import table
from runners.contract.launch_toml import Configuration
from runners.launch.fleet import Fleet
from runners.launch.github import GitHub
from runners.launch.ports import LaunchError, NameTakenError


@pytest.fixture
def github() -> Iterator[FakeRunnerApi]:
    with fake_runner_api() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    return []


def client(
    github: FakeRunnerApi, pauses: list[float], organisation: bool = False, **changes: Any
) -> GitHub:
    configuration = Configuration.from_mapping(
        table(organisation=organisation, **changes), source="test"
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    line = httpx.Client(base_url=github.address, headers=headers, timeout=30)
    return GitHub(configuration, line, pauses.append)


def name(number: int) -> str:
    configuration = Configuration.from_mapping(table(), source="test")
    return Fleet.of(configuration).runner_name(f"i-{number:04}")


@pytest.mark.parametrize("organisation", [False, True])
def test_all_pages_are_read_and_strangers_left_out(
    github: FakeRunnerApi, pauses: list[float], organisation: bool
) -> None:
    mine = [name(number) for number in range(120)]
    for dataset in [*mine, "theirs"]:
        github.register({"name": dataset, "runner_group_id": 1, "labels": ["x"]})
    runners = client(github, pauses, organisation).runners()
    assert [runner.name for runner in runners] == mine


@pytest.mark.parametrize("status", [500, 502, 503])
def test_what_passes_is_waited_out(github: FakeRunnerApi, pauses: list[float], status: int) -> None:
    github.faults.append(Fault("list", status=status, times=3))
    assert client(github, pauses).runners() == ()
    assert pauses == [1, 2, 4]


SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."
"""https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""


def limit(seconds: int) -> dict[str, str]:
    """The headers of a primary limit, which ends in so many seconds."""
    return {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + seconds)}


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "pause"),
    [({}, 60), ({"retry-after": "7"}, 7), ({"retry-after": "7", **limit(50)}, 7), (limit(0), 1)],
)
def test_a_limit_of_the_rate_is_waited_out(
    github: FakeRunnerApi,
    pauses: list[float],
    status: int,
    headers: dict[str, str],
    pause: float,
) -> None:
    github.faults.append(Fault("list", SECONDARY, status, headers=headers, times=2))
    assert client(github, pauses).runners() == ()
    assert pauses == [pause, pause]


def test_the_end_of_a_limit_is_waited_for(github: FakeRunnerApi, pauses: list[float]) -> None:
    github.faults += [Fault("register", status=403, headers=limit(100))]
    client(github, pauses).register(name(1))
    assert [pause for pause in pauses if pause] == [pytest.approx(101, abs=5), 1]
    assert github.names() == [name(1)]


@pytest.mark.parametrize("action", ["list", "register"])
def test_a_limit_that_lasts_is_no_fault_of_the_token(
    github: FakeRunnerApi, pauses: list[float], action: str
) -> None:
    github.faults.append(Fault(action, status=403, headers=limit(3570), times=99))
    asking = client(github, pauses)
    with pytest.raises(LaunchError) as told:
        asking.runners() if action == "list" else asking.register(name(1))
    assert "GitHub takes no more requests for 60 minutes (403); try again then." in str(told.value)
    assert [pause for pause in pauses if pause] == []


def test_what_does_not_pass_is_said(github: FakeRunnerApi, pauses: list[float]) -> None:
    github.faults.append(Fault("list", status=502, times=99))
    with pytest.raises(LaunchError, match=r"listing runners: GitHub does not answer \(502\)"):
        client(github, pauses).runners()


def test_a_taken_name_is_no_fault(github: FakeRunnerApi, pauses: list[float]) -> None:
    client(github, pauses).register(name(1))
    with pytest.raises(NameTakenError):
        client(github, pauses).register(name(1))
    assert pauses == [0, 0]


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_lost_registration_is_never_asked_for_blindly(
    github: FakeRunnerApi, pauses: list[float], is_after: bool
) -> None:
    github.faults.append(Fault("register", status=502, after=is_after, times=2))
    secret = client(github, pauses).register(name(1))
    assert secret == github.secrets[-1]
    assert github.names() == [name(1)]
    asked = "register list remove" if is_after else "register list"
    assert " ".join(github.calls) == f"{asked} {asked} register"


@pytest.mark.parametrize("looks", [1, 2])
def test_a_lost_registration_that_is_listed_late_is_ones_own(
    github: FakeRunnerApi, pauses: list[float], looks: int
) -> None:
    """Else nobody would hand over a runner that waits for its machine."""
    github.unlisted_looks = looks
    github.faults.append(Fault("register", status=502, after=True))
    secret = client(github, pauses).register(name(1))
    assert (secret, github.names()) == (github.secrets[-1], [name(1)])
    assert github.calls[-2:] == ["remove", "register"]


def test_a_name_that_was_taken_before_a_limit_is_not_ones_own(
    github: FakeRunnerApi, pauses: list[float]
) -> None:
    """A request that GitHub took no notice of has registered nothing."""
    client(github, pauses).register(name(1))
    github.unlisted_looks = 1
    github.faults.append(Fault("register", status=429, headers={"retry-after": "1"}))
    with pytest.raises(NameTakenError):
        client(github, pauses).register(name(1))
    assert github.names() == [name(1)]


def test_the_newest_runner_is_taken_unless_one_is_pinned(
    github: FakeRunnerApi, pauses: list[float]
) -> None:
    newest = client(github, pauses).application()
    assert newest.address == github.application["download_url"]
    assert newest.sha256 == github.application["sha256_checksum"]
    pin = {"version": "2.1.0", "sha256": "a" * 64}
    pinned = client(github, pauses, ec2__runner=pin).application()
    assert pinned.address.endswith("/v2.1.0/actions-runner-linux-x64-2.1.0.tar.gz")
    assert pinned.sha256 == "a" * 64


def test_a_runner_without_a_checksum_is_not_taken(
    github: FakeRunnerApi, pauses: list[float]
) -> None:
    del github.application["sha256_checksum"]
    with pytest.raises(LaunchError, match=r"pin one as \[launch.ec2.runner\]"):
        client(github, pauses).application()


def test_removing_a_runner_that_is_gone_is_done(github: FakeRunnerApi, pauses: list[float]) -> None:
    github.faults.append(Fault("remove", status=502, after=True))
    client(github, pauses).register(name(1))
    assert client(github, pauses).remove(1)
    assert client(github, pauses).remove(1)
    client(github, pauses).register(name(2))
    github.named(name(2))["busy"] = True
    assert not client(github, pauses).remove(2)


def test_a_refusal_names_the_right_and_not_the_token(
    github: FakeRunnerApi, pauses: list[float]
) -> None:
    github.refused = True
    with pytest.raises(LaunchError) as refusal:
        client(github, pauses).remove(1)
    assert "RUNNERS_TOKEN must be a token" in str(refusal.value)
    assert TOKEN not in str(refusal.value)
    assert pauses == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (301, "GitHub has moved it (301); correct repository in [launch]."),
        (401, "GitHub refuses (401); RUNNERS_TOKEN must be a token"),
        (404, "GitHub knows no laminlabs/census-bot that RUNNERS_TOKEN may administer (404); corr"),
        (422, "GitHub refuses (422: the double was told to); correct [launch], or try again."),
    ],
)
@pytest.mark.parametrize("action", ["list", "register", "downloads"])
def test_what_is_refused_is_mended_where_it_is_wrong(
    github: FakeRunnerApi, pauses: list[float], action: str, status: int, said: str
) -> None:
    github.faults.append(Fault(action, status=status))
    asking = client(github, pauses)
    calls: dict[str, Callable[[], object]] = {
        "list": asking.runners,
        "register": lambda: asking.register(name(1)),
        "downloads": asking.application,
    }
    with pytest.raises(LaunchError) as refusal:
        calls[action]()
    assert f": {said}" in str(refusal.value)
    assert "rights" not in str(refusal.value) or status in (401, 404)


@pytest.mark.parametrize("status", [404, 409])
def test_a_workflow_run_that_is_gone_needs_no_cancelling(
    github: FakeRunnerApi, pauses: list[float], status: int
) -> None:
    """It was deleted, or it has ended."""
    github.faults.append(Fault("cancel", status=status))
    client(github, pauses).cancel(5)
    assert github.calls == ["cancel"]
