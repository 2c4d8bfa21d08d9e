"""Numbers, names, times and shares in words: at their edges, where one form becomes another."""

from datetime import UTC, datetime, timedelta

import pytest
from bot_reports import request

from bot.comments import status
from bot.comments.markdown import (
    code,
    counted,
    duration,
    fitted,
    joined,
    mention,
    moment,
    one_line,
    table,
)
from bot.comments.outcomes import GOOD, UNSUPPORTED, finding
from bot.comments.pull_requests import OpenRules, block, edit_list
from bot.comments.result.run import time_text
from bot.model.progress import Progress
from runners.contract import Finding, Outcome, Reason

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 datasets"), (1, "1 dataset"), (2, "2 datasets"), (1845, "1,845 datasets")],
)
def test_one_is_singular_and_thousands_are_parted(number: int, text: str) -> None:
    assert counted(number, "dataset") == text


def test_an_odd_plural_is_told() -> None:
    assert [counted(number, "query", "queries") for number in (1, 2)] == ["1 query", "2 queries"]


@pytest.mark.parametrize(
    ("parts", "text"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")]
)
def test_the_last_of_several_stands_behind_and(parts: str, text: str) -> None:
    assert joined([*parts]) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (7830, "2 h 10 min"),
        (90000, "25 h 0 min"),
    ],
)
def test_a_duration_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(NOON, NOON + timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.01, "36 s"), (0.1, "6 min"), (1.9, "114 min"), (2, "2.00 h"), (12.345, "12.35 h")],
)
def test_a_time_that_is_paid_for_is_precise(hours: float, text: str) -> None:
    assert time_text(hours) == text


def test_a_moment_is_told_to_the_minute() -> None:
    assert moment(NOON + timedelta(hours=1, minutes=5, seconds=50)) == "2026-03-01 13:05 UTC"


def test_a_line_of_the_limits_length_is_whole_and_a_longer_one_is_cut() -> None:
    assert [one_line("abc\n d", limit) for limit in (5, 4)] == ["abc d", "abc…"]


@pytest.mark.parametrize(
    ("actor", "text"), [("octo-cat", "@octo-cat"), ("x[bot]", "@x[bot]"), ("a b", "`a b`")]
)
def test_a_login_is_called_and_a_name_shown(actor: str, text: str) -> None:
    assert mention(actor) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("a", "`a`"), ("`a", "`` `a ``"), ("a``b", "```a``b```"), ("", "")]
)
def test_code_stands_between_more_marks_than_it_holds(text: str, shown: str) -> None:
    assert code(text) == shown


def test_rows_beyond_the_limit_are_counted() -> None:
    rows = [["1", ""], ["2", ""], ["3", ""]]
    left = "\n\n… and {} more; the run's report has them all."
    assert table(["A:", "B"], rows, 3) == "| A |\n| ---: |\n| 1 |\n| 2 |\n| 3 |"
    assert table(["A:", "B"], rows, 1) == "| A |\n| ---: |\n| 1 |" + left.format(2)


def test_a_text_is_shortened_no_more_than_it_must_be() -> None:
    items = "\n".join(f"- {number}" for number in range(100))
    room = len("\n".join(f"- {number}" for number in range(32))) + 40
    short = fitted(f"Head\n\n{items}", room, "x.md")
    assert short is not None
    assert short.count("\n- ") == 32
    assert short.endswith("… and 68 more in `x.md`.")
    assert fitted(items, len(items), "x.md") == items
    assert fitted("x" * 10, 9, "x.md") is None


# --- a run that goes on ---------------------------------------------------------------------------


def told(written: int, total: int | None, *, is_registered: bool = False) -> str:
    newest = NOON + timedelta(hours=1)
    progress = Progress(
        read=written, written=written, began=NOON, newest=newest, is_registered=is_registered
    )
    return status.status(request(), progress, total)


