"""The ports on GitHub: what the folders promise, and that a failing GitHub doubles nothing."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_github import faults, people
from fake_github.faults import Fault
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, FakeGithub
from flows.scenario import report

from bot.adapters.github.client import RetryPolicy
from bot.adapters.github.ports import Github, github
from bot.comments.pull_requests import manifest_branch
from bot.engine import apply
from bot.errors import BotError
from bot.model.audit_entry import AuditEntry, Decision, hidden_audit_entry
from bot.model.effects import (
    CloseThread,
    Comment,
    Conclude,
    Effect,
    OpenThread,
    Plan,
    ProposeManifest,
    React,
    Refer,
    SetLabel,
    StartRun,
    UpsertComment,
)
from bot.model.events import GHOST
from bot.model.labels import Label, Reaction, Topic
from bot.model.markers import DASHBOARD, Marker, MarkerKind, last_marker, sign
from bot.settings import load_settings
from runners.contract import Action, RunRequest, TrailLine, Verdict

FILES = ("detect.yml", "ingest.yml", "reap.yml", "verify.yml")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MARKER = Marker(MarkerKind.RELEASE, "2026-02-01")
REPLY = Marker(MarkerKind.REPLY, "1")
MANIFEST = """\
release = "2026-02-01"
census_schema_version = "2.3.0"
dataset_schema_version = "6.0.0"
dataset_count = 10

