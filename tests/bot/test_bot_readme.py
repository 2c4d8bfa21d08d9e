"""The README's commands and states are the ones that the bot knows."""

import re
from pathlib import Path

from bot.commands import GRAMMAR
from bot.effects import Label

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_commands_and_who_may_say_them() -> None:
    told = re.findall(r"^\| `(/[^`]+)` \| (\w+) \|", README, re.M)
    assert told == [(entry.usage, entry.role.name.lower()) for entry in GRAMMAR.values()]


def test_the_states_are_the_labels() -> None:
    diagram = README.split("stateDiagram-v2")[1].split("```")[0]
    states = re.findall(r"^ *(\S+) --> ([^\s:]+)", diagram, re.M)
    named = {state for pair in states for state in pair} - {"[*]"}
    assert named == {label.replace(" ", "_") for label in Label}
