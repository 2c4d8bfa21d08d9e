"""The folder that stands in GitHub's place, file by file: what is written, read and refused."""

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_reports import report
from bot_reports import request as by_hand

from bot.adapters.local.ports import LocalFailureCount, LocalRoles, local
from bot.adapters.local.repository import LocalRepository
from bot.adapters.local.runs import LocalRuns
from bot.adapters.local.threads import LocalThreads, join_front_matter, split_front_matter
from bot.adapters.web import HttpPages
from bot.adapters.webhook import Webhook
from bot.errors import BotError, BusyError
from bot.html.thread_page import PageComment
from bot.model.commands import Role
from bot.model.effects import ProposeManifest
from bot.model.labels import Label, Reaction, Topic
from bot.model.markers import Marker, MarkerKind, sign
from bot.model.ports import ThreadComment
from bot.settings import load_settings
from runners.contract import RunRequest, Verdict

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MARKER = Marker(MarkerKind.RELEASE, "2026-02-01")


def asked(run_id: str = "2026-02-01-ingest-2") -> RunRequest:
    """One that the bot was asked for."""
    return by_hand(run_id=run_id, requested_by="octocat")


@pytest.fixture
def threads(tmp_path: Path) -> LocalThreads:
    return LocalThreads(tmp_path / "threads", "bot", lambda: NOON.replace(microsecond=5))


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_thread_is_a_file_with_its_facts(threads: LocalThreads) -> None:
    assert threads.open("T", "Body", Topic.NOTICE) == 1
    file = threads.folder / "1" / "thread.md"
    whole = (
        '+++\nauthor = "bot"\ncreated = 2026-03-01 12:00:00+00:00\ntitle = "T"\n'
        'labels = [\n    "early notice",\n]\n+++\nBody'
    )
    assert text(file) == whole
    assert threads.comment(1, "Hi") == 1
    assert threads.say(1, "me", "Ho") == 2
    said = threads.folder / "1" / "comments" / "0002.md"
    assert text(said) == '+++\nauthor = "me"\ncreated = 2026-03-01 12:00:00+00:00\n+++\nHo'
    assert threads.comments(1) == (
        ThreadComment(1, "bot", "Hi", True, NOON),
        ThreadComment(2, "me", "Ho", False, NOON),
    )
    assert threads.address(1) == str(threads.folder / "1" / "thread.html")
    assert threads.public_address(1) is None


def test_what_is_changed_is_changed_and_shown(threads: LocalThreads) -> None:
    threads.open("T", sign("One", MARKER), Label.PROPOSED)
    threads.comment(1, "Hi")
    threads.rewrite(1, sign("Two", MARKER))
    later = replace(threads, now=lambda: LATER)
    later.edit(1, 1, "Ho")
    for _ in range(2):
        threads.react(1, 1, Reaction.SEEN)
    threads.react(1, 1, Reaction.DONE)
    for _ in range(2):
        threads.label(1, Label.RUNNING)
    read = threads.read(1)
    assert (read.number, read.title, list(read.labels)) == (1, "T", ["running"])
    assert read.first == PageComment(0, "bot", True, NOON, None, (), sign("Two", MARKER))
    assert read.comments == (PageComment(1, "bot", True, NOON, LATER, ("eyes", "hooray"), "Ho"),)
    page = text(threads.page(1))
    for part in ("Two", "Ho", "edited 2026-03-01 13:00 UTC", "👀", "🎉", ">running<"):
        assert part in page
    threads.close(1)
    assert ">closed<" in text(threads.page(1))
    assert 'closed_by = "bot"' in text(threads.folder / "1" / "thread.md")


def test_threads_are_numbered_on_and_others_folders_are_none(threads: LocalThreads) -> None:
    for name in ("9", "x", "²"):
        (threads.folder / name).mkdir(parents=True)
        (threads.folder / name / "thread.md").write_text(
            join_front_matter({"author": "me", "created": NOON, "title": "t"}, "b")
        )
    assert threads.numbers() == [9]
    assert threads.open("T", "b", Label.PROPOSED) == 10
    assert threads.texts() == {10: "b"}
    assert threads.closed() == frozenset()
    assert threads.marked() == {}
    comments = threads.folder / "10" / "comments"
    comments.mkdir()
    for name in ("7", "x"):
        (comments / f"{name}.md").write_text(
            join_front_matter({"author": "a", "created": NOON}, "")
        )
    assert threads.comment(10, "b") == 8


def test_of_two_threads_of_a_marker_the_first_counts(threads: LocalThreads) -> None:
    for body in ("a", "b"):
        threads.open("T", sign(body, MARKER), Label.PROPOSED)
    assert threads.marked() == {MARKER: 1}


