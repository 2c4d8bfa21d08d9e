"""The release directory (release.json) -> ReleaseDirectory: what is hosted, and what was retracted.

Refuses an LTS release that it doesn't understand, naming the field; other builds and aliases that
can't be read are left out, as nobody asks for them. Must not fetch, and must not resolve what is
LTS from anything but `flags.lts` (`do_not_delete` isn't it, and `stable` lags).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class DirectoryError(ValueError):
    """The text isn't a release directory; the message names the field in one sentence."""


@dataclass(frozen=True, slots=True)
class Retraction:
    """Why and when a release was withdrawn; the directory may leave each of these out."""

    date: str | None
    reason: str | None
    info_url: str | None
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One release as the directory lists it: where it is stored, and its flags."""

    version: str
    release_build: str
    lts: bool
    retracted: bool
    retraction: Retraction | None
    soma_uri: str
    soma_region: str | None
    h5ads_uri: str


@dataclass(frozen=True, slots=True)
class ReleaseDirectory:
    """Entries by version, and aliases (`stable`, `latest`) with the version that each means."""

    entries: Mapping[str, DirectoryEntry]
    aliases: Mapping[str, str]

    def lts(self) -> tuple[DirectoryEntry, ...]:
        """The LTS entries, retracted ones too, oldest first."""
        entries = (entry for entry in self.entries.values() if entry.lts)
        return tuple(sorted(entries, key=lambda entry: entry.version))


def parse_directory(text: str) -> ReleaseDirectory:
    """The directory's entries and its aliases.

    Raises DirectoryError if it isn't a directory, or nothing in it can be read.
    """
    listed = _listed(text)
    entries = {k: entry for k, v in listed.items() if (entry := _entry_asked_for(k, v))}
    if not entries:
        raise DirectoryError("The release directory lists no release that can be read.")
    return ReleaseDirectory(entries, _aliases(listed, entries))


def _listed(text: str) -> dict[str, Any]:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DirectoryError(f"The release directory isn't JSON: {reason}.") from error
    if not isinstance(listed, dict):
        raise DirectoryError("The release directory isn't a JSON object of releases.")
    return listed


def _aliases(listed: Mapping[str, Any], entries: Mapping[str, DirectoryEntry]) -> Mapping[str, str]:
    """The aliases that mean an entry, through other aliases if need be."""
    targets = {name: target for name, target in listed.items() if isinstance(target, str)}
    for _ in targets:
        targets = {name: targets.get(target, target) for name, target in targets.items()}
    return {name: target for name, target in targets.items() if target in entries}


def _entry_asked_for(version: str, fields: object) -> DirectoryEntry | None:
    """The entry; None of an alias, and of one that can't be read and isn't LTS."""
    if isinstance(fields, str):
        return None
    try:
        return _entry(version, fields)
    except DirectoryError:
        if isinstance(fields, dict) and not _flag(_flags(fields, version), "lts", version):
            return None
        raise


def _entry(version: str, fields: object) -> DirectoryEntry:
    if not isinstance(fields, dict):
        raise _wrong(version, "is neither an entry nor an alias")
    flags = _flags(fields, version)
    soma, h5ads = (_location(fields, name, version) for name in ("soma", "h5ads"))
    retraction = _mapping(fields, "retraction", version)
    return DirectoryEntry(
        version,
        _text(fields, "release_build", version),
        _flag(flags, "lts", version),
        _flag(flags, "retracted", version) or retraction is not None,
        _retraction(retraction, version) if retraction is not None else None,
        _text(soma, "uri", f"{version}.soma"),
        _optional(soma, "s3_region", f"{version}.soma"),
        _text(h5ads, "uri", f"{version}.h5ads"),
    )


def _flags(fields: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    return _mapping(fields, "flags", version) or {}


def _retraction(fields: Mapping[str, Any], version: str) -> Retraction:
    place = f"{version}.retraction"
    link = _optional(fields, "info_url", place) or _optional(fields, "info_permalink", place)
    date, reason, replaced_by = (
        _optional(fields, n, place) for n in ("date", "reason", "replaced_by")
    )
    return Retraction(date, reason, link, replaced_by)


def _location(fields: Mapping[str, Any], name: str, version: str) -> Mapping[str, Any]:
    location = _mapping(fields, name, version)
    if location is None:
        raise _wrong(f"{version}.{name}", "is missing")
    return location


def _mapping(fields: Mapping[str, Any], name: str, place: str) -> Mapping[str, Any] | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, dict):
        raise _wrong(f"{place}.{name}", "isn't an object")
    return value


def _text(fields: Mapping[str, Any], name: str, place: str) -> str:
    value = _optional(fields, name, place)
    if not value:
        raise _wrong(f"{place}.{name}", "is missing or empty")
    return value


def _optional(fields: Mapping[str, Any], name: str, place: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(f"{place}.{name}", "isn't text")
    # JSON can escape half a character, which no file and no comment takes.
    if value is not None and any("\ud800" <= character <= "\udfff" for character in value):
        raise _wrong(f"{place}.{name}", "isn't text that can be written")
    return value


def _flag(flags: Mapping[str, Any], name: str, version: str) -> bool:
    value = flags.get(name, False)
    if not isinstance(value, bool):
        raise _wrong(f"{version}.flags.{name}", "isn't true or false")
    return value


def _wrong(field: str, problem: str) -> DirectoryError:
    return DirectoryError(f"The release directory's field {field} {problem}.")
