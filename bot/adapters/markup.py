"""Markdown -> HTML that is safe to open: no raw HTML passes, whoever wrote it.

A Mermaid pie becomes a bar with its legend; any other diagram is shown as its source. In the bot's
own text `<code>`, and lines that are just `<details>`, `<summary>...</summary>`,
`</details>` or an HTML comment, mean what they mean on GitHub; in anybody else's they are shown as
typed.
"""

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from html import escape
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

OPENING = re.compile(r"<details>|</details>")
SUMMARY = re.compile(r"<summary>(.*)</summary>")
HIDDEN = re.compile(r"<!--.*-->")
SLICE = re.compile(r'^\s*"([^"]*)" : (\d+)$', re.MULTILINE)


def to_html(markdown: str, *, by_bot: bool) -> str:
    """The text as HTML elements. Links of no known scheme stay text."""
    return str(_renderer(by_bot).render(markdown))


@cache
def _renderer(by_bot: bool) -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"html": False, "linkify": False})
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
    """The block rule for one line of the bot's own HTML."""
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
    found = re.compile("<!--.*?-->").match(state.src, state.pos)
    if found is None:
        return False
    state.pos = found.end()
    return True


def _fence(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """A block of code; of a pie, a bar whose parts are as wide as its slices."""
    token = tokens[index]
    slices = SLICE.findall(token.content) if token.info == "mermaid" else []
    if not slices or not token.content.startswith("pie"):
        return renderer.fence(tokens, index, options, env)
    parts = "".join(
        f'<span class="part{n}" style="flex-grow: {count}"></span>'
        for n, (_, count) in enumerate(slices)
    )
    keys = "".join(
        f'<li><span class="part{n}"></span>{escape(label)} <b>{int(count):,}</b></li>'
        for n, (label, count) in enumerate(slices)
    )
    return f'<figure class="parts"><div>{parts}</div><ul>{keys}</ul></figure>\n'