[storage]
soma = "s3://census/soma/"
h5ads = "s3://census/h5ads/"
"""
REQUEST = RunRequest(
    run_id="2026-02-01-ingest-1",
    action=Action.INGEST,
    release="2026-02-01",
    manifest="runners/releases/2026-02-01.toml",
    instance="demo",
    requested_by="maintainer",
)
PERMISSIONS = dict.fromkeys(("issues", "pull_requests", "contents", "actions", "checks"), "write")
PROPOSAL = ProposeManifest("2026-08-01", "release = 1\n", {"rules/7.0.0.json": "{}", "diff.md": ""})
EFFECTS: list[Effect] = [
    OpenThread(Marker(MarkerKind.NOTICE, "2026-08-01"), "T", "B", Label.PROPOSED),
    PROPOSAL,
    Comment(1, REPLY, "Hello."),
    UpsertComment(1, REPLY, "Hello."),
    Refer(1, Marker(MarkerKind.LISTED, "2026-02-01"), MARKER, "See #{thread}."),
    CloseThread(1),
    React(1, 1, Reaction.SEEN),
    SetLabel(1, Label.RUNNING),
    StartRun(REQUEST),
    Conclude("2026-02-01", Verdict.FAILED, "8 of 9 checks passed"),
]
WRITES = [
    "/issues$",
    "/comments$",
    "/reactions$",
    "/labels$",
    "/dispatches$",
    "/git/trees$",
    "/git/commits$",
    "/git/refs$",
    "/pulls$",
    "/check-runs$",
]


@pytest.fixture
def server() -> Iterator[Server]:
    """One thread of the bot's with a person's comment, and a merged manifest."""
    fake = FakeGithub(now=lambda: NOON)
    fake.run_names = dict.fromkeys(FILES, lambda told: str(told.get("title", "")))
    with serving(fake) as one:
        bot = fake.user(ACTIONS)
        people.open_issue(fake, bot, "Title", sign("Body", MARKER), ("manifest proposed",))
        people.comment(fake, "maintainer", 1, "hello")
        people.push(fake, "maintainer", {REQUEST.manifest: MANIFEST})
        yield one
        assert one.broken == []


def adapters_of(server: Server, workflow: str | None = None, **patience: object) -> Github:
    environment = {"BOT_WORKFLOW": workflow or ""}
    settings = replace(
        load_settings(environ=environment),
        github=server.fake.full_name,
        github_token=server.fake.token(PERMISSIONS),
        github_api=server.fake.address,
        bot=ACTIONS,
    )
    told = {"backoff": 0.01, "secondary": 0.01, "pace": 0.0, "sleep": lambda _: None, **patience}
    return github(settings, RetryPolicy(**told))  # type: ignore[arg-type]


@pytest.fixture
def adapters(server: Server) -> Github:
    return adapters_of(server)


def contents(fake: FakeGithub) -> str:
    """All that stands there, without what only the double counts."""
    issues = [
        (issue.title, issue.body, issue.labels, issue.state, issue.comments)
        for issue in fake.issues.values()
    ]
    runs = [(run.title, run.inputs) for run in fake.runs.values()]
    checks = [(check.name, check.sha, check.told) for check in fake.checks.values()]
    trees = {name: fake.files(name) for name in fake.branches}
    return repr((issues, runs, checks, trees))


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)
def test_each_effect_twice_is_once(effect: Effect, server: Server, adapters: Github) -> None:
    before = contents(server.fake)
    apply(Plan((effect,), ""), adapters.ports())
    once = contents(server.fake)
    apply(Plan((effect,), ""), adapters.ports())
    assert contents(server.fake) == once
    assert once != before


@pytest.mark.parametrize("kind", ["lost", "unavailable", "secondary", "asked", "too many"])
def test_a_github_that_fails_along_the_way_doubles_and_loses_nothing(
    server: Server, kind: str
) -> None:
    """Every write fails once, each of them before or after its deed."""
    with serving(FakeGithub(now=lambda: NOON)) as plain:
        bot = plain.fake.user(ACTIONS)
        plain.fake.run_names = server.fake.run_names
        people.open_issue(plain.fake, bot, "Title", sign("Body", MARKER), ("manifest proposed",))
        people.comment(plain.fake, "maintainer", 1, "hello")
        people.push(plain.fake, "maintainer", {REQUEST.manifest: MANIFEST})
        apply(Plan(tuple(EFFECTS), ""), adapters_of(plain).ports())
        wanted = contents(plain.fake)
        assert plain.broken == []
    server.faults += [fault(kind, "POST", path) for path in WRITES]
    server.faults += [fault(kind, "PATCH", "/issues/1$"), fault(kind, "GET", "/issues$")]
    apply(Plan(tuple(EFFECTS), ""), adapters_of(server).ports())
    assert [one.path for one in server.faults if one.times] == []
    assert without_shas(contents(server.fake)) == without_shas(wanted)


def without_shas(text: str) -> str:
    return re.sub(r"[0-9a-f]{40}", "SHA", text)


def fault(kind: str, method: str, path: str) -> Fault:
    match kind:
        case "lost":
            return faults.lost_answer(method, path)
        case "unavailable":
            return faults.unavailable(method, path)
        case "secondary":
            return faults.secondary_limit(method, path)
        case "asked":
            return faults.secondary_limit(method, path, retry_after="0")
    return faults.too_many(method, path)


def test_the_hours_limit_is_waited_for_or_told(server: Server) -> None:
    slept: list[float] = []
    soon = int(datetime.now(UTC).timestamp()) + 30
    server.faults.append(faults.primary_limit("POST", "/comments$", reset=soon))
    adapters_of(server, sleep=slept.append).threads.comment(1, sign("Hello.", REPLY))
    assert 25 < slept[0] < 35
    server.faults.append(faults.primary_limit("POST", "/comments$", reset=soon + 3600))
    with pytest.raises(BotError, match="GitHub's rate limit is used up"):
        adapters_of(server).threads.comment(1, sign("Hello.", REPLY))


def test_a_github_that_stays_away_is_told_in_one_sentence(server: Server) -> None:
    server.faults.append(faults.unavailable("GET", "/issues$", times=99))
    with pytest.raises(BotError, match=r"^GitHub can't be reached \(RetryError\); try again later"):
        adapters_of(server).threads.marked()
    server.faults.append(faults.unavailable("POST", "/comments$", times=99))
    with pytest.raises(BotError, match="GitHub answered 502"):
        adapters_of(server).threads.comment(1, sign("Hello.", REPLY))


def test_what_the_token_may_not_do_is_told_with_the_permission(server: Server) -> None:
    adapters = adapters_of(server)
    for token, told in list(server.fake.tokens.items()):
        server.fake.tokens[token] = type(told)(
            token, told.user, {"issues": "read"}, told.expires, told.is_workflows
        )
    with pytest.raises(BotError, match="it needs the permission issues=write"):
        adapters.threads.comment(1, sign("Hello.", REPLY))
    server.fake.now = lambda: NOON + timedelta(hours=2)
    with pytest.raises(BotError, match=r"GitHub refuses the token \(Bad credentials\)"):
        adapters.threads.marked()


def test_where_actions_may_open_no_pull_request_it_is_told(
    server: Server, adapters: Github
) -> None:
    server.fake.actions_may_open_pulls = False
    with pytest.raises(BotError, match="is not permitted to create or approve pull requests"):
        adapters.repository.propose(PROPOSAL)


def test_a_marker_counts_only_if_the_bot_wrote_it(server: Server, adapters: Github) -> None:
    forged = sign("x", Marker(MarkerKind.RELEASE, "2027-01-01"))
    for login in ("mallory", "another-app[bot]"):
        people.open_issue(server.fake, server.fake.user(login), "Forged", forged)
        people.comment(server.fake, login, 1, sign("x", REPLY))
    assert adapters.threads.marked() == {MARKER: 1}
    assert [comment.by_bot for comment in adapters.threads.comments(1)] == [False] * 3
    adapters.threads.comment(1, sign("Hello.", REPLY))
    assert adapters.threads.comments(1)[-1].by_bot


def test_a_persons_comment_isnt_taken_for_the_one_whose_answer_was_lost(
    server: Server, adapters: Github
) -> None:
    body = sign("Hello.", REPLY)
    people.comment(server.fake, "mallory", 1, body)
    for fault in (
        faults.unavailable("POST", "/comments$"),
        faults.lost_answer("POST", "/comments$"),
    ):
        server.faults.append(fault)
        number = adapters.threads.comment(1, body)
        found = [one for one in adapters.threads.comments(1) if one.body == body]
        assert [(one.comment_id, one.by_bot) for one in found[1:]] == [(number, True)]
        del server.fake.issues[1].comments[-1]


def test_more_than_a_page_of_comments_and_threads_is_read(server: Server, adapters: Github) -> None:
    bot = server.fake.user(ACTIONS)
    for number in range(120):
        people.add_comment(server.fake, bot, 1, str(number))
        people.open_issue(server.fake, bot, "T", sign("x", Marker(MarkerKind.NOTICE, str(number))))
    assert len(adapters.threads.comments(1)) == 121
    assert len(adapters.threads.marked()) == 121
    assert adapters.threads.marked()[MARKER] == 1


def test_labels_of_others_stay(server: Server, adapters: Github) -> None:
    server.fake.issues[1].labels[:] = ["urgent", "running"]
    adapters.threads.label(1, Label.VERIFIED)
    assert server.fake.issues[1].labels == ["urgent", "verified"]


def test_a_label_that_is_gone_by_now_is_as_if_removed(server: Server, adapters: Github) -> None:
    """By another command's job at the same moment, or by ourselves, and the answer was lost."""
    server.fake.issues[1].labels[:] = [str(Label.RUNNING)]
    server.faults.append(faults.lost_answer("DELETE", "/labels/running$"))
    adapters.threads.label(1, Label.VERIFIED)
    assert server.fake.issues[1].labels == ["verified"]


