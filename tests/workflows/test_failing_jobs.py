"""Jobs that fail, by the workflow files: each is told in the thread, with the way to its log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import ACTIONS, FakeGithub, Issue

from bot.model.markers import Marker, MarkerKind, sign
from workflows.act import ROOT, ActRepository

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
    assert thread.labels == ["verification incomplete"]
