"""What is said with Python alone where a job failed: to whom, where, once, and where nothing is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_github import people
from fake_github.faults import Fault
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, FakeGithub

from bot.adapters.github.last_word import Said, of_event, of_look, of_run, say
from bot.comments.last_words import unanswered, unhandled_merge, unlooked, unsaid
from bot.model.look import Look, hidden_look
from bot.model.markers import DASHBOARD, Marker, MarkerKind, sign
from bot.settings import Connection

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WHY, LOG = "it *broke*.", "https://log.test"
RELEASE = Marker(MarkerKind.RELEASE, "2026-02-01")
PROPOSAL = Marker(MarkerKind.MANIFEST, "2026-02-01")
NOTICE = Marker(MarkerKind.NOTICE, "2026-02-01")
TOLD = Marker(MarkerKind.UNANSWERED, "5")
NOWHERE = Connection("octo/cellxgene", "x", "http://127.0.0.1:9")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FakeGithub(now=lambda: NOON)) as one:
        yield one
        assert one.broken == []


def connection(server: Server) -> Connection:
    fake = server.fake
    reads = dict.fromkeys(("issues", "pull_requests", "contents"), "write")
    return Connection(fake.full_name, fake.token(reads), fake.address)


def written(body: str | None, marker: Marker | None = RELEASE, kind: str = "Bot") -> dict[str, Any]:
    text = body if marker is None or body is None else sign(body, marker)
    return {"number": 7, "body": text, "user": {"type": kind}}


def comment(body: str | None, kind: str = "User") -> dict[str, Any]:
    return {"id": 5, "body": body, "user": {"type": kind}}


@pytest.mark.parametrize(
    ("name", "issue", "said", "line"),
    [
        ("issue_comment", written("x"), comment("/ingest\r\nplease"), "/ingest"),
        ("issue_comment", written("x", PROPOSAL), comment("/x"), "/x"),
        ("issue_comment", written("x"), {**comment("/x"), "user": None}, "/x"),
        ("issue_comment", written("x", NOTICE), comment("/x"), None),
        ("issue_comment", written("x", None), comment("/x"), None),
        ("issue_comment", written(None), comment("/x"), None),
        ("issue_comment", written("x", kind="User"), comment("/x"), None),
        ("issue_comment", {**written("x"), "user": None}, comment("/x"), None),
        ("issue_comment", written("x"), comment("/x", "Bot"), None),
        ("issue_comment", written("x"), comment("say /x"), None),
        ("issue_comment", written("x"), comment("hello\n/x"), None),
        ("issue_comment", written("x"), comment(None), None),
        ("issues", written("x"), comment("/x"), None),
    ],
)
def test_a_command_in_a_thread_of_the_bots_is_answered(
    name: str, issue: dict[str, Any], said: dict[str, Any], line: str | None
) -> None:
    found = list(of_event(name, {"comment": said, "issue": issue}, WHY, LOG, NOWHERE))
    answered = (Marker(MarkerKind.REPLY, "5"),)
    whole = Said(7, TOLD, unanswered(line or "", WHY, LOG), answered)
    assert found == ([whole] if line else [])


def test_a_merge_is_told_in_the_bots_pull_request(server: Server) -> None:
    fake = server.fake
    pull = people.propose(fake, "writer", "census/2026-02-01", {"a": "b"})
    after = people.merge(fake, "maintainer", pull.number)
    pull.user, pull.body = fake.user(ACTIONS), sign("Manifest", PROPOSAL)
    merge = {"after": after}
    marker = Marker(MarkerKind.UNANSWERED, after)
    (found,) = of_event("push", merge, WHY, LOG, connection(server))
    assert found == Said(pull.number, marker, unhandled_merge(WHY, LOG))
    pull.body = "Mine"
    assert list(of_event("push", merge, WHY, LOG, connection(server))) == []


@pytest.mark.parametrize(
    ("request_", "is_told"),
    [
        ({"run_id": "r-1", "thread": 7}, True),
        ({"run_id": "r-1", "thread": None}, False),
        ({"run_id": "r-1"}, False),
        ({"thread": 7}, False),
        ({"run_id": 1, "thread": 7}, False),
        ({"run_id": "r-1", "thread": "7"}, False),
    ],
)
def test_a_run_is_told_in_its_thread(request_: dict[str, Any], is_told: bool) -> None:
    result, marker = (Marker(kind, "r-1") for kind in (MarkerKind.RESULT, MarkerKind.UNANSWERED))
    whole = Said(7, marker, unsaid("r-1", WHY, LOG), (result,))
    assert list(of_run(request_, WHY, LOG)) == ([whole] if is_told else [])


def dashboard(server: Server, at: datetime | None, login: str = ACTIONS) -> int:
    """A dashboard of the bot's that remembers a look of that time."""
    line = hidden_look(Look(at, "ok")) if at else "broken"
    text = sign("All", DASHBOARD, line)
    fake = server.fake
    return people.open_issue(fake, fake.user(login), "All", text, ("dashboard",)).number


