"""How a repository is set up, part by part: seen whole, refused, not answered, on many pages."""

from collections.abc import Iterator, Mapping
from threading import Barrier

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_github import people
from fake_github.call import Answer
from fake_github.faults import Fault
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, App, Environment, FakeGithub

from bot.adapters.github.set_up import look, look_at_app
from bot.model.set_up import (
    UNLISTED,
    ActionsSetUp,
    Installation,
    Refused,
    RepositorySetUp,
    Unseen,
)
from bot.model.set_up import Environment as Seen

READS = dict.fromkeys(
    ("issues", "pull_requests", "contents", "actions", "checks", "administration", "secrets",
     "variables", "environments", "actions_variables"),
    "read",
)  # fmt: skip
CALLER = "jobs:\n  bot:\n    uses: octo/bot/.github/workflows/bot.yml@v1\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FakeGithub()) as one:
        yield one
        assert one.broken == []


def seen(server: Server, login: str = "owner", **variables: str) -> RepositorySetUp:
    fake = server.fake
    fake.user(login, "admin")
    found = look(fake.full_name, fake.token(READS, login), fake.address, variables or None)
    assert isinstance(found, RepositorySetUp), found
    return found


def files(server: Server, *names: str, text: str = "on: push\n") -> None:
    paths = {f".github/workflows/{name}": text for name in names}
    people.push(server.fake, "owner", {**paths, "launch.toml": "a = 1"})
    server.fake.run_names.update({name: lambda _: "" for name in names})


def test_what_is_there_is_seen_whole(server: Server) -> None:
    fake = server.fake
    files(server, "detect.yml", "odd.yaml", "notes.txt", text=CALLER)
    del fake.run_names["odd.yaml"]
    fake.run_names["elsewhere.yml"] = lambda _: ""
    fake.disabled = {"detect.yml": "disabled_manually"}
    fake.environments = {
        "instance": Environment(["main", "x"], ["v*"], secrets={"KEY"}),
        "bot": Environment(protected=True),
        "open / wide": Environment(),
    }
    fake.secrets, fake.shared_secrets = {"A", "B"}, {"B", "C"}
    fake.variables, fake.shared_variables = {"RUNS": "own"}, {"RUNS": "all", "X": "y"}
    fake.labels, fake.allowed_actions, fake.actions_may_open_pulls = {"bug"}, "selected", False
    assert seen(server) == RepositorySetUp(
        name="octo/cellxgene",
        address=f"{fake.address}/octo/cellxgene",
        default_branch="main",
        is_private=False,
        has_issues=True,
        unreadable={},
        unanswered=(),
        actions=ActionsSetUp(is_enabled=True, allowed="selected", may_open_pulls=False),
        workflows={"detect.yml": "disabled_manually", "odd.yaml": UNLISTED},
        environments={
            "instance": Seen(("main", "x"), False, frozenset({"KEY"}), ("v*",)),
            "bot": Seen(None, True, frozenset()),
            "open / wide": Seen(None, False, frozenset()),
        },
        secrets=frozenset({"A", "B"}),
        shared_secrets=frozenset({"B", "C"}),
        variables={"RUNS": "own", "X": "y"},
        labels=frozenset({"bug"}),
        callers=frozenset(),
        has_launch_toml=True,
        is_archived=False,
        is_empty=False,
        may_push=True,
    )


@pytest.mark.parametrize(
    ("protected", "branches"),
    [(set(), None), ({"main"}, ("main",)), ({"main", "x"}, ("main", "x")), ({"x"}, ("x",))],
)
def test_protected_branches_may_use_an_environment_or_each_where_none_is(
    server: Server, protected: set[str], branches: tuple[str, ...] | None
) -> None:
    fake = server.fake
    fake.branches["x"] = fake.branches["main"]
    fake.environments, fake.protected = {"bot": Environment(protected=True)}, protected
    assert seen(server).environments == {"bot": Seen(branches, True, frozenset())}


