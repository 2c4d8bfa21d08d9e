"""A failure accepted by what the bot's result says, as the manifest's readers take it."""

from pathlib import Path

import pytest
from fake_github import people
from fake_github.state import ACTIONS, Comment, FakeGithub

from bot.errors import BotError
from runners.contract import Manifest
from workflows.acceptance import accepted

RESULT = Path(__file__).parents[1] / "bot/comments/expected/3_failed.md"
PATH = "runners/releases/2026-02-01.toml"
MANIFEST = """release = "2026-02-01"
census_schema_version = "2.4.0"
dataset_schema_version = "7.1.0"
dataset_count = 12

[storage]
soma = "s3://census/soma/"
h5ads = "s3://census/h5ads/"
"""


def comments(*said: tuple[str, str]) -> list[Comment]:
    fake = FakeGithub()
    people.open_issue(fake, fake.user("x"), "Census", "")
    return [people.add_comment(fake, fake.user(login), 1, body) for login, body in said]


def test_the_manifest_then_accepts_each_with_why() -> None:
    found = comments((ACTIONS, RESULT.read_text()), (ACTIONS, "Nothing is running."))
    told = accepted(found, {PATH: MANIFEST}, 'CZI says: "soon" \\o/')
    assert list(told) == [PATH]
    assert told[PATH].startswith(MANIFEST)
    taken = Manifest.from_named(told[PATH], path=PATH).accepted
    assert [one.dataset_id[:8] for one in taken] == ["00000000", "00000001", "00000002"]
    assert {one.because for one in taken} == {'CZI says: "soon" \\o/'}
    with pytest.raises(BotError, match=f"{PATH} accepts 00000000-.* already"):
        accepted(found, told, "again")


def test_only_the_bot_says_what_failed() -> None:
    with pytest.raises(BotError, match="No result there says how to accept a failure"):
        accepted(comments(("you", RESULT.read_text())), {PATH: MANIFEST}, "why")


def test_a_manifest_that_was_not_merged_accepts_nothing() -> None:
    with pytest.raises(BotError, match=f"{PATH} isn't on the default branch"):
        accepted(comments((ACTIONS, RESULT.read_text())), {}, "why")
