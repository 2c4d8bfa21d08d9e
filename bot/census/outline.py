"""The text of a release page (HTML, or its Markdown source) -> its headings, tables and texts.

Knows nothing about releases. Must not mend what is broken: a part that is lost would be missed.
Never looks at ids or classes: ids are renumbered with every release, classes belong to the theme.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag
from bs4.element import Comment, NavigableString
from bs4.exceptions import ParserRejectedMarkup
from markdown_it import MarkdownIt

SKIPPED = {"nav", "script", "style", "template", "noscript"}
LARGEST_SPAN = 50
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


class PageError(ValueError):
    """The text isn't a complete release page; the message is one sentence for a person."""


def read_soup(text: str) -> BeautifulSoup:
    """The page's elements. Raises PageError if it isn't whole, or neither HTML nor Markdown."""
    if not text.strip():
        raise PageError("The release page is empty.")
    _check_comments_end(text)
    # HTML comments may hold tags (the real page keeps its queries there), so they don't count here.
    bare = _without(_without(text, "<!--", "-->"), "<script", "</script>")
    if re.match(r"\s*(<\?xml[^>]*>\s*)?<(!doctype|html|head|body)\b", bare, re.I):
        _check_is_whole(bare)
        return _html(text)
    if re.search(r"^#{1,6} \S", text, re.M) and "\0" not in text:
        return _html(_rendered(text))
    raise PageError("The release page is neither HTML nor Markdown with headings.")


def _check_comments_end(text: str) -> None:
    """A comment that isn't closed hides entries until the next one ends."""
    end = text.rfind("-->") + 3
    comments = re.findall(r"<!--.*?-->", text[:end], re.S)
    if any("<!--" in comment[4:] for comment in comments) or "<!--" in text[end:]:
        raise PageError("The release page has a comment that isn't closed.")


def _without(text: str, start: str, end: str) -> str:
    """The text without what stands between the marks; a start that has no end stays."""
    # Beyond the last end nothing can match: looking for it there takes quadratic time.
    head, last, tail = text.rpartition(end)
    return re.sub(f"{re.escape(start)}.*?{re.escape(end)}", "", head + last, flags=re.S) + tail


def _check_is_whole(bare: str) -> None:
    ends = [match.end() for match in re.finditer(r"</html\s*>", bare, re.I)]
    if not ends or re.search(r"<(table|h[1-6]|section)\b", bare[ends[-1] :], re.I):
        raise PageError("The release page is truncated: it has no closing </html>.")


def _rendered(markdown: str) -> str:
    lines = markdown.splitlines()
    if lines[-1].lstrip().startswith("|") and not lines[-1].rstrip().endswith("|"):
        raise PageError("The release page's Markdown is truncated: it ends within a table's row.")
    return str(MarkdownIt("commonmark").enable("table").render(markdown))


def _html(text: str) -> BeautifulSoup:
    try:
        return BeautifulSoup(text, "html.parser")
    except ParserRejectedMarkup as error:
        raise PageError(f"The release page isn't readable as HTML: {error}.") from error


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the page; `level` is 1 for the highest."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell as one line of text, with the addresses that it links to."""

    text: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has the same number of cells; a spanned cell is repeated wherever it reaches."""

    rows: tuple[tuple[Cell, ...], ...]

    def transposed(self) -> "Table":
        """The table with its rows as columns."""
        return Table(tuple(zip(*self.rows, strict=True)))


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text outside headings and tables, as one line."""

    text: str


Block = Heading | Table | Text


def plain(text: str) -> str:
    """One line without invisible characters, all blanks and dashes in their ASCII form."""
    folded = unicodedata.normalize("NFKC", text).translate(DASHES).translate(INVISIBLE)
    return " ".join(folded.split())


def outline(soup: BeautifulSoup) -> Iterator[Block]:
    """The page's headings, outermost tables and remaining runs of text, in document order."""
    pending: list[str] = []
    stack = [iter(list(soup.children))]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            continue
        block = _block_of(node)
        if block is not None:
            if text := plain(" ".join(pending)):
                yield Text(text)
            pending.clear()
            yield block
        elif isinstance(node, Tag) and node.name not in SKIPPED:
            stack.append(iter(list(node.children)))
        elif isinstance(node, NavigableString) and not isinstance(node, Comment):
            pending.append(str(node))
    if text := plain(" ".join(pending)):
        yield Text(text)


def _block_of(node: object) -> Heading | Table | None:
    if not isinstance(node, Tag):
        return None
    level = _heading_level(node)
    if level:
        return Heading(level, plain(node.get_text()))
    return read_table(node) if node.name == "table" else None


def _heading_level(node: Tag) -> int:
    """1 to 6 (or deeper, by aria-level) for a heading, 0 for anything else."""
    if re.fullmatch(r"h[1-6]", node.name):
        return int(node.name[1])
    if node.get("role") == "heading":
        return _number(node.get("aria-level"), 2)
    return 0


def read_table(table: Tag) -> Table:
    """The table as a full grid; spans are filled in and short rows padded with empty cells."""
    grid: dict[tuple[int, int], Cell] = {}
    for y, row in enumerate(_own_rows(table)):
        x = 0
        for cell in row.find_all(["td", "th"], recursive=False):
            while (y, x) in grid:
                x += 1
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            content = _cell(cell)
            grid.update({(y + j, x + i): content for j in range(down) for i in range(across)})
            x += across
    height = len(_own_rows(table))
    width = 1 + max((x for _, x in grid), default=-1)
    empty = Cell("")
    return Table(tuple(tuple(grid.get((y, x), empty) for x in range(width)) for y in range(height)))


def _own_rows(table: Tag) -> list[Tag]:
    return [row for row in table.find_all("tr") if row.find_parent("table") is table]


def _cell(cell: Tag) -> Cell:
    for line_break in cell.find_all("br"):
        line_break.insert_before(" ")
    links = tuple(str(link["href"]) for link in cell.find_all("a", href=True))
    return Cell(plain(cell.get_text()), links)


def _span(cell: Tag, name: str) -> int:
    return min(max(_number(cell.get(name), 1), 1), LARGEST_SPAN)


def _number(value: object, default: int) -> int:
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}", value) else default
