"""Fragments of HTML and Markdown -> plain text and tables, whatever tags were left unclosed.

Works on tags one by one instead of on a tree: in these documents a stray </tr> or an open <td>
would make a tree lose rows. Must not know what any of the text means.
"""

import html
import re
import unicodedata
from dataclasses import dataclass, field

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b([^<>]*)>")
TABLE_TAG = re.compile(r"<(/?)(table|tr|td|th)\b([^<>]*)>", re.I)
COMMENT = re.compile(r"<!--.*?-->", re.S)
UNCLOSED = re.compile(r'(<a\s[^<>]*")\s*(?=<)', re.I)
LABEL = r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
TARGET = r"\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)"
LINK = re.compile(rf"{LABEL}(?:{TARGET}|\[[^\[\]]*\])")
NEWLINES = {"br", "p", "div", "ul", "ol", "tr", "table", "blockquote"}


@dataclass(slots=True)
class RawCell:
    """A cell's source, its tag (th or td) and where in the fragment it begins."""

    tag: str
    start: int
    source: str


@dataclass(slots=True)
class RawTable:
    """A table's rows, and where in the fragment it begins and ends."""

    start: int
    end: int
    rows: list[list[RawCell]] = field(default_factory=list)


def clean(source: str) -> str:
    """The source without comments, its unclosed <a ...> closed; length and line breaks are kept."""
    blanked = without_comments(source)
    return UNCLOSED.sub(lambda match: match[1] + ">" if match[0] == match[1] else match[0], blanked)


def without_comments(source: str) -> str:
    """The source with its comments blanked out, its length and its lines kept."""
    # Beyond the last end no comment can match: looking for one there takes quadratic time.
    head, end, tail = source.rpartition("-->")
    return COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), head + end) + tail


def tables(source: str) -> list[RawTable]:
    """The outermost tables of the fragment, each cell with its source (inner tables included)."""
    outermost: list[RawTable] = []
    depth = 0
    for tag in TABLE_TAG.finditer(source):
        closing, name = bool(tag[1]), tag[2].lower()
        if name == "table":
            depth = max(depth + (-1 if closing else 1), 0)
            if depth == 1 and not closing:
                outermost.append(RawTable(tag.start(), len(source)))
            elif depth == 0 and outermost and outermost[-1].end == len(source):
                _close(outermost[-1], source, tag.start())
                outermost[-1].end = tag.end()
        elif depth == 1:
            _read_tag(outermost[-1], source, tag)
    if depth and outermost:
        _close(outermost[-1], source, len(source))
    return outermost


def _read_tag(table: RawTable, source: str, tag: re.Match[str]) -> None:
    name = tag[2].lower()
    _close(table, source, tag.start())
    if name == "tr" and not tag[1]:
        table.rows.append([])
    elif name in ("td", "th") and not tag[1]:
        if not table.rows:
            table.rows.append([])
        table.rows[-1].append(RawCell(name, tag.end(), ""))


def _close(table: RawTable, source: str, end: int) -> None:
    """Ends the open cell, if there is one; a cell that was ended before keeps its end."""
    cell = table.rows[-1][-1] if table.rows and table.rows[-1] else None
    if cell is not None and not cell.source:
        # One blank stands for an ended, empty cell.
        cell.source = source[cell.start : end] or " "


def plain(source: str) -> str:
    """The fragment as text: one paragraph, list item or row a line, code between backticks."""
    text = re.sub(r"\s+", " ", UNCLOSED.sub(r"\1>", without_comments(source)))
    text = TAG.sub(_mark, text)
    text = _fold(html.unescape(text))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line not in ("", "-"))


def _mark(tag: re.Match[str]) -> str:
    closing, name = tag[1], tag[2].lower()
    if name == "code":
        return "`"
    if name == "li":
        return "\n" if closing else "\n- "
    if name in ("td", "th"):
        return " "
    return "\n" if name in NEWLINES else ""


def _fold(text: str) -> str:
    """Compatibility characters folded, invisible ones dropped, quotes straightened."""
    folded = unicodedata.normalize("NFKC", text)
    folded = re.sub("[\u200b-\u200d\u2060\ufeff\u00ad]", "", folded)
    return folded.translate(str.maketrans("\u2018\u2019\u201c\u201d\u2011\u2010", "''\"\"--"))


def prose(source: str) -> str:
    """Markdown (with HTML in it) as text, one paragraph or list item a line."""
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[*+-]|\d+\.)\s)|\n(?=\|)", without_comments(source))
    return "\n".join(filter(None, (plain(inline(part)) for part in paragraphs)))


def name(source: str) -> str:
    """A heading as the name of a field: without markup, but with all of its brackets."""
    return plain(emphasised(source)).replace("`", "")


def emphasised(source: str) -> str:
    """Markdown's emphasis reduced to its text."""
    text = source.replace("**", "")
    return re.sub(r"(?<![\w`])_(?=[^\s_])(.+?)_(?![\w`])", r"\1", text)


def inline(source: str) -> str:
    """Markdown's links, emphasis and escapes reduced to their text."""
    text = source
    for _ in range(2):
        text = LINK.sub(r"\1", text)
    text = re.sub(r"(?<!\w)\[([^\[\]'\"]+)\](?![\[(])", r"\1", text)
    text = emphasised(text)
    return re.sub(r"\\([\\`*_{}\[\]()#+.!|-])", r"\1", text)
