"""What the commands are made of: outputs, folders, pages, errors, each by itself."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from bot_reports import dataset, report
from click.testing import CliRunner
from fake_github import people
from fake_github.server import Server, serving
from fake_github.state import ACTIONS, FakeGithub

from bot.cli.checks import goes_by, judge
from bot.cli.context import LazyContext, on_github, with_clear_errors
from bot.cli.last_word import or_last_word, tell
from bot.cli.runs import put, write_report
from bot.errors import BotError
from bot.model.markers import Marker, MarkerKind, last_marker, sign
from bot.settings import Settings, load_settings
from runners.contract import (
    CheckReport,
    ContractError,
    DatasetOutcome,
    Finding,
    Outcome,
    Reason,
    RunReport,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def settings(**fields: Any) -> Settings:
    return replace(load_settings(environ={}), **fields)


# --- errors, outputs, files -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [BotError, ContractError, OSError])
def test_an_error_for_a_person_is_one_line_and_exit_code_2(kind: type[Exception]) -> None:
    @click.command()
    @with_clear_errors
    def fails() -> None:
        raise kind("it\n  is\tso")

    done = CliRunner().invoke(fails)
    assert (done.exit_code, done.stderr, done.stdout) == (2, "it is so\n", "")


def test_another_error_is_a_bug_of_ours() -> None:
    @click.command()
    @with_clear_errors
    def fails() -> None:
        raise KeyError("x")

    assert isinstance(CliRunner().invoke(fails).exception, KeyError)


def test_settings_that_a_command_names_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BOT_")]:
        monkeypatch.delenv(name)
    lazy = LazyContext(None)
    found = lazy.load(release_page="x.html", instance=None).settings
    assert (found.release_page, found.instance) == ("x.html", load_settings(environ={}).instance)
    assert lazy.load(schema_document="a/{version}").settings.schema_document == "a/{version}"
    with pytest.raises(BotError, match=r"^--schema-document: lacks \{version\}"):
        lazy.load(schema_document="a")
    with pytest.raises(BotError, match=r"^environment: BOT_GITHUB is missing"):
        on_github(lazy)
    assert lazy.load(lamindb="m.py").settings.lamindb == "m.py"


def test_outputs_are_added_to_the_jobs_file(tmp_path: Path) -> None:
    put(None, {"a": "b"})
    file = tmp_path / "out"
    put(file, {"a": "b", "c": "d"})
    put(file, {"e": ""})
    assert file.read_text() == "a=b\nc=d\ne=\n"


def test_a_report_is_written_with_its_page(tmp_path: Path) -> None:
    write_report(report(), tmp_path / "new")
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {"report.json", "report.html", "offenders.csv"}
    assert RunReport.from_file(tmp_path / "new" / "report.json") == report()


# --- checks ---------------------------------------------------------------------------------------

TOML = """release = "2026-02-01"
census_schema_version = "2.4.0"
dataset_schema_version = "{}"
dataset_count = 1
[storage]
soma = "s"
h5ads = "h"
"""


def test_manifests_go_by_the_rules_of_their_schema() -> None:
    there = {"a.toml": TOML.format("7.0.0"), "b.toml": TOML.format("6.0.0"), "c.toml": "= x"}
    there["d.json"] = TOML.format("7.0.0")
    changed = {"runners/rules/7.0.0.json": "{}"}
    assert set(goes_by(changed, there)) == {"a.toml"}
    assert goes_by({}, there) == {}


UNREAD = Finding(reason=Reason.FILE_UNREADABLE)


def checked(*outcomes: DatasetOutcome) -> str:
    return CheckReport(
        release="2026-02-01", dataset_schema_version="7.0.0", dataset_count=2, outcomes=outcomes
    ).to_json()


def test_checks_that_let_a_pull_request_pass_and_those_that_do_not(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "2026-02-01.txt").write_text("printed")
    (tmp_path / "2026-02-01.json").write_text(checked(dataset(1, Outcome.REGISTERED)))
    (tmp_path / "rules" / "7.0.0.txt").write_text(" \n")
    done = CliRunner().invoke(judge, [str(tmp_path)])
    assert (done.exit_code, done.output) == (0, "")
    (tmp_path / "2026-02-01.json").write_text(checked(dataset(1, Outcome.FAILED, UNREAD)))
    (tmp_path / "2026-08-01.txt").write_bytes(b"no\xff TOML")
    (tmp_path / "rules" / "7.0.0.txt").write_text("wrong")
    done = CliRunner().invoke(judge, [str(tmp_path)])
    assert (done.exit_code, done.output.splitlines()) == (
        1,
        [
            "runners/releases/2026-02-01.toml: every dataset will fail.",
            "runners/releases/2026-08-01.toml can't be checked: no\ufffd TOML",
            "runners/rules/7.0.0.json can't be checked: wrong",
        ],
    )


# --- last words -----------------------------------------------------------------------------------

RELEASE = Marker(MarkerKind.RELEASE, "2026-02-01")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(FakeGithub(now=lambda: NOON)) as one:
        fake = one.fake
        people.open_issue(fake, fake.user(ACTIONS), "T", sign("x", RELEASE))
        rights = dict.fromkeys(("issues", "pull_requests", "contents"), "write")
        monkeypatch.setenv("BOT_GITHUB_TOKEN", fake.token(rights))
        monkeypatch.setenv("BOT_GITHUB", fake.full_name)
        monkeypatch.setenv("GITHUB_API_URL", fake.address)
        yield one
        assert one.broken == []


def payload(tmp_path: Path, text: str = "/ingest") -> str:
    file = tmp_path / "event.json"
    bot = {"type": "Bot", "login": ACTIONS}
    issue = {"number": 1, "body": sign("x", RELEASE), "user": bot}
    comment = {"id": 5, "body": text, "user": {"type": "User", "login": "octocat"}}
    file.write_text(json.dumps({"comment": comment, "issue": issue}))
    return str(file)


def heard(server: Server) -> list[str]:
    return [one.body.split("\n")[0] for one in server.fake.issues[1].comments]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (BotError("it broke."), "it broke."),
        (ContractError("it broke."), "it broke."),
        (OSError("it broke."), "it broke."),
        (KeyError("secret"), "an error of my own (KeyError)."),
    ],
)
def test_what_fails_is_said_with_its_reason_and_raised_again(
    server: Server, tmp_path: Path, error: Exception, why: str
) -> None:
    event = payload(tmp_path)
    with pytest.raises(type(error)), or_last_word(log="x", event="issue_comment", payload=event):
        raise error
    assert heard(server) == [f"⚠️ **Not answered:** I couldn't carry this out: {why}"]


def test_what_succeeds_says_nothing(server: Server, tmp_path: Path) -> None:
    with or_last_word(log="x", event="issue_comment", payload=payload(tmp_path)):
        pass
    assert heard(server) == []


def test_a_last_word_is_said_of_what_is_named(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"run_id": "r-1", "thread": 1}))
    assert tell("why.", log="x", request=str(file))
    (said,) = server.fake.issues[1].comments
    assert last_marker(said.body) == Marker(MarkerKind.UNANSWERED, "r-1")
    server.asked.clear()
    assert tell("why.", log="x")
    assert server.asked == []
    assert tell("why.", log="x", look="skipped")
    assert len(server.asked) == 1
    file.write_text("[]")
    assert tell("why.", log="x", request=str(file))
    assert capsys.readouterr().err == ""
    for broken in ("{", '{"comment": 1}'):
        file.write_text(broken)
        assert not tell("why.", log="x", event="issue_comment", payload=str(file))
        assert capsys.readouterr().err.startswith("Nor could that be said: ")
    assert not tell("why.", log="x", request=str(tmp_path / "gone"))
