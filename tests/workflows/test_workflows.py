"""From the event to the comment: the real workflow files, on a GitHub that fails now and then.

The machine is this one (launcher `local`); the release, the instance and its verification are the
sample's. Each job has just the permissions that its file grants it.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import instances
import pytest
from fake_github import faults, people
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, Comment, Environment, FakeGithub, Issue
from flows import world as pages
from flows.scenario import is_table, rows_of
from instances import REFERENCE, Place

from bot.model.markers import DASHBOARD, Marker, MarkerKind, last_marker
from runners.contract import RunReport, RunRequest
from runners.run import journal
from runners.sample import build
from runners.sample.datasets import NEWER, OLDER, by_key
from runners.sample.world import World
from workflows.act import ROOT, ActRepository, Started

pytestmark = pytest.mark.prove
# What GitHub runs beside it comes last here: the look at a run that goes on, which then has ended.
WORKED = ["commands.yml success", "ingest.yml failure", "reap.yml success"]
WORKFLOWS = ROOT / ".github/workflows"
MANIFEST = f"runners/releases/{OLDER.version}.toml"


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An instance that holds the sample's older release."""
    world = build(tmp_path_factory.mktemp("sample") / "world", REFERENCE, lambda _: None)
    place = instances.make(tmp_path_factory.mktemp("older"), world)
    instances.succeed(place.ingest("older", OLDER.version))
    return place


@pytest.fixture
def repo(older: Place, tmp_path: Path) -> Iterator[ActRepository]:
    """A repository with the older release's manifest, and a copy of the instance."""
    place = instances.copy(older, tmp_path / "place")
    with serving(FakeGithub()) as server:
        fake = server.fake
        for login, role in (("maintainer", "maintain"), ("stranger", "read")):
            fake.user(login, role)
        _long_ago(fake, place.world)
        one = ActRepository(tmp_path, server, _variables(tmp_path), _machine(place))
        yield one
        assert server.broken == []
        assert [fault.path for fault in server.faults if fault.times] == []


def _long_ago(fake: FakeGithub, world: World) -> None:
    """The older release's manifest was merged, and rules were reviewed."""
    files = {MANIFEST: (world.manifests / f"{OLDER.version}.toml").read_text()}
    for path in (ROOT / "runners/rules").glob("*.json"):
        files[f"runners/rules/{path.name}"] = path.read_text()
    fake.branches["main"] = fake.commit(files, "Long ago", fake.branches["main"])


def _variables(home: Path) -> dict[str, str]:
    return {
        "BOT_INSTANCE": instances.INSTANCE,
        "RUNS": str(home / "runs"),
        "BOT_INGEST_ON_MERGE": "false",
    }


def _machine(place: Place) -> dict[str, str]:
    """What the machine's own environment says: pages in place of the real ones, LaminDB's home."""
    root = place.world.root
    kept = {"PATH", "HOME", "PYTHONPATH"}
    own = {name: value for name, value in place.environment.items() if name not in kept}
    return {
        **own,
        "CANARY": str(root.parent / "canary"),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "BOT_RELEASE_PAGE": str(root / "pages" / "release_info.html"),
        "BOT_RELEASE_DIRECTORY": str(root / "pages" / "release.json"),
        "BOT_SCHEMA_DOCUMENT": str(root / "schema" / "{version}" / "schema.md"),
        "BOT_GITHUB_PACE": "0",
    }


def said(repo: ActRepository, thread: int = 2) -> list[Comment]:
    """What the bot said in the release's thread, but for the table of what was asked."""
    own = [
        comment for comment in repo.fake.issues[thread].comments if comment.user.login == ACTIONS
    ]
    return [comment for comment in own if not is_table(comment.body)]


def opens(repo: ActRepository) -> None:
    """The release is announced, and its manifest merged by a maintainer."""
    thread = announced(repo)
    assert repo.deliver() == ["commands.yml success"], repo.told()
    assert thread.labels == ["manifest merged"]


def announced(repo: ActRepository, clock: str = "detect.yml") -> Issue:
    """The thread of the release, whose manifest a maintainer has just merged."""
    assert repo.strikes(clock) == f"{clock} success", repo.told()
    (pull, thread, dashboard) = repo.fake.issues.values()
    assert last_marker(dashboard.body) == DASHBOARD
    assert pull.pull is not None
    assert last_marker(pull.body) == Marker(MarkerKind.MANIFEST, NEWER.version)
    assert last_marker(thread.body) == Marker(MarkerKind.RELEASE, NEWER.version)
    assert thread.labels == ["manifest proposed"]
    people.merge(repo.fake, "maintainer", pull.number)
    return thread


def speaks(repo: ActRepository, login: str, text: str) -> Comment:
    return people.comment(repo.fake, login, 2, text)