def test_what_a_repository_of_another_kind_says(server: Server) -> None:
    fake = server.fake
    fake.is_private = fake.is_archived = True
    fake.has_issues = fake.actions_enabled = False
    found = seen(server, "reader", RUNS="given")
    told = (found.is_private, found.is_archived, found.has_issues, found.is_empty)
    assert told == (True, True, False, False)
    assert (found.workflows, found.callers, found.has_launch_toml) == ({}, frozenset(), False)
    assert found.actions == ActionsSetUp(False, None, True)
    assert found.variables == {"RUNS": "given"}
    token = fake.token(READS, ACTIONS)
    job = look(fake.full_name, token, fake.address)
    assert isinstance(job, RepositorySetUp)
    assert job.may_push is None


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (CALLER, True),
        ("    - uses: ./.github/workflows/bot.yaml\n", True),
        ("jobs: {}\nx:\n  uses: 'octo/bot/.github/workflows/bot.yml@main'\n", True),
        ("  uses:octo/bot/.github/workflows/bot.yml@v1\n", True),
        ("  # uses: octo/bot/.github/workflows/bot.yml@v1\n", False),
        ("  uses: octo/bot/.github/workflows/robot.yml@v1\n", False),
        ("  uses: octo/bot/.github/workflows/bot.ymlx\n", False),
        ("  uses: octo/bot/workflows/bot.yml@v1\n", False),
    ],
)
def test_a_file_that_calls_ours_is_known(server: Server, text: str, calls: bool) -> None:
    files(server, "census.yml", text=text)
    assert seen(server).callers == (frozenset({"census.yml"}) if calls else frozenset())
    files(server, "detect.yml")
    assert seen(server).callers == frozenset()


@pytest.mark.parametrize(
    ("call", "ref", "is_half_renewed"),
    [
        ("a" * 40, "a" * 40, False),
        (f"{'a' * 40} # v1", f"{'a' * 40} # v1", False),
        (f"{'b' * 40} # v2", f"{'a' * 40} # v1", True),
        (f"{'a' * 40} # v1", f'"{"b" * 40}"', True),
        ("v1", "a" * 40, False),
        ("a" * 40, f"{'a' * 40} # not bot-ref: {'b' * 40}", False),
    ],
)
def test_a_file_that_calls_one_commit_and_checks_out_another_is_known(
    server: Server, call: str, ref: str, is_half_renewed: bool
) -> None:
    text = f"  uses: octo/bot/.github/workflows/bot.yml@{call}\n  with:\n    bot-ref: {ref}\n"
    files(server, "census.yml", text=text)
    assert seen(server).half_renewed == (frozenset({"census.yml"}) if is_half_renewed else set())


def test_a_repository_without_a_commit_is_empty(server: Server) -> None:
    server.fake.is_empty = True
    found = seen(server)
    assert found.is_empty
    assert "contents" not in found.unreadable
    assert found.unanswered == ()


def test_more_than_a_page_is_seen(server: Server) -> None:
    fake = server.fake
    fake.variables = {f"V{number}": str(number) for number in range(61)}
    fake.secrets = {f"S{number}" for number in range(30)}
    fake.labels = {f"l{number}" for number in range(31)}
    found = seen(server)
    assert found.variables == fake.variables
    assert found.secrets == frozenset(fake.secrets)
    assert found.labels == frozenset(fake.labels)


PARTS = {
    "/actions/permissions$": "actions",
    "/actions/permissions/workflow$": "actions",
    "/git/trees/": "workflows",
    r"/environments\?": "environments",
    "/actions/secrets": "secrets",
    "/actions/organization-secrets": "shared_secrets",
    "/actions/variables": "variables",
    "/actions/organization-variables": "variables",
    "/labels": "labels",
}


def whole(path: str) -> str:
    return path.replace(r"\?", "$")


@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize(
    ("status", "why"),
    [
        (403, "GitHub forbids this to the token (Server Error); it needs the permission more"),
        (500, "GitHub answered 500 (Server Error); mend it or try again"),
    ],
)
def test_what_is_refused_is_unseen_and_the_rest_is_seen(
    server: Server, path: str, status: int, why: str
) -> None:
    files(server, "detect.yml")
    server.faults.append(Fault("GET", whole(path), status, times=99))
    found = seen(server)
    unseen = {name for name in found.__slots__ if isinstance(getattr(found, name), Unseen)}
    also = {"has_launch_toml"} if PARTS[path] == "workflows" else set()
    assert unseen == {PARTS[path], *also}
    assert getattr(found, PARTS[path]) == Unseen(why)
    assert found.callers == frozenset()


def test_what_is_hidden_from_a_person_who_is_no_administrator(server: Server) -> None:
    hidden = Unseen("the token may not see it: it needs to be an administrator's")
    fake = server.fake
    fake.environments = {
        "instance": Environment(["main"]),
        "protected": Environment(protected=True),
    }
    environments = ("/deployment-branch-policies", "/branches$", "/instance/secrets")
    for path in ("/actions/secrets", *environments):
        server.faults.append(Fault("GET", path, 404, times=99))
    for kind in ("secrets", "variables"):  # as a person's own repository has none
        server.faults.append(Fault("GET", f"/actions/organization-{kind}", 404, times=99))
    found = seen(server)
    assert found.secrets == hidden
    assert (found.shared_secrets, found.variables) == (frozenset(), {})
    assert found.environments == {
        "instance": Seen(hidden, False, hidden),
        "protected": Seen(hidden, True, frozenset()),
    }