def test_a_proposal_is_a_pull_request_that_a_second_one_leaves_alone(
    server: Server, adapters: Github
) -> None:
    adapters.repository.propose(PROPOSAL)
    pull = server.fake.issues[2]
    assert pull.pull is not None
    assert last_marker(pull.body) == Marker(MarkerKind.MANIFEST, "2026-08-01")
    changed = server.fake.changed(server.fake.branches["main"], pull.pull.head_sha)
    assert changed == {
        "runners/releases/2026-08-01.toml": "added",
        "runners/releases/2026-08-01/diff.md": "added",
        "runners/rules/7.0.0.json": "added",
    }
    pull.state = "closed"
    adapters.repository.propose(PROPOSAL)
    assert len(server.fake.issues) == 2
    server.fake.default_branch = pull.pull.head
    assert adapters.repository.changed_documents(2) == {
        "runners/releases/2026-08-01.toml": "release = 1\n",
        "runners/rules/7.0.0.json": PROPOSAL.beside["rules/7.0.0.json"],
    }


def test_a_persons_pull_request_from_the_branch_is_not_taken_for_the_bots(
    server: Server, adapters: Github
) -> None:
    theirs = people.propose(server.fake, "writer", manifest_branch(PROPOSAL.release), {})
    theirs.state = "closed"  # of open ones GitHub allows one a branch
    adapters.repository.propose(PROPOSAL)
    own = [issue for issue in server.fake.issues.values() if issue.pull and issue is not theirs]
    assert [(pull.user.login, last_marker(pull.body)) for pull in own] == [
        (ACTIONS, Marker(MarkerKind.MANIFEST, PROPOSAL.release))
    ]


def test_what_waits_is_in_an_open_pull_request_of_this_repository(
    server: Server, adapters: Github
) -> None:
    for release, fork in (("2030-01-01", None), ("2030-01-02", "mallory"), ("2030-01-03", None)):
        people.propose(server.fake, "writer", manifest_branch(release), {}, fork=fork)
    server.fake.issues[4].state = "closed"
    people.propose(server.fake, "writer", "other/2030-01-04", {})
    assert adapters.repository.proposed() == {"2030-01-01"}


def test_of_a_pull_request_manifests_and_rules_are_read_and_not_what_it_removes(
    server: Server, adapters: Github
) -> None:
    others: dict[str, str | None] = {
        "runners/releases/2030-01-01/deep.toml": "x",
        "runners/releases/notes.md": "x",
        "runners/rules/notes.md": "x",
        "runners/rules/7.0.0.toml": "x",
        "pyproject.toml": "x",
        "package.json": "x",
    }
    own: dict[str, str | None] = {"runners/rules/7.0.0.json": "{}"}
    fake, base = server.fake, server.fake.branches["main"]
    pull = people.propose(fake, "writer", "tidy", {}).pull
    assert pull is not None
    pull.head_sha = fake.commit({REQUEST.manifest: None, **own, **others}, "Tidy", base)
    assert adapters.repository.changed_documents(2) == own


