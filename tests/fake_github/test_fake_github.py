"""The double itself: it must refuse what GitHub refuses, and notice what breaks GitHub's book."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from fake_github import faults, people
from fake_github.permissions import READ, WRITE
from fake_github.schemas import answer_problems, operation
from fake_github.server import HANDLERS, Server, serving
from fake_github.state import FakeGithub
from fake_github.trim import OPERATIONS

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALL = {"issues": "write", "pull_requests": "write", "contents": "write", "actions": "write"}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FakeGithub(now=lambda: NOON)) as one:
        yield one


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with speaking(server, server.fake.token(ALL)) as one:
        yield one


def speaking(server: Server, token: str) -> httpx.Client:
    base = f"{server.fake.address}/repos/{server.fake.full_name}/"
    return httpx.Client(base_url=base, headers={"Authorization": f"token {token}"}, trust_env=False)


def test_every_operation_is_answered_and_has_its_permission() -> None:
    assert set(HANDLERS) == OPERATIONS == {*READ, *WRITE}


def test_issues_and_pull_requests_share_their_numbers(client: httpx.Client, server: Server) -> None:
    assert client.post("issues", json={"title": "One"}).json()["number"] == 1
    people.propose(server.fake, "maintainer", "b", {"f": "x"})
    assert client.post("issues", json={"title": "Three"}).json()["number"] == 3
    told = client.get("issues", params={"state": "all", "direction": "asc"}).json()
    assert ["pull_request" in one for one in told] == [False, True, False]
    assert server.broken == []


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("POST", "issues", {"title": 1, "colour": "red"}, "body colour: unknown"),
        ("POST", "issues", None, "body: missing"),
        ("GET", "issues?state=ajar", None, "state : 'ajar' is not one of"),
        ("GET", "issues?nonsense=1", None, "query nonsense: unknown"),
        ("GET", "nowhere", None, "no operation that the double knows"),
        ("POST", "issues/1/comments", {}, "'body' is a required property"),
    ],
)
def test_what_breaks_the_book_is_noticed(
    client: httpx.Client, server: Server, method: str, path: str, body: object, problem: str
) -> None:
    told = {} if body is None else {"json": body}
    assert client.request(method, path, **told).status_code in {404, 500}  # type: ignore[arg-type]
    assert problem in "; ".join(server.broken)


def test_an_answer_of_a_wrong_form_is_noticed() -> None:
    found = operation("GET", "/repos/o/r/issues/1")
    assert found is not None
    assert "'title' is a required property" in str(answer_problems(found[0], 200, {}))


@pytest.mark.parametrize(
    ("held", "status"), [({"issues": "read"}, 403), ({}, 403), ({"issues": "write"}, 201)]
)
def test_a_token_may_what_it_was_given(server: Server, held: dict[str, str], status: int) -> None:
    with speaking(server, server.fake.token(held)) as client:
        given = client.post("issues", json={"title": "x"})
    assert given.status_code == status
    if status == 403:
        assert given.headers["X-Accepted-GitHub-Permissions"] == "issues=write"


def test_a_pull_requests_talk_wants_another_permission(server: Server) -> None:
    people.propose(server.fake, "maintainer", "b", {"f": "x"})
    for held, status in (({"issues": "write"}, 403), ({"pull_requests": "write"}, 201)):
        with speaking(server, server.fake.token(held)) as client:
            assert client.post("issues/1/comments", json={"body": "x"}).status_code == status


def test_a_token_ends(server: Server) -> None:
    ended = server.fake.token(ALL, lifetime=timedelta(0))
    for token in (ended, "nonsense"):
        with speaking(server, token) as client:
            assert client.get("issues").status_code == 401


def test_what_a_jobs_token_does_starts_no_workflow_but_a_dispatch(server: Server) -> None:
    fake = server.fake
    fake.run_names["ingest.yml"] = lambda inputs: str(inputs["title"])
    people.open_issue(fake, fake.user("maintainer"), "One", "")
    for login, heard in (("github-actions[bot]", []), ("our-app[bot]", ["issue_comment"])):
        fake.outbox.clear()
        with speaking(server, fake.token(ALL, login)) as client:
            assert client.post("issues/1/comments", json={"body": "x"}).status_code == 201
        assert [one.name for one in fake.outbox] == heard
    with speaking(server, fake.token(ALL)) as client:
        asked = {"ref": "main", "inputs": {"title": "t"}}
        assert client.post("actions/workflows/ingest.yml/dispatches", json=asked).status_code == 204
    assert fake.outbox[-1].name == "workflow_dispatch"


@pytest.mark.parametrize(("length", "status"), [(65_536, 201), (65_537, 422)])
def test_a_body_may_be_so_long(client: httpx.Client, length: int, status: int) -> None:
    assert client.post("issues", json={"title": "x", "body": "é" * length}).status_code == status


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({f"i{number}": "x" for number in range(25)}, 204),
        # What breaks GitHub's document is a fault of the test's.
        ({f"i{number}": "x" for number in range(26)}, 500),
        # The limit is that of the JSON, with its quotes and names.
        ({"request": "x" * (65_535 - len('{"request": ""}'))}, 204),
        ({"request": "x" * (65_536 - len('{"request": ""}'))}, 422),
    ],
)
def test_a_dispatch_takes_so_much(
    client: httpx.Client, server: Server, inputs: dict[str, str], status: int
) -> None:
    server.fake.run_names["ingest.yml"] = lambda _: "title"
    asked = {"ref": "main", "inputs": inputs}
    assert client.post("actions/workflows/ingest.yml/dispatches", json=asked).status_code == status


def test_bots_have_no_role(client: httpx.Client, server: Server) -> None:
    server.fake.user("our-app[bot]")
    assert client.get("collaborators/our-app%5Bbot%5D/permission").status_code == 404


def test_pages_have_a_next_until_the_last(client: httpx.Client, server: Server) -> None:
    for number in range(5):
        people.open_issue(server.fake, server.fake.user("maintainer"), str(number), "")
    seen, address = [], "issues?per_page=2&direction=asc"
    while address:
        given = client.get(address)
        seen += [one["title"] for one in given.json()]
        address = given.links.get("next", {}).get("url", "")
    assert seen == ["0", "1", "2", "3", "4"]


def test_roles_are_told_in_full_and_coarsely(client: httpx.Client, server: Server) -> None:
    server.fake.user("maintainer", "maintain")
    told = client.get("collaborators/maintainer/permission").json()
    assert (told["role_name"], told["permission"]) == ("maintain", "write")
    assert client.get("collaborators/nobody/permission").status_code == 404


@pytest.mark.parametrize(("make", "done"), [(faults.lost_answer, 1), (faults.unavailable, 0)])
def test_it_fails_before_the_deed_or_after(
    client: httpx.Client, server: Server, make: object, done: int
) -> None:
    assert callable(make)
    server.faults.append(make("POST", "/issues$"))
    assert client.post("issues", json={"title": "x"}).status_code == 502
    assert len(server.fake.issues) == done
    assert client.post("issues", json={"title": "x"}).status_code == 201


def test_a_workflow_file_wants_a_permission_of_its_own(
    client: httpx.Client, server: Server
) -> None:
    entry = {"path": ".github/workflows/x.yml", "mode": "100644", "type": "blob", "content": "x"}
    assert client.post("git/trees", json={"tree": [entry]}).status_code == 404


def test_a_file_is_replaced_by_whoever_knows_its_blob(client: httpx.Client, server: Server) -> None:
    def put(text: str, **others: str) -> httpx.Response:
        content = b64encode(text.encode()).decode()
        return client.put("contents/a.txt", json={"message": "x", "content": content, **others})

    made = put("one", sha="0" * 40)
    assert made.status_code == 201
    for refused, status, why in (
        (put("two"), 422, 'Invalid request.\n\n"sha" wasn\'t supplied.'),
        (put("two", sha="0" * 40), 409, f"a.txt does not match {'0' * 40}"),
    ):
        assert (refused.status_code, refused.json()["message"]) == (status, why)
        assert server.fake.files("main")["a.txt"] == "one"
    done = put("two", sha=made.json()["content"]["sha"])
    assert done.status_code == 200
    assert server.fake.files("main")["a.txt"] == "two"
    assert done.json()["content"]["sha"] == client.get("contents/a.txt").json()["sha"]
    assert put("three", sha=made.json()["content"]["sha"]).status_code == 409


def test_a_comment_is_edited_by_its_author_alone(client: httpx.Client, server: Server) -> None:
    people.open_issue(server.fake, server.fake.user("maintainer"), "One", "")
    said = people.comment(server.fake, "maintainer", 1, "mine")
    assert client.patch(f"issues/comments/{said.id}", json={"body": "x"}).status_code == 403


def test_its_issues_are_pages_for_a_browser(server: Server) -> None:
    people.open_issue(server.fake, server.fake.user("maintainer"), "One", "**bold** <script>x")
    page = httpx.get(
        f"{server.fake.address}/{server.fake.full_name}/issues/1", trust_env=False
    ).text
    assert "<strong>bold</strong>" in page
    assert "<script" not in page
