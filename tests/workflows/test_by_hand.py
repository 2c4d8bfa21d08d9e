"""What a person may say to the double with an empty repository; no workflow runs here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import FakeGithub

from bot.cli.demo_folder import DemoFolder
from workflows.by_hand import HELP, REPOSITORY, YOU, Play, shell_variables


@pytest.fixture
def game(tmp_path: Path) -> Iterator[Play]:
    with serving(FakeGithub(REPOSITORY)) as server:
        server.fake.user(YOU, "admin")
        yield Play(DemoFolder(tmp_path), server)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", HELP),
        ("merge", HELP),
        ("merge one", HELP),
        ("look out", HELP),
        ("merge 1", "There is no #1; there is none so far."),
        ("look", "you/census has no .github/workflows/cellxgene.yml; have it proposed, "),
        ("say 1 /status", "you/census has no .github/workflows/cellxgene.yml; have it proposed, "),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    game: Play, line: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert game.do(line)
    assert capsys.readouterr().out.startswith(sentence)
    assert game.fake.outbox == []


def test_only_an_open_pull_request_is_merged(
    game: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    people.propose(game.fake, YOU, "edit", {"a.txt": "a\n"})
    people.open_issue(game.fake, game.fake.user(YOU), "Two", "")
    assert game.do("merge 2")
    assert capsys.readouterr().out == "#2 is no open pull request.\n"
    assert game.do("merge 1")
    assert game.fake.files("main")["a.txt"] == "a\n"
    assert capsys.readouterr().out.splitlines() == [
        f"  #1, pull request: {game.fake.issues[1].title}",
        "  #2, issue: Two",
    ]
    assert game.do("merge 1")
    assert capsys.readouterr().out == "#1 is no open pull request.\n"


def test_another_bots_workflow_is_not_taken_for_ours(
    game: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "uses: lab/other/.github/workflows/bot.yml@main\n"
    people.propose(game.fake, YOU, "edit", {".github/workflows/cellxgene.yml": text})
    assert game.do("merge 1")
    assert "calls another bot than OWNER/cellxgene-ingestion-bot" in capsys.readouterr().out
    assert game.repo is None


def test_the_other_shell_gets_a_token_and_where_everything_is(game: Play) -> None:
    lines = shell_variables(game.fake, game.folder).splitlines()
    values = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    assert values["BOT_GITHUB"] == REPOSITORY
    assert values["BOT_GITHUB_API"] == game.fake.address
    assert values["BOT_GITHUB_TOKEN"] in game.fake.tokens
    assert values["LAMIN_SETTINGS_DIR"] == str(game.folder.home / "lamin")
    assert values["BOT_SCHEMA_DOCUMENT"].strip("'").endswith("{version}/schema.md")


def test_end_ends_it(game: Play) -> None:
    assert not game.do("end")
