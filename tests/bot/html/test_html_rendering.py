"""Markdown to HTML: the bot's own folding works, and nobody's HTML passes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.html.rendering import to_html

FOLDED = """<details>
<summary>All `2` datasets</summary>

| A | B: |
| --- | ---: |
| <code>x &#124; y</code> | 1 |

</details>

<!-- cellxgene-ingestion-bot: reply 1 -->
"""


def test_the_bots_own_folding_opens() -> None:
    assert to_html(FOLDED, by_bot=True) == (
        "<details>\n<summary>All <code>2</code> datasets</summary>\n<table>\n<thead>\n<tr>\n"
        "<th>A</th>\n"
        '<th style="text-align:right">B:</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n'
        "<td><code>x | y</code></td>\n"
        '<td style="text-align:right">1</td>\n</tr>\n</tbody>\n</table>\n</details>\n'
    )


def test_a_persons_is_shown_as_typed() -> None:
    html = to_html(FOLDED, by_bot=False)
    assert "&lt;details&gt;" in html
    assert "&lt;!-- cellxgene-ingestion-bot" in html
    assert "<details" not in html


@pytest.mark.parametrize("line", ["<details>", "</details>", "<summary>x</summary>", "<!-- x -->"])
@pytest.mark.parametrize("before", ["", "x\n\n", "- x\n\n  "])
def test_what_stands_in_a_block_of_code_is_shown_as_typed(before: str, line: str) -> None:
    shown = line.replace("<", "&lt;").replace(">", "&gt;")
    html = to_html(f"{before}    {line}\n", by_bot=True)
    assert f"<pre><code>{shown}\n</code></pre>" in html


@pytest.mark.parametrize(("mark", "depth"), [("> ", 25), ("> ", 90), ("- ", 25), ("1. ", 25)])
@pytest.mark.parametrize("by_bot", [True, False])
def test_a_discussion_that_is_quoted_often_is_shown(mark: str, depth: int, by_bot: bool) -> None:
    assert "deep" in to_html(mark * depth + "deep", by_bot=by_bot)


def test_mermaid_is_shown_as_its_source() -> None:
    html = to_html("```mermaid\npie\n```", by_bot=True)
    assert html == '<pre><code class="language-mermaid">pie\n</code></pre>\n'


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<details onclick=x>",
        "[a](javascript:alert(1))",
        "![a](https://x.test/a.png)",
        '<https://x.test/"onmouseover=x>',
        "<img src=x onerror=y>",
        "`<b>`",
    ],
)
@pytest.mark.parametrize("by_bot", [True, False])
def test_no_html_passes(text: str, by_bot: bool) -> None:
    html = to_html(text, by_bot=by_bot)
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= {"p", "a", "code"}
    assert 'href="javascript' not in html
    assert not re.search(r"<[^>]*\son[a-z]+=", html)


@given(st.text(st.sampled_from("<>/&\"'`[]()!|-* \ndetailsummrycope:#") | st.characters()))
def test_a_persons_text_makes_no_element_of_its_own(text: str) -> None:
    html = to_html(text, by_bot=False)
    known = (
        "p a code pre em strong ul ol li hr br blockquote table thead tbody tr th td s "
        "h1 h2 h3 h4 h5 h6"
    )
    assert set(re.findall(r"<([a-zA-Z0-9]+)", html)) <= set(known.split())


CHART = """```mermaid
xychart-beta
    title "Datasets"
    x-axis ["2025-06-01", "2026-02-01"]
    y-axis 0 --> 12.5
    bar [10, 12.5]
```"""


def test_a_bar_chart_is_a_list_of_bars() -> None:
    html = to_html(CHART, by_bot=True)
    assert "<figcaption>Datasets</figcaption>" in html
    assert re.findall(r"width: ([\d.]+)%", html) == ["44.0", "55.0"]
    assert re.findall(r"<b>(.+?)</b>", html) == ["10", "12.5"]


@pytest.mark.parametrize(
    ("good", "bad"),
    [("10, 12.5", "10"), ("10, 12.5", "1.2.3, 4"), ("12.5]", "12.5]\n    line [1, 2]")],
)
def test_a_bar_chart_that_is_not_whole_is_shown_as_its_source(good: str, bad: str) -> None:
    html = to_html(CHART.replace(good, bad), by_bot=False)
    assert html.startswith('<pre><code class="language-mermaid">xychart-beta')


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\n<details>\nb", "<p>a</p>\n<details>\n<p>b</p>\n"),
        ("a\n</details>\nb", "<p>a</p>\n</details>\n<p>b</p>\n"),
        ("  <details>  \nb", "<details>\n<p>b</p>\n"),
        ("a\n<summary>**b** `c`</summary>\nd", "<p>a</p>\n<summary><strong>b</strong> "
         "<code>c</code></summary>\n<p>d</p>\n"),
        ("a\n<!-- b -->\nc", "<p>a</p>\n<p>c</p>\n"),
        ("- a\n<details>\nb", "<ul>\n<li>a</li>\n</ul>\n<details>\n<p>b</p>\n"),
        ("> a\n<details>", "<blockquote>\n<p>a</p>\n</blockquote>\n<details>\n"),
        ("<details open>", "<p>&lt;details open&gt;</p>\n"),
        ("a <details> b", "<p>a &lt;details&gt; b</p>\n"),
        ("a <code>*b*</code> c", "<p>a <code><em>b</em></code> c</p>\n"),
        ("a <!-- b --> c <!-- d -->", "<p>a  c </p>\n"),
        ("a <b> & <c", "<p>a &lt;b&gt; &amp; &lt;c</p>\n"),
        ("a <https://x.test> b", '<p>a <a href="https://x.test">https://x.test</a> b</p>\n'),
        ("[a <code>b</code> <!-- c -->](https://x.test)",
         '<p><a href="https://x.test">a <code>b</code> </a></p>\n'),
        ("~~a~~ ![b](c)", '<p><s>a</s> !<a href="c">b</a></p>\n'),
        ("```mermaid\npie\n```\n```\npie\n```", '<pre><code class="language-mermaid">pie\n'
         "</code></pre>\n<pre><code>pie\n</code></pre>\n"),
    ],
)  # fmt: skip
def test_the_bots_own_markdown_is_drawn_as_github_does(text: str, html: str) -> None:
    assert to_html(text, by_bot=True) == html