@pytest.mark.parametrize(
    ("held", "role"),
    [("admin", "ADMIN"), ("maintain", "MAINTAIN"), ("triage", "TRIAGE"), ("curator", "READ")],
)
def test_roles_come_by_their_full_name(
    server: Server, adapters: Github, held: str, role: str
) -> None:
    server.fake.user("somebody", held)
    assert adapters.roles.role_of("somebody").name == role
    assert adapters.roles.role_of("nobody-at-all").name == "NONE"


@pytest.mark.parametrize("base", ["read", "triage", "write", "maintain", "admin"])
def test_a_custom_role_counts_as_what_it_is_made_from(
    server: Server, adapters: Github, base: str
) -> None:
    server.fake.user("somebody", "release manager", base)
    assert adapters.roles.role_of("somebody").name == base.upper()


def test_whose_account_was_deleted_has_no_role_and_breaks_nothing(
    server: Server, adapters: Github
) -> None:
    people.comment(server.fake, "leaver", 1, "/ingest")
    people.open_issue(server.fake, server.fake.user("leaver"), "Theirs", "")
    server.fake.deletes("leaver")
    assert adapters.threads.marked() == {MARKER: 1}
    assert [said.author for said in adapters.threads.comments(1)] == ["maintainer", GHOST]
    assert adapters.roles.role_of(GHOST).name == "NONE"


# --- manifests ------------------------------------------------------------------------------------


def test_a_broken_manifest_breaks_its_own_release_only(server: Server, adapters: Github) -> None:
    wrong = "runners/releases/2099-01-01.toml"
    files: dict[str, str | None] = {
        wrong: MANIFEST,
        "runners/releases/2030-01-01.toml": "release = ",
        "runners/releases/notes.toml": "= nothing of ours",
    }
    people.push(server.fake, "writer", files)
    merged = adapters.repository.manifests()
    assert set(merged.whole) == {"2026-02-01"}
    assert set(merged.broken) == {"2030-01-01", "2099-01-01"}
    assert merged.broken["2099-01-01"] == (
        f"{wrong}: field release: '2026-02-01' is not the file's name; "
        "call the file 2026-02-01.toml or correct the field."
    )
    assert merged.blobs["2099-01-01"] == merged.blobs["2026-02-01"]


def test_what_a_push_changed_is_read_from_its_two_commits(server: Server, adapters: Github) -> None:
    fake, changed = server.fake, adapters.repository.changed_manifests
    corrected, other = (f"runners/releases/{day}.toml" for day in ("2025-08-01", "2026-08-01"))
    stays = {"runners/releases/2025-02-01.toml": "stays"}
    before = people.push(fake, "maintainer", {**stays, corrected: "before"})
    files: dict[str, str | None] = {f"many/{number}": str(number) for number in range(400)}
    files |= {other: "x", corrected: "after", REQUEST.manifest: None}
    after = people.push(fake, "maintainer", files)
    expected = {"2025-08-01": fake.blob(b"after"), "2026-08-01": fake.blob(b"x")}
    assert changed(before, after) == expected
    # A new branch, and one pushed with force whose old commit is gone: what the newest changed.
    for unknown in ("0" * 40, "ab" * 20):
        assert changed(unknown, after) == expected
        first = next(iter(fake.commits))
        assert changed(unknown, first) == {}


def test_a_merge_that_is_pushed_with_force_changed_what_its_branch_brought(
    server: Server, adapters: Github
) -> None:
    """What the default branch had changed since the branch left it is no news."""
    fake, changed = server.fake, adapters.repository.changed_manifests
    ours, theirs = (f"runners/releases/{day}.toml" for day in ("2025-08-01", "2026-08-01"))
    begun = fake.branches["main"]
    main, branch = fake.commit({ours: "x"}, "Main", begun), fake.commit({theirs: "y"}, "New", begun)
    tree = fake.commits[fake.commit({theirs: "y"}, "Both", main)].tree
    merge = fake.commit_tree(tree, "Merge", (main, branch))
    for unknown in ("0" * 40, "ab" * 20):
        assert changed(unknown, merge) == {"2026-08-01": fake.blob(b"y")}


# --- runs ---------------------------------------------------------------------------------------


def accepts(adapters: Github, *run_ids: str) -> None:
    """The bot's own answers say that it has accepted the runs."""
    for run_id in run_ids:
        entry = AuditEntry("maintainer", "maintain", "/ingest", Decision.ACCEPTED, "yes", run_id)
        adapters.threads.comment(1, sign("Yes.", REPLY, hidden_audit_entry(entry)))


