"""The text of a release page (HTML, or its Markdown source) -> its elements, if it is whole.

Knows nothing about releases. Must not mend what is broken: a part that is lost would be missed.
"""

import re

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup
from markdown_it import MarkdownIt


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
    ends = [found.end() for found in re.finditer(r"</html\s*>", bare, re.I)]
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