@pytest.mark.parametrize(
    ("written", "total", "share", "full"),
    [
        (0, 10, "0 of 10 datasets, 0%", 0),
        (5, 10, "5 of 10 datasets, 50%", 10),
        (1999, 2000, "1,999 of 2,000 datasets, 99%", 19),
        (10, 10, "10 of 10 datasets, 100%", 20),
        (12, 10, "12 of 10 datasets, 100%", 20),
        (0, 0, "0 of 0 datasets, 0%", 0),
    ],
)
def test_a_run_is_whole_only_when_all_is_written(
    written: int, total: int, share: str, full: int
) -> None:
    text = told(written, total)
    assert share in text
    assert (text.count("█"), text.count("░")) == (full, 20 - full)


@pytest.mark.parametrize(
    ("written", "total", "left"),
    [(10, 20, "about 60 minutes left"), (10, 40, "about 3 hours left"), (60, 61, "about 1 minute")],
)
def test_what_is_left_is_told_in_minutes_and_from_two_hours_in_hours(
    written: int, total: int, left: str
) -> None:
    assert left in told(written, total)
    assert "left" not in told(written, total, is_registered=True)


# --- outcomes -------------------------------------------------------------------------------------


def test_good_is_what_stands_in_the_instance() -> None:
    assert set(Outcome) - GOOD == {Outcome.FAILED, Outcome.MISSING, Outcome.UNREADABLE}
    assert Reason.READER_FAILED in UNSUPPORTED
    assert all(one in UNSUPPORTED for one in Reason if one.value.startswith("unsupported_"))
    assert len(UNSUPPORTED) < len(Reason)


@pytest.mark.parametrize(
    ("values", "count", "more"),
    [
        ("a", 1, ": `a`"),
        ("abc", 3, ": `a`, `b`, `c`"),
        ("abcd", 4, ": `a`, `b`, `c` and 1 more"),
        ("ab", 7, ": `a`, `b` and 5 more"),
        ("abcd", 1007, ": `a`, `b`, `c` and 1,004 more"),
        ("", 2, " (2 times)"),
        ("", 0, ""),
    ],
)
def test_a_reason_shows_three_values_and_counts_the_rest(
    values: str, count: int, more: str
) -> None:
    problem = Finding(reason=Reason.READER_FAILED, values=(*values,), count=count)
    assert finding(problem) == problem.meaning() + more


# --- pull requests --------------------------------------------------------------------------------


def test_a_list_of_edits_counts_what_it_leaves_out() -> None:
    assert edit_list(["a", "b"], 2) == "- a\n- b"
    assert edit_list(["a", "b", "c"], 2) == "- a\n- b\n- … and 1 more"


def test_a_block_of_code_counts_the_lines_that_are_cut() -> None:
    assert block("a\n\x00b") == "    a\n    b"
    assert block("\n".join("aaaa"), 2) == "    a\n    a\n    ... and 2 more lines"
    assert block("x" * 400) == "    " + "x" * 300


@pytest.mark.parametrize(
    ("rules", "problem", "remedy"),
    [
        (OpenRules("1.0.0", None), "has no rules yet.", "Answer what "),
        (OpenRules("1.0.0", ("a",)), "leave 1 question open.", "Set each under "),
        (OpenRules("1.0.0", ("a", "b")), "leave 2 questions open.", "Set each under "),
        (OpenRules("1.0.0", None, "it broke"), "can't be used.", "Mend "),
    ],
)
def test_rules_that_keep_datasets_out_say_why_and_what_to_do(
    rules: OpenRules, problem: str, remedy: str
) -> None:
    assert rules.problem.endswith(problem)
    assert rules.remedy().startswith(remedy)


def test_of_many_open_questions_ten_are_shown_and_the_rest_is_counted() -> None:
    asked = tuple(f"q{number}" for number in range(12))
    assert OpenRules("1.0.0", asked[:10]).why().count("\n- ") == 10
    why = OpenRules("1.0.0", asked).why()
    assert "must still answer 12 questions" in why
    assert why.endswith("\n- q9\n- … and 2 more")
