"""A draft pull request with LaminDB's patch, in the repository that keeps its module."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub import faults
from hub.faults import Fault
from hub.server import Server, serving
from hub.state import Hub, Issue

from bot.adapters.github.client import connect
from bot.adapters.github.repository import GithubUpstream
from bot.cli.context import installed_lamindb_module
from bot.comments.pull_requests import patch_body
from bot.model.effects import Draft
from bot.schema.patch import PATH
from flows.github_town import AT_ONCE, GithubTown
from flows.test_injection import NASTY, is_inert
from flows.test_on_github import empty_town as _empty_town
from flows.test_rules import has_schema_8

empty_town = _empty_town
HEAD = "cellxgene-schema-8.0.0"
GRANTED = {"contents": "write", "pull_requests": "write"}


@pytest.fixture
def lamindb() -> Iterator[Server]:
    """LaminDB's repository; its module is the installed one."""
    file = installed_lamindb_module()
    assert file is not None
    with serving(Hub("laminlabs/lamindb")) as server:
        hub = server.hub
        files = {PATH: Path(file).read_text(), "LICENSE": "Apache"}
        hub.branches["main"] = hub.commit(files, "Long ago", hub.branches["main"])
        yield server
        assert server.broken == []
        assert [fault.path for fault in server.faults if fault.times] == []


@pytest.fixture
def town(town: GithubTown, lamindb: Server) -> GithubTown:
    """The bot has a token for LaminDB's repository, and a release with another schema is out."""
    trusted(town, lamindb, GRANTED)
    has_schema_8(town)
    return town


def trusted(town: GithubTown, lamindb: Server, granted: dict[str, str]) -> None:
    token = lamindb.hub.token(granted, login="lamin-patches[bot]")
    repo = connect("laminlabs/lamindb", token, lamindb.hub.address, AT_ONCE)
    town.house = replace(town.house, upstream=GithubUpstream(repo, AT_ONCE))


def pulls(lamindb: Server) -> list[Issue]:
    return list(lamindb.hub.issues.values())


def test_the_patch_is_proposed_as_a_draft_and_linked(town: GithubTown, lamindb: Server) -> None:
    assert town.the_clock_strikes() == "New: 2026-08-01."
    (pull,) = pulls(lamindb)
    assert pull.title == "Fit the CELLxGENE module to dataset schema 8.0.0"
    assert pull.pull is not None
    assert (pull.pull.draft, pull.pull.base, pull.pull.head) == (True, "main", HEAD)
    hub = lamindb.hub
    assert hub.changed(hub.branches["main"], hub.branches[HEAD]) == {PATH: "modified"}
    is_inert(f"{pull.body}\n\n<!-- cellxgene-ingestion-bot: reply 1 -->")
    link = f"{hub.address}/laminlabs/lamindb/pull/1"
    told = town.heard()
    assert f"The patch of LaminDB's code is a draft pull request: {link}" in told
    assert "`lamindb.patch` in the proposal mends this" in told


def test_looked_at_again_nothing_is_proposed(town: GithubTown, lamindb: Server) -> None:
    town.the_clock_strikes()
    town.heard()
    asked = len(lamindb.asked)
    assert town.the_clock_strikes() == "Nothing new."
    assert len(lamindb.asked) == asked


@pytest.mark.parametrize("fault", [faults.lost_answer, faults.unavailable])
def test_a_github_that_fails_doubles_nothing(
    town: GithubTown, lamindb: Server, fault: Callable[[str, str], Fault]
) -> None:
    for path in ("/git/trees$", "/git/commits$", "/git/refs$", "/pulls$"):
        lamindb.faults.append(fault("POST", path))
    town.the_clock_strikes()
    assert len(pulls(lamindb)) == 1
    assert "is a draft pull request" in town.heard()


def test_killed_before_the_thread_the_next_look_finds_the_draft(
    town: GithubTown, lamindb: Server
) -> None:
    town.the_clock_strikes()
    town.hub.issues.popitem()  # The thread; the look after knows of none.
    town.the_clock_strikes()
    assert len(pulls(lamindb)) == 1
    assert "is a draft pull request" in town.heard()


def test_what_a_person_closed_stays_closed(town: GithubTown, lamindb: Server) -> None:
    town.the_clock_strikes()
    town.hub.issues.popitem()
    pulls(lamindb)[0].state = "closed"
    del lamindb.hub.branches[HEAD]
    town.the_clock_strikes()
    assert len(pulls(lamindb)) == 1
    assert "was proposed and closed before; I leave it so" in town.heard()


def test_what_others_did_there_meanwhile_is_kept(town: GithubTown, lamindb: Server) -> None:
    """The branch starts at the commit whose file was patched."""
    assert town.house.upstream is not None
    source = town.house.upstream.source()
    hub = lamindb.hub
    hub.branches["main"] = hub.commit({PATH: "# rebuilt\n"}, "Rebuild", hub.branches["main"])
    draft = Draft("7.0.0", "8.0.0", source.base, "# patched\n", (), ())
    town.house.upstream.propose(draft)
    assert hub.commits[hub.branches[HEAD]].parents == (source.base,)
    town.heard()


def test_a_module_that_doesnt_fit_is_told_and_announced(town: GithubTown, lamindb: Server) -> None:
    hub = lamindb.hub
    hub.branches["main"] = hub.commit({PATH: "x = 1\n"}, "Rebuild", hub.branches["main"])
    assert town.the_clock_strikes() == "New: 2026-08-01."
    assert pulls(lamindb) == []
    assert "- LaminDB's code can't be compared or patched: " in town.heard()


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
    town: GithubTown, lamindb: Server, granted: dict[str, str], told: str
) -> None:
    trusted(town, lamindb, granted)
    assert town.the_clock_strikes() == "New: 2026-08-01."
    assert pulls(lamindb) == []
    assert told in town.heard()


def test_without_a_token_nothing_is_proposed(town: GithubTown, lamindb: Server) -> None:
    town.set(patch_repository="laminlabs/lamindb")
    assert town.house.upstream is None
    town.the_clock_strikes()
    assert lamindb.asked == []
    assert "draft pull request" not in town.heard()


def test_what_the_document_says_is_text_there_too() -> None:
    nasty = tuple(NASTY)
    draft = Draft("7.0.0", "8.0.0", "", "", nasty * 10, nasty)
    is_inert(f"{patch_body(draft)}\n\n<!-- cellxgene-ingestion-bot: reply 1 -->")
