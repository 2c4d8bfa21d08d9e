"""A job's own Python has what the job installs, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path
from sysconfig import get_path

import pytest

from workflows.act import ROOT


def pip(python: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(python), "-m", "pip", *words],
        cwd=ROOT,
        env={"PATH": os.defpath, "SITE": get_path("purelib")},
        text=True,
        capture_output=True,
        check=False,
    )


def imports(python: Path, module: str) -> bool:
    done = subprocess.run([str(python), "-c", f"import {module}"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A clean Python, as the stub of actions/setup-python makes it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    site = next(tmp_path.glob("lib/python3*/site-packages"))
    (site / "pip").mkdir()
    (site / "pip/__init__.py").touch()
    (site / "pip/__main__.py").write_text(Path(__file__).with_name("clean_pip.py").read_text())
    return tmp_path / "bin/python"


def test_it_has_what_its_group_needs_and_nothing_else(python: Path) -> None:
    assert not imports(python, "rich_click")
    done = pip(python, "install", "--group", "launch", "--constraint", "constraints.txt")
    assert done.returncode == 0, done.stderr
    assert imports(python, "rich_click, boto3, httpx, pydantic")
    assert not imports(python, "github")
    assert not imports(python, "lamindb")
    # Another group comes on top.
    assert pip(python, "install", "--group", "bot", "--constraint", "constraints.txt").stderr == ""
    assert imports(python, "github, httpx")


def test_nothing_comes_from_elsewhere_or_unlocked(python: Path) -> None:
    assert "no registry here" in pip(python, "install", "requests").stderr
    assert pip(python, "install", "--group", "launch").returncode != 0
    assert pip(python, "install", "--upgrade", "pip>=25.1").returncode == 0