def test_a_title_alone_makes_no_run(server: Server, adapters: Github) -> None:
    """Whoever may dispatch a workflow can call it anything, and mustn't keep others from theirs."""
    title = f"{REQUEST.run_id}0 in demo for maintainer"
    other = f"{REQUEST.run_id}7 in demo for nobody at all"
    for login, told in (("writer", title), (ACTIONS, title), ("writer", other)):
        people.dispatch(server.fake, server.fake.user(login), "ingest.yml", {"title": told})
    assert adapters.runs.all() == ()
    adapters.runs.start(REQUEST)
    accepts(adapters, REQUEST.run_id)
    assert [run.request.run_id for run in adapters.runs.all()] == [REQUEST.run_id]
    of_another = {"run_id": f"{REQUEST.run_id}1", "instance": "other"}
    adapters.runs.start(REQUEST.model_copy(update=of_another))
    assert len(server.fake.runs) == 5


def test_a_run_whose_title_somebody_took_before_is_started_all_the_same(
    server: Server, adapters: Github
) -> None:
    title = f"{REQUEST.run_id} in demo for maintainer"
    first = people.dispatch(server.fake, server.fake.user("writer"), "ingest.yml", {"title": title})
    adapters.runs.start(REQUEST)
    _, own = server.fake.runs.values()
    people.end(server.fake, first, "failure")
    accepts(adapters, REQUEST.run_id)
    assert adapters.runs.workflow_of(REQUEST.run_id) == own.id
    (run,) = adapters.runs.all()
    assert run.is_going_on()


def test_of_two_that_people_have_dispatched_the_first_works(
    server: Server, adapters: Github
) -> None:
    title = f"{REQUEST.run_id} in demo for maintainer"
    first, _ = (
        people.dispatch(server.fake, server.fake.user(login), "ingest.yml", {"title": title})
        for login in ("writer", "maintainer")
    )
    assert adapters.runs.workflow_of(REQUEST.run_id) == first.id


@pytest.mark.parametrize("login", ["writer", ACTIONS])
def test_a_run_whose_title_is_dispatched_again_goes_on_all_the_same(
    server: Server, adapters: Github, login: str
) -> None:
    """The second one is refused, and so ends at once; the first one works."""
    adapters.runs.start(REQUEST)
    accepts(adapters, REQUEST.run_id)
    (own,) = server.fake.runs.values()
    title = f"{REQUEST.run_id} in demo for maintainer"
    again = people.dispatch(server.fake, server.fake.user(login), "ingest.yml", {"title": title})
    people.end(server.fake, again, "failure")
    assert adapters.runs.workflow_of(REQUEST.run_id) == own.id
    (run,) = adapters.runs.all()
    assert run.is_going_on()
    with pytest.raises(BotError, match="2026-02-01-ingest-1 is going on in demo"):
        adapters.runs.start(REQUEST.model_copy(update={"run_id": "2026-02-01-ingest-2"}))
    people.end(server.fake, own, "failure")
    (run,) = adapters.runs.all()
    assert not run.is_going_on()


def test_a_run_is_known_by_its_title_until_the_machine_writes(
    server: Server, adapters: Github, tmp_path: Path
) -> None:
    adapters.runs.start(REQUEST)
    accepts(adapters, REQUEST.run_id)
    (run,) = adapters.runs.all()
    assert (run.request, run.since, run.is_going_on()) == (REQUEST, NOON, True)
    with pytest.raises(BotError, match="2026-02-01-ingest-1 is going on in demo"):
        adapters.runs.start(REQUEST.model_copy(update={"run_id": "2026-02-01-ingest-2"}))
    (only,) = server.fake.runs.values()
    assert adapters.runs.workflow_of(REQUEST.run_id) == only.id
    assert RunRequest.from_json(only.inputs["request"], source="x") == REQUEST
    people.end(server.fake, only, "cancelled")
    (lost,) = adapters.runs.all()
    assert (lost.is_lost, lost.has_done_nothing()) == (True, adapters.runs.store.is_live)
    assert not lost.is_going_on()


def test_a_run_is_cancelled_once(server: Server, adapters: Github) -> None:
    adapters.runs.start(REQUEST)
    adapters.runs.cancel(REQUEST.run_id)
    adapters.runs.cancel(REQUEST.run_id)
    assert [run.conclusion for run in server.fake.runs.values()] == ["cancelled"]


@pytest.mark.parametrize("make", [faults.lost_answer, faults.unavailable])
def test_a_cancellation_isnt_lost_with_its_answer(server: Server, make: object) -> None:
    assert callable(make)
    adapters = adapters_of(server)
    adapters.runs.start(REQUEST)
    server.faults.append(make("POST", "/cancel$"))
    adapters.runs.cancel(REQUEST.run_id)
    assert [run.conclusion for run in server.fake.runs.values()] == ["cancelled"]
    adapters.runs.start(REQUEST.model_copy(update={"run_id": "2026-02-01-ingest-2"}))
    server.faults.append(faults.unavailable("POST", "/cancel$", times=99))
    with pytest.raises(BotError, match="2026-02-01-ingest-2 can't be cancelled"):
        adapters.runs.cancel("2026-02-01-ingest-2")


