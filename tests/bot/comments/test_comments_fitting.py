"""Long texts in little room."""

from dataclasses import replace

from texts_of_schemas import MEANS, alone, field

from bot.comments.details import Detail, with_details
from bot.comments.markdown import LIMIT, fitted
from bot.comments.schema_diff import RESERVED, explained_diff, render_diff

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


def test_what_is_folded_first_leaves_room_for_what_comes_later() -> None:
    long = "".join(f"| {number} | value |\n" for number in range(100))
    first = Detail("First", f"| Name | Is |\n| --- | --- |\n{long}", "impact.md")
    later = Detail("Later", TEXT, "diff.md")
    whole = len(with_details("", [first], LIMIT)) + 300
    text = with_details("Text.", [first, later], whole)
    assert len(text) <= whole
    for title in ("First", "Later"):
        assert f"<summary>{title}</summary>" in text
    assert "is too long for here" not in text
    assert "Later is too long for here" in with_details("Text.", [first, later], later.least() - 1)


def test_an_explained_diff_is_shortened_once_it_leaves_no_room_for_the_rest() -> None:
    def rendered(count: int) -> tuple[int, str]:
        long = f"Curator MUST annotate {'x ' * 380}."
        some = (replace(field(f"f{number}"), annotation=long) for number in range(count))
        found = alone(fields_added=tuple(some))
        return len(render_diff(found).strip()), explained_diff(found, MEANS)

    room = LIMIT - RESERVED
    few, more = rendered(9)[0], rendered(10)[0]
    count = 9 + (room - few) // (more - few)
    while rendered(count)[0] <= room:
        count += 1
    for number, is_whole in ((count - 1, True), (count, False)):
        length, text = rendered(number)
        assert room - RESERVED < length < room + RESERVED
        assert ("more in `python -m bot diff 1.0.0 2.0.0`" not in text) is is_whole
        assert len(text) <= LIMIT
    assert "What each change asks of LaminDB is too long for here." in rendered(count - 1)[1]
    assert "<summary>What each change asks of LaminDB</summary>" in rendered(count)[1]


def test_what_changes_ask_for_leaves_room_for_what_stands_around_the_answer() -> None:
    def explained(long: int, short: int) -> str:
        texts = [f"Curator MUST annotate {'x ' * 380}."] * long + ["x"] * short
        some = (replace(field(f"f{n}"), annotation=text) for n, text in enumerate(texts))
        return explained_diff(alone(fields_added=tuple(some)), MEANS)

    folded = "<summary>What each change asks of LaminDB</summary>"
    long = next(count for count in range(1, 99) if folded not in explained(count, 0)) - 1
    texts = [explained(long, short) for short in range(40)]
    assert {folded in text for text in texts} == {True, False}
    assert max(map(len, texts)) <= LIMIT - RESERVED / 2