def test_what_is_not_there_is_named_with_what_is(threads: LocalThreads) -> None:
    for ask in (threads.comments, threads.read):
        with pytest.raises(BotError, match=r"^There is no thread 3 in .*; there is none so far\.$"):
            ask(3)
    threads.open("T", "b", Label.PROPOSED)
    threads.open("T", "b", Label.PROPOSED)
    for tried in (
        lambda: threads.say(3, "me", "x"),
        lambda: threads.close_as(3, "me"),
        lambda: threads.comment(3, "x"),
    ):
        with pytest.raises(BotError, match=r"^There is no thread 3 in .*; there is 1, 2\.$"):
            tried()


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "no facts",
        "x+++\na = 1\n+++\nb",
        "+++\na = \n+++\nb",
        "+++\na = 1\n",
        "\xff",
        '+++\nauthor = "a"\n+++\nb',
        '+++\nauthor = "a"\ncreated = "today"\n+++\nb',
        "+++\ncreated = 2026-03-01T12:00:00Z\n+++\nb",
        "+++\nauthor = 1\ncreated = 2026-03-01T12:00:00Z\n+++\nb",
    ],
)
def test_a_file_that_a_person_broke_is_named(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "thread.md"
    file.write_bytes(broken.encode("latin-1"))
    sentence = rf"^{re.escape(str(file))}: can't be read as a thread's file \(.*\); put it right or"
    with pytest.raises(BotError, match=sentence):
        split_front_matter(file)
    with pytest.raises(BotError, match="can't be read as a thread's file"):
        split_front_matter(tmp_path / "gone.md")


# --- runs -----------------------------------------------------------------------------------------


def at(folder: Path, run_id: str, seconds: int) -> None:
    os.utime(folder / run_id / "request.json", (seconds, seconds))


def test_runs_are_folders_oldest_first(tmp_path: Path) -> None:
    runs = LocalRuns(tmp_path)
    assert runs.all() == ()
    first, second, third = (asked(run_id=f"2026-02-01-ingest-{n}") for n in (1, 2, 3))
    for number, (one, seconds) in enumerate(((third, 10), (second, 20), (first, 20))):
        runs.start(one.model_copy(update={"instance": f"i{number}"}))
        at(tmp_path, one.run_id, seconds)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "request.json").write_text("x")
    found = runs.all()
    assert [run.request.run_id[-1] for run in found] == ["3", "1", "2"]
    assert [run.since.timestamp() for run in found] == [10, 20, 20]
    assert {(run.report, run.is_lost) for run in found} == {(None, False)}
    (tmp_path / third.run_id / "report.json").write_text(report().to_json())
    assert runs.all()[0].report == report()


def test_a_run_starts_once_and_not_beside_another(tmp_path: Path) -> None:
    runs = LocalRuns(tmp_path)
    runs.start(asked())
    before = (tmp_path / asked().run_id / "request.json").stat().st_mtime_ns
    runs.start(asked())
    assert (tmp_path / asked().run_id / "request.json").stat().st_mtime_ns == before
    other = asked(run_id="2026-02-01-ingest-3")
    with pytest.raises(BusyError, match=r"^2026-02-01-ingest-3 isn't started: 2026-02-01-ingest-2"):
        runs.start(other)
    (tmp_path / asked().run_id / "report.json").write_text(report().to_json())
    runs.start(other)
    assert (tmp_path / other.run_id / "request.json").is_file()


def test_only_a_run_that_goes_on_is_asked_to_end(tmp_path: Path) -> None:
    runs, run_id = LocalRuns(tmp_path), asked().run_id
    runs.cancel(run_id)
    assert list(tmp_path.iterdir()) == []
    runs.start(asked())
    runs.cancel(run_id)
    assert text(tmp_path / run_id / "cancel") == ""
    (tmp_path / run_id / "cancel").unlink()
    (tmp_path / run_id / "report.json").write_text(report().to_json())
    runs.cancel(run_id)
    assert not (tmp_path / run_id / "cancel").exists()


def test_a_report_is_given_or_told_why_not(tmp_path: Path) -> None:
    runs, run_id = LocalRuns(tmp_path / "runs"), asked().run_id
    with pytest.raises(BotError, match=r": there is no run x; there is none so far\.$"):
        runs.report("x")
    runs.start(asked())
    with pytest.raises(BotError, match=rf": there is no run x; there is {run_id}\.$"):
        runs.report("x")
    with pytest.raises(BotError, match=r"report\.json: isn't there; the run goes on since 20"):
        runs.report(run_id)
    (tmp_path / "runs" / run_id / "report.json").write_text(report().to_json())
    assert runs.report(run_id) == report()
    link = runs.publish(run_id, {"a.html": "1", "b.csv": "2"})
    assert link == f"../../runs/{run_id}/a.html"
    assert text(tmp_path / "runs" / run_id / "b.csv") == "2"


# --- the repository -------------------------------------------------------------------------------

MANIFEST = """\
release = "{}"
census_schema_version = "2.4.0"
dataset_schema_version = "8.0.0"
dataset_count = 3
storage = {{soma = "s3://c/soma/", h5ads = "s3://c/h5ads/"}}
"""
CHOICES = [{"answer": "none", "effect": "-"}]


