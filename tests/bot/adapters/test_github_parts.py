"""The adapters on GitHub, each by itself: what they keep, name, list and leave alone."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fake_github import people
from fake_github.faults import Fault, lost_answer
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, FakeGithub

from bot.adapters.github.app_manifest import _Page
from bot.adapters.github.artifacts import EXPECTED, ArtifactStore
from bot.adapters.github.client import RetryPolicy, base_of, connect, ensure_branch
from bot.adapters.github.onboarding import GithubOnboarding
from bot.adapters.github.ports import github
from bot.adapters.github.runs import title_of
from bot.adapters.github.upstream import GithubUpstream
from bot.adapters.github.workflows import TITLE as RUN_TITLE
from bot.adapters.github.workflows import WorkflowFiles
from bot.adapters.web import HttpPages
from bot.adapters.webhook import Webhook
from bot.comments.onboarding import BRANCH, FIRST, TITLE
from bot.comments.pull_requests import manifest_body, patch_body
from bot.comments.status import LOST, UNTOUCHED
from bot.errors import BotError
from bot.model.audit_entry import AuditEntry, Decision, hidden_audit_entry
from bot.model.effects import Draft, ProposeManifest
from bot.model.labels import Label, Topic
from bot.model.markers import Marker, MarkerKind, sign
from bot.model.ports import DraftPullRequest, ModuleSource
from bot.schema.patch import PATH
from bot.settings import Settings, load_settings
from runners.contract import Action, RunRequest, Verdict

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
QUICK = RetryPolicy(attempts=3, backoff=1.5, pace=0, sleep=lambda _: None)
RIGHTS = dict.fromkeys(("issues", "pull_requests", "contents", "actions", "checks"), "write")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FakeGithub(now=lambda: NOON)) as one:
        yield one
        assert one.broken == []


def settings_of(server: Server, **fields: Any) -> Settings:
    fake = server.fake
    given: dict[str, Any] = {
        "github": fake.full_name,
        "github_token": fake.token(RIGHTS),
        "github_api": fake.address,
        "bot": ACTIONS,
        **fields,
    }
    return replace(load_settings(environ={}), **given)


def request(run_id: str = "2026-02-01-ingest-1", **fields: object) -> RunRequest:
    given = {
        "run_id": run_id,
        "action": "ingest",
        "release": "2026-02-01",
        "manifest": "runners/releases/2026-02-01.toml",
        "instance": "demo",
        **fields,
    }
    return RunRequest.model_validate(given)


# --- what is put together -------------------------------------------------------------------------


def test_the_ports_are_what_the_settings_name(server: Server, tmp_path: object) -> None:
    bare = github(settings_of(server))
    assert (bare.outside, bare.upstream) == (None, None)
    assert isinstance(bare.pages, HttpPages)
    assert isinstance(bare.runs.store, ArtifactStore)
    assert not bare.runs.are_read_live()
    assert bare.threads.patience == RetryPolicy(pace=settings_of(server).github_pace)
    ports = bare.ports()
    assert (ports.threads, ports.roles, ports.repository) == (
        bare.threads, bare.roles, bare.repository
    )  # fmt: skip
    assert (ports.runs, ports.pages, ports.tally) == (bare.runs, bare.pages, bare.tally)
    assert (ports.clock, ports.outside, ports.upstream) == (bare.clock, None, None)
    more = settings_of(
        server,
        runs=str(tmp_path),
        announce="https://hook.test",
        patch_repository="lamin/db",
        patch_token="x",
    )
    whole = github(more, QUICK)
    assert isinstance(whole.outside, Webhook)
    assert isinstance(whole.upstream, GithubUpstream)
    assert whole.upstream.repo.full_name == "lamin/db"
    assert whole.runs.are_read_live()
    assert whole.ports().upstream is whole.upstream
    for less in (replace(more, patch_repository=None), replace(more, patch_token=None)):
        assert github(less, QUICK).upstream is None
    for less in (replace(more, github=None), replace(more, github_token=None)):
        with pytest.raises(BotError, match="BOT_GITHUB_TOKEN is missing"):
            github(less)


@pytest.mark.parametrize(
    ("called", "names"),
    [
        (
            None,
            ["ingest.yml", "verify.yml", "detect.yml", "reap.yml", ("ingest.yml", "verify.yml"),
             ("detect.yml", "reap.yml"),
             ("detect.yml", "reap.yml", "commands.yml", "check.yml", "ingest.yml", "verify.yml")],
        ),
        ("c.yml", ["c.yml", "c.yml", "c.yml", "c.yml", ("c.yml",), ("c.yml",), ("c.yml",)]),
    ],
)  # fmt: skip
def test_workflow_files_by_what_they_are_for(called: str | None, names: list[object]) -> None:
    files = WorkflowFiles(called)
    found = [files.of(Action.INGEST), files.of(Action.VERIFY), files.detect, files.watch]
    assert [*found, files.dispatched, files.scheduled, files.needed] == names


@pytest.mark.parametrize("who", [None, "octocat"])
def test_a_title_says_what_it_is_made_of(who: str | None) -> None:
    title = title_of(request(requested_by=who))
    found = RUN_TITLE.fullmatch(title)
    assert found
    assert found.groupdict() == {
        "run_id": "2026-02-01-ingest-1",
        "release": "2026-02-01",
        "action": "ingest",
        "instance": "demo",
        "who": who,
    }


# --- artifacts ------------------------------------------------------------------------------------


@dataclass
class Kept:
    """An artifact as PyGithub has it, as far as is asked of it."""

    id: int = 1
    name: str = "run-r"
    archive_download_url: str = "https://api.test/zip"
    created_at: datetime = NOON


def zipped(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def store(server: Server, answer: Callable[[int], object]) -> tuple[ArtifactStore, list[float]]:
    """One whose downloads are answered so, by the number of the try, and what it has slept."""
    slept: list[float] = []
    tries: list[httpx.Request] = []

    def answered(asked: httpx.Request) -> httpx.Response:
        assert asked.headers["Authorization"] == "Bearer secret"
        tries.append(asked)
        found = answer(len(tries))
        if isinstance(found, Exception):
            raise found
        if isinstance(found, int):
            return httpx.Response(found)
        assert isinstance(found, bytes)
        return httpx.Response(200, content=found)

    bot = github(settings_of(server), QUICK)
    patience = replace(QUICK, sleep=slept.append)
    client = httpx.Client(transport=httpx.MockTransport(answered))
    one = ArtifactStore(bot.workflows.repo, bot.workflows, "secret", patience, client=client)
    one.listed["r"] = Kept()  # type: ignore[assignment]
    return one, slept


ZEROS = zipped({"a": bytes(1000)})
BROKEN = ZEROS.replace(ZEROS[31:36], b"\xff" * 5)
"""What is packed is no deflate stream: the file's name, of one letter, ends at byte 31."""
LOCKED = ZEROS.replace(b"\x14\0\0\0\x08\0", b"\x14\0\x01\0\x08\0")
ODD = ZEROS.replace(b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x61\0")
WHOLE = zipped({"a.txt": b"one", "deep/b.txt": b"\xff", "c": "ü".encode()})


@pytest.mark.parametrize(
    ("answers", "slept"),
    [
        ([WHOLE], []),
        ([500, WHOLE], [1.5]),
        ([429, 503, WHOLE], [1.5, 3]),
        ([httpx.ConnectError("x"), WHOLE], [1.5]),
    ],
)
def test_an_artifact_is_fetched_once_and_its_texts_are_read(
    server: Server, answers: list[object], slept: list[float]
) -> None:
    one, waited = store(server, lambda number: answers[number - 1])
    assert [one.text("r/a.txt"), one.text("r/c"), one.text("r/a.txt")] == ["one", "ü", "one"]
    assert waited == slept
    for path in ("r/deep/b.txt", "r/b.txt", "other/a.txt"):
        run_id, name = path.split("/", 1)
        with pytest.raises(BotError, match=rf"^artifact run-{run_id}: has no {name}, or is dele"):
            one.text(path)


@pytest.mark.parametrize(
    ("answers", "problem", "tries"),
    [
        ([404], "can't be fetched (404); try again later.", 1),
        ([499], "can't be fetched (499); try again later.", 1),
        ([500, 502, 599], "can't be fetched (599); try again later.", 3),
        ([httpx.ReadTimeout("x")] * 3, "can't be fetched (ReadTimeout); try again later.", 3),
        ([b"no zip"], "can't be read (File is not a zip file).", 1),
        ([zipped({"a": b"\xff"})], "can't be read ('utf-8' codec can't decode byte", 1),
        ([BROKEN], "can't be read (Error -3 while decompressing data: invalid", 1),
        ([LOCKED], "can't be read (File <ZipInfo filename='a' ", 1),
        ([ODD], "can't be read (That compression method is not supported).", 1),
    ],
)
def test_an_artifact_that_cannot_be_read_is_told(
    server: Server, answers: list[object], problem: str, tries: int
) -> None:
    one, slept = store(server, lambda number: answers[number - 1])
    with pytest.raises(BotError) as caught:
        one.text("r/a")
    assert str(caught.value).startswith(f"artifact run-r: {problem}")
    assert len(slept) == tries - 1


def test_an_artifact_that_would_fill_the_machine_is_left_alone(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.github.artifacts.LARGEST", 10)
    fits, _ = store(server, lambda _: zipped({"a": b"x" * 10, "deep/b": b"x"}))
    assert fits.text("r/a") == "x" * 10
    more, _ = store(server, lambda _: zipped({"a": b"x" * 10, "b": b"x"}))
    with pytest.raises(BotError, match="has more than 10 bytes; look at it"):
        more.text("r/a")


def test_of_an_artifact_that_cannot_be_fetched_each_file_is_expected(server: Server) -> None:
    fake = server.fake
    fake.run_names["ingest.yml"] = lambda told: str(told.get("title", ""))
    bot = github(settings_of(server), QUICK)
    assert bot.runs.store.modified() == {}
    bot.runs.start(request())
    (workflow_run,) = fake.runs.values()
    one = people.upload(fake, workflow_run, "run-2026-02-01-ingest-1", {"x": "y"})
    assert bot.runs.store.modified() == {"2026-02-01-ingest-1/x": NOON}
    server.faults.append(Fault("GET", f"/{one.id}/zip$", 410, times=9))
    fresh = github(settings_of(server), QUICK).runs.store
    assert fresh.modified() == dict.fromkeys(
        (f"2026-02-01-ingest-1/{name}" for name in EXPECTED), NOON
    )


# --- branches, proposals, patches -----------------------------------------------------------------


def test_a_branch_is_made_once_on_top_of_its_base(server: Server) -> None:
    fake = server.fake
    repo = connect(fake.full_name, fake.token(RIGHTS), fake.address, QUICK)
    base = base_of(repo)
    assert base == fake.branches["main"]
    people.push(fake, "writer", {"README.md": "New."})
    ensure_branch(repo, "a/b", base, {"x/y": "1"}, "Why", QUICK)
    made = fake.commits[fake.branches["a/b"]]
    assert (made.message, made.parents) == ("Why", (base,))
    assert fake.files("a/b") == {"README.md": "A repository.\n", "x/y": "1"}
    ensure_branch(repo, "a/b", base, {"x/y": "2"}, "Why", QUICK)
    assert fake.branches["a/b"] == made.sha


def test_a_proposal_says_what_it_is(server: Server) -> None:
    proposal = ProposeManifest("2026-08-01", "release = 1\n", {"rules/7.0.0.json": "{}", "d": ""})
    github(settings_of(server), QUICK).repository.propose(proposal)
    (pull,) = server.fake.issues.values()
    assert pull.pull
    assert (pull.title, pull.pull.head, pull.pull.base, pull.pull.draft) == (
        "Census 2026-08-01: manifest", "census/2026-08-01", "main", False
    )  # fmt: skip
    marker = Marker(MarkerKind.MANIFEST, "2026-08-01")
    assert pull.body == sign(manifest_body(proposal), marker)
    commit = server.fake.commits[pull.pull.head_sha]
    assert commit.message == "Census 2026-08-01: manifest"


@pytest.mark.parametrize("verdict", Verdict)
def test_a_merged_manifest_is_marked_and_marked_anew(server: Server, verdict: Verdict) -> None:
    fake, path = server.fake, "runners/releases/2026-02-01.toml"
    repository = github(settings_of(server), QUICK).repository
    repository.conclude("2026-02-01", verdict, "Nothing is there", None)
    assert (fake.checks, repository.merged_in("2026-02-01")) == ({}, "")
    merged = people.push(fake, "writer", {path: "x"})
    newest = people.push(fake, "writer", {"y": "z"})
    assert repository.merged_in("2026-02-01") == merged
    names = {Verdict.PASSED: "success", Verdict.FAILED: "failure", Verdict.UNCHECKED: "neutral"}
    for commit, headline in ((None, "Once"), (None, "x" * 256), (newest, "There")):
        repository.conclude("2026-02-01", verdict, headline, commit)
    told = [(c.name, c.sha, c.told["conclusion"], c.told["output"]) for c in fake.checks.values()]
    assert told == [
        ("Census 2026-02-01", merged, names[verdict], {"title": "x" * 255, "summary": "x" * 256}),
        ("Census 2026-02-01", newest, names[verdict], {"title": "There", "summary": "There"}),
    ]
    assert {c.told["status"] for c in fake.checks.values()} == {"completed"}


def test_documents_are_those_of_the_request_and_what_is_no_text_is_left_out(
    server: Server,
) -> None:
    fake, path = server.fake, "runners/releases/2026-02-01.toml"
    repository = github(settings_of(server), QUICK).repository
    assert repository.documents() == {}
    texts: dict[str, str | None] = {
        path: "new",
        "runners/releases/x/deep.toml": "d",
        "runners/releases/x.md": "m",
        "runners/rules/1.0.0.json": "{}",
        "runners/rules/1.0.0.toml": "t",
        "other/2026-02-01.toml": "o",
    }
    people.push(fake, "writer", texts)
    assert repository.documents() == {path: "new", "runners/rules/1.0.0.json": "{}"}
    old = fake.blob(b"old")
    assert repository.documents(request(manifest_blob=old))[path] == "old"
    assert repository.documents(request())[path] == "new"
    fake.blobs[fake.blob(b"new")] = b"\xff"
    assert repository.documents() == {"runners/rules/1.0.0.json": "{}"}
    assert repository.manifests().broken == {
        "2026-02-01": f"{path}: isn't text in UTF-8 (byte 0); save it as UTF-8."
    }


def test_rules_that_are_broken_keep_no_others_from_being_read(server: Server) -> None:
    asked = '{"id": "a", "place": "p", "lines": [1, 2], "text": "t"}'
    files: dict[str, str | None] = {
        "runners/rules/1.0.0.json": '{"judgements": []}',
        "runners/rules/2.0.0.json": f'{{"judgements": [{asked}]}}',
        "runners/rules/3.0.0.json": "{",
    }
    people.push(server.fake, "writer", files)
    rules = github(settings_of(server), QUICK).repository.rules()
    assert set(rules.broken) == {"3.0.0"}
    assert rules.open["1.0.0"] == ()
    assert len(rules.open["2.0.0"]) == 1


DRAFT = Draft("6.0.0", "7.0.0", "", "text = 1\n", ("An edit.",), ())


def test_a_patch_is_a_draft_and_one_that_was_closed_stays_so(server: Server) -> None:
    fake = server.fake
    people.push(fake, "writer", {PATH: "text = 0\n"})
    repo = connect(fake.full_name, fake.token(RIGHTS), fake.address, QUICK)
    upstream = GithubUpstream(repo, QUICK)
    base = fake.branches["main"]
    assert upstream.source() == ModuleSource(base, "text = 0\n")
    draft = replace(DRAFT, base=base)
    there = upstream.propose(draft, "https://origin.test")
    (pull,) = fake.issues.values()
    assert pull.pull
    assert (pull.title, pull.body, pull.pull.draft) == (
        "Fit the CELLxGENE module to dataset schema 7.0.0",
        patch_body(draft, "https://origin.test"),
        True,
    )
    assert fake.files(pull.pull.head)[PATH] == "text = 1\n"
    assert there == DraftPullRequest(f"{fake.address}/octo/cellxgene/pull/1", is_open=True)
    pull.state = "closed"
    assert upstream.propose(draft) == replace(there, is_open=False)
    assert len(fake.issues) == 1


# --- threads and runs -----------------------------------------------------------------------------


def test_threads_are_the_bots_own_by_what_it_says_in_them(server: Server) -> None:
    fake = server.fake
    threads = github(settings_of(server), QUICK).threads
    marker = Marker(MarkerKind.RELEASE, "2026-02-01")
    first = threads.open("T", sign("x", marker), Label.PROPOSED)
    second = threads.open("T", sign("y", marker), Topic.NOTICE)
    people.open_issue(fake, fake.user("mallory"), "T", sign("x", marker), ("manifest proposed",))
    assert threads.marked() == {marker: first}
    assert threads.texts() == {first: sign("x", marker), second: sign("y", marker)}
    assert threads.labelled(Label.PROPOSED) == {first}
    assert threads.closed() == frozenset()
    threads.close(first)
    threads.close(first)
    assert threads.closed() == {first}
    threads.rewrite(second, "z")
    assert threads.texts()[second] == "z"
    address = f"{fake.address}/octo/cellxgene/issues/{first}"
    assert (threads.address(first), threads.public_address(first)) == (address, address)
    fake.is_private = True
    assert github(settings_of(server), QUICK).threads.public_address(first) is None


def test_a_run_is_accepted_by_the_bots_own_answer_where_it_can_be_asked_for(server: Server) -> None:
    fake = server.fake
    threads = github(settings_of(server), QUICK).threads

    def said(
        kind: MarkerKind, key: str, run_id: str, decision: Decision, login: str, asked: str = ""
    ) -> None:
        marker = Marker(kind, key)
        there = threads.marked().get(marker)
        number = there or threads.open("T", sign(run_id, marker), Topic.NOTICE)
        proof = "" if asked else "p"
        entry = AuditEntry("x", "read", asked or "/ingest", decision, "", run_id, proof)
        text = sign("x", Marker(MarkerKind.REPLY, "1"), hidden_audit_entry(entry))
        people.add_comment(fake, fake.user(login), number, text)
        people.add_comment(fake, fake.user(ACTIONS), number, "no entry")

    release = "2026-02-01"
    said(MarkerKind.RELEASE, release, "r-1", Decision.ACCEPTED, ACTIONS)
    said(MarkerKind.MANIFEST, release, "r-2", Decision.ACCEPTED, ACTIONS)
    said(MarkerKind.NOTICE, release, "r-3", Decision.ACCEPTED, ACTIONS)
    said(MarkerKind.DASHBOARD, "releases", "r-7", Decision.ACCEPTED, ACTIONS)
    said(MarkerKind.ALERT, "detection-1", "r-8", Decision.ACCEPTED, ACTIONS)
    said(MarkerKind.MANIFEST, release, "r-1", Decision.ACCEPTED, ACTIONS, "/Cancel")
    said(MarkerKind.MANIFEST, release, "r-2", Decision.ACCEPTED, ACTIONS, "start r-2 by hand")
    said(MarkerKind.MANIFEST, release, "r-9", Decision.ACCEPTED, ACTIONS, "start r-9 by hand")
    said(MarkerKind.MANIFEST, release, "r-9", Decision.ACCEPTED, ACTIONS, "/cancel r-9")
    said(MarkerKind.RELEASE, "2025-02-01", "r-4", Decision.ACCEPTED, ACTIONS)
    said(MarkerKind.MANIFEST, "2025-02-01", "r-5", Decision.REFUSED, ACTIONS)
    said(MarkerKind.MANIFEST, "2024-02-01", "r-6", Decision.ACCEPTED, "mallory")
    assert threads.accepted_runs(release) == {
        "r-1": "/ingest",
        "r-2": "/ingest",
        "r-9": "start r-9 by hand",
    }
    assert threads.accepted_runs("2025-02-01") == {"r-4": "/ingest"}
    assert threads.accepted_runs("2024-02-01") == {}
    assert threads.accepted_runs(None) == dict.fromkeys(("r-3", "r-7", "r-8"), "/ingest")


RESULTS = [
    (MarkerKind.RESULT, "r-passed", "## ✅ Release 2026-02-01 passed"),
    (MarkerKind.RESULT, "r-failed", "## ❌ Release 2026-02-01 failed"),
    (MarkerKind.RESULT, "r-lost", f"{LOST} `r` ended\n\n**Next:** `/ingest` goes on."),
    (MarkerKind.RESULT, "r-smoke", f"{LOST} `r` didn't begin\n\n{UNTOUCHED}."),
    (MarkerKind.BEGUN, "r-plan-failed", f"{LOST} `r` didn't begin\n\n{UNTOUCHED}."),
    (MarkerKind.BEGUN, "r-refused-refused", "Not begun"),
    (MarkerKind.BEGUN, "r-twice-twice", "Not begun: the other one goes on"),
]


def test_what_a_run_came_to_is_read_from_what_the_bot_has_said(server: Server) -> None:
    fake, release = server.fake, "2026-02-01"
    threads = github(settings_of(server), QUICK).threads
    number = threads.open("T", sign("x", Marker(MarkerKind.RELEASE, release)), Topic.NOTICE)
    for kind, key, body in RESULTS:
        text = sign(body, Marker(kind, key))
        people.add_comment(fake, fake.user(ACTIONS), number, text)
        people.add_comment(fake, fake.user("mallory"), number, text.replace(key, "r-theirs"))
    again = Marker(MarkerKind.BEGUN, "r-lost-refused")  # its repetition didn't begin
    people.add_comment(fake, fake.user(ACTIONS), number, sign("Not begun", again))
    assert threads.results(release) == {
        "r-passed": Verdict.PASSED,
        "r-failed": Verdict.FAILED,
        **dict.fromkeys(("r-smoke", "r-plan", "r-refused")),
    }
    assert threads.results("2025-02-01") == {}


def test_a_run_is_named_by_its_own_workflow_run_alone(server: Server) -> None:
    fake = server.fake
    fake.run_names["ingest.yml"] = lambda told: str(told.get("title", ""))
    bot = github(settings_of(server), QUICK)
    one = request()
    assert bot.runs.workflow_of(one.run_id) is None
    assert bot.workflows.address_of(one.run_id) is None
    bot.runs.start(one)
    (run,) = fake.runs.values()
    assert bot.workflows.address_of(one.run_id) == (
        f"{fake.address}/octo/cellxgene/actions/runs/{run.id}"
    )
    assert bot.runs.is_named(one, run.id)
    assert not bot.runs.is_named(one, run.id + 1)
    assert not bot.runs.is_named(request(instance="other"), run.id)
    assert not bot.runs.is_named(request("2026-02-01-ingest-2"), run.id)
    assert bot.runs.report(one.run_id) is None
    assert bot.runs.job(one.run_id) is None
    assert bot.runs.cost(one.run_id, NOON + timedelta(hours=1)) is None


# --- the page of an App ---------------------------------------------------------------------------

OWN = "127.0.0.1:1"
PLACE = "https://github.test/settings/apps/new"


def test_the_page_takes_one_code_with_its_own_state() -> None:
    page = _Page(PLACE, lambda back: {"url": back})
    state = page.state
    assert page.answer("/", OWN, OWN) == (
        200,
        f'<form action="{PLACE}?state={state}" method="post"><input type="hidden" name="manifest" '
        'value="{&quot;url&quot;: &quot;http://127.0.0.1:1/made&quot;}"><p>GitHub asks for a name, '
        "and makes the App.</p><button>Make the App</button></form>",
    )
    for target, host, status in (
        ("/", None, 403),
        ("/", "evil.test", 403),
        ("/other", OWN, 404),
        ("/made", OWN, 400),
        (f"/made?code=x&state={state}x", OWN, 400),
        (f"/made?state={state}", OWN, 400),
        (f"/made?code=a&state={state}", OWN, 200),
        (f"/made?code=b&state={state}", OWN, 410),
    ):
        assert page.answer(target, host, OWN)[0] == status
    assert (page.codes.get_nowait(), page.codes.empty()) == ("a", True)
    assert _Page(PLACE, lambda _: {}).state != state


# --- what prepares a repository -------------------------------------------------------------------


def test_a_repository_is_prepared_by_one_pull_request(server: Server) -> None:
    fake = server.fake
    token = fake.token({**RIGHTS, "workflows": "write"}, "owner")
    one = GithubOnboarding(connect(fake.full_name, token, fake.address, QUICK), QUICK)
    assert one.blobs() == {"README.md": fake.blob(b"A repository.\n")}
    assert one.proposed() is None
    address = f"{fake.address}/octo/cellxgene/pull/1"
    assert one.propose({".github/workflows/a.yml": "on: push\n"}, "Body") == address
    (pull,) = fake.issues.values()
    assert pull.pull
    assert (pull.title, pull.body, pull.pull.head) == (TITLE, "Body", BRANCH)
    assert one.proposed() == DraftPullRequest(address, is_open=True)
    pull.state = "closed"
    assert one.propose({"b": "c"}, "Other") == address
    assert one.proposed() == DraftPullRequest(address, is_open=False)
    assert set(fake.files(BRANCH)) == {"README.md", ".github/workflows/a.yml"}


@pytest.mark.parametrize(
    ("status", "files", "problem"),
    [
        (
            404,
            {".github/workflows/a.yml": ""},
            r"refuses to let this token write .* \(404\): it ne",
        ),
        (
            403,
            {".github/workflows/a.yml": ""},
            r"refuses to let this token write .* \(403\): it ne",
        ),
        (422, {".github/workflows/a.yml": ""}, r"^GitHub answered 422 \(Server Error\)"),
        (404, {"a.yml": ""}, r"^GitHub answered 404 \(Server Error\)"),
        (403, {"x/.github/workflows/a.yml": ""}, "^GitHub forbids this to the token"),
    ],
)
def test_what_may_not_be_prepared_is_told(
    server: Server, status: int, files: dict[str, str], problem: str
) -> None:
    fake = server.fake
    repo = connect(fake.full_name, fake.token(RIGHTS), fake.address, QUICK)
    server.faults.append(Fault("POST", "/git/trees$", status, times=9))
    with pytest.raises(BotError, match=problem):
        GithubOnboarding(repo, QUICK).propose(files, "Body")
    assert fake.issues == {}


def test_what_a_repository_holds_is_read_whole_or_not_at_all(server: Server) -> None:
    fake = server.fake
    at_once = replace(QUICK, backoff=0)
    repo = connect(fake.full_name, fake.token(RIGHTS), fake.address, at_once)
    one = GithubOnboarding(repo, at_once)
    for status, is_empty in ((409, True), (404, False), (500, False)):
        server.faults[:] = [Fault("GET", "/git/trees/main$", status, times=9)]
        if is_empty:
            assert one.blobs() is None
        else:
            with pytest.raises(BotError, match=f"GitHub answered {status}|can't be reached"):
                one.blobs()
    server.faults.clear()
    people.push(fake, "writer", {"a/b": "c", "d": "e"})
    assert one.blobs() == {
        path: fake.blob(text.encode())
        for path, text in (("README.md", "A repository.\n"), ("a/b", "c"), ("d", "e"))
    }
    fake.most_entries = 2
    with pytest.raises(BotError, match="has more files than GitHub lists; have a clone prepared"):
        one.blobs()


@pytest.mark.parametrize("faults", [[], [lost_answer("PUT", "/contents/README.md$")]])
def test_an_empty_repository_gets_its_first_commit(server: Server, faults: list[Fault]) -> None:
    fake = server.fake
    server.faults[:] = faults
    fake.is_empty = True
    token = fake.token({**RIGHTS, "workflows": "write"}, "owner")
    one = GithubOnboarding(connect(fake.full_name, token, fake.address, QUICK), QUICK)
    assert one.blobs() is None
    one.begin()
    assert fake.files("main") == {
        "README.md": "# cellxgene\n\nThe CELLxGENE ingestion bot lives here.\n"
    }
    assert fake.commits[fake.branches["main"]].message == FIRST
