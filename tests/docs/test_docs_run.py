"""The commands of each page, run in its order in a prepared folder, or listed with why they aren't.

A name alone (`runners verify`) is no command that a shell takes: `test_docs_commands.py` looks for
it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import instances
import postgres
import pytest
import yaml
from doc_commands import ROOT, Line, commands, commands_in
from doc_plays import NOT_RUN, PLAYED, PLAYS, Play, is_run, listed
from fake_github.server import serving
from fake_github.state import FakeGithub
from flows import world as pages
from instances import NOWHERE, REFERENCE, Place
from launch.fake_aws import fake_aws
from launch.fake_runner_api import fake_runner_api
from launch.site import LaunchSite
from launch.test_stack_commands import described

from runners.contract import Action
from runners.sample import build, read
from runners.sample.datasets import NEWER, OLDER, by_key
from runners.sample.world import World

PYTHON = re.compile(r"(?<![\w./-])(?:\.venv/bin/)?python(?= )")
PERSON = dict.fromkeys(
    ("contents", "pull_requests", "workflows", "issues", "actions", "checks"), "write"
)


@dataclass
class Shell:
    """A folder in which commands are typed. `filled` stand in place of what the page has."""

    root: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, str] = field(default_factory=dict)
    exports: list[str] = field(default_factory=list)

    def type(self, text: str, play: Play) -> "subprocess.CompletedProcess[str]":
        """What comes of a page's command; what it exports, those after it see."""
        for placeholder, value in {**play.filled, **self.filled}.items():
            text = text.replace(placeholder, value)
        if text.startswith("export "):
            self.exports.append(text)
        text = PYTHON.sub(sys.executable, "\n".join([*self.exports, _typed(text)]))
        return subprocess.run(
            ["bash", "-ec", text],
            cwd=self.root,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        programs = self.root.parent / "programs"
        programs.mkdir(exist_ok=True)
        (programs / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{GH}" "$@"\n')
        (programs / "gh").chmod(0o755)
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOWHERE)
        return {
            "HOME": str(self.root.parent),
            "LAMIN_SETTINGS_DIR": str(self.root.parent / "lamin"),
            **proxies,
            "no_proxy": "127.0.0.1",
            "REFERENCE": str(REFERENCE),
            "GH_TOKEN": "nobody's",
            **self.variables,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(_code(self.root.parent / "code")),
        }


def _code(folder: Path) -> Path:
    """A copy of the code, some of whose files a command may write."""
    for name in ("bot", "runners"):
        if not (folder / name).exists():
            shutil.copytree(ROOT / name, folder / name)
    for name in ("constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


GH = Path(__file__).with_name("gh.py")


def _typed(text: str) -> str:
    """The command for a shell: of a target that only prints, its recipe."""
    if text.startswith("make reference "):
        recipe = ["bash", "-c", text.replace("make", "make --no-print-directory -n", 1)]
        made = subprocess.run(recipe, cwd=ROOT, capture_output=True, text=True, check=True)
        return f"cd {ROOT}; {made.stdout.splitlines()[-1]}"
    return text


def played(page: str) -> list[Line]:
    """The page's commands that are run, each once: where it stands last."""
    found = [line for line in commands() if line.page == page and is_run(line.text)]
    return list(reversed(dict.fromkeys(reversed(found))))


# --- worlds ---------------------------------------------------------------------------------------


def write_pages(folder: Path) -> None:
    """A release page, a directory, a document, and the settings of a bot that reads them."""
    folder.mkdir(exist_ok=True)
    (folder / "page.html").write_text(pages.page(pages.entry("2026-02-01")))
    (folder / "release.json").write_text(pages.directory(["2026-02-01"]))
    for name in ("7.0.0.md", "7.1.0.md", "schema.md"):
        (folder / name).write_text(pages.document("7.0.0", cl="2025-07-30"))
    (folder / "bot.toml").write_text(
        'home = "home"\nrelease_page = "page.html"\nrelease_directory = "release.json"\n'
        'schema_document = "{version}.md"\n'
    )


@pytest.fixture
def plain(tmp_path: Path) -> Shell:
    """A folder with a bot, that has looked at nothing yet."""
    write_pages(tmp_path / "plain")
    return Shell(tmp_path / "plain")


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Shell]:
    """A repository on GitHub's double, that has nothing, and a clone of it beside the checkout."""
    write_pages(tmp_path / "checkout")
    clone = ["git", "-C", str(tmp_path / "NAME")]
    subprocess.run(["git", "init", "--quiet", clone[-1]], check=True)
    origin = "https://github.com/OWNER/NAME.git"
    subprocess.run([*clone, "remote", "add", "origin", origin], check=True)
    with serving(FakeGithub("OWNER/NAME")) as server:
        server.fake.user("person", "admin")
        variables = {
            "GITHUB_API_URL": server.fake.address,
            "GH_API": server.fake.address,
            "GH_TOKEN": server.fake.token(PERSON, "person"),
            "BOT_GITHUB_PACE": "0",
        }
        yield Shell(tmp_path / "checkout", variables)
        assert server.broken == []


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Shell]:
    """A stand-in for AWS, with a network, a launch.toml for it and a run that waits."""
    folder = tmp_path / "aws"
    folder.mkdir()
    with (
        fake_aws() as amazon,
        fake_runner_api() as runner_api,
        serving(FakeGithub("OWNER/NAME")) as server,
    ):
        amazon.client("iam").create_instance_profile(InstanceProfileName="ingestion-machine")
        site = LaunchSite(folder, amazon, runner_api)
        site.configure()
        site.ask()
        (folder / "stack.json").write_text(described())
        server.fake.user("person", "admin")
        github = {"GH_API": server.fake.address, "GH_TOKEN": server.fake.token(PERSON, "person")}
        yield Shell(folder, {**site.environment, **github})