def rules(*answers: str) -> str:
    judgements = [
        {"id": f"{n}", "place": "p", "lines": [1, 2], "text": "t", "choices": CHOICES}
        for n in range(len(answers))
    ]
    given = {str(n): answer for n, answer in enumerate(answers)}
    return json.dumps({"judgements": judgements, "answers": given})


@pytest.fixture
def repository(tmp_path: Path) -> LocalRepository:
    return LocalRepository(
        tmp_path / "repository",
        tmp_path / "proposals",
        rules_folder=tmp_path / "repository" / "runners" / "rules",
    )


def propose(repository: LocalRepository, release: str, some: str) -> None:
    beside = {"rules/8.0.0.json": some}
    repository.propose(ProposeManifest(release, MANIFEST.format(release), beside))


@pytest.mark.parametrize(
    ("there", "proposed", "is_taken"),
    [
        (None, rules("", ""), True),
        (rules(""), rules("", ""), False),
        (rules("", ""), rules("none", ""), True),
        (rules("none"), rules(""), False),
        (rules("none"), rules("none", "none"), True),
        ("{", rules("", ""), True),
    ],
)
def test_rules_are_merged_if_they_leave_no_more_open(
    repository: LocalRepository, there: str | None, proposed: str, is_taken: bool
) -> None:
    own = repository.repository / "runners" / "rules" / "8.0.0.json"
    if there is not None:
        own.parent.mkdir(parents=True)
        own.write_text(there)
    propose(repository, "2026-08-01", proposed)
    sha = repository.merge("2026-08-01")
    assert (text(own) == proposed) is is_taken
    assert repository.merge("2026-08-01") == sha
    merged = repository.repository / "runners" / "releases" / "2026-08-01.toml"
    assert text(merged) == MANIFEST.format("2026-08-01")
    merged.write_text("a person's")
    assert repository.merge("2026-08-01") == sha
    assert text(merged) == MANIFEST.format("2026-08-01")


def test_what_was_not_proposed_is_not_merged(repository: LocalRepository) -> None:
    with pytest.raises(BotError, match=r"there is no proposal x; there is none so far\.$"):
        repository.merge("x")
    for release in ("2026-08-01", "2026-02-01"):
        propose(repository, release, rules())
    (repository.proposals / ".hidden").mkdir()
    with pytest.raises(BotError, match=r"no proposal x; there is 2026-02-01, 2026-08-01\.$"):
        repository.merge("x")


def test_nothing_is_marked_in_a_folder(repository: LocalRepository) -> None:
    repository.conclude("2026-08-01", Verdict.PASSED, "x", None)
    assert not repository.repository.exists()


# --- together -------------------------------------------------------------------------------------


def test_the_folders_lie_in_the_bots_home(tmp_path: Path) -> None:
    settings = replace(load_settings(environ={}), home=tmp_path, roles={"a": Role.ADMIN})
    found = local(settings)
    assert (found.threads.folder, found.runs.folder) == (tmp_path / "threads", tmp_path / "runs")
    assert found.repository == LocalRepository(tmp_path / "repository", tmp_path / "proposals")
    assert (found.tally.file, found.outside) == (tmp_path / "detection.json", None)
    assert (found.threads.bot, found.roles.role_of("a")) == (settings.bot, Role.ADMIN)
    assert isinstance(found.pages, HttpPages)
    ports = found.ports()
    assert (ports.threads, ports.roles, ports.repository, ports.runs) == (
        found.threads, found.roles, found.repository, found.runs
    )  # fmt: skip
    assert (ports.pages, ports.tally, ports.outside) == (found.pages, found.tally, None)
    assert (ports.clock, ports.upstream) == (None, None)
    more: dict[str, Any] = {"repository": tmp_path / "r", "announce": "https://hook.test"}
    whole = local(replace(settings, **more))
    assert whole.repository.repository == tmp_path / "r"
    assert isinstance(whole.outside, Webhook)
    assert whole.ports().outside is whole.outside


@pytest.mark.parametrize(
    ("kept", "count"),
    [("3", 3), ("1", 1), ("0", 0), ("-1", 0), ('"3"', 0), ("1.5", 0), ("null", 0)],
)
def test_failures_are_counted_in_a_file(tmp_path: Path, kept: str, count: int) -> None:
    tally = LocalFailureCount(tmp_path / "a.json")
    assert tally.failures() == 0
    tally.count(0)
    assert not tally.file.exists()
    tally.count(2)
    assert text(tally.file) == '{"failed_in_a_row": 2}\n'
    tally.file.write_text(f'{{"failed_in_a_row": {kept}}}')
    assert tally.failures() == count


def test_whoever_is_not_named_may_read() -> None:
    assert LocalRoles({}).role_of("anybody") is Role.READ
