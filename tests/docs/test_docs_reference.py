"""What the documents tell is what the code knows: settings, variables, states, reasons."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import command_pages
import hooks
import pytest
from mkdocs.exceptions import PluginError

from bot.__main__ import cli
from bot.comments.outcomes import OUTCOMES
from bot.model.commands import GRAMMAR
from bot.model.labels import Label
from bot.model.setting_meanings import MEANINGS as SETTINGS
from bot.settings import Settings
from runners import settings
from runners.cli.commands import main
from runners.contract import MEANINGS, REMEDIES, Outcome, Reason, Status

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ON_GITHUB = (DOCS / "how-to" / "github.md").read_text(encoding="utf-8")
STATES = (DOCS / "reference" / "thread-commands.md").read_text(encoding="utf-8")


class Asked(dict[str, str]):
    """An environment without any variable, which keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        self.names.add(name)
        return default


def test_the_states_are_the_labels() -> None:
    states = {state for arrow in hooks.ARROW.findall(STATES) for state in arrow[:2]} - {"[*]"}
    assert states == {label.replace(" ", "_") for label in Label}


def test_every_setting_has_its_meaning() -> None:
    assert sorted(SETTINGS) == sorted(field.name for field in fields(Settings))


def test_every_variable_of_the_runners_has_its_meaning() -> None:
    asked = Asked()
    settings.from_environment(asked)
    assert sorted(asked.names) == sorted(settings.VARIABLES)


def test_every_variable_of_the_workflows_is_told() -> None:
    files = [path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    used = set(re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", "\n".join(files)))
    assert {name for name in used if f"`{name}`" not in ON_GITHUB} == set()


def test_every_outcome_and_reason_has_a_meaning_and_every_reason_a_remedy() -> None:
    assert set(MEANINGS) == set(REMEDIES) == set(Reason)
    for remedy in REMEDIES.values():  # a retry leaves alone what failed for its content
        assert "until the file is mended" not in remedy or "`/ingest --only ID`" in remedy
    assert set(OUTCOMES) == set(Outcome)
    for status in Status:
        assert f"| {status} |" in hooks.PARTS["statuses"]()


def pages() -> Iterator[tuple[str, str]]:
    for path in sorted(DOCS.rglob("*.md")):
        yield path.name, path.read_text(encoding="utf-8")


def test_every_part_from_the_code_stands_on_one_page() -> None:
    named = [name for _, text in pages() for name in hooks.PLACE.findall(text)]
    assert sorted(named) == sorted(hooks.PARTS)


def test_a_part_that_nobody_makes_ends_the_build() -> None:
    with pytest.raises(PluginError, match="no part 'sttings'"):
        hooks.on_page_markdown("<!-- from the code: sttings -->")


def test_every_command_has_its_heading_and_every_option_its_line() -> None:
    for group, part in ((cli, "commands of the bot"), (main, "commands of the runners")):
        page = hooks.PARTS[part]()
        assert set(re.findall(r"(?m)^### (.+)$", page)) >= set(group.commands)
        for command in group.commands.values():
            for parameter in command.params:
                for word in parameter.opts if parameter.param_type_name == "option" else []:
                    assert word in page, (command.name, word)


def test_a_threads_commands_are_those_of_the_grammar() -> None:
    page = command_pages.thread_commands()
    for entry in GRAMMAR.values():
        assert f"| `{entry.usage}` | {entry.role.name.lower()} |" in page


def test_a_diagram_is_a_table_on_the_site() -> None:
    text = "```mermaid\nstateDiagram-v2\n    [*] --> a_b: it begins\n    a_b --> [*]\n```\n"
    assert hooks.on_page_markdown(text) == (
        "| from | to | by |\n|---|---|---|\n| - | a b | it begins |\n| a b | - |  |\n"
    )


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_what_a_page_outside_the_site_links_is_there(page: str) -> None:
    """MkDocs looks at those of the site."""
    text = (ROOT / page).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text) + re.findall(
        r'src(?:set)?="([^"]+)"', text
    )
    assert {link for link in linked if not (ROOT / link).exists()} == set()


REFERENCE = sorted((DOCS / "reference").glob("*.md"))
UNTIL_THEN = re.compile(r"^<!-- from the code: (.+) -->\n((?:> .*\n)+)", re.MULTILINE)


def test_in_a_checkout_each_part_says_how_it_is_seen() -> None:
    told = {name: said for page in REFERENCE for name, said in UNTIL_THEN.findall(page.read_text())}
    assert told.keys() == hooks.PARTS.keys()
    for name, said in told.items():
        assert "`make docs` puts " in said
        by_help = {"bot": "-m bot --help", "runners": "-m runners --help"}
        own = by_help[name.split()[-1]] if name.startswith("commands") else "make reference PART="
        assert own in said, name
        assert (
            own != "make reference PART=" or f"PART={shlex.quote(name)}".replace("'", '"') in said
        )


def test_on_the_site_that_gives_way_to_the_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hooks.PARTS, "checks", lambda: "the table")
    page = "before\n\n<!-- from the code: checks -->\n> one\n> two\n\n> after\n"
    assert hooks.on_page_markdown(page) == "before\n\nthe table\n\n> after\n"


@pytest.mark.parametrize(
    ("words", "code", "begins"),
    [("outcomes", 0, "| outcome | meaning |"), ("outcome", 2, "PART: say one of: "), ("", 2, "PA")],
)
def test_a_part_can_be_printed(words: str, code: int, begins: str) -> None:
    done = subprocess.run(
        [sys.executable, "docs/site/part.py", words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert (done.stdout or done.stderr).startswith(begins)
