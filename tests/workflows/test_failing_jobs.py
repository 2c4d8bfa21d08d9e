"""Jobs that fail, by the workflow files: each is told in the thread, with the way to its log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import ACTIONS, FakeGithub, Issue

from bot.model.markers import DASHBOARD, Marker, MarkerKind, sign
from workflows.act import ROOT, ActRepository
from workflows.environments import Environment

pytestmark = pytest.mark.prove
RELEASE = "2026-02-01"
MANIFEST = f"""\
release = "{RELEASE}"
census_schema_version = "2.4.0"
dataset_schema_version = "7.0.0"
dataset_count = 12

[storage]
soma = "/nowhere/soma"
h5ads = "/nowhere/h5ads"
"""


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[ActRepository]:
    environment = {"BOT_GITHUB_PACE": "0", "BOT_STORAGE": "/nowhere", "PATIENCE_SECONDS": "1"}
    with serving(FakeGithub()) as server:
        server.fake.user("maintainer", "maintain")
        yield ActRepository(tmp_path, server, {"BOT_INSTANCE": "owner/name"}, environment)
        assert server.broken == []


@pytest.fixture
def thread(repo: ActRepository) -> Issue:
    """The release was announced and merged long ago."""
    fake = repo.fake
    files: dict[str, str | None] = {f"runners/releases/{RELEASE}.toml": MANIFEST}
    rules = ROOT / "runners/rules/7.0.0.json"
    files["runners/rules/7.0.0.json"] = rules.read_text()
    fake.branches["main"] = fake.commit(files, "Long ago", fake.branches["main"])
    body = sign("It is there.", Marker(MarkerKind.RELEASE, RELEASE))
    return people.open_issue(fake, fake.user(ACTIONS), "Release", body)


def told(thread: Issue) -> str:
    return "\n\n".join(said.body for said in thread.comments if said.user.login == ACTIONS)


def log_of_newest(repo: ActRepository) -> str:
    """The end of a link to the log of the newest workflow run."""
    return f"/actions/runs/{max(repo.fake.runs)})"


def test_a_mistyped_variable_is_told_to_whoever_asked(repo: ActRepository, thread: Issue) -> None:
    repo.variables = {**repo.variables, "BOT_MINIMUM_ROLES": "ingest=king"}
    people.comment(repo.fake, "maintainer", thread.number, "/ingest")
    assert repo.deliver() == ["commands.yml failure"], repo.told()
    said = told(thread)
    assert said.count("⚠️ **Not answered:**") == 1
    assert "'king' is not a role" in said
    assert f"/actions/runs/{next(iter(repo.fake.runs))}) has it all" in said


def test_a_smoke_test_that_fails_is_told_as_one(repo: ActRepository, thread: Issue) -> None:
    people.comment(repo.fake, "maintainer", thread.number, "/ingest")
    assert repo.deliver() == ["commands.yml success", "ingest.yml failure"], repo.told()
    said = told(thread)
    assert (
        "didn't begin: its smoke test failed\n\n**Next:** nothing was written. [Its log](" in said
    )
    assert thread.labels == ["manifest merged"]


def test_a_plan_that_fails_is_told_though_saying_it_fails_as_well(
    repo: ActRepository, thread: Issue
) -> None:
    """Neither job can read its settings: the last step of `say` needs none."""
    people.comment(repo.fake, "maintainer", thread.number, "/verify")
    assert repo.deliver_to("commands.yml") == ["commands.yml success"], repo.told()
    repo.variables = {**repo.variables, "BOT_MINIMUM_ROLES": "ingest=king"}
    assert repo.deliver() == ["verify.yml failure"], repo.told()
    said = told(thread)
    assert "'king' is not a role" in said
    assert log_of_newest(repo) in said


def test_a_machine_that_cant_be_launched_is_told(repo: ActRepository, thread: Issue) -> None:
    repo.variables = {**repo.variables, "LAUNCHER": "ec2"}
    people.comment(repo.fake, "maintainer", thread.number, "/verify")
    assert repo.deliver() == ["commands.yml success", "verify.yml failure"], repo.told()
    said = told(thread)
    assert "didn't begin: the launch of its machine failed" in said
    # Nor could it be ended, which is another job's matter.
    assert said.count("⚠️ **A machine may still run, and cost:** the job *Terminate*") == 1
    assert said.count(log_of_newest(repo)) == 2
    log = repo.logs[-1].read_text()
    assert "Launch" in log
    assert "Terminate" in log
    assert thread.labels == ["manifest merged"]


@pytest.mark.parametrize("launcher", ["hosted", "codebuild"])
def test_work_that_fails_is_told_and_nothing_is_invented(
    repo: ActRepository, thread: Issue, launcher: str
) -> None:
    """On a runner that GitHub or CodeBuild takes away: no job launches one, and none ends it."""
    stack = '{"project": "ingestion", "region": "us-west-2"}'
    repo.variables = {**repo.variables, "LAUNCHER": launcher, "CODEBUILD": stack}
    people.comment(repo.fake, "maintainer", thread.number, "/verify")
    assert repo.deliver() == ["commands.yml success", "verify.yml failure"], repo.told()
    said = told(thread)
    assert "ended without a report" in said
    assert "being written" not in said  # a verification only reads
    assert log_of_newest(repo) in said
    assert "Done:" not in said
    assert thread.labels == ["verification incomplete"]
    log = repo.logs[-1].read_text()
    assert "Register and verify" in log
    assert "Launch" not in log
    assert "Terminate" not in log


def test_a_runner_that_nobody_would_make_is_not_waited_for(
    repo: ActRepository, thread: Issue
) -> None:
    repo.variables = {**repo.variables, "LAUNCHER": "codebuild"}
    people.comment(repo.fake, "maintainer", thread.number, "/verify")
    assert repo.deliver() == ["commands.yml failure"], repo.told()
    assert "field codebuild: missing, and without it a job would wait for a runner" in told(thread)


def test_a_look_that_fails_counts_and_the_next_one_is_as_ever(repo: ActRepository) -> None:
    repo.environment = {**repo.environment, "BOT_RELEASE_PAGE": "/nowhere/page.html"}
    assert repo.strikes("detect.yml") == "detect.yml failure", repo.told()
    assert "/nowhere/page.html" in repo.told()
    assert not any(issue.pull for issue in repo.fake.issues.values())


def dashboard(repo: ActRepository) -> Issue:
    body = sign("All is well.", DASHBOARD)
    return people.open_issue(repo.fake, repo.fake.user(ACTIONS), "Dashboard", body, ("dashboard",))


def test_a_look_whose_settings_are_mistyped_is_told_in_the_dashboard(repo: ActRepository) -> None:
    board = dashboard(repo)
    repo.variables = {**repo.variables, "BOT_MINIMUM_ROLES": "ingest=king"}
    for _ in range(2):
        assert repo.strikes("detect.yml") == "detect.yml failure", repo.told()
    said = told(board)
    assert said.count("⚠️ **Not looked:**") == 1
    assert f"/actions/runs/{min(repo.fake.runs)}) has it all" in said


def test_a_checkout_that_fails_is_told_to_whoever_asked(repo: ActRepository, thread: Issue) -> None:
    repo.environment = {**repo.environment, "CHECKOUT": "/nowhere"}
    people.comment(repo.fake, "maintainer", thread.number, "/ingest")
    assert repo.deliver() == ["commands.yml failure"], repo.told()
    said = told(thread)
    assert said.count("⚠️ **Not answered:** my job couldn't begin, or couldn't fetch my own") == 1
    assert log_of_newest(repo) in said


def test_what_the_bots_environment_refuses_is_told(repo: ActRepository, thread: Issue) -> None:
    """It is limited to what was the default branch once: no job of the bot's own begins."""
    repo.variables = {**repo.variables, "BOT_ENVIRONMENT": "bot"}
    repo.environments = {"bot": Environment(branches=frozenset({"master"}))}
    people.comment(repo.fake, "maintainer", thread.number, "/ingest")
    assert repo.deliver() == ["commands.yml failure"], repo.told()
    assert told(thread).count("⚠️ **Not answered:** my job couldn't begin, or couldn't fetch") == 1
    board = dashboard(repo)
    for _ in range(2):
        assert repo.strikes("detect.yml") == "detect.yml failure", repo.told()
    assert told(board).count("⚠️ **Not looked:** the job that looks for releases couldn't") == 1
