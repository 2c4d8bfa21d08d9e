"""What a checkout says of itself, and what its other half is asked for."""

import os
import sys
from pathlib import Path

import pytest

from bot.adapters.checkout import ROOT, ask_runners, read_checkout
from bot.doctor.lines import ok
from runners.contract import Health, PartHealth

PROJECT = """[project]
requires-python = ">=3.9"
[dependency-groups]
bot = ["httpx>=1", "Py_Git.Hub", "rich-click[x]~=2"]
other = ["x"]
"""
LOCK = """# a comment
httpx==0.28.1 \\
    --hash=sha256:0
pygithub==2.10.0; python_version > "3"
 indented==1
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "runners/rules").mkdir(parents=True)
    for name in ("7.0.0.json", "10.0.0.json", "9.1.0.json", "11.0.0.toml"):
        (tmp_path / "runners/rules" / name).write_text("")
    return tmp_path


def test_a_checkout_says_what_its_files_do(root: Path) -> None:
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "constraints.txt").write_text(LOCK)
    workflows = root / ".github/workflows"
    workflows.mkdir(parents=True)
    (workflows / "a.yml").write_text("x: ${{ vars.RUNS }} ${{ vars.A_B || myvars.NOT }}")
    (workflows / "b.yml").write_text("y: vars.RUNS vars.lower")
    (workflows / "c.txt").write_text("vars.OTHER")
    found = read_checkout(root)
    assert (found.python, found.oldest_python) == (sys.version_info[:2], (3, 9))
    assert (found.group, found.schema) == ("bot", "10.0.0")
    assert found.locked == {"httpx": "0.28.1", "pygithub": "2.10.0"}
    assert found.wanted == frozenset({"httpx", "py-git-hub", "rich-click"})
    assert found.variables == frozenset({"RUNS", "A_B"})
    assert found.installed["pytest"] == pytest.__version__


@pytest.mark.parametrize("there", ["", "pyproject.toml", "constraints.txt"])
def test_an_installed_wheel_has_no_lock(root: Path, there: str) -> None:
    if there:
        (root / there).write_text("")
    found = read_checkout(root)
    assert (found.locked, found.wanted, found.variables) == ({}, None, None)
    assert found.oldest_python == sys.version_info[:2]
    assert found.schema == "10.0.0"


def test_without_rules_there_is_no_schema(tmp_path: Path) -> None:
    assert read_checkout(tmp_path).schema is None


FINE = ok("a", "b.")
SEE = "see for yourself, where `make setup` was run:"


def unknown(why: str) -> PartHealth:
    return PartHealth(
        part="part",
        health=Health.UNKNOWN,
        sentence=f"it couldn't be looked at ({why}); {SEE}",
        remedy="python -m runners doctor instance --x",
    )


def missing(sentence: str, remedy: str = "") -> PartHealth:
    return PartHealth(part="part", health=Health.MISSING, sentence=sentence, remedy=remedy)


def asked(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> list[PartHealth]:
    """What is made of a program that is called in Python's place."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return list(ask_runners("part", "instance", "--x"))


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (f"echo '{FINE.to_line()}'", [FINE]),
        (f"echo '{FINE.to_line()}'; exit 1", [FINE]),
        (f"echo no; echo '{FINE.to_line()}'; echo '{{}}'; echo '[]'", [FINE]),
        ("exit 0", [unknown("without a word")]),
        ("echo a >&2; echo b >&2; exit 1", [unknown("b")]),
        ("echo 'Do it.' >&2; exit 2", [missing("Do it.")]),
        ("echo 'It is so; do it.' >&2; exit 2", [missing("It is so;", "do it.")]),
        (f"echo '{FINE.to_line()}'; echo 'Do it.' >&2; exit 2", [FINE, missing("Do it.")]),
        (f"echo '{FINE.to_line()}'; echo x >&2; exit 3", [FINE, unknown("x")]),
        (
            "echo \"ModuleNotFoundError: No module named 'x'\" >&2; exit 1",
            [
                unknown(
                    "its packages aren't installed here (ModuleNotFoundError: No module named 'x')"
                )
            ],
        ),
    ],
)
def test_what_the_other_half_says_is_told_or_that_it_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: list[PartHealth]
) -> None:
    assert asked(tmp_path, monkeypatch, script) == found


def test_the_other_half_is_called_as_a_module_of_this_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "before")
    assert asked(tmp_path, monkeypatch, 'echo "$* $PYTHONPATH" >&2; exit 2') == [
        missing(f"-m runners doctor instance --x --json {ROOT}{os.pathsep}before")
    ]
    monkeypatch.delenv("PYTHONPATH")
    assert asked(tmp_path, monkeypatch, 'echo "$PYTHONPATH" >&2; exit 2') == [missing(str(ROOT))]


def test_an_answer_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.checkout.SECONDS", 0.1)
    found = asked(tmp_path, monkeypatch, "exec sleep 30")
    assert found == [unknown("no answer within 0.1 s")]


@pytest.mark.parametrize(("word", "extra"), [("instance", "ingest"), ("aws", "launch")])
def test_from_a_wheel_the_packages_are_named_and_no_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, extra: str
) -> None:
    monkeypatch.setattr("bot.adapters.checkout.ROOT", tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/true")
    (found,) = ask_runners("part", word)
    end = f"see for yourself, where cellxgene-ingestion-bot[{extra}] is installed:"
    assert found.sentence.endswith(end)
