"""Reads the release page, the release directory and the documents of what is new -> ReleasesRead.

Fetches through the Pages port only. Must not decide what is done about it.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot.census.directory import DirectoryError, ReleaseDirectory, parse_directory
from bot.census.page import PageError, parse_page
from bot.census.release import ReleasePage
from bot.detection import News, emptied, look
from bot.errors import BotError
from bot.events import ReleasesRead, SchemaReading
from bot.facts import Facts
from bot.ports import Page, Pages
from bot.schema.diff import diff
from bot.schema.document import parse_document
from bot.schema.pins import pins
from bot.schema.spec import DocumentError, Spec
from bot.settings import Settings
from runners.contract import SchemaDocument


def read_releases(
    pages: Pages,
    settings: Settings,
    facts: Facts,
    documents: Mapping[str, str] | None = None,
) -> ReleasesRead:
    """What page and directory say now, with the schema documents of each release that is new.

    `documents` gives the address of a version's document where the settings' template doesn't hold.

    Raises:
        BotError: one of them can't be fetched, isn't whole, or isn't what it should be.
    """
    page, refusal = _page_or_source(pages, settings, facts)
    directory = read_directory(pages, settings.release_directory)
    reader = _Documents(pages, settings.schema_document, documents or {})
    news = look(page, directory, facts).news
    schemas = {one.release.version: reader.read(one) for one in news}
    return ReleasesRead(page, directory, schemas, refusal)


class RefusedPageError(BotError):
    """The page was fetched, but isn't a whole release page as the bot knows it."""


def read_page(pages: Pages, address: str) -> ReleasePage:
    """The releases of the page. Raises BotError as `read_releases` does."""
    text = pages.get(address).text()
    try:
        return parse_page(text)
    except PageError as error:
        raise RefusedPageError(
            f"{address}: {error} Nothing was changed; give the whole page."
        ) from error


def _page_or_source(
    pages: Pages, settings: Settings, facts: Facts
) -> tuple[ReleasePage, str | None]:
    """The page; where it is refused, what its Markdown source says, and why it was refused."""
    try:
        return _believed(pages, settings.release_page, facts), None
    except RefusedPageError as error:
        if settings.release_page_source is None:
            raise
        refusal = str(error)
    try:
        return _believed(pages, settings.release_page_source, facts), refusal
    except BotError as error:
        raise BotError(f"{refusal} Nor could its Markdown source be read: {error}") from error


def _believed(pages: Pages, address: str, facts: Facts) -> ReleasePage:
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


def read_spec(page: Page) -> Spec:
    """The dataset schema document. Raises BotError as `read_releases` does."""
    text = page.text()
    try:
        return parse_document(text)
    except DocumentError as error:
        raise BotError(f"{page.address}: {error}") from error


def document_address(given: str, template: str) -> str:
    """The address of a schema document that is given as a bare version, a file or an address."""
    bare = all(part.isdecimal() for part in given.split(".")) and given.count(".") == 2
    return template.replace("{version}", given) if bare else given


class _Documents:
    """The schema documents of the releases that are new, each fetched once."""

    def __init__(self, pages: Pages, template: str, addresses: Mapping[str, str]) -> None:
        self._pages = pages
        self._template = template
        self._addresses = addresses
        self._read: dict[str, tuple[Spec, SchemaDocument]] = {}

    def read(self, news: News) -> SchemaReading:
        spec, document = self._document(news.dataset_schema_version)
        reading = SchemaReading(
            new=document,
            pins=pins(spec),
            organisms=_organisms(news, spec),
            remarks=_remarks(news, spec),
        )
        earlier = news.earlier_schema_version()
        if earlier is None or earlier == news.dataset_schema_version:
            return reading
        old_spec, old = self._document(earlier)
        return replace(reading, old=old, diff=diff(old_spec, spec))

    def _document(self, version: str) -> tuple[Spec, SchemaDocument]:
        if version not in self._read:
            address = self._addresses.get(version) or document_address(version, self._template)
            page = self._pages.get(address)
            spec = read_spec(page)
            if spec.version != version:
                raise BotError(
                    f"{address}: field Version: {spec.version} is not {version}; "
                    "correct the setting schema_document."
                )
            document = SchemaDocument(version=version, source=address, blob_sha=page.blob_sha())
            self._read[version] = (spec, document)
        return self._read[version]


def _organisms(news: News, spec: Spec) -> tuple[str, ...]:
    """The organisms whose cells the page counts; all of the schema's, where it counts none."""
    known = [one.name for one in spec.organisms if one.taxon]
    return tuple(name for name in news.release.cell_counts if name in known) or tuple(known)


def _remarks(news: News, spec: Spec) -> tuple[str, ...]:
    known = {one.name for one in spec.organisms}
    strange = [name for name in news.release.cell_counts if name not in known]
    links = [
        f"Line {one.line} of the schema document says {one.text}, but links to {one.link}."
        for one in spec.discrepancies
    ]
    return (
        *(f"The page counts cells of {name}, which the schema doesn't name." for name in strange),
        *links[:5],
    )
