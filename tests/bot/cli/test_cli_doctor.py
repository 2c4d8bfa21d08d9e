"""The command `doctor`, look by look: what each says of what it finds."""

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bot_set_ups import PLAIN
from click.testing import CliRunner
from fake_github.server import serving
from fake_github.state import FakeGithub
from flows import world

from bot.adapters.checkout import read_checkout
from bot.adapters.local.ports import local
from bot.cli import doctor
from bot.cli.context import LazyContext
from bot.cli.doctor import Options, _looked, _of_runs, _variables, examine
from bot.cli.doctor_pages import Look, Pages
from bot.cli.doctor_runs import kept, kept_in_folder
from bot.doctor.lines import ok
from bot.errors import BotError
from bot.model.labels import Label
from bot.model.markers import Marker, MarkerKind, sign
from bot.model.set_up import Refused, RepositorySetUp, Unseen
from bot.settings import Settings, load_settings
from runners.contract import Health, PartHealth

UNSEEN = Unseen("it is forbidden")
ALL, FEW = Options(True, True, None), Options(False, False, None)


def settings(**fields: Any) -> Settings:
    return replace(load_settings(environ={}), **fields)


def found(**variables: str) -> RepositorySetUp:
    return replace(PLAIN, variables=variables)


def test_variables_come_as_an_object_of_json() -> None:
    assert _variables(None) is None
    assert _variables('{"A": 1, "B": "x"}') == {"A": "1", "B": "x"}
    with pytest.raises(BotError, match=r"^--variables: not JSON \(.*\); give toJSON\(vars\)\.$"):
        _variables("{")
    with pytest.raises(BotError, match=r"^--variables: not an object of JSON; give toJSON"):
        _variables("[]")


def line(found: PartHealth) -> str:
    return f"{found.health} | {found.part} | {found.sentence} | {found.remedy}"


def test_where_runs_are_kept_is_looked_at(tmp_path: Path) -> None:
    aws, artifacts = "python -m bot doctor --aws", "they are kept as artifacts of their workflow"
    assert (
        line(kept(settings(launcher="ec2"))) == f"unknown | AWS | it wasn't looked at; do: | {aws}"
    )
    assert line(kept(settings(runs=None))) == f"ok | runs | {artifacts} runs. | "
    assert line(kept(settings(runs="s3://a/b"))) == (
        f"unknown | runs | whether s3://a/b can be written wasn't tried; do: | {aws}"
    )
    there, gone = tmp_path / "a b", tmp_path / "gone"
    there.mkdir()
    assert line(kept(settings(runs=str(there)))) == (
        f"ok | runs | they are kept in the folder {there}. | "
    )
    assert line(kept(settings(runs=str(gone)))) == (
        f"missing | runs | the folder {gone} isn't there; make it: | mkdir -p {gone}"
    )
    assert list(there.iterdir()) == []
    file = tmp_path / "file"
    file.write_text("x")
    for nowhere, above in [(file / "runs", file), (Path("/proc/nothing/runs"), Path("/proc"))]:
        found = kept(settings(runs=str(nowhere)))  # where `mkdir -p` would fail, too
        assert (found.health, found.remedy) == (Health.MISSING, "export BOT_RUNS=FOLDER")
        assert f"{nowhere}, and {above} can't be written" in found.sentence
    assert line(kept(settings(runs=str(file)))) == (
        f"missing | runs | they are kept in the folder {file}, and {file} can't be written (Not a "
        "directory); name another: | export BOT_RUNS=FOLDER"
    )
    assert file.read_text() == "x"
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
    corrected = "can't be read, as said above; correct what is said there. | "
    assert list(map(line, _looked(Look("part", ("x", "y"), lines), ("y", "z")))) == [
        f"unknown | part | the setting y {corrected}"
    ]
    assert list(map(line, _looked(Look("part", ("x", "y"), lines), ("y", "x")))) == [
        f"unknown | part | the settings x, y {corrected}"
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
        ["unknown", "schema document 6.0.0"],
    ]
    assert [one.split(" | ")[3] for one in found[:2]] == [
        f"Or name another by the setting {name}." for name in ("release_page", "release_directory")
    ]
    # the version of our newest rules is a guess as long as the page doesn't say another
    assert found[2].endswith(" Which version is needed, the release page would say. | ")
    assert isinstance(announced, BotError)
    (tmp_path / "page.html").write_text(world.page(world.entry("2026-02-01")))
    _, announced = pages(tmp_path)
    assert "release.json" in str(announced)


