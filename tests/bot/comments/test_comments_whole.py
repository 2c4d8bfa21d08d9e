"""Each text that the bot says, against what a person has read; `texts.py` says how to change it."""

import pytest
import texts

CASES = [(file, name) for file, some in texts.TEXTS.items() for name in some]


@pytest.mark.parametrize(("file", "name"), CASES, ids=lambda one: str(one).replace(" ", "-"))
def test_it_says_what_was_read(file: str, name: str) -> None:
    assert texts.TEXTS[file][name] == texts.kept(file).get(name)


def test_nothing_was_read_that_is_said_no_longer() -> None:
    assert {(file, name) for file in texts.TEXTS for name in texts.kept(file)} == set(CASES)