@pytest.mark.parametrize(
    ("permission", "path"),
    [
        ("contents", "/commits$"),
        ("issues", "/issues$"),
        ("pull_requests", "/pulls$"),
        ("checks", "/commits/main/check-runs$"),
    ],
)
def test_what_a_token_may_not_read_is_named(server: Server, permission: str, path: str) -> None:
    server.faults.append(Fault("GET", path, 403, times=99, message="no"))
    found = seen(server)
    why = "GitHub forbids this to the token (no); it needs the permission more"
    assert (found.unreadable, found.unanswered) == ({permission: why}, ())
    server.faults[:] = [Fault("GET", path, 500, times=99)]
    found = seen(server)
    assert (found.unreadable, found.unanswered) == ({}, (permission,))


@pytest.mark.parametrize(
    ("status", "message", "why", "is_final"),
    [
        (
            404,
            "",
            "there is no repository octo/cellxgene, or the token may not see it; correct "
            "BOT_GITHUB, or make a token that may:",
            True,
        ),
        (
            401,
            "Bad",
            "GitHub refuses the token (Bad): it has ended or isn't one; make another.",
            True,
        ),
        (451, "Law", "GitHub answered 451 (Law); mend it or try again.", True),
        (
            403,
            "No",
            "GitHub forbids this to the token (No); it needs the permission more.",
            True,
        ),
        (429, "Slow", "GitHub's rate limit is used up (Slow); try again later.", False),
        (500, "Oh", "GitHub answered 500 (Oh); mend it or try again.", False),
    ],
)
def test_who_is_not_let_in_is_told_why(
    server: Server, status: int, message: str, why: str, is_final: bool
) -> None:
    server.faults.append(Fault("GET", "/octo/cellxgene$", status, times=9, message=message))
    fake = server.fake
    assert look(fake.full_name, "ghp_x", fake.address) == Refused(why, is_final)


def test_a_github_that_is_not_there_is_no_final_refusal() -> None:
    found = look("octo/cellxgene", "ghp_x", "http://127.0.0.1:9")
    why = "GitHub can't be reached (ConnectionError); try again later."
    assert found == Refused(why, is_final=False)


def test_an_app_without_a_key_is_refused() -> None:
    found = look_at_app("octo/cellxgene", "Iv1", "no key", "http://127.0.0.1:9")
    assert isinstance(found, Refused)
    assert found.is_final
    assert found.why.startswith("APP_PRIVATE_KEY is no private key (")


def test_an_app_is_seen_by_its_own_key(server: Server) -> None:
    private = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    plain = serialization.NoEncryption()
    key = private.private_bytes(serialization.Encoding.PEM, form, plain).decode()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    fake = server.fake
    fake.app = App("Iv1", public.decode(), {"issues": "write"})

    def app() -> object:
        return look_at_app(fake.full_name, "Iv1", key, fake.address)

    address = f"{fake.address}/settings/installations/1"
    assert app() == Installation({"issues": "write"}, None, address)
    for status, found in (
        (404, None),
        (401, Refused("GitHub doesn't know the App by this client id and private key", True)),
        (500, Unseen("GitHub answered 500 (Server Error); mend it or try again")),
    ):
        server.faults[:] = [Fault("GET", "/installation$", status)]
        assert app() == found


def test_parts_are_asked_for_side_by_side(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GitHub that answers slowly, or not at all, is waited for once, and not by each part."""
    together = Barrier(8)  # 5 probes, the code, Actions, labels: each waits for the others
    probed = ("/commits", "/issues", "/pulls", "/actions/workflows", "/check-runs")
    held = (*probed, "/git/trees/main", "/actions/permissions", "/labels")
    waiting, answer = set(held), server.answer

    def answer_together(
        method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        path = next((one for one in held if target.partition("?")[0].endswith(one)), "")
        with server.fake.lock:
            is_held = path in waiting
            waiting.discard(path)
        if is_held:
            together.wait(timeout=4)
        return answer(method, target, headers, body)

    files(server, "detect.yml")
    monkeypatch.setattr(server, "answer", answer_together)
    found = seen(server)
    assert (found.unreadable, found.unanswered, found.labels) == ({}, (), frozenset())
    assert waiting == set()
