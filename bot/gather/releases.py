"""Reads the release page, the release directory and new releases' documents into a ReleasesRead.

Must not fetch but through the Pages and Upstream ports.
"""

from collections.abc import Mapping
from functools import lru_cache

from bot.census.directory import DirectoryError, ReleaseDirectory, parse_directory
from bot.census.page import PageError, parse_page
from bot.census.release import ReleasePage
from bot.decide.new_releases import compare_with_known, emptied
from bot.errors import BotError
from bot.gather.schema_documents import SchemaReader
from bot.model.events import ReleasesRead, SchemaReading
from bot.model.facts import Facts
from bot.model.ports import Pages, Upstream
from bot.settings import Settings

_parse_once = lru_cache(maxsize=2)(parse_page)
"""Between two looks of a process the page seldom changes."""


def read_releases(
    pages: Pages,
    settings: Settings,
    facts: Facts,
    documents: Mapping[str, str] | None = None,
    upstream: Upstream | None = None,
) -> ReleasesRead:
    """What page and directory say now, with the schema documents of each release that is new.

    `documents` gives the address of a version's document where the settings' template doesn't hold.
    One that can't be read keeps its own release back, and no other.

    Raises:
        BotError: page or directory can't be fetched, isn't whole, or isn't what it should be.
    """
    page, refusal = _page_or_source(pages, settings, facts)
    directory = read_directory(pages, settings.release_directory)
    reader = SchemaReader(pages, settings, documents or {}, upstream)
    schemas: dict[str, SchemaReading] = {}
    unread: dict[str, str] = {}
    for release in compare_with_known(page, directory, facts).news:
        try:
            schemas[release.release.version] = reader.read(release)
        except BotError as error:
            unread[release.release.version] = str(error)
    return ReleasesRead(page, directory, schemas, unread, refusal)


class RefusedPageError(BotError):
    """The page was fetched, but isn't a whole release page as the bot knows it."""


def read_page(pages: Pages, address: str) -> ReleasePage:
    """The releases of the page. Raises BotError as `read_releases` does."""
    text = pages.get(address).text()
    try:
        return _parse_once(text)
    except PageError as error:
        raise RefusedPageError(
            f"{address}: {error} Nothing was changed; give the whole page."
        ) from error


def _page_or_source(
    pages: Pages, settings: Settings, facts: Facts
) -> tuple[ReleasePage, str | None]:
    """The page; where it is refused, what its Markdown source says, and why it was refused."""
    try:
        return _checked_page(pages, settings.release_page, facts), None
    except RefusedPageError as error:
        if settings.release_page_source is None:
            raise
        refusal = str(error)
    try:
        return _checked_page(pages, settings.release_page_source, facts), refusal
    except BotError as error:
        raise BotError(f"{refusal} Nor could its Markdown source be read: {error}") from error


def _checked_page(pages: Pages, address: str, facts: Facts) -> ReleasePage:
    page = read_page(pages, address)
    if refusal := emptied(page, facts):
        raise RefusedPageError(refusal)
    return page


def read_directory(pages: Pages, address: str) -> ReleaseDirectory:
    """The release directory. Raises BotError as `read_releases` does."""
    text = pages.get(address).text()
    try:
        return parse_directory(text)
    except DirectoryError as error:
        raise BotError(f"{address}: {error} Nothing was changed; correct it.") from error
