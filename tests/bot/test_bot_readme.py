"""The commands, states and settings that the documents tell of are the ones that the bot knows."""

import re
from dataclasses import fields
from pathlib import Path

from bot.model.commands import GRAMMAR
from bot.model.labels import Label
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ON_GITHUB = (ROOT / "docs" / "on-github.md").read_text(encoding="utf-8")


def test_the_commands_and_who_may_say_them() -> None:
    told = re.findall(r"^\| `(/[^`]+)` \| (\w+) \|", README, re.M)
    assert told == [(entry.usage, entry.role.name.lower()) for entry in GRAMMAR.values()]


def test_the_states_are_the_labels() -> None:
    diagram = README.split("stateDiagram-v2")[1].split("```")[0]
    states = re.findall(r"^ *(\S+) --> ([^\s:]+)", diagram, re.M)
    named = {state for pair in states for state in pair} - {"[*]"}
    assert named == {label.replace(" ", "_") for label in Label}


def test_every_setting_is_told() -> None:
    table = ON_GITHUB.split("### Every setting")[1].split("\n## ")[0]
    told = [name for cell in re.findall(r"(?m)^\| (`.*?`) \|", table) for name in cell.split(", ")]
    assert sorted(told) == sorted(f"`{field.name}`" for field in fields(Settings))


def test_every_variable_of_the_workflows_is_told() -> None:
    files = [path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    used = set(re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", "\n".join(files)))
    assert {name for name in used if f"`{name}`" not in ON_GITHUB} == set()
