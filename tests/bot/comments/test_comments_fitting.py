"""Long texts in little room."""

from bot.comments.markdown import fitted

ROWS = "\n".join(f"| {number} | value |" for number in range(10))
TEXT = f"### Fields\n\n| Name | Is |\n| --- | --- |\n{ROWS}\n\n- one\n- two\n- three\n"


def test_what_fits_stays_as_it_is() -> None:
    assert fitted(TEXT, len(TEXT), "diff.md") == TEXT


def test_first_rows_are_kept_and_the_others_counted() -> None:
    shorter = "\n".join(_lines())
    assert fitted(TEXT, len(shorter), "diff.md") == shorter
    assert fitted(TEXT, len(shorter) - 1, "diff.md") != shorter


def _lines() -> list[str]:
    table = ["| Name | Is |", "| --- | --- |", "| 0 | value |", "| 1 | value |"]
    left = ["", "… and 8 more in `diff.md`.", ""]
    return ["### Fields", "", *table, *left, "- one", "- two", "", "… and 1 more in `diff.md`."]


def test_where_not_even_one_row_fits_there_is_nothing() -> None:
    assert fitted(TEXT, 40, "diff.md") is None
