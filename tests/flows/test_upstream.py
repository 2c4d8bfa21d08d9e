"""A draft pull request with LaminDB's patch, in the repository that keeps its module."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_github import faults, shapes
from fake_github.faults import Fault
from fake_github.server import Server, serving
from fake_github.state import FakeGithub, Issue

from bot.adapters.github.client import connect
from bot.adapters.github.threads import GithubThreads
from bot.adapters.github.upstream import GithubUpstream
from bot.cli.context import installed_lamindb_module
from bot.comments.pull_requests import patch_body
from bot.model.effects import Draft
from bot.schema.patch import PATH
from flows.github_scenario import AT_ONCE, GithubScenario
from flows.test_injection import NASTY, is_inert
from flows.test_on_github import empty_scenario as _empty_scenario
from flows.test_rules import has_schema_8

empty_scenario = _empty_scenario
HEAD = "cellxgene-schema-8.0.0"
GRANTED = {"contents": "write", "pull_requests": "write"}


@pytest.fixture
def lamindb() -> Iterator[Server]:
    """LaminDB's repository; its module is the installed one."""
    file = installed_lamindb_module()
    assert file is not None
    with serving(FakeGithub("laminlabs/lamindb")) as server:
        fake = server.fake
        files = {PATH: Path(file).read_text(), "LICENSE": "Apache"}
        fake.branches["main"] = fake.commit(files, "Long ago", fake.branches["main"])
        yield server
        assert server.broken == []
        assert [fault.path for fault in server.faults if fault.times] == []


@pytest.fixture
def scenario(scenario: GithubScenario, lamindb: Server) -> GithubScenario:
    """The bot has a token for LaminDB's repository, and a release with another schema is out."""
    trusted(scenario, lamindb, GRANTED)
    has_schema_8(scenario)
    return scenario


def trusted(scenario: GithubScenario, lamindb: Server, granted: dict[str, str]) -> None:
    token = lamindb.fake.token(granted, login="lamin-patches[bot]")
    repo = connect("laminlabs/lamindb", token, lamindb.fake.address, AT_ONCE)
    scenario.adapters = replace(scenario.adapters, upstream=GithubUpstream(repo, AT_ONCE))


def pulls(lamindb: Server) -> list[Issue]:
    return list(lamindb.fake.issues.values())


def test_the_patch_is_proposed_as_a_draft_and_linked(
    scenario: GithubScenario, lamindb: Server
) -> None:
    assert scenario.the_clock_strikes() == "New: 2026-08-01."
    (pull,) = pulls(lamindb)
    # 8.0.0 asks for no edit that 7.0.0 doesn't ask for.
    assert pull.title == "Fit the CELLxGENE module to dataset schema 7.0.0"
    assert pull.pull is not None
    assert (pull.pull.draft, pull.pull.base, pull.pull.head) == (True, "main", HEAD)
    fake = lamindb.fake
    assert fake.changed(fake.branches["main"], fake.branches[HEAD]) == {PATH: "modified"}
    is_inert(f"{pull.body}\n\n<!-- cellxgene-ingestion-bot: reply 1 -->")
    link = f"{fake.address}/laminlabs/lamindb/pull/1"
    proposal = f"{scenario.fake.address}/{scenario.fake.full_name}/pull/3"
    assert pull.body.endswith(f"Asked for by the release in {proposal}")
    told = scenario.heard()
    assert f"The patch of LaminDB's code is a draft pull request: {link}" in told
    assert "`lamindb.patch` in the proposal, once applied, mends this" in told


