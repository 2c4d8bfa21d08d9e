"""The tutorial's first part, command by command, in a folder of its own, and of its second what is
for GitHub's double. What needs GitHub itself, `tests/workflows/test_first_days.py` plays on that
double. The demo takes minutes, so that this is a proof.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from doc_commands import FENCE, commands_of

pytestmark = pytest.mark.prove
ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
FIRST = TUTORIAL.split("## 2.")[0]
OFFLINE = TUTORIAL.split("### Tried offline first")[1].split("### ")[0]
LINE = re.compile(r"`((?:merge|look|say|accept|end)\b[^`]*)`")
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


def test_an_empty_repository_on_the_double_comes_to_its_first_result(tmp_path: Path) -> None:
    """By the page's own words, in two shells."""
    home = tmp_path / "double"
    first, second = (block for _, _, block in FENCE.findall(OFFLINE))
    assert first == "make demo GITHUB=empty\n"
    command = [sys.executable, "-u", "-m", "workflows.by_hand", "--home", str(home)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as waiting:  # type: ignore[call-overload]
        assert any(f"say `. {home}/shell`" in line for line in waiting.stdout)
        words = second.replace(".venv/bin/python", sys.executable).replace(
            ".demo-github", str(home)
        )
        done = subprocess.run(
            ["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert "opened: http://127.0.0.1:" in done.stdout, done.stdout + done.stderr
        assert ", nor does just one file there call bot.yml" in done.stdout, done.stdout
        said, _ = waiting.communicate(
            "".join(f"{' '.join(line.split())}\n" for line in LINE.findall(OFFLINE))
        )
    # the ingest's alone, one of whose files is cut short; jobs are told before what they have said
    assert said.count("cellxgene.yml failure") == 1, said
    assert said.index("#2, pull request, merged") < said.index("cellxgene.yml failure"), said
    assert "#3, issue, manifest proposed: Census 2020-07-15 (LTS): 12 datasets" in said, said
    assert "#3, the bot: 🚀 **Accepted:** ingesting release 2020-07-15" in said, said
    assert "#3, the bot: ## ✅ Release 2020-07-15 passed with 1 accepted: " in said, said
    assert (home / "pages" / "3.html").is_file()
