"""The release page (HTML, or its Markdown source) -> ReleasePage.

Refuses a page that isn't whole or isn't the release page: reading it as "no releases" would be a
lie. Must not fetch, nor decide what a difference between two pages means.
"""

import re
from datetime import date

from bs4 import BeautifulSoup

from bot.census.outline import Block, Heading, PageError, Table, Text, outline, plain, read_soup
from bot.census.release import Oddity, OddityKind, Release, ReleasePage
from bot.census.release_tables import is_readable, read_entry, tells_facts

LTS = re.compile(r"\bLTS\b|\blong[ -]term", re.I)
DATED = re.compile(r"\b(\d{4}-\d{1,2}-\d{1,2})(?!\d)")
NAMED = re.compile(r"\bLTS:? (\d{4}-\d{2}-\d{2})(?!\d)")
NAMING = {"lts", "census", "cell", "data", "release", "long", "term", "supported", "version"}
NAMING |= {"retracted", "stable"}
__all__ = ["PageError", "parse_page"]

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
TITLE = re.compile(r"\bcensus\b.*\breleases?\b", re.I)


def parse_page(html: str) -> ReleasePage:
    """The releases that the page lists, in its order; none is no error if the page is whole."""
    soup = read_soup(html)
    _check_nothing_is_open(soup)
    blocks = list(outline(soup))
    entries = _entries(blocks)
    if not entries:
        _check_is_release_page(blocks)
    _check_no_table_is_left(blocks, entries)
    readings = [read_entry(version, body) for version, body in entries]
    if readings and not any(is_readable(release) for release, _ in readings):
        raise PageError("The release page lists releases, but no table of any of them can be read.")
    releases, repeated = _without_repeats([release for release, _ in readings])
    oddities = [oddity for _, some in readings for oddity in some]
    _check_no_entry_is_two(oddities)
    return ReleasePage(releases, (*oddities, *repeated, *_unlisted(blocks, releases)))


def _entries(blocks: list[Block]) -> list[tuple[str, list[Block]]]:
    """Each listed release with the blocks that belong to it."""
    starts = _entry_headings(blocks)
    ends = [*starts, len(blocks)]
    return [
        (_version(blocks[start]), _body(blocks, start, end))
        for start, end in zip(starts, ends[1:], strict=True)
    ]


def _entry_headings(blocks: list[Block]) -> list[int]:
    starts: list[int] = []
    level = 7
    for place, block in enumerate(blocks):
        if not isinstance(block, Heading):
            continue
        # A deeper dated heading (say, an erratum about another release) is part of its entry.
        if _is_entry(block) and (not starts or block.level <= level):
            starts.append(place)
            level = block.level
        elif block.level < level:
            level = 7
    return starts


def _is_entry(heading: Heading) -> bool:
    """Whether the heading is a release's name, rather than a sentence about a release."""
    rest, dates = DATED.subn(" ", heading.text)
    if dates != 1 or not LTS.search(rest):
        return False
    words = set(re.findall(r"[^\W\d_]+", rest.lower()))
    return words <= NAMING or bool(re.match(r"\W*LTS\W*\d", heading.text))


def _version(block: Block) -> str:
    match = DATED.search(block.text) if isinstance(block, Heading) else None
    version = match[1] if match else ""
    try:
        return date.fromisoformat(version).isoformat()
    except ValueError:
        raise PageError(f"The release page lists '{version}', which isn't a date.") from None


def _body(blocks: list[Block], start: int, end: int) -> list[Block]:
    """The entry's blocks up to the next heading that stands above it or beside it."""
    body = blocks[start + 1 : end]
    heading = blocks[start]
    level = heading.level if isinstance(heading, Heading) else 0
    inner = next((b.level for b in body if isinstance(b, Heading)), 7)
    # Where a theme levels all headings, only a higher one can end an entry.
    limit = level if inner > level else level - 1
    for place, block in enumerate(body):
        if isinstance(block, Heading) and block.level <= limit:
            return body[:place]
    return body


def _check_is_release_page(blocks: list[Block]) -> None:
    headings = [block.text for block in blocks if isinstance(block, Heading)]
    titled = any(TITLE.search(text) for text in headings)
    if not (titled and any(LTS.search(text) for text in headings)):
        raise PageError("The page isn't the release page: no heading speaks of LTS releases.")
    if named := _named(blocks):
        raise PageError(
            f"The release page names LTS {min(named)}, but no heading of that name was found."
        )


def _check_nothing_is_open(soup: BeautifulSoup) -> None:
    """What isn't closed swallows the entries after it, and they would seem to have vanished."""
    for heading in soup.find_all(HEADINGS):
        text = plain(heading.get_text())
        in_table = heading.find_parent("table") and _is_entry(Heading(0, text))
        if in_table or heading.find_parent(HEADINGS):
            container = "table" if in_table else "heading"
            raise PageError(
                f"The release page has '{text[:60]}' within a {container}; is that left open?"
            )


def _check_no_entry_is_two(oddities: list[Oddity]) -> None:
    """A release whose heading is no heading would pass for a correction of the one before it."""
    for oddity in oddities:
        if oddity.kind is OddityKind.TWO_ENTRIES:
            raise PageError(
                f"The release page tells the facts of LTS {oddity.version} twice, and otherwise "
                f"({oddity.detail}); is the heading of another entry missing?"
            )


def _check_no_table_is_left(blocks: list[Block], entries: list[tuple[str, list[Block]]]) -> None:
    """A release whose heading wasn't known as one must not vanish, nor pass for "nothing new"."""
    taken = {id(block) for _, body in entries for block in body}
    heading = ""
    for block in blocks:
        if isinstance(block, Heading):
            heading = block.text
        elif isinstance(block, Table) and id(block) not in taken and tells_facts(block):
            raise PageError(
                f"The release page tells a release's facts beneath '{heading[:60]}', but no "
                "heading there names an LTS release by its date."
            )


def _named(blocks: list[Block]) -> set[str]:
    texts = (block.text for block in blocks if isinstance(block, Text))
    return {version for text in texts for version in NAMED.findall(text)}


def _unlisted(blocks: list[Block], releases: tuple[Release, ...]) -> list[Oddity]:
    listed = {release.version for release in releases}
    detail = "the page's text names this LTS, but has no entry for it"
    return [
        Oddity(OddityKind.NAMED_BUT_NOT_LISTED, version, detail)
        for version in sorted(_named(blocks) - listed)
    ]


def _without_repeats(releases: list[Release]) -> tuple[tuple[Release, ...], list[Oddity]]:
    """The first readable entry of each version; a side bar may repeat the headings."""
    by_version: dict[str, Release] = {}
    oddities = []
    for release in releases:
        earlier = by_version.get(release.version)
        if earlier is None or not is_readable(earlier):
            by_version[release.version] = release
        elif is_readable(release) and release != earlier:
            detail = "a second entry says otherwise; the first was taken"
            oddities.append(Oddity(OddityKind.REPEATED_ENTRY, release.version, detail))
    return tuple(by_version.values()), oddities
