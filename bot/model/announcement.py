"""What the bot last said of a release <-> a hidden line of its own text; a manifest says less.

Pure. A record proves nothing by itself: whoever reads one must know that the bot wrote the text.
"""

import json
import re
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from bot.census.release import Release
from bot.model.markers import hidden_line
from runners.contract import Manifest

LINE = re.compile(r"<!-- cellxgene-ingestion-bot: facts (\{.*\}) -->")
LARGEST = 12_000  # Of the 65,536 characters that GitHub takes.


@dataclass(frozen=True, slots=True)
class Announcement:
    """A release as page and directory described it when the bot spoke of it.

    `whole` is false where cell counts and embeddings were left out for their length. Releases up to
    `after` were there before the bot was.
    """

    release: Release
    soma: str
    h5ads: str
    region: str | None
    retracted: bool
    after: str
    whole: bool = True


_ANNOUNCEMENT = TypeAdapter(Announcement)


def hidden_announcement(record: Announcement) -> str:
    """The record as one line that Markdown doesn't show, LARGEST characters at most."""
    line = _line(record)
    if len(line) <= LARGEST:
        return line
    release = replace(record.release, cell_counts={}, embeddings=())
    return _line(replace(record, release=release, whole=False))


def announcement_in(body: str) -> Announcement | None:
    """The record in the last line that holds one; None if there is none, or a person broke it."""
    match = next(filter(None, map(LINE.fullmatch, reversed(body.splitlines()))), None)
    try:
        return _ANNOUNCEMENT.validate_json(match[1]) if match else None
    except ValidationError:
        return None


def announcement_by_manifest(manifest: Manifest, earlier: Announcement) -> Announcement:
    """The release as its manifest states it; what a manifest doesn't hold is as in `earlier`."""
    release = replace(
        earlier.release,
        census_schema_version=manifest.census_schema_version,
        dataset_schema_version=manifest.dataset_schema_version,
        dataset_count=manifest.dataset_count,
    )
    place = manifest.storage
    region = place.region or earlier.region
    return replace(earlier, release=release, soma=place.soma, h5ads=place.h5ads, region=region)


def _line(record: Announcement) -> str:
    text = json.dumps(_ANNOUNCEMENT.dump_python(record, mode="json"), separators=(",", ":"))
    return hidden_line("facts", text)