def write_manifests(folder: Path, source: Path) -> None:
    releases = folder / "runners" / "releases"
    releases.mkdir(parents=True)
    for release in (OLDER.version, NEWER.version):
        shutil.copy(source / f"{release}.toml", releases)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("sample")
    build(folder, REFERENCE, lambda line: None)
    return read(folder)


@pytest.fixture(scope="module")
def empty(world: World, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = instances.make(tmp_path_factory.mktemp("empty"), world)
    write_manifests(place.root, place.repository)
    (place.root / "bot.toml").write_text(f'home = "."\ninstance = "{instances.INSTANCE}"\n')
    return place


@pytest.fixture(scope="module")
def with_older(empty: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = instances.copy(empty, tmp_path_factory.mktemp("older"))
    instances.succeed(place.ingest("older", OLDER.version))
    return place


@pytest.fixture(scope="module")
def with_newer(with_older: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Of both releases, the newer verified: one file of it is cut short."""
    place = instances.copy(with_older, tmp_path_factory.mktemp("newer"))
    instances.succeed(place.ingest("newer", NEWER.version))
    request = place.request("newer", NEWER.version, action=Action.INGEST)
    assert place.run("verify", request).returncode == 1
    return place


@pytest.fixture
def sample(empty: Place, world: World, tmp_path: Path) -> Shell:
    """The sample's manifests, and two of its files: one that passes, and one that is cut short."""
    folder = tmp_path / "sample"
    write_manifests(folder, empty.repository)
    for name, key in (("mine", "D01"), ("pilot", "D12")):
        file = world.newer.h5ads / f"{by_key(key).dataset_id}.h5ad"
        shutil.copy(file, folder / f"{name}.h5ad")
    return Shell(folder)


def _copy(place: Place, folder: Path) -> Shell:
    root = instances.copy(place, folder).root
    return Shell(root, {"LAMIN_SETTINGS_DIR": str(root / "lamin")})


@pytest.fixture
def older(with_older: Place, tmp_path: Path) -> Shell:
    return _copy(with_older, tmp_path / "place")


@pytest.fixture
def newer(with_newer: Place, tmp_path: Path) -> Shell:
    return _copy(with_newer, tmp_path / "place")


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Shell]:
    """A server of this machine's."""
    (tmp_path / "folder").mkdir()
    page = "postgresql://USER:PASSWORD@127.0.0.1:5432/DATABASE"
    with postgres.server(tmp_path) as server:
        yield Shell(tmp_path / "folder", filled={page: postgres.create(server, "database")})


# --- their commands -------------------------------------------------------------------------------


def cases() -> Iterator[object]:
    """Each page that has commands to run."""
    for page in dict.fromkeys(line.page for line in commands() if is_run(line.text)):
        play = PLAYS.get(page, Play("plain"))
        marks = [postgres.needs_another_user] if play.world == "postgresql" else []
        yield pytest.param(page, play, id=page, marks=marks)


@pytest.mark.prove
@pytest.mark.parametrize(("page", "play"), list(cases()))
def test_the_commands_of_a_page_run(page: str, play: Play, request: pytest.FixtureRequest) -> None:
    shell: Shell = request.getfixturevalue(play.world)
    for line in played(page):
        done = shell.type(line.text, play)
        assert done.returncode == play.codes.get(line.text.partition("  #")[0].strip(), 0), (
            line.text,
            done.returncode,
            done.stdout,
        )


def test_what_is_not_run_is_there_and_the_test_that_plays_it_too() -> None:
    texts = [line.text for line in commands()]
    for table in (NOT_RUN, PLAYED):
        assert {listed(text, table) for text in texts} - {None} == set(table)
    assert [test for test in PLAYED.values() if not (ROOT / test).is_file()] == []


def test_a_page_is_played_by_its_own_words() -> None:
    for page, play in PLAYS.items():
        texts = [line.text for line in played(page)]
        assert texts, page
        assert [one for one in play.filled if not any(one in text for text in texts)] == []
        plain = {text.partition("  #")[0].strip() for text in texts}
        assert set(play.codes) <= plain, page


@pytest.mark.parametrize(
    "text",
    ["rm -r .", "python -m bot nothing", "make reference PART=x", "gh api a b", "gh pr list"],
)
def test_a_command_that_fails_and_is_not_listed_is_found(text: str, plain: Shell) -> None:
    assert is_run(text)
    assert plain.type(text, Play("plain")).returncode != 0


def test_commands_stand_in_their_order_within_sentences_too() -> None:
    page = "Say `gh auth\ntoken`, not `gh` or `a b`:\n```bash\nmake x\n```\n`runners verify`\n"
    assert list(commands_in(page)) == ["gh auth token", "make x", "runners verify"]


def test_what_is_given_to_codebuilds_stack_it_has() -> None:
    """Of the one command for AWS that isn't printed by ours."""
    (line,) = (line for line in commands() if line.text.startswith("aws cloudformation deploy"))
    words = line.words
    template = (ROOT / words[words.index("--template-file") + 1]).read_text(encoding="utf-8")
    known = yaml.safe_load(re.sub(r"![A-Z]\w+", "", template))["Parameters"]
    given = {word.split("=")[0] for word in words[words.index("--parameter-overrides") + 1 :]}
    assert given <= set(known)
    assert {name for name, one in known.items() if "Default" not in one} <= given
