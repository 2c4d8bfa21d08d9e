"""Which releases of the page are news, what each follows, and what its manifest says.

Pure. Whether a release counts is decided by the page; where it lies, by the release directory.
"""

from dataclasses import dataclass

import tomli_w

from bot.census.directory import DirectoryEntry, ReleaseDirectory
from bot.census.release import Release, ReleasePage
from bot.errors import BotError
from bot.events import SchemaReading
from bot.facts import Facts
from runners.contract import Manifest, Storage, Verdict

NEEDED = ("census_schema_version", "dataset_schema_version", "dataset_count")


@dataclass(frozen=True, slots=True)
class News:
    """A release that the bot hasn't spoken of yet.

    `previous` is what its manifest follows; `before` is what to compare with, which without any
    manifest is the release before it on the page.
    """

    release: Release
    entry: DirectoryEntry
    dataset_schema_version: str
    census_schema_version: str
    dataset_count: int
    previous: Manifest | None
    before: Release | None

    def earlier_schema_version(self) -> str | None:
        """The dataset schema version of the release that this one is compared with."""
        if self.previous is not None:
            return self.previous.dataset_schema_version
        return self.before.dataset_schema_version if self.before else None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at page and directory found, oldest first; `waiting` isn't hosted yet."""

    news: tuple[News, ...]
    waiting: tuple[str, ...]


def look(page: ReleasePage, directory: ReleaseDirectory, facts: Facts) -> Seen:
    """What is news on the page.

    Raises:
        BotError: the page lists nothing though releases are known, or an entry can't be used.
    """
    known = set(facts.threads) | set(facts.manifests)
    if known and not page.releases:
        raise BotError(
            f"The release page lists no release, though {max(known)} is known; "
            "check the setting release_page."
        )
    fresh = _fresh(page, known)
    hosted = [one for one in fresh if one.version in directory.entries]
    return Seen(
        tuple(_news(one, page, directory.entries[one.version], facts) for one in hosted),
        tuple(one.version for one in fresh if one not in hosted),
    )


def _fresh(page: ReleasePage, known: set[str]) -> list[Release]:
    """Releases after the newest known one; where none is known, the newest alone.

    What is older was registered before there was a bot, or left out on purpose.
    """
    listed = sorted(page.releases, key=lambda release: release.version)
    if not known:
        return listed[-1:]
    return [release for release in listed if release.version > max(known)]


def _news(release: Release, page: ReleasePage, entry: DirectoryEntry, facts: Facts) -> News:
    missing = [name for name in NEEDED if getattr(release, name) is None]
    if missing:
        raise BotError(
            f"The release page's entry {release.version}: field {missing[0]} can't be read; "
            "check the page, or correct the way it is read."
        )
    earlier = [one for one in page.releases if one.version < release.version]
    return News(
        release,
        entry,
        dataset_schema_version=release.dataset_schema_version or "",
        census_schema_version=release.census_schema_version or "",
        dataset_count=release.dataset_count or 0,
        previous=previous_manifest(release.version, facts),
        before=max(earlier, key=lambda one: one.version, default=None),
    )


def previous_manifest(release: str, facts: Facts) -> Manifest | None:
    """The newest older manifest whose run passed, else the newest older one.

    Raises:
        BotError: the setting `previous` names a release without a manifest.
    """
    named = facts.previous.get(release)
    if named is not None:
        if named not in facts.manifests:
            raise BotError(
                f"Setting previous.{release}: {named} has no manifest on the default branch; "
                f"name one of {', '.join(sorted(facts.manifests)) or 'none so far'}."
            )
        return facts.manifests[named]
    older = {version for version in facts.manifests if version < release}
    chosen = max(older & _passed(facts), default=None) or max(older, default=None)
    return facts.manifests[chosen] if chosen else None


def _passed(facts: Facts) -> set[str]:
    """The releases of which a run in this instance passed."""
    mine = (run.report for run in facts.runs if run.request.instance == facts.instance)
    return {r.request.release for r in mine if r is not None and r.verdict is Verdict.PASSED}


def manifest_of(news: News, schema: SchemaReading) -> Manifest:
    """The manifest to propose for the release."""
    documents = (schema.new,) if schema.old is None else (schema.old, schema.new)
    return Manifest(
        release=news.release.version,
        previous=news.previous.release if news.previous else None,
        census_schema_version=news.census_schema_version,
        dataset_schema_version=news.dataset_schema_version,
        previous_dataset_schema_version=news.earlier_schema_version(),
        dataset_count=news.dataset_count,
        storage=Storage(
            soma=news.entry.soma_uri,
            h5ads=news.entry.h5ads_uri,
            region=news.entry.soma_region,
        ),
        pins=dict(schema.pins),
        organisms=schema.organisms,
        documents=documents,
    )


def manifest_toml(manifest: Manifest) -> str:
    """The manifest as the file that a maintainer reviews."""
    head = (
        f"# Census release {manifest.release}, as its release page and directory describe it.\n"
        "# Merging this file says that it may be ingested.\n\n"
    )
    # A reviewer may add an [[accepted]] table, which TOML takes as a second `accepted` beside [].
    kept = {name: value for name, value in manifest.to_mapping().items() if value != []}
    return head + tomli_w.dumps(kept)


def disagreements(news: News) -> tuple[str, ...]:
    """Where the release directory says otherwise than the page, each a sentence."""
    entry = news.entry
    found = []
    if entry.retracted:
        found.append(f"The release directory says that it was retracted{_why(entry)}.")
    if not entry.lts:
        found.append("The page lists it as LTS; the release directory doesn't.")
    built = news.release.build_date
    if built is not None and built != entry.release_build:
        found.append(
            f"The page says that it was built {built}, the directory {entry.release_build}."
        )
    return tuple(found)


def _why(entry: DirectoryEntry) -> str:
    told = entry.retraction
    if told is None:
        return ""
    parts = (
        f" on {told.date}" if told.date else "",
        f" ({told.reason})" if told.reason else "",
        f"; it was replaced by {told.replaced_by}" if told.replaced_by else "",
    )
    return "".join(parts)
