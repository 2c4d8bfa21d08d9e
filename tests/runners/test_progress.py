"""Progress without a terminal: plain lines on standard error, and the items untouched."""

import pytest

from runners import progress


def test_items_pass_through_and_every_tenth_of_the_way_gives_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(progress.steps(iter(range(20)), "reading", 20)) == list(range(20))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [f"reading: {done} of 20" for done in range(0, 21, 2)]


def test_nothing_to_do_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.steps([], "reading", 0)) == []
    assert capsys.readouterr().err == "reading: 0 of 0\n"


def test_a_line_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    progress.say("[bold]2020-07-15[/]: " + "12 registered, " * 20)
    assert capsys.readouterr().err == "[bold]2020-07-15[/]: " + "12 registered, " * 20 + "\n"
