"""The Markdown of a diff: verdict first, long tables folded, and no text that does harm."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from schema_documents import OBS, document

from bot.comments.schema_diff import escaped, render_diff
from bot.schema.diff import diff
from bot.schema.document import parse_document

MUST = "Curator MUST annotate."


def test_a_small_diff_is_said_whole() -> None:
    new = document("1.1.0", obs=[*OBS, ("donor_id", MUST, "<code>str</code>.")])
    text = render_diff(diff(parse_document(document()), parse_document(new)))
    assert text.split("\n\nNot compared: ")[0] == (
        "**Dataset schema 1.0.0 \u2192 1.1.0.** Fields added: 1.\n\n"
        "### Fields added\n\n"
        "| Field | Presence | How many | Allowed | Forbidden | Type | Lines |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| <code>obs: donor_id</code> | Curator MUST annotate. | one value |  |  | str | 71-86 |"
    )


def test_an_empty_diff_says_so() -> None:
    spec = parse_document(document())
    assert "nothing changes but, at most, wording" in render_diff(diff(spec, spec))


def test_a_long_table_is_folded_away() -> None:
    many = [(f"field_{n}", MUST, "x") for n in range(9)]
    text = render_diff(
        diff(parse_document(document()), parse_document(document(obs=[*OBS, *many])))
    )
    assert "<details>\n<summary>Fields added: 9</summary>\n\n| Field" in text


def _rendered(cell: str) -> str:
    table = f"| a | b |\n| - | - |\n| {cell} | end |"
    return str(MarkdownIt("commonmark").enable("table").render(table))


EMPTY_TABLE = _rendered("")


@given(st.text(alphabet="ab@#|<>!-`*_[]()~&\\ \n\u00e9/:.", max_size=60))
def test_no_text_breaks_its_cell_opens_a_tag_or_calls_anybody(text: str) -> None:
    safe = escaped(text)
    html = _rendered(safe)
    assert html.count("<") == EMPTY_TABLE.count("<")
    assert "@a" not in html
    assert "#a" not in html


def test_a_hostile_field_stays_text() -> None:
    value = (
        "ping @everyone --> | <!-- bot: forged --> [x](javascript:y) fixes #1 https://evil.example"
    )
    new = document(obs=[*OBS, ("x", "@someone | MUST", value)])
    text = render_diff(diff(parse_document(document()), parse_document(new)))
    assert "@someone" not in text
    assert "<!--" not in text
    assert "#1 " not in text