def test_failures_in_a_row_are_github_s_own_count(server: Server, adapters: Github) -> None:
    bot = server.fake.user(ACTIONS)
    assert adapters.tally.failures() == 0
    for conclusion in ("failure", "success", "failure", "failure"):
        people.end(
            server.fake, people.start(server.fake, "detect.yml", "schedule", bot), conclusion
        )
    people.start(server.fake, "detect.yml", "schedule", bot)
    assert adapters.tally.failures() == 2


def test_a_look_that_was_cancelled_ends_no_row_and_is_no_failure(
    server: Server, adapters: Github
) -> None:
    bot = server.fake.user(ACTIONS)
    endings = ("failure", "success", "failure", "cancelled", "timed_out", "startup_failure")
    for conclusion in (*endings, "skipped"):
        one = people.start(server.fake, "detect.yml", "schedule", bot)
        people.end(server.fake, one, conclusion)
    assert adapters.tally.failures() == 3


def test_a_large_repositorys_manifests_and_rules_are_read_too(
    server: Server, adapters: Github
) -> None:
    """The list of all its files is cut by GitHub; that of a folder isn't."""
    before = server.fake.branches["main"]
    rules = {"runners/rules/6.0.0.json": '{"judgements": []}'}
    others = {f"data/{number}.csv": "" for number in range(20)}
    later = {"runners/releases/2026-08-01.toml": MANIFEST.replace("2026-02-01", "2026-08-01")}
    after = people.push(server.fake, "maintainer", {**rules, **others, **later})
    server.fake.most_entries = 10
    assert sorted(adapters.repository.manifests().whole) == ["2026-02-01", "2026-08-01"]
    assert list(adapters.repository.documents()) == [REQUEST.manifest, *later, *rules]
    assert list(adapters.repository.changed_manifests(before, after)) == ["2026-08-01"]
    server.fake.most_entries = 1
    with pytest.raises(BotError, match="has more files than GitHub lists"):
        adapters.repository.manifests()


# --- another repository, which has one workflow file that calls bot.yml ---------------------------


@pytest.fixture
def caller(server: Server) -> Github:
    server.fake.run_names = {"census.yml": lambda told: str(told.get("title", ""))}
    return adapters_of(server, workflow="octo/cellxgene/.github/workflows/census.yml@refs/heads/x")


def test_a_callers_runs_are_dispatched_as_its_own_file(server: Server, caller: Github) -> None:
    bot = server.fake.user(ACTIONS)
    people.start(server.fake, "census.yml", "issue_comment", bot)
    caller.runs.start(REQUEST)
    assert [(run.workflow, run.event) for run in server.fake.runs.values()] == [
        ("census.yml", "issue_comment"), ("census.yml", "workflow_dispatch")
    ]  # fmt: skip
    accepts(caller, REQUEST.run_id)
    (run,) = caller.runs.all()
    assert run.request == REQUEST
    caller.workflows.watch()
    assert list(server.fake.runs.values())[-1].inputs == {"title": "Watch runs"}
    assert len(caller.runs.all()) == 1


def test_a_callers_looks_are_the_runs_that_its_clock_started(
    server: Server, caller: Github
) -> None:
    bot = server.fake.user(ACTIONS)
    assert caller.tally.failures() == 0
    for event, conclusion in (
        ("schedule", "success"),
        ("schedule", "failure"),
        ("push", "failure"),
        ("schedule", "failure"),
        ("issue_comment", "success"),
    ):
        people.end(server.fake, people.start(server.fake, "census.yml", event, bot), conclusion)
    assert caller.tally.failures() == 2


def test_a_callers_look_ends_as_its_own_job_does(server: Server, caller: Github) -> None:
    """The same run has other jobs, which may fail or be cancelled."""
    bot = server.fake.user(ACTIONS)
    for conclusion, look, reap in (
        ("failure", "failure", "success"),
        ("failure", "success", "failure"),
        ("failure", "failure", "success"),
        ("cancelled", "failure", "cancelled"),
        ("cancelled", "cancelled", "success"),
    ):
        one = people.start(server.fake, "census.yml", "schedule", bot)
        jobs = {"bot / Reap / Reap": reap, "bot / Detect / Detect": look}
        people.end(server.fake, one, conclusion, jobs)
    assert caller.tally.failures() == 2
    for look in ("success", "failure"):
        one = people.start(server.fake, "census.yml", "schedule", bot)
        jobs = {"bot / Detect / Detect": look, "bot / Reap / Reap": "failure"}
        people.end(server.fake, one, "failure", jobs)
    assert caller.tally.failures() == 1


