"""What a person may say to the double with an empty repository; no workflow runs here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_github import people
from fake_github.server import serving
from fake_github.state import ACTIONS

from bot.adapters.github.set_up import look
from bot.cli.demo_folder import DemoFolder
from bot.doctor.secrets import environments
from bot.model.set_up import RepositorySetUp
from runners.contract import Health
from workflows.by_hand import HELP, REPOSITORY, YOU, Play, prepared, shell_variables
from workflows.test_acceptance import MANIFEST, PATH, RESULT


@pytest.fixture
def game(tmp_path: Path) -> Iterator[Play]:
    folder = DemoFolder(tmp_path)
    with serving(prepared(folder)) as server:
        yield Play(folder, server)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", HELP),
        ("merge", HELP),
        ("merge one", HELP),
        ("look out", HELP),
        ("accept 1", HELP),
        ("accept 1 because", HELP),
        ("accept 1 as it must", HELP),
        ("accept 1 because it must", "There is no #1; there is none so far."),
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
        "  #1, pull request, merged: Proposal",
        "  #2, issue: Two",
    ]
    assert game.do("merge 1")
    assert capsys.readouterr().out == "#1 is no open pull request.\n"


def test_what_a_result_says_is_proposed_with_why(
    game: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    people.push(game.fake, YOU, {PATH: MANIFEST})
    people.open_issue(game.fake, game.fake.user(ACTIONS), "Census", "")
    people.add_comment(game.fake, game.fake.user(ACTIONS), 1, RESULT.read_text())
    assert game.do("accept 1 because they are mended soon\n")
    assert "#2, pull request: Accept what failed in #1\n" in capsys.readouterr().out
    assert game.fake.files("main")[PATH] == MANIFEST
    assert game.do("merge 2")
    assert game.fake.files("main")[PATH].count('because = "they are mended soon"') == 3


def test_each_comment_is_shown_once_and_again_when_edited(
    game: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    bot = game.fake.user(ACTIONS)
    one = people.open_issue(game.fake, bot, "One", "")
    people.propose(game.fake, YOU, "edit", {"a.txt": "a\n"}, title="Two")
    first = people.add_comment(game.fake, bot, 1, "Nothing is running.\n\nAt ten.")

    def shown() -> list[str]:
        game._deliver()
        return capsys.readouterr().out.splitlines()

    said = "  #1, the bot: Nothing is running."
    assert shown() == ["  #1, issue: One", said, "  #2, pull request: Two"]
    assert shown() == []
    people.add_comment(game.fake, bot, 1, first.body)
    assert shown() == [said]
    first.body += " At eleven."
    one.labels.append("running")
    edited = "  #1, the bot, edited: Nothing is running."
    assert shown() == ["  #1, issue, running: One", edited]


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


def test_doctor_misses_no_environment_and_no_secret(game: Play) -> None:
    values = shell_variables(game.fake, game.folder).splitlines()
    (line,) = (one for one in values if "BOT_GITHUB_TOKEN" in one)
    found = look(REPOSITORY, line.partition("=")[2], game.fake.address)
    assert isinstance(found, RepositorySetUp)
    lines = list(environments(found, found.variables))
    assert len(lines) == 3
    assert {line.health for line in lines} == {Health.OK}


def test_end_ends_it(game: Play) -> None:
    assert not game.do("end")
