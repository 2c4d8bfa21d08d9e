"""Progress: a bar in a terminal, else a few lines on standard error; the items untouched."""

import io
import sys
from collections.abc import Iterator

import pytest

from runners import progress


class Clock:
    """A clock that each item moves by `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0

    def __call__(self) -> float:
        return self.now

    def items(self, count: int) -> Iterator[int]:
        for item in range(count):
            self.now += self.seconds
            yield item


def test_a_log_gets_a_line_every_ten_seconds_with_rate_and_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock(4)
    assert list(progress.steps(clock.items(7), "reading", 7, clock)) == list(range(7))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "reading: 0 of 7",
        "reading: 3 of 7, 15 a minute, 0:00:16 left",
        "reading: 6 of 7, 15 a minute, 0:00:04 left",
        "reading: 7 of 7, 15 a minute",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("count", "is_full"), [(2, False), (4, True)])
def test_a_terminal_gets_a_bar_as_long_as_what_is_done(
    monkeypatch: pytest.MonkeyPatch, count: int, is_full: bool
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    items = progress.steps(iter(range(count)), "reading", 4, Clock(0))
    assert list(items) == list(range(count))
    last = terminal.getvalue().split("\r")[-1]
    assert f"reading: {count} of 4 " in last
    assert (last.count("━") == 40) is is_full


def test_a_log_gets_lines_though_results_go_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(sys, "stdout", Terminal())
    list(progress.steps(iter(range(2)), "reading", 2, Clock(0)))
    assert log.getvalue().splitlines() == ["reading: 0 of 2", "reading: 2 of 2"]


def test_ten_seconds_after_a_line_is_time_for_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock(5)
    list(progress.steps(clock.items(5), "reading", 5, clock))
    assert [line.partition(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"reading: {done} of 5" for done in (0, 2, 4, 5)
    ]


@pytest.mark.parametrize("line", ["NCBITaxon:mouse:1", "tissue:brain: [red]none[/red]", ":x:"])
def test_a_line_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], line: str) -> None:
    progress.say(line)
    assert capsys.readouterr().err == f"{line}\n"


def test_a_log_is_not_flooded(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock(0.1)
    assert len(list(progress.steps(clock.items(1000), "reading", 1000, clock))) == 1000
    assert len(capsys.readouterr().err.splitlines()) == 11


def test_what_ends_early_does_not_say_that_all_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock(1)
    list(progress.steps(clock.items(2), "reading", 20, clock))
    assert capsys.readouterr().err.splitlines()[-1] == (
        "reading: 2 of 20, 60 a minute, 0:00:18 left"
    )


def test_nothing_to_do_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.steps([], "reading", 0)) == []
    assert capsys.readouterr().err == "reading: 0 of 0\n"


def test_a_line_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    progress.say("[bold]2020-07-15[/]: " + "12 registered, " * 20)
    assert capsys.readouterr().err == "[bold]2020-07-15[/]: " + "12 registered, " * 20 + "\n"
