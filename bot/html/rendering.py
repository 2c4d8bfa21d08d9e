"""Markdown -> HTML that is safe to open, and the frame of every page: one file, light and dark.

No raw HTML passes, whoever wrote it, and a page fetches nothing and runs no script. A Mermaid pie
or bar chart is drawn; any other diagram is shown as its source. In the bot's own text
`<code>`, and lines that are just `<details>`, `<summary>...</summary>`, `</details>` or an HTML
comment, mean what they mean on GitHub; in anybody else's they are shown as typed.
"""

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from bot.html import diagrams, timeline

STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --dim: #59636e;
  --link: #0969da; --text: #1f2328; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #161b22; --dim: #9198a1;
  --link: #4493f8; --text: #e6edf3; --back: #0d1117; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; line-height: 1.3; } h3 { font-size: 1.05rem; margin-top: 1.6rem; }
a { color: var(--link); }
.label { display: inline-block; border: 1px solid var(--line); border-radius: 1rem;
  padding: 0 .6rem; font-size: .85rem; margin-right: .3rem; }
article { border: 1px solid var(--line); border-radius: .4rem; margin: 1.2rem 0; }
article > header { background: var(--soft); color: var(--dim); padding: .4rem 1rem;
  border-bottom: 1px solid var(--line); border-radius: .4rem .4rem 0 0; font-size: .9rem; }
article > header b { color: var(--text); }
article > div { padding: .2rem 1rem .6rem; overflow-x: auto; }
article > footer { padding: 0 1rem .6rem; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .92rem; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); white-space: nowrap; }
td[style*="right"] { white-space: nowrap; }
code { overflow-wrap: anywhere; }
code { font: .88em ui-monospace, monospace; background: var(--soft); padding: .1em .3em;
  border-radius: .25rem; }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; border-radius: .4rem; }
pre code { padding: 0; background: none; }
.parts { margin: .8rem 0; }
.parts > div { display: flex; gap: 2px; height: 1rem; border-radius: .3rem; overflow: hidden; }
.parts > div > span { min-width: 3px; }
.parts ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0;
  margin: .5rem 0; font-size: .92rem; }
.parts li > span { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem;
  margin-right: .4rem; vertical-align: -.05rem; }
.bars ul { list-style: none; padding: 0; font-size: .92rem; }
.bars li { display: flex; align-items: center; gap: .6rem; margin: .15rem 0; }
.bars li > :first-child { width: 6rem; } .bars .part0 { height: .8rem; border-radius: .2rem; }
.part0 { background: #0969da; } .part1 { background: #54aeff; } .part2 { background: #8c959f; }
.part3 { background: #bf8700; } .part4 { background: #8250df; } .part5 { background: #1b7c83; }
summary { cursor: pointer; font-weight: 600; margin: .6rem 0; }
details { border-left: 3px solid var(--line); padding-left: .8rem; margin: .6rem 0; }
blockquote { color: var(--dim); border-left: 3px solid var(--line); margin-left: 0;
  padding-left: .8rem; }
@media (max-width: 40rem) {
  table { display: block; overflow-x: auto; } td { min-width: 5rem; }
  td:first-child { min-width: 11rem; }
}
"""


OPENING = re.compile(r"<details>|</details>")
SUMMARY = re.compile(r"<summary>(.*)</summary>")
HIDDEN = re.compile(r"<!--.*-->")


def framed(title: str, body: str) -> str:
    """The whole page; both are HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{STYLE}{timeline.STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def to_html(markdown: str, *, by_bot: bool) -> str:
    """The text as HTML elements. Links of no known scheme stay text."""
    return str(_renderer(by_bot).render(markdown))


@cache
def _renderer(by_bot: bool) -> MarkdownIt:
    # What nests deeper isn't shown: the preset's 20 are few for a discussion by mail.
    options = {"html": False, "linkify": False, "maxNesting": 100}
    renderer = MarkdownIt("commonmark", options)
    renderer.enable(["table", "strikethrough"])
    # Pictures would be fetched from elsewhere by whoever opens the page.
    renderer.disable(["image"])
    renderer.add_render_rule("fence", _fence)
    if by_bot:
        renderer.block.ruler.before(
            "table",
            "bot_html",
            _bot_html,
            {"alt": ["paragraph", "reference", "blockquote", "list"]},
        )
        renderer.inline.ruler.before("autolink", "bot_code", _bot_code)
        renderer.inline.ruler.before("autolink", "bot_hidden", _bot_hidden)
    return renderer


def _bot_html(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """The block rule for one line of the bot's own HTML; what is indented is code."""
    if state.is_code_block(start):
        return False
    line = state.getLines(start, start + 1, 0, False).strip()
    summary = SUMMARY.fullmatch(line)
    if not (summary or OPENING.fullmatch(line) or HIDDEN.fullmatch(line)):
        return False
    if silent:
        return True
    state.line = start + 1
    if summary:
        state.push("summary_open", "summary", 1)
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = summary[1], [start, start + 1], []
        state.push("summary_close", "summary", -1)
    elif line == "<details>":
        state.push("details_open", "details", 1)
    elif line == "</details>":
        state.push("details_close", "details", -1)
    return True


def _bot_code(state: StateInline, silent: bool) -> bool:
    """The inline rule for `<code>` and its end; what stands between them is Markdown."""
    ends: tuple[tuple[str, Literal[1, -1]], ...] = (("<code>", 1), ("</code>", -1))
    for tag, nesting in ends:
        if state.src.startswith(tag, state.pos):
            if not silent:
                state.push("bot_code", "code", nesting)
            state.pos += len(tag)
            return True
    return False


def _bot_hidden(state: StateInline, silent: bool) -> bool:
    """The inline rule for an HTML comment in a table's cell."""
    comment = re.compile("<!--.*?-->").match(state.src, state.pos)
    if comment is None:
        return False
    state.pos = comment.end()
    return True


def _fence(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """A block of code; a diagram as HTML where it can be drawn."""
    token = tokens[index]
    drawn = diagrams.drawn(token.content) if token.info == "mermaid" else ""
    return drawn or str(renderer.fence(tokens, index, options, env))
