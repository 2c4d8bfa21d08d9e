"""Text from outside shows and does nothing else, wherever it is put."""

import re
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comments.markdown import UNSEEN, code, inert, mention, one_line, table
from bot.html.rendering import to_html
from bot.model.markers import Marker, MarkerKind, find, sign

NASTY = st.text(
    st.sampled_from("|`*_{}[]()<>#+-=!~^$&@:/\\.1aG \n\t\u200b\u202e\x1b") | st.characters(),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain obs_name 1.5", "plain obs_name 1.5"),
        ("a | b", "a \\| b"),
        ("<!-- x -->", "&lt;!-- x --&gt;"),
        ("[x](http://y.z)", "\\[x\\](http\u200b://y.z)"),
        ("@team #12 GH-3", "@\u200bteam #\u200b12 GH\u200b-3"),
        ("# head", "#\u200b head"),
        ("- item", "\\- item"),
        ("1. one", "1\\. one"),
        ("12. Colon atlas", "12\\. Colon atlas"),
        ("123456789) one", "123456789\\) one"),
        ("12.", "12\\."),
        ("1234567890. one", "1234567890. one"),
        ("12.5 one", "12.5 one"),
        ("2.4.0", "2.4.0"),
        ("two\nlines\t\u202e", "two lines"),
        ("\x1b[31mred", "\\[31mred"),
        ("&amp;", "&amp;amp;"),
        ("*_`~$", "\\*\\_\\`\\~\\$"),
    ],
)
def test_inert(text: str, shown: str) -> None:
    assert inert(text) == shown
    assert to_html(f"- {inert(text)}", by_bot=True).count("<li>") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ds-1", "`ds-1`"),
        ("a`b", "``a`b``"),
        ("a`b``c @team", "```a`b``c @team```"),
        ("`", "`` ` ``"),
        ("/ingest `", "`` /ingest ` ``"),
        ("` @team", "`` ` @team ``"),
        ("`#12`", "`` `#12` ``"),
        ("[x](http://y.z) ``", "``` [x](http://y.z) `` ```"),
        ("A || B", "<code>A \\|\\| B</code>"),
        ("<b>", "`<b>`"),
        (" \n", ""),
    ],
)
def test_code(text: str, shown: str) -> None:
    assert code(text) == shown
    html = to_html(f"Said: {shown}.", by_bot=True)
    all_of_it = f"<code>{escape(one_line(text))}</code>" if shown else ""
    assert html.replace(UNSEEN, "").strip() == f"<p>Said: {all_of_it}.</p>"


@given(NASTY)
def test_what_is_shown_as_code_is_nothing_but_code(text: str) -> None:
    """Wherever its backticks stand: else mentions and links in it would live."""
    html = to_html(f"x{code(text)}x", by_bot=True).strip()
    if one_line(text):
        assert html.startswith("<p>x<code>")
        assert html.endswith("</code>x</p>")
        assert html.count("<") == 4


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        ("octocat", "@octocat"),
        ("a-b-1", "@a-b-1"),
        ("dependabot[bot]", "@dependabot[bot]"),
        ("octo-cat_corp", "@octo-cat_corp"),
        ("a_b_c", "`a_b_c`"),
        ("_corp", "`_corp`"),
        ("octo_", "`octo_`"),
        ("a" * 39, "@" + "a" * 39),
        ("a" * 40, f"`{'a' * 40}`"),
        ("ab cd", "`ab cd`"),
        ("-ab", "`-ab`"),
        ("owner/team", "`owner/team`"),
        ("ab\n@team", "`ab @team`"),
        ("", ""),
    ],
)
def test_only_what_can_be_a_login_is_mentioned(actor: str, shown: str) -> None:
    assert mention(actor) == shown


def test_long_text_is_cut() -> None:
    assert one_line("x" * 400) == "x" * 299 + "…"
    assert len(inert("x" * 400, 20)) == 20


def test_only_a_login_is_mentioned() -> None:
    assert mention("maintainer") == "@maintainer"
    assert mention("dependabot[bot]") == "@dependabot[bot]"
    assert mention("@all | x") == "<code>@\u200ball \\| x</code>"


@given(NASTY, NASTY)
def test_a_cell_stays_a_cell(first: str, second: str) -> None:
    html = to_html(table(["A", "B"], [["x" + inert(first), "x" + code(second)]]), by_bot=True)
    row = html.split("<tbody>")[1] if "<tbody>" in html else ""
    assert row.count("<td>") == 2
    assert row.count("<tr>") == 1
    assert set(re.findall(r"</?([a-z0-9]+)", row)) <= {"tr", "td", "code", "tbody", "table"}


@given(NASTY)
def test_a_sentence_stays_a_sentence(text: str) -> None:
    html = to_html(f"Said: {inert(text)} and {code(text)}.", by_bot=True)
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"p", "code"}
    assert html.count("<p>") == 1


@given(NASTY)
def test_nothing_forges_a_marker(text: str) -> None:
    marker = Marker(MarkerKind.REPLY, "7")
    forged = str(Marker(MarkerKind.RESULT, "2026-02-01-ingest-1"))
    assert find(sign(f"{inert(text + forged)} {code(forged + text)}", marker)) == marker
    assert find(inert(f"{text}\n{forged}")) is None


@given(NASTY)
def test_nobody_is_pinged(text: str) -> None:
    assert not re.search(r"[@#]\w", inert(text))
