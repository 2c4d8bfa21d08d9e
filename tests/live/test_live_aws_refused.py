"""Where `make live AWS=1` doesn't play, and that nothing was done there."""

import io
from collections.abc import Callable

import pytest
from launch.fake_aws import Fault

from live.__main__ import report
from live.maintained import RUNS, Maintained
from live.scratch import LiveError


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"LAUNCHER": "hosted"}, "LAUNCHER: AWS=1 plays on ec2 or sagemaker, and there it is host"),
        ({"LAUNCHER": ""}, "LAUNCHER: .* it is hosted"),
        ({"LAUNCHER": "codebuild"}, "LAUNCHER: .* it is codebuild"),
        ({"LAUNCHER": "sagemaker"}, r"table \[launch.sagemaker\] is missing"),
        ({"RUNS": ""}, "RUNS: AWS=1 wants an s3:// address, and there it is missing"),
        ({"RUNS": "kept"}, "RUNS: .* it is kept"),
        ({"RUNS": "s3://others/census"}, "LAUNCH_TOML: repository and runs are"),
        ({"LAUNCH_TOML": ""}, "LAUNCH_TOML: missing there"),
        ({"LAUNCH_TOML": "[launch]"}, "LAUNCH_TOML, .launch.: "),
        ({"BOT_INGEST_ON_MERGE": "true"}, "BOT_INGEST_ON_MERGE: must be false"),
    ],
)
def test_a_repository_that_it_cannot_play_in_is_refused(
    maintained: Maintained, variables: dict[str, str], problem: str
) -> None:
    maintained.server.fake.variables |= variables
    with pytest.raises(LiveError, match=problem) as refusal:
        report(maintained.play(), is_sure=True)
    assert "\n" not in str(refusal.value)
    assert [one for one in maintained.server.asked if not one.startswith("GET ")] == []
    assert maintained.site.amazon.calls == []


def test_a_launch_that_costs_more_than_the_budget_is_refused(maintained: Maintained) -> None:
    maintained.site.configure(runs=RUNS, budget=1)
    text = (maintained.site.root / "launch.toml").read_text()
    maintained.server.fake.variables["LAUNCH_TOML"] = text
    with pytest.raises(LiveError, match=r"and the budget is 1\.00"):
        report(maintained.play(), is_sure=True)


def test_a_token_that_may_not_end_runners_is_refused(
    maintained: Maintained, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintained.site.runner_api.refused = True
    with pytest.raises(LiveError, match="RUNNERS_TOKEN, else BOT_GITHUB_TOKEN: listing runners: "):
        report(maintained.play(), is_sure=True)
    assert maintained.site.amazon.calls == []


@pytest.mark.parametrize("action", ["DescribeInstances", "ListSecrets", "s3:GET"])
def test_credentials_that_may_not_look_are_refused(maintained: Maintained, action: str) -> None:
    denied = Fault(action, "AccessDenied", 403, times=99)
    maintained.site.amazon.faults.append(denied)
    with pytest.raises(
        LiveError, match=r"The AWS credentials of this machine can't look: "
    ) as told:
        report(maintained.play(), is_sure=True)
    assert "AccessDenied" in str(told.value)
    assert [one for one in maintained.server.asked if not one.startswith("GET ")] == []


def test_without_credentials_it_is_refused(
    maintained: Maintained, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    with pytest.raises(LiveError, match=r"can't look: .*Unable to locate credentials"):
        report(maintained.play(), is_sure=True)


def test_without_a_yes_nothing_is_done(
    maintained: Maintained, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert not report(maintained.play(), is_sure=False)
    assert "$" in said()
    assert [one for one in maintained.server.asked if not one.startswith("GET ")] == []
    assert set(maintained.site.amazon.actions()) <= {"ListSecrets", "DescribeInstances", "s3:GET"}
