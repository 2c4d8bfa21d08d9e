"""Every command of the documents is there, with its options: parsed alone. `test_docs_run.py` runs
them.
"""

import re
import shlex
import subprocess
import tomllib
from collections.abc import Sequence
from datetime import date
from importlib.util import find_spec

import click
import pytest
from doc_commands import FENCE, PAGES, ROOT, Line, commands_of, lines

from bot.__main__ import cli
from runners.cli.commands import main
from runners.contract import AcceptedException
from runners.sample.datasets import by_key

INLINE = re.compile(r"(?<!`)`(?:python -m )?(bot|runners) ([a-z][a-z-]+)((?: [^`]*)?)`(?!`)")
INLINE_MAKE = re.compile(r"(?<!`)`(make [^`]+)`(?!`)")
TEXT = {"console", "bash", "toml", "yaml", "json", "text", "mermaid"}
GROUPS: dict[str, click.Group] = {"bot": cli, "runners": main}


def parse(group: click.Group, words: Sequence[str]) -> None:
    """Raises UsageError if click wouldn't take the words. Runs nothing."""
    at = next((n for n, word in enumerate(words) if word in group.commands), len(words))
    click.Command(group.name, params=group.params).make_context("group", list(words[:at]))
    if at == len(words):
        raise click.UsageError(f"no command in {words}")
    command, rest = group.commands[words[at]], list(words[at + 1 :])
    if isinstance(command, click.Group):
        parse(command, rest)
    else:
        command.make_context(words[at], rest)


def wrong(line: Line) -> str:
    """Why the line isn't one that can be run; empty if it is."""
    match line.words:
        case ["make", *words]:
            return wrong_make(words)
        case ["python" | ".venv/bin/python", "-m", ("bot" | "runners") as name, *words]:
            try:
                parse(GROUPS[name], words)
            except click.UsageError as error:
                return error.format_message()
            return ""
        case ["python" | ".venv/bin/python", "-m", module, *_]:
            return "" if find_spec(module) else f"no module {module}"
    return ""


def wrong_make(words: Sequence[str]) -> str:
    """Of a target or variable that the Makefile doesn't have; `make -n` runs nothing."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in (word.partition("=")[0] for word in words if "=" in word):
        if not re.search(rf"\$\({name}\)|ifdef {name}\b", text):
            return f"the Makefile has no variable {name}"
    made = subprocess.run(
        ["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return made.stderr if made.returncode else ""


def test_every_command_line_can_be_run() -> None:
    found = list(lines())
    assert len(found) > 20
    assert {(line.page, line.text, why) for line in found if (why := wrong(line))} == set()


def test_every_block_says_what_it_is() -> None:
    """A block without a language could hold a command that nobody looks at."""
    found = [
        (page.name, language)
        for page in PAGES
        for _, language, _ in FENCE.findall(page.read_text(encoding="utf-8"))
    ]
    assert {(page, language) for page, language in found if language not in TEXT} == set()


def test_every_command_within_a_sentence_is_there_with_its_options() -> None:
    found = [
        (page.name, *match)
        for page in PAGES
        for match in INLINE.findall(page.read_text(encoding="utf-8").replace("\n", " "))
    ]
    assert len(found) > 20
    assert {(page, name, word) for page, name, word, _ in found if lacks(name, word)} == set()
    assert {one for page, *rest in found if (one := unknown_option(*rest))} == set()


def lacks(name: str, word: str) -> bool:
    return word not in GROUPS[name].commands


def unknown_option(name: str, word: str, rest: str) -> str:
    command: click.Command = GROUPS[name].commands[word]
    for part in rest.split():
        if isinstance(command, click.Group) and part in command.commands:
            command = command.commands[part]
    options = {o for parameter in command.params for o in parameter.opts}
    said = re.findall(r"(?<!\S)--[a-z-]+", rest)
    return next((f"{name} {word} {o}" for o in said if o not in options), "")


def test_every_target_within_a_sentence_is_there() -> None:
    for page in PAGES:
        for text in INLINE_MAKE.findall(page.read_text(encoding="utf-8").replace("\n", " ")):
            assert not wrong_make(shlex.split(text)[1:]), (page.name, text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("python -m bot detekt", "unexpected extra argument (detekt)"),
        ("python -m bot detect --dry", "No such option '--dry'"),
        ("python -m runners verify --manifst M", "No such option '--manifst'"),
        ("python -m runners launch --repository DIR", "Missing option '--request'"),
        ("python -m runners launch --request R --launcher ec3", "'ec3' is not one of"),
        ("python -m runners.nothing", "no module"),
        ("make pruf", "No rule to make target"),
        ("make demo GITHAB=1", "no variable GITHAB"),
    ],
)
def test_a_wrong_line_is_found(text: str, why: str) -> None:
    assert why in wrong(Line("page", text))


def test_continued_lines_and_comments_are_one_command() -> None:
    assert list(commands_of("bash", "# first\nmake \\\n  test  # all\n")) == ["make test  # all"]
    assert list(commands_of("console", "$ make test\n12 passed\n")) == ["make test"]


def test_the_failure_that_is_accepted_is_the_samples_and_never_runs_out() -> None:
    page = (ROOT / "docs" / "how-to" / "accepting-failures.md").read_text(encoding="utf-8")
    ((_, _, lines),) = FENCE.findall(page)
    (accepted,) = tomllib.loads(lines)["accepted"]
    exception = AcceptedException.model_validate(accepted)
    assert exception.dataset_id == by_key("D12").dataset_id
    assert exception.until >= date(2100, 1, 1)
