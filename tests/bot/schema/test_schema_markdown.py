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


def _changed(old: tuple[str, str], new: tuple[str, str]) -> str:
    texts = (document(obs=[*OBS, ("x", *entry)]) for entry in (old, new))
    text = render_diff(diff(*map(parse_document, texts)))
    (row,) = [line for line in text.splitlines() if line.startswith("| <code>obs: x</code>")]
    return " | ".join(row.split(" | ")[1:4])


def test_what_only_went_has_nothing_beside_it_that_is_said_now() -> None:
    row = _changed((MUST, "It MUST be a. It MAY be b."), (MUST, "It MUST be a."))
    assert row == "values | It MAY be b. | "


def test_who_annotates_is_said_with_who_did_and_before_the_values() -> None:
    row = _changed((MUST, "It MUST be a."), ("Curator MAY annotate.", "It MUST be b."))
    before, after = f"{MUST}; It MUST be a.", "Curator MAY annotate.; It MUST be b."
    assert row == f"annotator, values | {before} | {after}"


def test_an_array_is_not_one_value() -> None:
    arrays = [("made", "The image MUST be converted to a <code>numpy.ndarray</code>.")]
    arrays += [("given", "<code>numpy.ndarray</code>. It MUST be large.")]
    new = document(obs=[*OBS, *((name, MUST, value) for name, value in arrays)])
    text = render_diff(diff(parse_document(document()), parse_document(new)))
    rows = [line.split(" | ") for line in text.splitlines() if " | numpy.ndarray | " in line]
    assert [row[2] for row in rows] == ["", ""]


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


@given(st.text(alphabet="ab@#|<>!-`*_[]()~$&\\ \n\u00e9/:.", max_size=60))
def test_no_text_breaks_its_cell_opens_a_tag_or_calls_anybody(text: str) -> None:
    safe = escaped(text)
    html = _rendered(safe)
    assert "$" not in safe  # GitHub draws what stands between two as a formula
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
