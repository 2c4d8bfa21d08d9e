"""Tables: whole rows, counted leftovers, no empty columns."""

from bot.comments.markdown import collapsed, table


def test_a_table() -> None:
    assert table(["A", "B:"], [["1", "2"], ["3", ""]]) == (
        "| A | B |\n| --- | ---: |\n| 1 | 2 |\n| 3 |  |"
    )


def test_what_is_left_out_is_counted() -> None:
    rows = [[str(number)] for number in range(1845)]
    assert table(["A"], rows, 2) == (
        "| A |\n| --- |\n| 0 |\n| 1 |\n\n… and 1,843 more; the run's report has them all."
    )
    assert table(["A"], rows, 0) == "\n… and 1,845 more; the run's report has them all."


def test_a_column_without_content_is_left_out() -> None:
    assert table(["A", "B", "C"], [["1", "", "2"]]) == "| A | C |\n| --- | --- |\n| 1 | 2 |"


def test_a_section_can_be_folded() -> None:
    assert collapsed("Sum", "text\n") == ("<details>\n<summary>Sum</summary>\n\ntext\n\n</details>")
