"""The tutorial's first part, command by command, in a folder of its own.

Its second part needs GitHub: `tests/workflows/test_first_days.py` plays that on a double. The demo
takes minutes, so that this is a proof.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs_commands import FENCE, commands_of

pytestmark = pytest.mark.prove
ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
FIRST = TUTORIAL.split("## 2.")[0]
SOME_FAIL = 1


def play(line: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """What the command prints in a shell. `make demo` by this Python, without a set-up, and with
    nothing that the canary has compared before.
    """
    demo = f".venv/bin/python -m bot.cli.demo --home {home}"
    words = demo if line == "make demo" else line
    return subprocess.run(
        words.replace(".venv/bin/python", sys.executable).replace(".demo/", f"{home}/"),
        shell=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "CANARY": str(home.with_name("canary"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command of the first part printed, in their order."""
    home = tmp_path_factory.mktemp("tutorial") / "demo"
    found = {}
    for _, language, block in FENCE.findall(FIRST):
        for line in commands_of(language, block):
            ended = play(line, home)
            expected = SOME_FAIL if " check " in line else 0
            assert ended.returncode == expected, (line, ended.stdout)
            found[line] = ended.stdout.replace(str(home), ".demo")
    return found


def test_the_demo_prints_what_the_page_shows(printed: dict[str, str]) -> None:
    shown = FIRST.split("$ make demo\n")[1].split("```")[0]
    lines = {" ".join(line.split()) for line in printed["make demo"].splitlines()}
    assert [line for line in shown.splitlines() if " ".join(line.split()) not in lines | {""}] == []


def test_the_bot_answers(printed: dict[str, str]) -> None:
    said = next(text for line, text in printed.items() if "/status" in line)
    assert "nothing is running in this instance" in said
    again = next(text for line, text in printed.items() if line.endswith("detect"))
    assert again == "Nothing new.\n"


def test_one_file_fails_as_in_the_result(printed: dict[str, str]) -> None:
    checked = next(text for line, text in printed.items() if " check " in line)
    assert "11 of 12 files pass" in checked, checked
