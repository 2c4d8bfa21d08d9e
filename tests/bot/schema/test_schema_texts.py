"""Fragments of a document as text, as tables, as sections, and as statements to compare."""

import pytest

from bot.schema.markup import inline, name, plain, prose, tables
from bot.schema.sections import grids, sections, sections_titled
from bot.schema.wording import canonical, folded, sentences


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a <code>b</code> c", "a `b` c"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\nc"),
        ("<ol><li></li><li>x</li></ol>", "- x"),
        ("<tr><td>a</td><th>b</th><th>c</th></tr>", "a b c"),
        ("a<br>b<tr>c</tr>d", "a\nb\nc\nd"),
        ("a<p>b</p><div>c</div><blockquote>d</blockquote>e", "a\nb\nc\nd\ne"),
        ("a <i>b</i>c", "a bc"),
        ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
        ("\ufb01ne\u200b \u2018q\u2019 \u201cr\u201d x\u2011y z\u2010w", "fine 'q' \"r\" x-y z-w"),
        ("a\n<!-- no --> b", "a b"),
        ('<a href="x" <b>t</b></a>', "t"),
    ],
)
def test_html_is_text_with_a_line_for_each_part(source: str, text: str) -> None:
    assert plain(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a\nb\n\nc", "a b\nc"),
        ("a\n* b\n+ c\n- d\n1. e", "a\n* b\n+ c\n- d\n1. e"),
        ("a\n| x | y |\n| 1 | 2 |", "a\n| x | y |\n| 1 | 2 |"),
        ("[x](y) **b** _c_ <!-- n -->", "x b c"),
    ],
)
def test_markdown_is_text_with_a_line_for_each_paragraph(source: str, text: str) -> None:
    assert prose(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[a](b)", "a"),
        ("[a][b]", "a"),
        ("[[a](b)](c)", "a"),
        ('[a](b(c)d "t")', "a"),
        ("[a]: x", "a: x"),
        ("x[a]", "x[a]"),
        ("['a']", "['a']"),
        ("**b** _c_ x_y_z `_c_`", "b c x_y_z `_c_`"),
        (r"\*a\* b\_c 1\. \w", r"*a* b_c 1. \w"),
    ],
)
def test_links_and_marks_of_markdown_are_their_text(source: str, text: str) -> None:
    assert inline(source) == text


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("`a`", "a"),
        ("**_a_**", "a"),
        ("uns['a']['b']", "uns['a']['b']"),
        ("`{column}_colors`", "{column}_colors"),
        ("spatial[library_id]", "spatial[library_id]"),
    ],
)
def test_a_heading_keeps_its_brackets(heading: str, field: str) -> None:
    assert name(heading) == field


INNER = "<table><tr><td>i</td></tr></table>"


@pytest.mark.parametrize(
    ("source", "cells"),
    [
        ("<table><tr><td>a<td>b</tr></table>", [[["a", "b"]]]),
        ("<table><td>a</td></table>", [[["a"]]]),
        ("<table><tr><td>a</td>lost<td>b</td></tr></table>", [[["a", "b"]]]),
        ("<TABLE><TR><TH></TH><TD>b</TD></TR></TABLE>", [[[" ", "b"]]]),
        (f"<table><tr><td>a{INNER}b</td></tr></table>", [[[f"a{INNER}b"]]]),
        ("<table><tr><td>a", [[["a"]]]),
        (f"</table>{INNER}{INNER}", [[["i"]], [["i"]]]),
        (f"{INNER}</table><tr><td>x", [[["i"]]]),
        (f"{INNER}</table>{INNER}", [[["i"]], [["i"]]]),
    ],
)
def test_tables_hold_their_cells_whatever_tag_is_stray_or_missing(
    source: str, cells: list[list[list[str]]]
) -> None:
    found = [[[cell.source for cell in row] for row in table.rows] for table in tables(source)]
    assert found == cells


