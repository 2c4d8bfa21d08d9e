"""Fetches a page by http(s) or from a file: an address in, the whole page out, or a BotError.

A GET that fails is repeated where that may help. Time and size are limited.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from random import random

import httpx

from bot.errors import BotError
from bot.model.ports import Page

LARGEST = 20_000_000
SECONDS = 30.0
QUICK_SECONDS = 5.0
ATTEMPTS = 4
LONGEST_WAIT = 60.0
PASSING = frozenset({408, 425, 429, *range(500, 600)}) - {501, 505}
# Object storage serves a file as octet-stream unless its type was set.
TEXT = re.compile(r"text/.*|application/((.*\+)?(json|xml|yaml)|octet-stream)|binary/octet-stream")


certificates = cache(httpx.create_ssl_context)
"""Whom to trust, as every client takes it: read once, which takes longer than most requests."""


def _client(seconds: float = SECONDS) -> httpx.Client:
    return httpx.Client(
        verify=certificates(),
        timeout=seconds,
        follow_redirects=True,
        max_redirects=5,
        headers={"User-Agent": "cellxgene-ingestion-bot"},
    )


class _PassingError(Exception):
    """A failure that may pass; `wait` is how many seconds the server asks to wait."""

    def __init__(self, message: str, wait: float = 0) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class HttpPages:
    """Pages by http(s), or from files.

    A page may have `largest` bytes, and its body take `seconds`; when an answer must begin is the
    client's timeout. `client` and `sleep` are replaced in tests.
    """

    client: httpx.Client = field(default_factory=_client)
    sleep: Callable[[float], None] = time.sleep
    largest: int = LARGEST
    seconds: float = 2 * SECONDS
    attempts: int = ATTEMPTS

    def get(self, address: str) -> Page:
        """The page at the address, which is a file's path where it has no `://`.

        Raises:
            BotError: it can't be fetched or read, is too large, or isn't text.
        """
        if "://" not in address:
            return self._file(address)
        if not address.startswith(("http://", "https://")):
            raise BotError(f"{address}: only http, https and files are read; give one of them.")
        for attempt in range(1, self.attempts + 1):
            try:
                return self._fetch(address)
            except _PassingError as failure:
                self._pause(address, attempt, failure)
        raise AssertionError

    def _pause(self, address: str, attempt: int, failure: _PassingError) -> None:
        """Waits before the next attempt. Raises BotError if there is none."""
        if failure.wait > LONGEST_WAIT:
            raise BotError(
                f"{address}: {failure} and asks to wait {failure.wait:,.0f} s; try again then."
            ) from failure
        if attempt == self.attempts:
            often = f", {attempt} times" if attempt > 1 else ""
            raise BotError(f"{address}: {failure}{often}; try again later.") from failure
        # Jitter, so that many who failed at once don't return at once; never before they may.
        self.sleep(failure.wait + 2 ** (attempt - 1) * (0.5 + random()))

    def _fetch(self, address: str) -> Page:
        try:
            with self.client.stream("GET", address) as response:
                return Page(address, self._body(response, address))
        except httpx.TimeoutException as error:
            raise _PassingError("gave no answer in time") from error
        except (
            httpx.UnsupportedProtocol,
            httpx.InvalidURL,
            httpx.TooManyRedirects,
            httpx.DecodingError,
            UnicodeError,  # a part of the host's name is empty, or has more than 63 letters
        ) as error:
            raise BotError(f"{address}: can't be fetched ({error}); correct it.") from error
        except httpx.TransportError as error:
            raise _PassingError(f"can't be reached ({error or type(error).__name__})") from error

    def _body(self, response: httpx.Response, address: str) -> bytes:
        _check_answer(response, address)
        self._check_size(_promised(response), address)
        data = bytearray()
        started = time.monotonic()
        for part in response.iter_bytes():
            data += part
            self._check_size(len(data), address)
            if time.monotonic() - started > self.seconds:
                raise _PassingError(f"wasn't complete within {self.seconds:g} s")
        return bytes(data)

    def _file(self, address: str) -> Page:
        try:
            with Path(address).expanduser().open("rb") as file:
                data = file.read(self.largest + 1)
        except (OSError, RuntimeError) as error:  # the latter: ~somebody, who isn't there
            why = getattr(error, "strerror", None) or error
            raise BotError(
                f"{address}: can't be read ({why}); name a file or an address."
            ) from error
        self._check_size(len(data), address)
        return Page(address, data)

    def _check_size(self, size: int, address: str) -> None:
        if size > self.largest:
            raise BotError(
                f"{address}: is larger than {self.largest:,} bytes, so it isn't what it should be; "
                "give another."
            )


def _check_answer(response: httpx.Response, address: str) -> None:
    """Refuses an answer that isn't a text. Raises _PassingError or BotError."""
    if response.status_code in PASSING:
        raise _PassingError(f"answered {response.status_code}", asked_wait(response))
    if response.status_code != 200:
        raise BotError(
            f"{address}: answered {response.status_code} {response.reason_phrase}; "
            "correct the address."
        )
    kind = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if not TEXT.fullmatch(kind):
        raise BotError(f"{address}: is {kind!r}, which is no text; correct the address.")


def quick_pages(seconds: float = QUICK_SECONDS) -> HttpPages:
    """Pages that must come within seconds, by one try: what is slower isn't there."""
    return HttpPages(_client(seconds), attempts=1, seconds=seconds)


def asked_wait(response: httpx.Response) -> float:
    """The seconds that Retry-After asks for, as a number or as a date; else 0.

    See https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    header = response.headers.get("retry-after", "")
    if header.isascii() and header.isdigit():
        return float(header[:12])
    try:
        until = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return 0
    return max(0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _promised(response: httpx.Response) -> int:
    length = response.headers.get("content-length", "")
    return int(length[:20]) if length.isascii() and length.isdigit() else 0
