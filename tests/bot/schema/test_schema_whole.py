"""What follows from schema documents, against what a person has read; see `kept_texts`."""

from pathlib import Path

import kept_texts
import pytest

FOLDER = Path(__file__).parent
TEXTS, KEPT = kept_texts.texts_of(FOLDER), kept_texts.kept_in(FOLDER)
CASES = [(file, name) for file, some in TEXTS.items() for name in some]


@pytest.mark.parametrize(("file", "name"), CASES, ids=lambda one: str(one).replace(" ", "-"))
def test_it_says_what_was_read(file: str, name: str) -> None:
    assert TEXTS[file][name] == KEPT[file].get(name)


def test_nothing_was_read_that_is_said_no_longer() -> None:
    assert {(file, name) for file in TEXTS for name in KEPT[file]} == set(CASES)
