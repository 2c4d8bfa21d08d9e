"""The scripts by which a tag becomes a release: what keeps one from it that nobody has reviewed."""

import os
import subprocess
from pathlib import Path

import pytest

from workflows import workflow_files
from workflows.act import ROOT

JOBS = workflow_files.read((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
GH = 'case "$1" in api) echo "$NOW";; release) echo "$*" > "$SAID";; esac\n'


def run(job: str, name: str, cwd: Path, **variables: str) -> bool:
    """Whether the step passes, by the shell that GitHub gives it.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
    """
    (script,) = (step["run"] for step in JOBS[job]["steps"] if step.get("name") == name)
    told = {**os.environ, **variables}
    return subprocess.run(["bash", "-e", "-c", script], cwd=cwd, env=told).returncode == 0


def git(cwd: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=cwd, check=True, capture_output=True)
    return done.stdout.decode().strip()


def test_a_tag_of_what_the_default_branch_has_not_is_not_built(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    commits = []
    for text in ("old", "reviewed", "pushed by somebody"):
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", text)
        commits.append(git(tmp_path, "rev-parse", "HEAD"))
    git(tmp_path, "update-ref", "refs/remotes/origin/trunk", commits[1])
    name = "Only what the default branch has"
    built = [run("build", name, tmp_path, GITHUB_SHA=one, BRANCH="trunk") for one in commits]
    assert built == [True, True, False]


@pytest.mark.parametrize("now", ["a" * 40, "b" * 40, ""])
def test_a_tag_that_was_moved_meanwhile_is_not_published(tmp_path: Path, now: str) -> None:
    stub, said = tmp_path / "gh", tmp_path / "said"
    stub.write_text(f"#!/bin/sh\n{GH}")
    stub.chmod(0o755)
    (tmp_path / "dist").mkdir()
    files = ("cellxgene_ingestion_bot-1.tar.gz", "ingestion-image-v1.tar.gz", "notes.md")
    for file in files:
        (tmp_path / "dist" / file).touch()
    variables = {"GITHUB_SHA": "a" * 40, "GITHUB_REF_NAME": "v1", "NOW": now, "SAID": str(said)}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    is_same = run("publish", "Publish", tmp_path, PATH=path, **variables)
    assert is_same is (now == "a" * 40)
    assert (said.read_text() if said.exists() else "") == is_same * (
        "release create v1 --verify-tag --notes-file dist/notes.md "
        "dist/cellxgene_ingestion_bot-1.tar.gz dist/ingestion-image-v1.tar.gz\n"
    )
