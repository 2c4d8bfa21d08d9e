"""What the commands are made of: outputs, folders, pages, errors, each by itself."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from flows import world

from bot.adapters.checkout import read_checkout
from bot.cli.checks import goes_by, judge
from bot.cli.context import LazyContext, on_github, with_clear_errors
from bot.cli.doctor import Options, _looked, _of_runs, _variables, examine
from bot.cli.doctor_pages import Look, Pages
from bot.cli.doctor_runs import kept
from bot.cli.last_word import or_last_word, tell
from bot.cli.runs import put, write_report
from bot.doctor.lines import ok
from bot.errors import BotError
from bot.model.markers import Marker, MarkerKind, last_marker, sign
from bot.settings import Settings, load_settings
from runners.contract import (
    CheckReport,
    ContractError,
    DatasetOutcome,
    Finding,
    Health,
    Outcome,
    PartHealth,
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


# --- doctor ---------------------------------------------------------------------------------------


def test_variables_come_as_an_object_of_json() -> None:
    assert _variables(None) is None
    assert _variables('{"A": 1, "B": "x"}') == {"A": "1", "B": "x"}
    with pytest.raises(BotError, match=r"^--variables: not JSON \(.*\); give toJSON\(vars\)\.$"):
        _variables("{")
    with pytest.raises(BotError, match=r"^--variables: not an object of JSON; give toJSON"):
        _variables("[]")


def line(found: PartHealth) -> str:
    return f"{found.health} | {found.part} | {found.sentence} | {found.remedy}"


def test_where_runs_are_kept_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws, artifacts = "python -m bot doctor --aws", "they are kept as artifacts of their workflow"
    assert (
        line(kept(settings(launcher="ec2"))) == f"unknown | AWS | it wasn't looked at; do: | {aws}"
    )
    assert line(kept(settings(runs=None))) == f"ok | runs | {artifacts} runs. | "
    assert line(kept(settings(runs="s3://a/b"))) == (
        f"unknown | runs | whether s3://a/b can be written shows when it is tried: | {aws}"
    )
    there, gone = tmp_path / "a b", tmp_path / "gone"
    there.mkdir()
    assert line(kept(settings(runs=str(there)))) == (
        f"ok | runs | they are kept in the folder {there}. | "
    )
    assert line(kept(settings(runs=str(gone)))) == (
        f"missing | runs | the folder {gone} isn't there; make it: | mkdir -p {gone}"
    )
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert line(kept(settings(runs=str(there)))) == (
        f"missing | runs | the folder {there} can't be written; allow it: | chmod u+wx '{there}'"
    )
    (found,) = _of_runs(None, settings(runs=str(gone)), Options(False, True, None))
    assert found.health is Health.MISSING


def test_a_look_that_breaks_is_told_with_what_it_had_found() -> None:
    def lines() -> Iterator[PartHealth]:
        yield ok("a", "b.")
        raise ValueError("it\nbroke")

    assert list(map(line, _looked(Look("part", ("x", "y"), lines), ("z",)))) == [
        "ok | a | b. | ",
        "unknown | part | it couldn't be looked at (ValueError: it broke). | ",
    ]
    assert list(map(line, _looked(Look("part", ("x", "y"), lines), ("y", "z")))) == [
        "unknown | part | the setting y can't be read, as said above; correct it. | "
    ]


def pages(tmp_path: Path, **fields: Any) -> tuple[list[str], object]:
    """What is said of them, and the releases that they have in common."""
    given = {
        "release_page": str(tmp_path / "page.html"),
        "release_directory": str(tmp_path / "release.json"),
        "schema_document": str(tmp_path / "{version}.md"),
        **fields,
    }
    with ThreadPoolExecutor(2) as pool:
        found = Pages(settings(**given), replace(read_checkout(), schema="6.0.0"), pool)
        return [line(one) for look in found.looks() for one in look.lines()], found.announced()


def test_page_directory_and_document_are_read_and_each_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(world.page(world.entry("2026-02-01")))
    (tmp_path / "release.json").write_text(world.directory(["2026-02-01", "2025-02-01"]))
    (tmp_path / "7.0.0.md").write_text(world.document("7.0.0", cl="2025-07-30"))
    found, announced = pages(tmp_path)
    names = ("release page", "page.html"), ("release directory", "release.json")
    more = (*names, ("schema document 7.0.0", "7.0.0.md"))
    assert found == [f"ok | {part} | {tmp_path / name} can be read. | " for part, name in more]
    assert announced == {"2026-02-01"}


def test_what_cannot_be_read_is_told_by_its_setting(tmp_path: Path) -> None:
    found, announced = pages(tmp_path)
    assert [one.split(" | ")[:2] for one in found] == [
        ["missing", "release page"],
        ["missing", "release directory"],
        ["missing", "schema document 6.0.0"],
    ]
    names = ("release_page", "release_directory", "schema_document")
    assert [one.split(" | ")[3] for one in found] == [
        f"Or name another by the setting {name}." for name in names
    ]
    assert isinstance(announced, BotError)
    (tmp_path / "page.html").write_text(world.page(world.entry("2026-02-01")))
    _, announced = pages(tmp_path)
    assert "release.json" in str(announced)


def test_what_is_wrong_with_the_settings_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("BOT_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "bot.toml"
    file.write_text(
        'nonsense = 1\nrelease_page = "gone.html"\nrelease_directory = "gone.json"\n'
        'schema_document = "{version}.md"\ninstance = "two words"\n'
    )
    monkeypatch.chdir(tmp_path)
    told = list(examine(file, Options(aws=False, instance=False, variables=None)))
    parts = [one.part for one in told]
    assert parts[:2] == ["Python", "packages"]
    assert parts[2] == "settings"
    assert "GitHub" in parts
    assert parts.index("release page") < parts.index("release directory") < parts.index("runs")
    assert "instance" not in [one.part for one in told if one.health is Health.OK]


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