def test_a_callers_run_goes_on_however_many_dispatches_follow(
    server: Server, caller: Github
) -> None:
    """Looks, watches and runs are dispatches of one file there."""
    caller.runs.start(REQUEST)
    accepts(caller, REQUEST.run_id)
    bot = server.fake.user(ACTIONS)
    for _ in range(120):
        inputs = {"title": "Watch runs"}
        one = people.start(server.fake, "census.yml", "workflow_dispatch", bot, inputs)
        people.end(server.fake, one, "success")
    (run,) = caller.runs.all()
    assert run.is_going_on()
    with pytest.raises(BotError, match="2026-02-01-ingest-1 is going on in demo"):
        caller.runs.start(REQUEST.model_copy(update={"run_id": "2026-02-01-ingest-2"}))
    caller.runs.cancel(REQUEST.run_id)
    assert server.fake.runs[min(server.fake.runs)].conclusion == "cancelled"


def test_a_file_that_isnt_there_has_no_runs_and_is_named_when_it_is_needed(
    server: Server, adapters: Github
) -> None:
    server.fake.run_names = {}
    assert adapters.tally.failures() == 0
    assert adapters.runs.all() == ()
    with pytest.raises(BotError, match=r"^\.github/workflows/ingest.yml isn't on the default"):
        adapters.runs.start(REQUEST)


def test_schedules_are_kept_alive_but_for_those_that_a_person_disabled(
    server: Server, adapters: Github
) -> None:
    fake = server.fake
    fake.disabled = {"detect.yml": "disabled_inactivity", "reap.yml": "disabled_manually"}
    assert adapters.workflows.keep_alive() == ("detect.yml",)
    assert fake.disabled == {"reap.yml": "disabled_manually"}
    assert list(fake.enabled_at) == ["detect.yml"]
    del fake.run_names["reap.yml"]
    assert adapters.workflows.keep_alive() == ("detect.yml",)


# --- runs as artifacts, where no other place is given ---------------------------------------------


def files_of(request: RunRequest, journal: str = "") -> dict[str, str]:
    return {"request.json": request.to_json(), "journal.jsonl": journal}


def test_an_ended_runs_files_are_its_workflow_runs_artifact(
    server: Server, adapters: Github
) -> None:
    adapters.runs.start(REQUEST)
    (workflow_run,) = server.fake.runs.values()
    assert adapters.runs.journal(REQUEST.run_id) is None
    assert not adapters.runs.are_read_live()
    files = {**files_of(REQUEST, "one\n"), "report.json": report(REQUEST).to_json()}
    files["left.json"] = "for the runs of other releases, too"
    people.upload(server.fake, workflow_run, "work", {"x": "y"})
    people.upload(server.fake, workflow_run, f"run-{REQUEST.run_id}", files)
    assert adapters.runs.journal(REQUEST.run_id) == "one\n"
    assert adapters.runs.report(REQUEST.run_id) == report(REQUEST)
    (run,) = adapters.runs.all()
    assert not run.is_going_on()
    assert dict(adapters.runs.kept("2026-02-01")).keys() == {
        f"{REQUEST.run_id}/{name}" for name in files
    }
    assert dict(adapters.runs.kept("2025-01-01")).keys() == {f"{REQUEST.run_id}/left.json"}


def test_what_a_runs_machines_have_cost_is_read_from_their_trail(
    server: Server, adapters: Github
) -> None:
    adapters.runs.start(REQUEST)
    (workflow_run,) = server.fake.runs.values()
    lines = [
        TrailLine(at=NOON, run="r", act="launched", machine="i-1", why="", price=2.0),
        TrailLine(at=NOON + timedelta(minutes=30), run="r", act="ended", machine="i-1", why=""),
        TrailLine(at=NOON, run="r", act="launched", machine="i-2", why="", price=1.0),
        TrailLine(at=NOON, run="r", act="launched", machine="ingestion-1", why="", price=0.5),
    ]
    trails = ("\n".join(line.model_dump_json() for line in lines), "", "{")
    for trail, costs in zip(trails, ((2.5, 229.0), (None,) * 2, (None,) * 2), strict=True):
        files = {**files_of(REQUEST), "machines.jsonl": trail}
        people.upload(server.fake, workflow_run, f"run-{REQUEST.run_id}", files)
        runs = adapters_of(server).runs
        # no machine lives longer than 120 hours, and no Processing job than 216
        found = [runs.cost(REQUEST.run_id, NOON + timedelta(hours=h)) for h in (1, 300)]
        assert found == list(costs)


def test_a_run_that_was_repeated_has_its_newest_files(server: Server, adapters: Github) -> None:
    adapters.runs.start(REQUEST)
    (workflow_run,) = server.fake.runs.values()
    for text in ("one\n", "two\n"):
        people.upload(server.fake, workflow_run, f"run-{REQUEST.run_id}", files_of(REQUEST, text))
    assert adapters.runs.journal(REQUEST.run_id) == "two\n"


