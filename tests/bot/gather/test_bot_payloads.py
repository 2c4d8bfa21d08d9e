"""What the bot takes for an event, from payloads that GitHub's own schemas have passed."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_github import people
from fake_github.state import Delivery, FakeGithub

from bot.errors import BotError
from bot.gather.events import Changed, events_of
from bot.model.events import GHOST, CommentCreated, ManifestMerged
from runners.contract import release_of

CASES = Path(__file__).parents[4] / "shared" / "cases" / "github"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeGithub:
    fake = FakeGithub(now=lambda: NOON)
    people.open_issue(fake, fake.user("maintainer"), "One", "")
    return fake


def changed(fake: FakeGithub) -> Changed:
    """What the adapter reads of the two commits."""

    def blobs(before: str, after: str) -> Mapping[str, str]:
        old, new = (fake.trees[fake.commits[sha].tree] for sha in (before, after))
        named = {path: sha for path, sha in new.items() if old.get(path) != sha}
        return {name: sha for path, sha in named.items() if (name := release_of(path))}

    return blobs


def nothing(_before: str, _after: str) -> Mapping[str, str]:
    return {}


def taken(fake: FakeGithub) -> Delivery:
    return fake.outbox.pop()


def test_a_comment_says_who_where_and_what(fake: FakeGithub) -> None:
    people.comment(fake, "maintainer", 1, "/ingest\r\nplease")
    told = taken(fake)
    assert events_of(told.name, told.payload, changed(fake)) == (
        CommentCreated(1, 1, "maintainer", "/ingest\r\nplease"),
    )


def test_an_edited_one_and_a_bots_are_known_as_such(fake: FakeGithub) -> None:
    people.comment(fake, "other-app[bot]", 1, "/ingest")
    payload = {**taken(fake).payload, "action": "edited"}
    (event,) = events_of("issue_comment", payload, nothing)
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
    assert events_of(told.name, told.payload, changed(fake)) == (
        ManifestMerged("2026-02-01", "maintainer", commit, fake.blob(b"x")),
    )


def test_a_manifest_that_is_removed_or_on_another_branch_is_nothing(fake: FakeGithub) -> None:
    people.push(fake, "maintainer", {"runners/releases/2026-02-01.toml": "x"})
    pushed = taken(fake).payload
    default = pushed["repository"]["default_branch"]
    for ref in ("heads/other", f"heads/of/{default}", f"heads/{default}-2", f"tags/{default}"):
        elsewhere = {**pushed, "ref": f"refs/{ref}"}
        assert events_of("push", elsewhere, changed(fake)) == ()
    people.push(fake, "maintainer", {"runners/releases/2026-02-01.toml": None})
    told = taken(fake)
    assert events_of(told.name, told.payload, changed(fake)) == ()


@pytest.mark.parametrize("name", ["issues", "watch", "schedule", ""])
def test_what_isnt_known_is_no_event(name: str) -> None:
    assert events_of(name, {}, nothing) == ()


@pytest.mark.parametrize("payload", [{}, {"comment": None, "issue": {"number": 1}}])
def test_a_payload_that_isnt_githubs_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises(BotError, match=r"^event issue_comment: the payload lacks"):
        events_of("issue_comment", payload, nothing)


def test_a_push_that_a_job_of_actions_sees_names_no_files(fake: FakeGithub) -> None:
    """Held against what Actions really gives, as kept in shared/cases."""
    people.push(fake, "maintainer", {"runners/releases/2026-02-01.toml": "x"})
    told = taken(fake)
    (commit,) = told.payload["commits"]
    assert not {"added", "removed", "modified"} & commit.keys()
    assert {"added", "removed", "modified"} <= told.hook["commits"][0].keys()
    case = CASES / "push-in-actions.json"
    if case.is_file():
        (event,) = events_of(
            "push", json.loads(case.read_text()), lambda before, after: {"2026-02-01": "b"}
        )
        assert event == ManifestMerged(
            "2026-02-01", "maintainer", "9f607e9e1a776f8bf191d6c0280c68883ab5bbdd", "b"
        )


def test_a_branch_that_was_deleted_merged_nothing(fake: FakeGithub) -> None:
    people.push(fake, "maintainer", {"runners/releases/2026-02-01.toml": "x"})
    payload = {**taken(fake).payload, "after": "0" * 40}
    assert events_of("push", payload, nothing) == ()


def test_a_comment_whose_author_was_deleted_is_a_ghosts(fake: FakeGithub) -> None:
    people.comment(fake, "leaver", 1, "/ingest")
    told = taken(fake)
    payload = {**told.payload, "comment": {**told.payload["comment"], "user": None}}
    assert events_of("issue_comment", payload, nothing) == (CommentCreated(1, 1, GHOST, "/ingest"),)
