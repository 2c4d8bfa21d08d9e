"""What the bot takes for an event, from payloads that GitHub's own schemas have passed."""

from datetime import UTC, datetime

import pytest
from fake_github import people
from fake_github.state import Delivery, FakeGithub

from bot.errors import BotError
from bot.gather.events import events_of
from bot.model.events import CommentCreated, ManifestMerged

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeGithub:
    fake = FakeGithub(now=lambda: NOON)
    people.open_issue(fake, fake.user("maintainer"), "One", "")
    return fake


def taken(fake: FakeGithub) -> Delivery:
    return fake.outbox.pop()


def test_a_comment_says_who_where_and_what(fake: FakeGithub) -> None:
    people.comment(fake, "maintainer", 1, "/ingest\r\nplease")
    told = taken(fake)
    assert events_of(told.name, told.payload) == (
        CommentCreated(1, 1, "maintainer", "/ingest\r\nplease"),
    )


def test_an_edited_one_and_a_bots_are_known_as_such(fake: FakeGithub) -> None:
    people.comment(fake, "other-app[bot]", 1, "/ingest")
    payload = {**taken(fake).payload, "action": "edited"}
    (event,) = events_of("issue_comment", payload)
    assert isinstance(event, CommentCreated)
    assert event.edited
    assert event.is_bot


def test_a_push_says_which_manifests_came(fake: FakeGithub) -> None:
    files: dict[str, str | None] = {
        "runners/releases/2026-02-01.toml": "x",
        "runners/releases/2026-02-01/diff.md": "x",
        "runners/releases/notes.toml": "x",
        "elsewhere/2026-08-01.toml": "x",
    }
    commit = people.push(fake, "maintainer", files)
    told = taken(fake)
    assert events_of(told.name, told.payload) == (
        ManifestMerged("2026-02-01", "maintainer", commit),
    )


def test_a_manifest_that_is_removed_or_on_another_branch_is_nothing(fake: FakeGithub) -> None:
    people.push(fake, "maintainer", {"runners/releases/2026-02-01.toml": "x"})
    elsewhere = {**taken(fake).payload, "ref": "refs/heads/other"}
    assert events_of("push", elsewhere) == ()
    people.push(fake, "maintainer", {"runners/releases/2026-02-01.toml": None})
    told = taken(fake)
    assert events_of(told.name, told.payload) == ()


@pytest.mark.parametrize("name", ["issues", "watch", "schedule", ""])
def test_what_isnt_known_is_no_event(name: str) -> None:
    assert events_of(name, {}) == ()


@pytest.mark.parametrize("payload", [{}, {"comment": None, "issue": {"number": 1}}])
def test_a_payload_that_isnt_githubs_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises(BotError, match=r"^event issue_comment: the payload lacks"):
        events_of("issue_comment", payload)