def test_a_document_that_does_not_come_is_not_waited_for_as_long_as_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for after the page, and doctor ends within seconds all the same."""
    monkeypatch.setattr("bot.cli.doctor_pages.MOST", 0.2)
    monkeypatch.setattr("bot.cli.doctor_pages.LEAST", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/{{version}}.md"
        began = time.monotonic()
        said, _ = pages(tmp_path, schema_document=address)
        assert time.monotonic() - began < 4
    assert "gave no answer in time" in said[-1]


def test_releases_are_not_asked_for_where_github_let_nobody_in(tmp_path: Path) -> None:
    """It would be waited for twice."""
    refused = Refused("GitHub can't be reached", is_final=False)
    both = frozenset({"2026-02-01"})
    named = {"github": "octo/cells", "github_token": "x"}
    assert releases(tmp_path, both, found=refused, **named) == [
        "unknown | releases | GitHub couldn't be asked for manifests, as said above. | "
    ]


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


# --- GitHub ---------------------------------------------------------------------------------------


def test_settings_are_those_of_the_repositorys_jobs() -> None:
    here = settings(runs="here", launcher="ec2", launch_toml="a.toml", instance="a/b")
    assert doctor._of_jobs(None, here) == here
    assert doctor._of_jobs(Refused("no", is_final=True), here) == here
    assert doctor._of_jobs(replace(PLAIN, variables=UNSEEN), here) == here
    there = doctor._of_jobs(found(RUNS="s3://a/b", BOT_INSTANCE="c/d"), here)
    assert (there.runs, there.launcher, there.instance) == ("s3://a/b", None, "c/d")
    assert (there.launch_toml, there.codebuild, there.workflow) == (None, None, None)
    called = replace(PLAIN, workflows={"x.yml": "active"}, callers=frozenset({"x.yml"}))
    assert doctor._of_jobs(called, here).workflow == "x.yml"
    assert doctor._of_jobs(called, replace(here, workflow="y.yml")).workflow == "y.yml"


def test_the_app_is_asked_for_by_its_own_key() -> None:
    here, other = settings(app_client_id="here"), settings()
    assert doctor._said({"APP_CLIENT_ID": "x", "LAUNCHER": "EC2"}, here) == ("x", "ec2")
    assert doctor._said({}, here) == (None, "hosted")
    assert doctor._said(UNSEEN, here) == ("here", UNSEEN)
    assert doctor._said(UNSEEN, other) == (UNSEEN, UNSEEN)
    for client_id in (None, "", UNSEEN):
        assert doctor._app("octo/cells", client_id, here) is None
    keyless = doctor._app("octo/cells", "x", here)
    assert keyless == Unseen("only by its own key: give BOT_APP_PRIVATE_KEY")
    broken = doctor._app("octo/cells", "x", replace(here, app_private_key="nonsense"))
    assert isinstance(broken, Refused)


def test_github_is_asked_where_a_repository_and_a_token_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = "http://127.0.0.1:9"
    named = settings(github="octo/cells", github_token="x", github_api=nowhere)
    assert doctor._found(replace(named, github=None), FEW, ()) is None
    assert doctor._found(replace(named, github_token=None), FEW, ()) is None
    assert doctor._found(named, FEW, ("github_api", "home")) is None
    assert isinstance(doctor._found(named, FEW, ("home",)), Refused)


def test_what_is_said_of_github_begins_with_the_token() -> None:
    named, checkout = settings(github="octo/cells", github_token="x"), read_checkout()

    def said(found: RepositorySetUp | Refused | None, given: Settings) -> list[str]:
        return list(map(line, doctor._of_github(found, given, checkout)))

    assert said(None, settings(home=Path("h"))) == [
        "ok | GitHub | BOT_GITHUB names no repository: the bot lives in the folder h. | "
    ]
    no_token = 'missing | token | there is none. | export BOT_GITHUB_TOKEN="$(gh auth token)"'
    assert said(None, named) == [no_token]
    (refused,) = said(Refused("it is wrong", is_final=True), named)
    assert refused.startswith("missing | token | ")
    parts = [one.split(" | ")[1] for one in said(PLAIN, named)]
    assert parts[0] == "token"
    order = ("workflow files", "variable BOT_INSTANCE", "environment instance")
    assert [part for part in dict.fromkeys(parts) if part in order] == list(order)
    one_file = said(PLAIN, replace(named, workflow="x.yml"))
    assert any("x.yml" in one for one in one_file)


# --- releases, instance, AWS ----------------------------------------------------------------------

MANIFEST = """release = "2026-02-01"
census_schema_version = "2.4.0"
dataset_schema_version = "7.0.0"
dataset_count = 1
[storage]
soma = "s"
h5ads = "h"
"""


def releases(tmp_path: Path, announced: frozenset[str] | BotError, **fields: Any) -> list[str]:
    found = fields.pop("found", None)

    class Announced(Pages):
        def __init__(self) -> None:
            pass

        def announced(self) -> frozenset[str] | BotError:
            return announced

    given = settings(home=tmp_path, release_page="page.html", **fields)
    return list(map(line, doctor._of_releases(found, given, Announced())))


def test_what_page_and_manifests_say_of_releases(tmp_path: Path) -> None:
    assert releases(tmp_path, BotError("It is gone.")) == ["unknown | releases | It is gone. | "]
    assert releases(tmp_path, frozenset()) == [
        "missing | releases | page and directory have none in common, and the bot takes only such; "
        "see both: | page.html"
    ]
    both = frozenset({"2025-02-01", "2026-02-01"})
    look = "the page has it, and nobody has proposed it; look now:"
    unknown = f"warning | release 2026-02-01 | {look} | python -m bot detect"
    assert releases(tmp_path, both) == [unknown]
    threads = local(settings(home=tmp_path)).threads
    for kind in (MarkerKind.RELEASE, MarkerKind.MANIFEST):
        threads.open("t", sign("x", Marker(kind, "2026-02-01")), Label.PROPOSED)
        waits = "its manifest is proposed, and waits for a maintainer to merge it."
        proposed = f"ok | release 2026-02-01 | {waits} | "
        is_proposed = kind is MarkerKind.MANIFEST
        assert releases(tmp_path, both) == [proposed if is_proposed else unknown]
    threads.close(2)
    assert releases(tmp_path, both) == [unknown]
    folder = tmp_path / "repository" / "runners" / "releases"
    folder.mkdir(parents=True)
    (folder / "2026-02-01.toml").write_text(MANIFEST)
    (folder / "2025-08-01.toml").write_text("=")
    merged, broken = releases(tmp_path, both)
    place = f"in {tmp_path / 'repository'}"
    assert merged == f"ok | release 2026-02-01 | its manifest is {place}. | "
    assert broken.startswith("missing | release 2025-08-01 | its manifest is broken: ")
    assert broken.endswith(f" | {folder / '2025-08-01.toml'}")


def test_what_github_cannot_say_of_manifests_is_unknown(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    named = {"github": "octo/cells", "github_token": "x", "github_api": nowhere}
    (said,) = releases(tmp_path, frozenset({"2026-02-01"}), **named)
    assert said.startswith("unknown | releases | ")


def test_on_github_releases_are_looked_for_by_a_workflow(tmp_path: Path) -> None:
    with serving(FakeGithub()) as server:
        token = server.fake.token(dict.fromkeys(("contents", "pull_requests"), "read"))
        api = server.fake.address
        named = {"github": server.fake.full_name, "github_token": token, "github_api": api}
        both = frozenset({"2025-02-01", "2026-02-01"})
        (said,) = releases(tmp_path, both, **named)
        look = "the page has it, and nobody has proposed it; look now:"
        there = f"--repo {server.fake.full_name}"
        assert said == f"warning | release 2026-02-01 | {look} | gh workflow run detect.yml {there}"
        (said,) = releases(tmp_path, both, workflow="x.yml", **named)
        assert said.endswith(f" | gh workflow run x.yml {there}")
        assert server.broken == []


@pytest.fixture
def runners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the other half is asked with, and the launch.toml that it finds; it says a line."""
    log, python = tmp_path / "asked", tmp_path / "python"
    said = PartHealth(part="x", health=Health.OK, sentence="Well.").to_line()
    script = f"echo \"$*\" >> {log}\ncat launch.toml >> {log} 2>&-\necho '{said.strip()}'"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    return log


