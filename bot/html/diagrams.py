"""Mermaid's diagrams of the bot's own kinds -> HTML, since a page runs no script. Pure."""

import re
from html import escape

_NUMBER = r"\d+(?:\.\d+)?"
BAR_CHART = re.compile(
    r'xychart-beta\s+title "(?P<title>[^"]*)"\s+x-axis \[(?P<names>"[^"]*"(?:, "[^"]*")*)\]\s+'
    rf"(?:y-axis 0 --> {_NUMBER}\s+)?bar \[(?P<heights>{_NUMBER}(?:, {_NUMBER})*)\]\s*"
)
NAME = re.compile(r'"([^"]*)"')
SLICE = re.compile(r'^\s*"([^"]*)" : (\d+)$', re.MULTILINE)


def drawn(diagram: str) -> str:
    """The diagram as HTML; nothing of any kind that isn't known here, or isn't whole."""
    return _pie(diagram) or _bar_chart(diagram)


def _pie(diagram: str) -> str:
    """A bar whose parts are as wide as the pie's slices."""
    slices = SLICE.findall(diagram) if diagram.startswith("pie") else []
    if not slices:
        return ""
    parts = "".join(
        f'<span class="part{n}" style="flex-grow: {count}"></span>'
        for n, (_, count) in enumerate(slices)
    )
    keys = "".join(
        f'<li><span class="part{n}"></span>{escape(label)} <b>{int(count):,}</b></li>'
        for n, (label, count) in enumerate(slices)
    )
    return f'<figure class="parts"><div>{parts}</div><ul>{keys}</ul></figure>\n'


def _bar_chart(diagram: str) -> str:
    """A list of bars as wide as they are high in the diagram."""
    found = BAR_CHART.fullmatch(diagram)
    if found is None:
        return ""
    names = NAME.findall(found["names"])
    heights = [float(height) for height in found["heights"].split(", ")]
    if len(names) != len(heights):
        return ""
    rows = "".join(
        f'<li><span>{escape(name)}</span><span class="part0" style="width: '
        f'{55 * height / max(*heights, 1):.1f}%"></span><b>{height:,g}</b></li>'
        for name, height in zip(names, heights, strict=True)
    )
    title = f"<figcaption>{escape(found['title'])}</figcaption>"
    return f'<figure class="bars">{title}<ul>{rows}</ul></figure>\n'