def test_from_a_new_release_to_its_verified_comment(repo: ActRepository) -> None:
    server: Server = repo.server
    server.faults += [
        faults.lost_answer("POST", "/issues$"),
        faults.lost_answer("POST", "/pulls$"),
        faults.unavailable("POST", "/git/trees$"),
        faults.secondary_limit("GET", "/issues$", retry_after="1"),
        faults.too_many("POST", "/git/commits$", retry_after="1"),
    ]
    opens(repo)
    assert repo.strikes("detect.yml") == "detect.yml success"
    assert len(repo.fake.issues) == 3

    asked = speaks(repo, "stranger", "/ingest")
    assert repo.deliver() == ["commands.yml success"], repo.told()
    assert asked.reactions == [(ACTIONS, "eyes"), (ACTIONS, "confused")]
    assert "`/ingest` needs the role *maintain*; @stranger has the role *read*." in (
        said(repo)[-1].body
    )

    server.faults += [
        faults.lost_answer("POST", "/dispatches$"),
        faults.lost_answer("POST", "/comments$"),
        faults.too_many("POST", "/reactions$", retry_after="1"),
    ]
    asked = speaks(repo, "maintainer", "/ingest")
    # A check fails on purpose, so that the machine's job does, and the workflow run with it.
    assert repo.deliver() == WORKED, repo.told()
    assert asked.reactions == [(ACTIONS, "eyes"), (ACTIONS, "rocket")]
    assert [run.workflow for run in repo.fake.runs.values()].count("ingest.yml") == 1
    result = said(repo)[-1]
    assert last_marker(result.body) == Marker(
        MarkerKind.RESULT, f"{NEWER.version}-ingest-{asked.id}"
    )
    head = result.body.splitlines()[0]
    assert head.startswith(f"## ❌ Release {NEWER.version} failed its verification: ")
    assert head.endswith("11 of 12 datasets registered")
    assert "[the whole report](https://artifacts.test/report)" in result.body
    (page,) = repo.home.glob("act-*.artifacts/report/report.html")
    assert "11 of 12 datasets registered" in page.read_text()
    assert repo.fake.issues[2].labels == ["verification failed"]
    (check,) = repo.fake.checks.values()
    assert (check.name, check.told["conclusion"]) == (f"Census {NEWER.version}", "failure")

    again = speaks(repo, "maintainer", "/retry")
    assert repo.deliver() == WORKED, repo.told()
    (_, ingest) = (run for run in repo.fake.runs.values() if run.workflow == "ingest.yml")
    request = RunRequest.from_json(ingest.inputs["request"], source="")
    assert request.failed_of == f"{NEWER.version}-ingest-{asked.id}"
    result = said(repo)[-1]
    assert last_marker(result.body) == Marker(
        MarkerKind.RESULT, f"{NEWER.version}-ingest-{again.id}"
    )
    assert "11 of 12 datasets registered" in result.body
    table = rows_of([comment.body for comment in repo.fake.issues[2].comments])
    assert [row.split(" | ")[1:4] for row in table] == [
        ["`stranger`", "read", "`/ingest`"],
        ["`maintainer`", "maintain", "`/ingest`"],
        ["`maintainer`", "maintain", "`/retry`"],
    ]


def test_from_a_merge_to_the_verified_comment(repo: ActRepository) -> None:
    repo.variables = {**repo.variables, "BOT_INGEST_ON_MERGE": "true"}
    thread = announced(repo)
    commit = repo.fake.branches["main"]
    run_id = f"{NEWER.version}-ingest-{commit[:8]}"
    # The sample is made to fail a check, and the workflow run with it.
    assert repo.deliver() == WORKED, repo.told()
    first, result = said(repo)
    assert last_marker(first.body) == Marker(MarkerKind.MERGED, commit)
    assert last_marker(result.body) == Marker(MarkerKind.RESULT, run_id)
    assert "11 of 12 datasets registered" in result.body
    assert thread.labels == ["verification failed"]
    (row,) = rows_of([comment.body for comment in thread.comments])
    assert row.split(" | ")[1:4] == ["`maintainer`", "maintain", f"`merge {commit[:8]}`"]


def test_two_at_once_make_one_run(repo: ActRepository) -> None:
    opens(repo)
    speaks(repo, "maintainer", "/verify")
    speaks(repo, "maintainer", "/verify")
    both = [one for event in repo.taken() for one in repo.start(event)]
    assert [repo.end(one) for one in both] == ["commands.yml success"] * 2, repo.told()
    repo.end_all([one for event in repo.taken() for one in repo.start(event)])
    reports = list((repo.home / "runs").glob("*/report.json"))
    assert len(reports) == 1, repo.told()
    texts = "\n".join(marker.body for marker in said(repo))
    assert ("was asked for before, and an instance takes one." in texts) or (
        "an instance takes one run at a time" in texts
    )