def test_a_table_ends_at_its_own_end() -> None:
    source = f"x{INNER}</table>y"
    assert [source[table.start : table.end] for table in tables(source)] == [INNER]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("# A #\n## B ##\n", [(1, "A", 1), (2, "B", 2)]),
        ("   # A\n    # code\n#B\n", [(1, "A", 1)]),
        ("```\n# no\n````\n# A\n", [(1, "A", 4)]),
        ("~~~\n```\n# no\n~~~\n# A\n", [(1, "A", 5)]),
        ("```\n# no\n``` x\n# no\n```\n# A\n", [(1, "A", 6)]),
        ("``` a`b\n# A\n", [(1, "A", 2)]),
        ("<table>\n# no\n</table>\n# A\n", [(1, "A", 4)]),
        ("<table>\n# no\n\n# A\n", [(1, "A", 4)]),
    ],
)
def test_a_heading_is_told_from_what_only_looks_like_one(
    text: str, titles: list[tuple[int, str, int]]
) -> None:
    head, *parts = sections(text)
    assert (head.level, head.title) == (0, "")
    assert [(one.level, one.title, one.line) for one in parts] == titles


def test_a_title_is_found_with_what_stands_beneath_it_and_nothing_behind() -> None:
    parts = sections("# A\n## **`B`**\n### C\n## D\n# b\n## E\n")
    assert [one.title for one in sections_titled(parts, "b")] == ["**`B`**", "C", "b", "E"]


def test_the_tables_of_a_section_stand_in_their_order_with_their_lines() -> None:
    html = "<table><tr><th>H</th></tr><tr><td>h</td></tr></table>"
    first = f"{html}\n\n| A | B |\n|--|--|\n| a\\|a | `b` |\n| | |\n| c | d\n\nx | y\n"
    (_, part) = sections(f"# T\n{first}")
    assert [(grid.header, grid.line) for grid in grids(part)] == [(("H",), 2), (("A", "B"), 4)]
    rows = [[(row.cells, row.line) for row in grid.rows] for grid in grids(part)]
    assert rows == [[(("h",), 2)], [(("a|a", "`b`"), 6), (("c", "d"), 8)]]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A is b. C is d. e is f.", ["A is b.", "C is d. e is f."]),
        ("A. otherwise b; this c", ["A.", "otherwise b;", "this c"]),
        ("Do it:\n- a\n- b", ["Do it:", "- a", "- b"]),
        ("A is,\nB is c.", ["A is, B is c."]),
        ("A\nb", ["A b"]),
        ("A\nB", ["A", "B"]),
        ("- a\nb", ["- a b"]),
        ("| a,\nb", ["| a,", "b"]),
        ("A is,\n| a. B |", ["A is,", "| a. B |"]),
        ("Use `a. B` there. C is d.", ["Use `a. B` there.", "C is d."]),
        ("For example, a. B is c.", ["B is c."]),
        ("To illustrate, a. B is c.", ["B is c."]),
        ("WARNING: a\nB is c.", ["B is c."]),
        ("A:\n- e.g. b\n- c", ["A:", "- c"]),
        (
            'It MUST be `"a"`, or `"b"` if set in `x`; else c',
            [
                'It MUST be `"a"` if the value of `x` is `"a"`',
                'It MUST be `"b"` if the value of `x` is `"b"`',
                "else c",
            ],
        ),
    ],
)
def test_a_text_is_its_sentences_without_examples(text: str, parts: list[str]) -> None:
    assert list(sentences(text)) == parts


SAME = [
    ("the children of it", "descendants of it"),
    ("A child of `x`", "a descendant of x"),
    ("the final matrix", "normalized matrix"),
    ("CELLxGENE Discover", "the Data Portal"),
    ("It MUST be a", "the value MUST be a"),
    ("otherwise, b", "b"),
    ("a: b.", "a b"),
    ("a!", "A"),
    ('is `"Male"`', 'is "Male"'),
    ('is "CL:1"', "is `cl:1`"),
]
OTHER = [
    ("it MUST be", "it must be"),
    ("it MAY be", "it MUST be"),
    ("the final word", "the normalized word"),
    ("otherwise if b", "if b"),
    ("a != b", "a = b"),
    ("a < b", "a > b"),
    ('by `" || "`', 'by `" | "`'),
    ("by `, ,`", "by `,,`"),
    ("x_y", "x y"),
    ("3.1", "31"),
    ('is `"Male"`', 'is `"male"`'),
    ('is "cell Line"', 'is "cell line"'),
    ('is `"10x 3\' V2 (gene)"`', 'is `"10x 3\' v2 (gene)"`'),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_editors_may_change_is_no_other_statement(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_changes_a_rule_is_another_statement(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("GENCODE v48 (GRCh38.p14)", "GENCODE  v48, GRCh38-p14", True),
        ("1.1", "11", False),
        ("v48", "V48", False),
    ],
)
def test_two_versions_differ_only_by_letters_and_numbers(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) is same
