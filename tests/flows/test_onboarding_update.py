"""A prepared repository gets a newer commit of the code; what a person has changed stays theirs."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ".github/workflows/cellxgene.yml"
RULES = "runners/rules/7.0.0.json"
OTHER_RULES = "runners/rules/6.0.0.json"
UNKNOWN = "0123456789abcdef" * 2 + "01234567"
OURS = ("-c", "user.name=a", "-c", "user.email=a@b")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *OURS, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class World:
    """A checkout of the code with two commits, and a clone that was prepared by the first."""

    own: Path
    clone: Path
    older: str
    newer: str

    def init(self, code: str, *words: str) -> "subprocess.CompletedProcess[str]":
        told = ("--repository", "lab/census", "--instance", "lab/cellxgene", "--no-look")
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "bot",
                "init",
                "--code",
                f"o/bot@{code}",
                *told,
                *words,
                "clone",
            ],
            cwd=self.clone.parent,
            env={**os.environ, "PYTHONPATH": str(self.own)},
            capture_output=True,
            text=True,
        )

    def ok(self, code: str, *words: str) -> str:
        done = self.init(code, *words)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def text(self, path: str) -> str:
        return (self.clone / path).read_text(encoding="utf-8")

    def add(self, path: str, text: str) -> None:
        (self.clone / path).write_text(self.text(path) + text, encoding="utf-8")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> World:
    """What each test has a copy of."""
    root = tmp_path_factory.mktemp("prepared")
    own, clone = root / "own", root / "clone"
    for name in ("bot", "runners"):
        shutil.copytree(ROOT / name, own / name)  # with what Python has compiled of it
    (own / ".gitignore").write_text("__pycache__\n")
    for folder in (own, clone):
        git(root, "init", "--quiet", str(folder))
    git(clone, "remote", "add", "origin", "https://github.com/lab/census.git")
    older = commit(own)
    World(own, clone, older, "").ok(older, "--yes")
    for path in ("bot/onboarding/cellxgene.yml", RULES, OTHER_RULES):
        file = own / path
        file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    return World(own, clone, older, commit(own))


@pytest.fixture
def world(prepared: World, tmp_path: Path) -> World:
    for folder in (prepared.own, prepared.clone):
        shutil.copytree(folder, tmp_path / folder.name)
    return replace(prepared, own=tmp_path / "own", clone=tmp_path / "clone")


def test_what_is_as_the_older_commit_had_it_is_renewed(world: World) -> None:
    world.add(RULES, "  ")
    before = world.text(WORKFLOW)
    assert f"as an earlier commit had it: {WORKFLOW}\n" in (told := world.ok(world.newer, "--yes"))
    assert "Say --update to renew " in told
    assert "With --yes; then:\n" in world.ok(world.newer, "--update")
    assert world.text(WORKFLOW) == before

    told = world.ok(world.newer, "--update", "--yes")
    assert f"renewed: {WORKFLOW}\nas it is: runners/rules/5.2.0.json\n" in told
    assert f"renewed: {OTHER_RULES}\n" in told
    assert f"there with other text, and left so: {RULES}\n" in told
    assert f"\n  diff clone/{RULES} {world.own / RULES}\n" in told
    assert "commit -m 'Take a newer commit of the CELLxGENE bot' && " in told
    assert "gh " not in told
    assert world.text(WORKFLOW) == before.replace(world.older, world.newer) + "\n"
    assert world.text(OTHER_RULES) == (world.own / OTHER_RULES).read_text(encoding="utf-8")
    assert world.text(RULES).endswith("  ")
    assert "renewed" not in world.ok(world.newer, "--update", "--yes")


def test_a_workflow_file_that_somebody_has_changed_stays_and_is_named(world: World) -> None:
    world.add(WORKFLOW, "# hers\n")
    before = world.text(WORKFLOW)
    told = world.ok(world.newer, "--update", "--yes")
    assert f"there with other text, and left so: {WORKFLOW}\n" in told
    assert f"  write {world.newer} in both places where {WORKFLOW} names a commit\n" in told
    assert f"renewed: {RULES}\n" in told
    assert world.text(WORKFLOW) == before


@pytest.mark.parametrize(
    ("renewed", "tag"),
    [
        ("newer", ""),
        (UNKNOWN, " # v2.0.0"),
        pytest.param("newer", " # v2.0.0", marks=pytest.mark.prove),
        pytest.param(UNKNOWN, "", marks=pytest.mark.prove),
    ],
)
def test_a_call_that_a_tool_has_renewed_alone_is_renewed_whole(
    world: World, renewed: str, tag: str
) -> None:
    """Dependabot and Renovate leave the second place as it was, and so does a merge of theirs."""
    before, pin = world.text(WORKFLOW), f"{world.newer if renewed == 'newer' else renewed}{tag}"
    half = before.replace(f"bot.yml@{world.older}\n", f"bot.yml@{pin}\n")
    assert (half.count(world.older), before.count(world.older)) == (1, 2)
    (world.clone / WORKFLOW).write_text(half, encoding="utf-8")
    told = world.ok(world.newer, "--update", "--yes")
    assert f"renewed: {WORKFLOW}\n" in told
    assert f"renewed: {OTHER_RULES}\n" in told
    assert world.text(WORKFLOW) == before.replace(world.older, world.newer) + "\n"


def test_of_a_commit_that_is_not_here_the_pin_alone_is_renewed(world: World) -> None:
    """By today's template; whether somebody has changed the rules can't be known."""
    (world.clone / WORKFLOW).unlink()
    world.ok(UNKNOWN, "--yes")
    told = world.ok(world.newer, "--update", "--yes")
    assert f"renewed: {WORKFLOW}\n" in told
    assert f"there with other text, and left so: {RULES}\n" in told
    assert world.text(WORKFLOW).count(world.newer) == 2


def test_after_the_push_nothing_is_left(world: World) -> None:
    world.ok(world.newer, "--update", "--yes")
    commit(world.clone)
    git(world.clone, "update-ref", "refs/remotes/origin/main", "HEAD")  # as a push does
    assert world.ok(world.newer, "--update").endswith("\n\nNothing is left to be pushed.\n")


def test_what_was_never_prepared_is_not_renewed(world: World) -> None:
    (world.clone / WORKFLOW).unlink()
    done = world.init(world.newer, "--update", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"clone: has no {WORKFLOW} to be renewed; leave --update out.\n"