def waits_for(run: Started, words: str) -> None:
    """Until the machine's own journal has the words."""
    place = ".cache/act/*/hostexecutor/work/runs/*/journal.jsonl"
    while not any(words in one.read_text() for one in run.log.with_suffix(".home").glob(place)):
        assert run.process.poll() is None, run.log.read_text()[-4000:]
        time.sleep(0.1)


@pytest.fixture
def pipe(older: Place) -> Iterator[None]:
    """The newer release's largest file, which smoke tests don't come to, never ends."""
    file = older.world.newer.h5ads / f"{by_key('D02').dataset_id}.h5ad"
    away = file.rename(file.with_suffix(".away"))
    os.mkfifo(file)
    yield
    away.replace(file)


@pytest.mark.usefixtures("pipe")
def test_a_run_that_is_cancelled_says_what_was_done(repo: ActRepository) -> None:
    repo.held = {"reap.yml"}
    opens(repo)
    speaks(repo, "maintainer", "/ingest")
    assert repo.deliver_to("commands.yml") == ["commands.yml success"], repo.told()
    (run,) = [one for event in repo.taken() for one in repo.start(event)]
    waits_for(run, '"step":"start"')
    speaks(repo, "maintainer", "/cancel")
    assert repo.deliver() == ["commands.yml success"], repo.told()
    assert run.run.conclusion == "cancelled"
    waits_for(run, '"step":"read"')
    repo.interrupt(run, b"runners mirror")
    assert repo.end(run) == "ingest.yml cancelled", run.log.read_text()[-8000:]
    result = said(repo)[-1].body
    assert last_marker(result) == Marker(MarkerKind.RESULT, f"{NEWER.version}-ingest-2")
    kept = repo.home / "runs" / f"{NEWER.version}-ingest-2"
    written = len(journal.read_journal(kept / "journal.jsonl").datasets("written"))
    if (kept / "report.json").exists():
        report = RunReport.from_file(kept / "report.json")
        assert report.cancelled
        assert 0 < len(report.outcomes) == written < 12
    else:  # where this machine is slow, the job is ended first
        told = re.search(r"- Done: (\d+) datasets? .*\n- Not done: (\d+) datasets?", result)
        assert told is not None, result
        assert (int(told[1]), int(told[2])) == (written, 12 - written)
    assert repo.fake.issues[2].labels != ["running"]


def test_a_pull_requests_manifest_is_checked_by_the_default_branchs_code(
    repo: ActRepository,
) -> None:
    manifest = repo.fake.files("main")[MANIFEST].replace("dataset_count", "datasets")
    files = {MANIFEST: manifest, "runners/__main__.py": "raise SystemExit('run from the head')"}
    pull = people.propose(repo.fake, "maintainer", "edit", files)
    assert repo.deliver() == ["check.yml failure"], repo.told()
    compared, comment = said(repo, pull.number)
    assert compared.body.startswith(f"## ⚠️ Not compared\n\n`{MANIFEST}` can't be compared:\n\n    ")
    assert comment.body.startswith("## ❌ To be mended\n\n**Next:** correct what ")
    assert f"it is checked again.\n\n`{MANIFEST}` can't be checked:\n\n    " in comment.body
    said_why = "field datasets: there is none of that name; rename it to dataset_count."
    assert f"{OLDER.version}.toml: {said_why}" in comment.body


def test_doctor_is_started_by_hand_and_says_what_its_token_sees(
    repo: ActRepository, tmp_path: Path
) -> None:
    for path in (ROOT / "runners/rules").glob("*.json"):
        (tmp_path / f"{path.stem}.md").write_text(pages.document(path.stem))
    documents = str(tmp_path / "{version}.md")
    repo.environment = {**repo.environment, "BOT_SCHEMA_DOCUMENT": documents}
    repo.variables = {name: value for name, value in repo.variables.items() if name != "RUNS"}
    main = repo.fake.branches["main"]
    workflows = {str(path.relative_to(ROOT)): path.read_text() for path in WORKFLOWS.glob("*.yml")}
    repo.fake.branches["main"] = repo.fake.commit(workflows, "Workflows", main)
    repo.fake.environments["instance"] = Environment(["main"])
    people.dispatch(repo.fake, repo.fake.user("maintainer"), "doctor.yml", {})
    assert repo.deliver() == ["doctor.yml success"], repo.told()
    log = repo.logs[-1].read_text()
    for line in (
        "     ok  token: it reads contents, issues, pull requests, actions and checks of octo/",
        "     ok  workflow files: ",
        "unknown  Actions: they couldn't be looked at (GitHub forbids this to the token",
        "     ok  variables: BOT_INGEST_ON_MERGE, BOT_INSTANCE.",
        "     ok  environment instance: only main may use it.",
        f"warning  release {NEWER.version}: the page has it, and nobody has proposed it; look now:",
        f"     ok  registered: {OLDER.version} (5 datasets).",
    ):
        assert line in log, log[-8000:]
