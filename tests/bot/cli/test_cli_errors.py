"""What both programs say of themselves, and how a command ends that this machine lets down."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from flows import world

from bot.__main__ import cli

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("words", [("detect",), ("say", "1", "/help", "--as", "a")])
def test_a_home_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").touch()
    (tmp_path / "bot.toml").write_text('home = "home"\n')
    done = CliRunner().invoke(cli, words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "home: Not a directory; name another, or take away the file that stands there or above it, "
        "and run it again.\n"
    )


def without_reader(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command, whose output nobody reads any more, as behind `head`."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    "words",
    [
        ("bot", "releases", "--json", "page.html"),
        pytest.param(("bot", "releases", "page.html"), marks=pytest.mark.prove),
        ("bot", "--help"),
        ("runners", "check", str(ROOT / "runners/rules/7.0.0.json")),
        pytest.param(("runners", "--help"), marks=pytest.mark.prove),
    ],
)
def test_who_reads_no_further_hears_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "page.html").write_text(world.page(world.entry("2026-02-01")))
    done = without_reader(tmp_path, *words)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("program", ["bot", "runners"])
def test_each_program_says_its_version(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", program, "--version"], cwd=ROOT, capture_output=True, text=True
    )
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    told = (done.returncode, done.stdout, done.stderr)
    assert told == (0, f"python -m {program}, version {wanted}\n", "")