def test_instance_and_aws_are_asked_for_where_they_are_wanted(runners: Path) -> None:
    here = settings(instance="a/b", launcher="ec2")
    assert doctor._of_instance(here, FEW) == []
    assert _of_runs(None, here, ALL) == doctor._of_instance(here, ALL)
    assert runners.read_text().splitlines() == [
        "-m runners doctor aws --json",
        "-m runners doctor instance --instance a/b --json",
    ]


def test_that_nobody_has_named_an_instance_is_said_where_something_is_wrong(
    runners: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = settings(github="octo/cells")
    assert [line(one) for one in doctor._of_instance(here, ALL)] == ["ok | x | Well. | "]
    wrong = PartHealth(part="instance", health=Health.MISSING, sentence="It isn't there.")
    monkeypatch.setattr(doctor, "ask_runners", lambda *_: [wrong])
    other = "it is laminlabs/cellxgene unless another is named; name yours, if you have one:"
    for repository, remedy in [
        ("octo/cells", "gh variable set BOT_INSTANCE --repo octo/cells --body OWNER/NAME"),
        (None, "export BOT_INSTANCE=OWNER/NAME"),
    ]:
        first, second = doctor._of_instance(settings(github=repository), ALL)
        assert line(first) == f"unknown | instance | {other} | {remedy}"
        assert second == wrong
    assert doctor._of_instance(settings(instance="a/b"), ALL) == [wrong]


LAUNCH = """[launch]
repository = "a/b"
runs = "s3://b/p"
region = "us-west-2"
lifetime_hours = 1
budget = 1
"""


@pytest.mark.parametrize("where", ["variable", "environment"])
def test_aws_is_looked_at_by_the_text_that_a_variable_has(
    runners: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """And not by a file of this machine's, which would be another."""
    (tmp_path / "launch.toml").write_text("# another")
    monkeypatch.chdir(tmp_path)
    if where == "variable":
        repository, here = found(LAUNCHER="ec2", LAUNCH_TOML=LAUNCH), settings(launch_toml="# x")
    else:
        repository, here = None, settings(launcher="ec2", launch_toml=LAUNCH)
    assert [line(one) for one in _of_runs(repository, here, ALL)] == ["ok | x | Well. | "]
    assert runners.read_text() == f"-m runners doctor aws --json\n{LAUNCH}"


def test_without_a_variable_aws_is_looked_at_by_the_file(
    runners: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    artifacts = "ok | runs | they are kept as artifacts of their workflow runs. | "
    named = settings(github="octo/cells")
    assert [line(one) for one in _of_runs(found(), named, ALL)] == [artifacts]
    (tmp_path / "launch.toml").write_text("# mine")
    assert [line(one) for one in _of_runs(found(), named, ALL)] == ["ok | x | Well. | "]
    assert runners.read_text() == "-m runners doctor aws --json\n# mine"


@pytest.mark.parametrize("launcher", ["codebuild", "hosted"])
def test_runs_at_s3_are_written_where_no_launch_toml_is_needed(
    runners: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launcher: str
) -> None:
    monkeypatch.chdir(tmp_path)
    _of_runs(found(LAUNCHER=launcher, RUNS="s3://a/b"), settings(github="octo/cells"), ALL)
    assert runners.read_text() == "-m runners doctor runs --runs s3://a/b --json\n"


def test_aws_is_unknown_where_the_variable_that_says_how_is_not_valid(runners: Path) -> None:
    broken = found(LAUNCHER="ec2", LAUNCH_TOML=f"{LAUNCH}zzz = 1")
    assert [line(one) for one in _of_runs(broken, settings(), ALL)] == [
        "unknown | runs | where they are kept isn't known (the variable LAUNCH_TOML isn't valid, "
        "as said above). | "
    ]
    assert not runners.exists()


def test_where_runs_are_kept_is_said_by_the_repositorys_variables(tmp_path: Path) -> None:
    def said(found: RepositorySetUp | Refused | None, **fields: Any) -> str:
        (one,) = _of_runs(found, settings(home=tmp_path, **fields), FEW)
        return line(one)

    folder = f"ok | runs | they are kept in the folder {tmp_path / 'runs'}. | "
    artifacts = "ok | runs | they are kept as artifacts of their workflow runs. | "
    aws = "unknown | AWS | it wasn't looked at; do: | python -m bot doctor --aws"
    assert said(None) == folder
    assert said(None, github="octo/cells") == artifacts
    assert said(None, launcher="ec2") == aws
    assert said(None, runs="s3://a/b").startswith("unknown | runs | whether s3://a/b can be ")
    named = {"github": "octo/cells", "launcher": "ec2"}
    assert said(found(), **named) == artifacts
    assert said(found(LAUNCHER="ec2"), github="octo/cells") == aws
    assert said(Refused("no", is_final=True), **named) == aws
    hidden = replace(PLAIN, variables=UNSEEN)
    unknown = "unknown | runs | where they are kept isn't known"
    unseen = "the variable RUNS couldn't be seen: it is forbidden"
    assert said(hidden, **named) == f"{unknown} ({unseen}). | "
    wrong = f"{unknown} (the variable LAUNCHER isn't valid, as said above). | "
    assert said(found(LAUNCHER="gce"), **named) == wrong
    assert said(found(LAUNCHER="gce", RUNS=" "), **named) == wrong
    assert said(found(BOT_INSTANCE="a b"), **named) == artifacts


def test_a_folder_for_runs_is_made_where_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "a b" / "runs"
    assert line(kept_in_folder(gone)) == f"ok | runs | they are kept in the folder {gone}. | "
    assert list(tmp_path.iterdir()) == []

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "_mkstemp_inner", refused)
    assert line(kept_in_folder(gone)) == (
        f"missing | runs | they are kept in the folder {gone}, and {tmp_path} can't be written; "
        f"allow it: | chmod u+wx {tmp_path}"
    )


def test_a_folder_that_only_rights_say_can_be_written_is_missing() -> None:
    """Root has every right in /proc, where the system then makes no file for anybody."""
    gone = Path("/proc/nothing/runs")
    found = kept_in_folder(gone)
    assert found.health is Health.MISSING
    sentence = f"they are kept in the folder {gone}, and /proc can't be written"
    assert found.sentence.startswith(sentence)


# --- all together ---------------------------------------------------------------------------------


def looks(given: Settings, options: Options) -> dict[str, tuple[str, ...]]:
    """The looks by their parts, with the settings that each needs."""
    nothing: doctor.Found = Future()
    nothing.set_result(None)
    with ThreadPoolExecutor(2) as pool:
        checkout = read_checkout()
        pages = Pages(given, checkout, pool)
        some = doctor._looks(given, checkout, options, nothing, pages)
        return {look.part: look.needs for look in some}


def test_a_look_needs_the_settings_that_it_goes_by(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    by_github = ("github", "github_token", "github_api", "workflow")
    assert looks(settings(release_page=gone, release_directory=gone), FEW) == {
        "GitHub": by_github,
        "release page": ("release_page",),
        "release directory": ("release_directory",),
        "schema document": ("release_page", "schema_document"),
        "CZI's wheels": (),
        "releases": (*by_github, "release_page", "release_directory"),
        "instance": ("instance",),
        "runs": ("runs", "launcher", "launch_toml"),
    }


def test_of_a_repository_nothing_is_said_about_this_machine(tmp_path: Path, runners: Path) -> None:
    gone = str(tmp_path / "gone")
    given = settings(release_page=gone, release_directory=gone, home=tmp_path)
    said = doctor.of_repository(given)
    assert "couldn't be looked at" not in " ".join(one.sentence for one in said)
    assert [one.part for one in said] == [
        "GitHub", "release page", "release directory", "schema document 7.1.0", "releases", "runs"
    ]  # fmt: skip
    assert not runners.exists()


def test_the_exit_code_says_whether_something_is_missing(
    tmp_path: Path, runners: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("BOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "bot.toml"
    file.write_text(
        'release_page = "page.html"\nrelease_directory = "release.json"\n'
        'schema_document = "{version}.md"\nhome = "."\n'
    )
    (tmp_path / "page.html").write_text(world.page(world.entry("2026-02-01")))
    (tmp_path / "release.json").write_text(world.directory(["2026-02-01"]))
    document = tmp_path / "7.0.0.md"
    document.write_text(world.document("7.0.0", cl="2025-07-30"))

    def said(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(doctor.doctor, ["--no-instance", *words], obj=LazyContext(file))
        return done.exit_code, done.output

    code, printed = said("--json")
    lines = [json.loads(one) for one in printed.splitlines()]
    assert code == int("missing" in [one["health"] for one in lines])
    told = {one["part"]: one["sentence"] for one in lines}
    look = "the page has it, and nobody has proposed it; look now:"
    assert (told["x"], told["release 2026-02-01"]) == ("Well.", look)
    assert "couldn't be looked at" not in printed
    assert said()[1].count("\n") >= len(lines)
    for program in ("python -m bot", "cxg-bot"):
        done = CliRunner().invoke(
            doctor.doctor, ["--no-instance"], obj=LazyContext(file), prog_name=program
        )
        assert f"look now: {program} detect\n" in done.output
    document.unlink()
    code, printed = said("--json", "--variables", "{}")
    assert code == 1
    healths = {one["part"]: one["health"] for one in map(json.loads, printed.splitlines())}
    assert healths["schema document 7.0.0"] == "missing"