def looked(server: Server, ended: str = "failure") -> list[Said]:
    return list(of_look(ended, WHY, LOG, NOON, connection(server)))


KEY = "look-2026-03-01-11-40-00-00-00"


@pytest.mark.parametrize(
    ("ended", "ago", "is_told"),
    [
        ("failure", timedelta(minutes=20), True),
        ("failure", timedelta(minutes=20, seconds=-1), False),
        ("skipped", timedelta(seconds=1), True),
        ("skipped", timedelta(minutes=20), True),
        ("failure", timedelta(days=1), True),
    ],
)
def test_a_look_is_told_in_the_dashboard_unless_it_told_itself(
    server: Server, ended: str, ago: timedelta, is_told: bool
) -> None:
    number = dashboard(server, NOON - ago)
    found = looked(server, ended)
    assert [(one.thread, one.body, one.unless) for one in found] == (
        [(number, unlooked(WHY, LOG), ())] if is_told else []
    )


def test_a_row_of_looks_that_failed_is_told_once_after_each_that_is_remembered(
    server: Server,
) -> None:
    dashboard(server, NOON - timedelta(minutes=20))
    (found,) = looked(server)
    assert found.marker == Marker(MarkerKind.UNANSWERED, KEY)


def test_of_two_dashboards_the_one_that_looked_last_is_the_bots(server: Server) -> None:
    dashboard(server, NOON - timedelta(days=2), "old-app[bot]")
    number = dashboard(server, NOON - timedelta(days=1))
    dashboard(server, None, "other-app[bot]")
    dashboard(server, NOON, "mallory")
    people.open_issue(server.fake, server.fake.user(ACTIONS), "x", "y", ("dashboard",))
    assert [one.thread for one in looked(server)] == [number]


def test_where_no_dashboard_is_nothing_is_said_and_a_broken_one_is_one(server: Server) -> None:
    assert looked(server) == []
    number = dashboard(server, None)
    (found,) = looked(server)
    assert (found.thread, found.marker) == (number, Marker(MarkerKind.UNANSWERED, "look"))


def test_it_is_said_once_and_not_where_it_was_answered_meanwhile(server: Server) -> None:
    fake, bot = server.fake, server.fake.user(ACTIONS)
    number = people.open_issue(fake, bot, "T", "B").number
    reply = Marker(MarkerKind.REPLY, "5")
    for _ in range(120):
        people.add_comment(fake, bot, number, "...")
    forged = people.add_comment(fake, fake.user("mallory"), number, sign("x", TOLD))
    one = Said(number, TOLD, "Sorry.", (reply,))
    for _ in range(2):
        say(one, connection(server))
    assert [c.body for c in fake.issues[number].comments[121:]] == [sign("Sorry.", TOLD)]
    people.add_comment(fake, bot, number, sign("Done.", Marker(MarkerKind.REPLY, "6")))
    say(Said(number, Marker(MarkerKind.UNANSWERED, "6"), "No.", (Marker(MarkerKind.REPLY, "6"),)),
        connection(server))  # fmt: skip
    assert len(fake.issues[number].comments) == 123
    assert forged.body == sign("x", TOLD)


def test_what_github_refuses_is_an_error_of_the_system(server: Server) -> None:
    server.faults.append(Fault("GET", "/comments$", 403))
    with pytest.raises(OSError, match=r"^GitHub answered 403 to /issues/1/comments\?per_page=100"):
        say(Said(1, TOLD, "x"), connection(server))
    with pytest.raises(OSError, match="refused"):
        say(Said(1, TOLD, "x"), NOWHERE)
