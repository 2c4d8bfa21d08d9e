"""What `doctor` reads of the release page, the release directory and the schema document."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from bot.adapters.web import quick_pages
from bot.census.directory import ReleaseDirectory
from bot.census.release import ReleasePage
from bot.doctor.lines import missing, ok, unknown
from bot.errors import BotError
from bot.gather.releases import read_directory, read_page
from bot.gather.schema_documents import document_address, read_spec_of
from bot.model.set_up import Checkout
from bot.settings import Settings
from runners.contract import PartHealth

Value = TypeVar("Value")
PAGES = ("release_page", "release_directory")
"""The settings that name them."""
MOST, LEAST = 7.0, 2.0
"""Seconds for the page and the document that it names together, and for the document at least."""


@dataclass(frozen=True, slots=True)
class Look:
    """A part by the name that it has where it breaks, the settings without which it can't be looked
    at, and what looks.
    """

    part: str
    needs: tuple[str, ...]
    lines: Callable[[], Iterable[PartHealth]]


class Pages:
    """Page and directory, each read once, side by side with all else."""

    def __init__(self, settings: Settings, checkout: Checkout, pool: ThreadPoolExecutor) -> None:
        self._settings = settings
        self._checkout = checkout
        self._began = monotonic()
        pages = quick_pages()
        self._page: Future[ReleasePage | BotError] = pool.submit(
            _read, lambda: read_page(pages, settings.release_page)
        )
        self._directory: Future[ReleaseDirectory | BotError] = pool.submit(
            _read, lambda: read_directory(pages, settings.release_directory)
        )

    def looks(self) -> list[Look]:
        """One for each, and for the document of the newest release's schema."""
        page, directory = PAGES
        at, there = self._settings.release_page, self._settings.release_directory
        return [
            Look("release page", (page,), lambda: [_told(page, at, self._page)]),
            Look(
                "release directory",
                (directory,),
                lambda: [_told(directory, there, self._directory)],
            ),
            Look("schema document", (page, "schema_document"), self._document),
        ]

    def announced(self) -> frozenset[str] | BotError:
        """The releases that page and directory have in common."""
        page, directory = self._page.result(), self._directory.result()
        if isinstance(page, BotError):
            return page
        if isinstance(directory, BotError):
            return directory
        return frozenset({one.version for one in page.releases} & directory.entries.keys())

    def _document(self) -> Iterator[PartHealth]:
        """Of the version that the page names for its newest release, else of the newest rules."""
        page = self._page.result()
        releases = () if isinstance(page, BotError) else page.releases
        newest = max(releases, key=lambda one: one.version, default=None)
        version = newest.dataset_schema_version if newest else self._checkout.schema
        if version is None:
            return
        address = document_address(version, self._settings.schema_document)
        left = max(LEAST, MOST - (monotonic() - self._began))
        found = _read(lambda: read_spec_of(version, quick_pages(left).get(address)))
        part = f"schema document {version}"
        if isinstance(page, BotError) and isinstance(found, BotError):
            yield unknown(part, f"{found} Which version is needed, the release page would say.")
        else:
            yield _line(part, "schema_document", address, found)


def _read(read: Callable[[], Value]) -> Value | BotError:
    try:
        return read()
    except BotError as error:
        return error


def _told(setting: str, address: str, read: Future[Value | BotError]) -> PartHealth:
    return _line(setting.replace("_", " "), setting, address, read.result())


def _line(part: str, setting: str, address: str, found: object) -> PartHealth:
    if isinstance(found, BotError):
        return missing(part, str(found), f"Or name another by the setting {setting}.")
    return ok(part, f"{address} can be read.")