def test_a_draft_for_everybody_names_no_private_repository(
    scenario: GithubScenario, lamindb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = shapes.repository
    monkeypatch.setattr(shapes, "repository", lambda fake: {**public(fake), "private": True})
    scenario.adapters = replace(scenario.adapters, threads=_anew(scenario))
    scenario.the_clock_strikes()
    (pull,) = pulls(lamindb)
    assert "Asked for by" not in pull.body
    assert scenario.fake.full_name not in pull.body
    scenario.heard()


def _anew(scenario: GithubScenario) -> GithubThreads:
    """The threads of a repository that nothing is known of yet."""
    told = scenario.settings
    repo = connect(str(told.github), str(told.github_token), told.github_api, AT_ONCE)
    return GithubThreads(repo, told.bot, AT_ONCE)


def test_looked_at_again_nothing_is_proposed(scenario: GithubScenario, lamindb: Server) -> None:
    scenario.the_clock_strikes()
    scenario.heard()
    asked = len(lamindb.asked)
    assert scenario.the_clock_strikes() == "Nothing new."
    assert len(lamindb.asked) == asked


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.unavailable])
def test_a_github_that_fails_doubles_nothing(
    scenario: GithubScenario, lamindb: Server, fault: Callable[[str, str], Fault]
) -> None:
    for path in ("/git/trees$", "/git/commits$", "/git/refs$", "/pulls$"):
        lamindb.faults.append(fault("POST", path))
    scenario.the_clock_strikes()
    assert len(pulls(lamindb)) == 1
    assert "is a draft pull request" in scenario.heard()


def test_killed_before_the_thread_the_next_look_finds_the_draft(
    scenario: GithubScenario, lamindb: Server
) -> None:
    scenario.the_clock_strikes()
    scenario.fake.issues.popitem()  # The thread; the look after knows of none.
    scenario.the_clock_strikes()
    assert len(pulls(lamindb)) == 1
    assert "is a draft pull request" in scenario.heard()


def test_what_a_person_closed_stays_closed(scenario: GithubScenario, lamindb: Server) -> None:
    scenario.the_clock_strikes()
    scenario.fake.issues.popitem()
    pulls(lamindb)[0].state = "closed"
    del lamindb.fake.branches[HEAD]
    scenario.the_clock_strikes()
    assert len(pulls(lamindb)) == 1
    assert "was proposed and closed before; I leave it so" in scenario.heard()


def test_what_others_did_there_meanwhile_is_kept(scenario: GithubScenario, lamindb: Server) -> None:
    """The branch starts at the commit whose file was patched."""
    assert scenario.adapters.upstream is not None
    source = scenario.adapters.upstream.source()
    fake = lamindb.fake
    fake.branches["main"] = fake.commit({PATH: "# rebuilt\n"}, "Rebuild", fake.branches["main"])
    draft = Draft("7.0.0", "8.0.0", source.base, "# patched\n", (), ())
    scenario.adapters.upstream.propose(draft)
    assert fake.commits[fake.branches[HEAD]].parents == (source.base,)
    scenario.heard()


def test_a_module_that_doesnt_fit_is_told_and_announced(
    scenario: GithubScenario, lamindb: Server
) -> None:
    fake = lamindb.fake
    fake.branches["main"] = fake.commit({PATH: "x = 1\n"}, "Rebuild", fake.branches["main"])
    assert scenario.the_clock_strikes() == "New: 2026-08-01."
    assert pulls(lamindb) == []
    assert "- LaminDB's code can't be compared or patched: " in scenario.heard()


@pytest.mark.parametrize(
    ("granted", "told"),
    [
        ({}, "- LaminDB's code can't be compared or patched: GitHub forbids this to the token"),
        (
            {"contents": "read"},
            "The patch of LaminDB's code couldn't be proposed: GitHub forbids this to the token",
        ),
        (
            {"contents": "write"},
            "The patch of LaminDB's code couldn't be proposed: GitHub forbids this to the token",
        ),
    ],
)
def test_a_token_that_may_not_keeps_no_release_back(
    scenario: GithubScenario, lamindb: Server, granted: dict[str, str], told: str
) -> None:
    trusted(scenario, lamindb, granted)
    assert scenario.the_clock_strikes() == "New: 2026-08-01."
    assert pulls(lamindb) == []
    assert told in scenario.heard()


def test_without_a_token_nothing_is_proposed(scenario: GithubScenario, lamindb: Server) -> None:
    scenario.set(patch_repository="laminlabs/lamindb")
    assert scenario.adapters.upstream is None
    scenario.the_clock_strikes()
    assert lamindb.asked == []
    assert "draft pull request" not in scenario.heard()


def test_what_the_document_says_is_text_there_too() -> None:
    nasty = tuple(NASTY)
    draft = Draft("7.0.0", "8.0.0", "", "", nasty * 10, nasty)
    is_inert(f"{patch_body(draft)}\n\n<!-- cellxgene-ingestion-bot: reply 1 -->")