def test_an_artifact_counts_only_from_the_runs_own_workflow_run(
    server: Server, adapters: Github
) -> None:
    """Workflows of any pull request may upload artifacts, under any name."""
    fake = server.fake
    adapters.runs.start(REQUEST)
    foreign = people.start(fake, "check.yml", "pull_request", fake.user("stranger"))
    files = {**files_of(REQUEST), "report.json": report(REQUEST).to_json()}
    people.upload(fake, foreign, f"run-{REQUEST.run_id}", files, fork="stranger/cellxgene")
    other = REQUEST.model_copy(update={"run_id": "2026-02-01-ingest-9"})
    (workflow_run, _) = fake.runs.values()
    people.upload(fake, workflow_run, f"run-{other.run_id}", files_of(other))
    accepts(adapters, REQUEST.run_id)
    (run,) = adapters.runs.all()
    assert run.is_going_on()


OTHER = REQUEST.model_copy(update={"run_id": "2026-02-01-ingest-9"})


@pytest.mark.parametrize(
    "broken",
    [
        {"request.json": "{"},
        {"request.json": "no JSON", "report.json": "none"},
        {**files_of(OTHER), "report.json": '{"of": "another version"}'},
        None,
    ],
    ids=["request", "both", "report", "gone"],
)
def test_a_run_that_cant_be_read_hides_no_other(
    server: Server, adapters: Github, broken: dict[str, str] | None
) -> None:
    fake = server.fake
    for request in (REQUEST, OTHER):
        adapters.runs.start(request)
        accepts(adapters, request.run_id)
        people.end(fake, max(fake.runs.values(), key=lambda run: run.id), "success")
    first, second = fake.runs.values()
    whole = {**files_of(REQUEST), "report.json": report(REQUEST).to_json()}
    people.upload(fake, first, f"run-{REQUEST.run_id}", whole)
    if broken is None:
        one = people.upload(fake, second, f"run-{OTHER.run_id}", files_of(OTHER))
        server.faults.append(Fault("GET", f"/{one.id}/zip$", 410, times=99))
    else:
        people.upload(fake, second, f"run-{OTHER.run_id}", broken)
    read, lost = adapters.runs.all()
    assert read.report == report(REQUEST)
    assert (lost.request.run_id, lost.is_lost) == (OTHER.run_id, True)
    assert adapters.runs.report(REQUEST.run_id) == report(REQUEST)
    assert f"{REQUEST.run_id}/report.json" in dict(adapters.runs.kept("2026-02-01"))


def test_a_check_of_another_app_is_left_alone(server: Server, adapters: Github) -> None:
    """As after a change from the job's token to an App's: only its own App may change one."""
    commit = server.fake.branches["main"]
    adapters.repository.conclude("2026-02-01", Verdict.FAILED, "One", commit)
    (own,) = server.fake.checks.values()
    server.fake.checks[own.id] = replace(own, app="another")
    adapters.repository.conclude("2026-02-01", Verdict.PASSED, "Two", commit)
    adapters.repository.conclude("2026-02-01", Verdict.PASSED, "Three", commit)
    told = [(check.app, check.told["conclusion"]) for check in server.fake.checks.values()]
    assert told == [("another", "failure"), ("github-actions", "success")]


def test_a_dashboard_whose_marker_a_person_took_away_is_still_it(
    server: Server, adapters: Github
) -> None:
    number = adapters.threads.open("Dashboard", sign("All", DASHBOARD), Topic.DASHBOARD)
    server.fake.issues[number].body = "gone"
    people.open_issue(server.fake, server.fake.user("stranger"), "Mine", "too", ("dashboard",))
    assert adapters.threads.marked()[DASHBOARD] == number


def test_an_artifact_that_is_broken_or_gone_is_told(server: Server, adapters: Github) -> None:
    fake = server.fake
    adapters.runs.start(REQUEST)
    (workflow_run,) = fake.runs.values()
    one = people.upload(fake, workflow_run, f"run-{REQUEST.run_id}", files_of(REQUEST))
    server.faults.append(faults.unavailable("GET", "/zip$"))
    assert adapters.runs.journal(REQUEST.run_id) == ""
    fake.artifacts = {one.id: replace(one, data=b"no zip", id=one.id + 1)}
    with pytest.raises(BotError, match=r"^artifact run-.*-ingest-1: can't be fetched \(404"):
        adapters.runs.journal(REQUEST.run_id)
    fake.artifacts = {one.id + 1: replace(one, data=b"no zip", id=one.id + 1)}
    with pytest.raises(BotError, match=r"^artifact run-2026-02-01-ingest-1: can't be read"):
        adapters.runs.journal(REQUEST.run_id)
    fake.artifacts = {one.id: replace(one, expired=True)}
    assert adapters_of(server).runs.journal(REQUEST.run_id) is None
