"""Pages over http(s) or from a file, whole or refused with one clear sentence.

Retries what can be repeated (a GET), within a time and a size limit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import random

import httpx

from bot.errors import BotError
from bot.ports import Page

LARGEST = 20_000_000
SECONDS = 30.0
ATTEMPTS = 4
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


def _client() -> httpx.Client:
    agent = {"User-Agent": "cellxgene-ingestion-bot"}
    return httpx.Client(timeout=SECONDS, follow_redirects=True, max_redirects=5, headers=agent)


class _PassingError(Exception):
    """A failure that may not happen again."""


@dataclass(frozen=True, slots=True)
class HttpPages:
    """`sleep` takes seconds; a test gives its own, and a client of its own."""

    client: httpx.Client = field(default_factory=_client)
    sleep: Callable[[float], None] = time.sleep
    largest: int = LARGEST

    def get(self, address: str) -> Page:
        if "://" not in address:
            return self._file(address)
        if not address.startswith(("http://", "https://")):
            raise BotError(f"{address}: only http, https and files are read; give one of them.")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._fetch(address)
            except _PassingError as failure:
                if attempt == ATTEMPTS:
                    raise BotError(
                        f"{address}: {failure}, {ATTEMPTS} times; try again later."
                    ) from failure
            # Jitter, so that many who failed at once don't return at once.
            self.sleep(2 ** (attempt - 1) * (0.5 + random()))
        raise AssertionError

    def _fetch(self, address: str) -> Page:
        try:
            with self.client.stream("GET", address) as response:
                return Page(address, self._body(response, address))
        except httpx.TimeoutException as error:
            raise _PassingError(f"gave no answer within {SECONDS:.0f} s") from error
        except httpx.TransportError as error:
            raise _PassingError(f"can't be reached ({error or type(error).__name__})") from error
        except (httpx.InvalidURL, httpx.TooManyRedirects, httpx.DecodingError) as error:
            raise BotError(f"{address}: can't be fetched ({error}); correct it.") from error

    def _body(self, response: httpx.Response, address: str) -> bytes:
        if response.status_code in PASSING:
            raise _PassingError(f"answered {response.status_code}")
        if response.status_code != 200:
            raise BotError(
                f"{address}: answered {response.status_code} {response.reason_phrase}; "
                "correct the address."
            )
        data = bytearray()
        started = time.monotonic()
        for part in response.iter_bytes():
            data += part
            self._check_size(len(data), address)
            if time.monotonic() - started > 2 * SECONDS:
                raise _PassingError(f"wasn't complete within {2 * SECONDS:.0f} s")
        return bytes(data)

    def _file(self, address: str) -> Page:
        path = Path(address).expanduser()
        try:
            with path.open("rb") as file:
                data = file.read(self.largest + 1)
        except OSError as error:
            raise BotError(
                f"{address}: can't be read ({error.strerror or error}); name a file or an address."
            ) from error
        self._check_size(len(data), address)
        return Page(address, data)

    def _check_size(self, size: int, address: str) -> None:
        if size > self.largest:
            raise BotError(
                f"{address}: is larger than {self.largest:,} bytes, so it isn't what it should be; "
                "give another."
            )
