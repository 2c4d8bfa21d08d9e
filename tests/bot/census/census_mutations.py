"""Changes of a release page that change nothing of what it says."""

import re
from collections.abc import Callable

from bs4 import BeautifulSoup


def without_ids(page: str) -> str:
    return re.sub(r'\s(id|class)="[^"]*"', "", page)


def levels_shifted(page: str) -> str:
    return re.sub(r"(</?h)([1-5])", lambda found: f"{found[1]}{int(found[2]) + 1}", page)


def all_levels_equal(page: str) -> str:
    return re.sub(r"(</?h)[3-6]", r"\g<1>3", page)


def with_nbsp(page: str) -> str:
    return page.replace("LTS 20", "LTS&nbsp;20").replace("Total cells", "Total\u00a0cells")


def other_theme(page: str) -> str:
    article = re.sub(r"</?(section|div)[^>]*>", "", page[page.index("<h1") :])
    menu = "<aside><ul><li><a href='#x'>LTS 2025-11-08</a></li></ul></aside>"
    return f"<!doctype html><html><body>{menu}<main>{article}"


def transposed(page: str) -> str:
    soup = BeautifulSoup(page, "html.parser")
    for table in soup.find_all("table"):
        rows = [row.find_all(["td", "th"]) for row in table.find_all("tr")]
        columns = ["".join(map(str, column)) for column in zip(*rows, strict=True)]
        body = "".join(f"<tr>{column}</tr>" for column in columns)
        table.replace_with(BeautifulSoup(f"<table>{body}</table>", "html.parser"))
    return str(soup)


def ids_renumbered(page: str) -> str:
    return re.sub(r'"(#?)id(\d+)"', lambda found: f'"{found[1]}id{int(found[2]) + 7}"', page)


def other_dashes(page: str) -> str:
    return re.sub(r"LTS (\d{4})-(\d\d)-(\d\d)", "LTS \\1\u2011\\2\u2011\\3", page)


def no_heads(page: str) -> str:
    return re.sub(r"(</?)th\b", r"\1td", re.sub(r"</?(thead|tbody)>", "", page))


def spelled_out(page: str) -> str:
    return re.sub(r"(<h3>)LTS (\d)", r"\1Long-term supported release \2", page)


def emphasised(page: str) -> str:
    return re.sub(r"<td><p>(.*?)</p></td>", r"<td>\n<p><em>\1</em></p>\n</td>", page)


def other_headings(page: str) -> str:
    """Elements that are headings by their role alone."""
    opened = re.sub(r"<h([1-6])", r'<div role="heading" aria-level="\1"', page)
    return re.sub(r"</h[1-6]>", "</div>", opened)


def commented(page: str) -> str:
    return page.replace("<table", "<!-- <h3>LTS 2030-01-01</h3> -->\n<table")


def other_separators(page: str) -> str:
    return re.sub(r"(?<=\d),(?=\d{3})", "\u202f", page)


def oldest_first(page: str) -> str:
    """The entries in another order."""
    soup = BeautifulSoup(page, "html.parser")
    entries = soup.find_all("section", id=re.compile("^lts-"))
    place = entries[0].parent
    assert place is not None
    for entry in reversed(entries):
        place.append(entry.extract())
    return str(soup)


def an_entry(page: str, version: str) -> str:
    """The section of a release, as it stands on the page."""
    soup = BeautifulSoup(page, "html.parser")
    return str(soup.find("section", id=f"lts-{version}"))


def with_entry(page: str, entry: str, *, before: str | None) -> str:
    """The page with one more entry before that of a release, or after all others."""
    if before is not None:
        return page.replace(f'<section id="lts-{before}">', f'{entry}<section id="lts-{before}">')
    soup = BeautifulSoup(page, "html.parser")
    last = str(soup.find_all("section", id=re.compile("^lts-"))[-1])
    return str(soup).replace(last, last + entry)


COSMETICS: list[Callable[[str], str]] = [
    oldest_first,
    ids_renumbered,
    other_theme,
    without_ids,
    spelled_out,
    with_nbsp,
    other_dashes,
    no_heads,
    emphasised,
    other_separators,
    commented,
    transposed,
    levels_shifted,
    all_levels_equal,
    other_headings,
]
"""In an order in which each still finds what it changes."""
