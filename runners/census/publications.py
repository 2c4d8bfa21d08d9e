"""Each study's publication, from CZI's curation API
(https://api.cellxgene.cziscience.com/curation/ui/).

Asked once a run and kept in the run's folder, so that a resumed run has the same answer. Out of
reach, the run says so and does without. Must not say which datasets a release has: the API
describes today, not the release's day.
"""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from pydantic import TypeAdapter, ValidationError

from runners import progress, settings
from runners.contract import Document, Manifest
from runners.files import write_whole

DISCOVER = "https://api.cellxgene.cziscience.com/curation/v1"
FILE = "publications.json"
BYTES, SECONDS, WAIT = 64 * 1024 * 1024, 120, 20
"""At most: of the answer, for all of it, and for each part of it."""

AUTHORS = 3
"""Authors that are named; the others are counted by "et al."."""


class Publication(Document):
    """How a study was published: who, when and where, in a line; and the day, where it is known."""

    text: str
    published: date | None = None


Publications = Mapping[str, Publication]
"""By collection id."""

PUBLICATIONS_JSON = TypeAdapter(dict[str, Publication])


def publications_of_run(manifest: Manifest, folder: Path) -> Publications:
    """The publications as the run in `folder` first fetched them; none without an API to ask.

    CZI's API is asked only for a release on S3; another address may be set (DISCOVER_API).
    """
    path = folder / FILE
    with suppress(FileNotFoundError, ValidationError):  # none, or a part of one
        return PUBLICATIONS_JSON.validate_json(path.read_bytes())
    address = settings.from_environment().discover
    if address is None and manifest.storage.h5ads.startswith("s3://"):
        address = DISCOVER
    if address is None:
        return {}
    fetched = fetch(address)
    write_whole(path, PUBLICATIONS_JSON.dump_json(fetched, indent=1).decode())
    return fetched


def fetch(address: str) -> dict[str, Publication]:
    """The publications from the API at `address`; none, and a line that says so, if it fails."""
    try:
        return parse(json.loads(_read(f"{address.rstrip('/')}/collections")))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        progress.say(f"{address}: no publisher metadata ({reason}); references have name and DOI")
        return {}


def _read(address: str) -> bytes:
    content, end = bytearray(), time.monotonic() + SECONDS
    with httpx.stream("GET", address, timeout=WAIT, follow_redirects=True) as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > BYTES or time.monotonic() > end:
                raise ValueError(f"more than {BYTES} bytes or {SECONDS} seconds")
    return bytes(content)


def parse(collections: Any) -> dict[str, Publication]:
    """The publication of each collection that has publisher metadata.

    Raises:
        ValueError: this isn't a list of collections.
    """
    if not isinstance(collections, list):
        raise ValueError("not a list of collections")
    by_collection = {
        str(collection.get("collection_id")): _publication(collection["publisher_metadata"])
        for collection in collections
        if isinstance(collection, dict) and isinstance(collection.get("publisher_metadata"), dict)
    }
    return {
        collection_id: publication
        for collection_id, publication in by_collection.items()
        if publication.text
    }


def _publication(metadata: Mapping[str, Any]) -> Publication:
    told = metadata.get("authors")
    authors = [
        _author_name(author)
        for author in (told if isinstance(told, list) else ())
        if isinstance(author, dict)
    ]
    named = ", ".join(authors[:AUTHORS]) + (" et al." if authors[AUTHORS:] else "")
    year, journal = metadata.get("published_year"), metadata.get("journal")
    preprint = "preprint" if metadata.get("is_preprint") else ""
    parts = [named, str(journal or ""), str(year or ""), preprint]
    text = _storable(", ".join(part for part in parts if part))
    return Publication(text=text, published=_publication_day(metadata))


def _storable(text: str) -> str:
    """The text without what JSON may have and a database may not: NULs, halves of characters."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def _author_name(author: Mapping[str, Any]) -> str:
    first_name, family = author.get("given"), author.get("family")
    return str(author.get("name") or " ".join(str(part) for part in (first_name, family) if part))


def _publication_day(metadata: Mapping[str, Any]) -> date | None:
    try:
        year, month, day = (int(metadata[f"published_{part}"]) for part in ("year", "month", "day"))
        return date(year, month, day)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
