"""What each workflow file, action and template means, against the tables that a person has read.

Whoever changes a meaning changes its table, too: `PYTHONPATH=.:tests:tests/runners python -m
workflows.meaning --write`, and reads what `git diff` says then.
"""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from workflows import meaning, workflow_files

MEANINGS = cache(meaning.meanings)  # not read at once: what can't be read fails a test
FILES = sorted((meaning.ROOT / ".github").glob("*/**/*.yml"))
KEPT = {path.stem: meaning.read_table(path.read_text()) for path in meaning.TABLES.glob("*.txt")}
SECTIONS = sorted((table, section) for table, one in KEPT.items() for section in one)


@pytest.mark.parametrize(("table", "section"), SECTIONS, ids=lambda one: str(one).replace(" ", "-"))
def test_it_means_what_the_table_says(table: str, section: str) -> None:
    now, right = MEANINGS()[table].get(section, []), KEPT[table][section]
    more, less = Counter(now) - Counter(right), Counter(right) - Counter(now)
    said = [f"+ {line}" for line in more] + [f"- {line}" for line in less]
    assert now == right, f"{table}, {section}: {said or 'another order'}"


def test_the_tables_name_all_there_is_and_nothing_that_is_gone() -> None:
    assert {(table, section) for table, one in MEANINGS().items() for section in one} == {*SECTIONS}


def steps() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in FILES:
        told = workflow_files.read(path.read_text())
        parts = [told.get("runs", {}), *told.get("jobs", {}).values()]
        found += [(path.stem, step) for part in parts for step in part.get("steps", [])]
    return found


def test_no_checkout_keeps_its_token() -> None:
    checkouts = [one for one in steps() if one[1].get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) > 10
    for file, step in checkouts:
        assert step["with"]["persist-credentials"] is False, file


def test_every_action_is_of_one_commit_with_its_version() -> None:
    """Whoever moves a tag moves nothing of ours; and one action has one commit in all files."""
    pins: dict[str, set[str]] = {}
    for path in FILES:
        for name, pin in re.findall(r"uses: ([^.\s]\S*)@(.*)", path.read_text()):
            assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), f"{path.stem}: {name}"
            pins.setdefault(name, set()).add(pin)
    assert {name: pin for name, pin in pins.items() if len(pin) > 1} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: Path(path).stem)
def test_nothing_cancels_what_writes(path: Path) -> None:
    assert "cancel-in-progress: true" not in path.read_text()
    told = workflow_files.read(path.read_text())
    for one in (told, *told.get("jobs", {}).values()):
        assert "concurrency" not in one or one["concurrency"]["cancel-in-progress"] is False
