"""Which releases of the page are new, what each follows, and the files that are proposed for it.

Whether a release counts is decided by the page; where it lies, by the release directory.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import tomli_w
from pydantic import TypeAdapter, ValidationError

from bot.census.directory import DirectoryEntry, ReleaseDirectory
from bot.census.release import Release, ReleasePage
from bot.comments.schema_diff import render_diff, render_impact
from bot.errors import BotError
from bot.model.effects import ProposeManifest
from bot.model.events import SchemaReading
from bot.model.facts import Facts
from bot.model.releases import NewRelease
from bot.schema.diff_json import to_json
from bot.schema.rules import to_text
from runners.contract import Manifest, Storage

NEEDED = {
    name: TypeAdapter[object](Manifest.model_fields[name].rebuild_annotation())
    for name in ("census_schema_version", "dataset_schema_version", "dataset_count")
}
"""What a release must say, and what a manifest can hold of it."""


@dataclass(frozen=True, slots=True)
class ReleaseComparison:
    """What a look at page and directory found, oldest first.

    `unhosted` releases aren't in the directory yet; `unreadable` ones lack the fact that is named.
    Of those that a person wants a thread about, `known` have a manifest already, and `unopened` why
    there can be none.
    """

    news: tuple[NewRelease, ...]
    unhosted: tuple[str, ...]
    unreadable: Mapping[str, str]
    known: tuple[NewRelease, ...] = ()
    unopened: Mapping[str, str] = field(default_factory=dict)


def compare_with_known(
    page: ReleasePage, directory: ReleaseDirectory, facts: Facts
) -> ReleaseComparison:
    """What is news on the page.

    Raises:
        BotError: page or directory lists nothing of what is known.
    """
    if refusal := emptied(page, facts) or deserted(directory, facts):
        raise BotError(refusal)
    fresh = _fresh(page, facts)
    unreadable = {release.version: name for release in fresh if (name := _missing(release))}
    readable = [release for release in fresh if release.version not in unreadable]
    hosted = [release for release in readable if release.version in directory.entries]
    wanted, unopened = _wanted(page, directory, facts, fresh)
    found = [
        _new_release(release, page, directory.entries[release.version], facts, fresh)
        for release in sorted([*hosted, *wanted], key=lambda release: release.version)
    ]
    return ReleaseComparison(
        tuple(news for news in found if news.release.version not in facts.manifests),
        tuple(release.version for release in readable if release not in hosted),
        unreadable,
        tuple(news for news in found if news.release.version in facts.manifests),
        unopened,
    )


def emptied(page: ReleasePage, facts: Facts) -> str | None:
    """Why a page that is whole can't be believed: all that was known of it is gone."""
    listed = {release.version for release in page.releases}
    known_versions = facts.known()
    if known_versions and not listed:
        return (
            f"The release page lists no release, though {max(known_versions)} is known; "
            "check the setting release_page."
        )
    if len(facts.threads) > 1 and not listed & known_versions:
        return (
            f"The release page lists none of the {len(known_versions)} releases that are known; "
            "check the setting release_page."
        )
    return None


def deserted(directory: ReleaseDirectory, facts: Facts) -> str | None:
    """Why a directory can't be believed: of several releases that it had, it has none."""
    if len(facts.threads) < 2 or facts.threads.keys() & directory.entries.keys():
        return None
    return (
        f"The release directory has none of the {len(facts.threads)} releases that were announced; "
        "check the setting release_directory."
    )


def last_release_before_the_bot(facts: Facts) -> str | None:
    """The newest release of before there was a bot; None where nothing is known.

    What is older was registered by hand, or left out on purpose.
    """
    recorded = [record.after for record in facts.records.values()]
    if recorded or facts.threads:
        return min(recorded or facts.threads)
    return max(facts.manifests, default=None)


def _fresh(page: ReleasePage, facts: Facts) -> list[Release]:
    """Unknown releases since the bot began, oldest first; where none is known, the newest alone."""
    listed = sorted(page.releases, key=lambda release: release.version)
    start = last_release_before_the_bot(facts)
    if start is None:
        return listed[-1:]
    known_versions = facts.known()
    return [
        release
        for release in listed
        if release.version > start and release.version not in known_versions
    ]


def _wanted(
    page: ReleasePage, directory: ReleaseDirectory, facts: Facts, fresh: Collection[Release]
) -> tuple[list[Release], dict[str, str]]:
    """The releases that a person wants a thread about, and why there can be none."""
    listed = {release.version: release for release in page.releases if release not in fresh}
    asked_for = set(facts.asked_for) - facts.threads.keys() - {one.version for one in fresh}
    unopened: dict[str, str] = {}
    for version in sorted(asked_for):
        if version in facts.broken:
            unopened[version] = "its manifest can't be used"
        elif version not in listed:
            unopened[version] = "the release page doesn't list it"
        elif version not in directory.entries:
            unopened[version] = "the release directory doesn't have it"
        elif version not in facts.manifests and (name := _missing(listed[version])):
            unopened[version] = f"{name} can't be read on the release page"
    return [listed[version] for version in sorted(asked_for - unopened.keys())], unopened


def _missing(release: Release) -> str | None:
    """The first fact that the page doesn't tell, or not as a manifest can hold it."""
    for name, held in NEEDED.items():
        try:
            held.validate_python(getattr(release, name))
        except ValidationError:
            return name
    return None


def _new_release(
    release: Release,
    page: ReleasePage,
    entry: DirectoryEntry,
    facts: Facts,
    fresh: Collection[Release],
) -> NewRelease:
    # One that waits to be hosted or read is announced later, so that it isn't from before the bot.
    older = (listed.version for listed in page.releases if listed not in fresh)
    earlier = [listed for listed in page.releases if listed.version < release.version]
    known = facts.manifests.get(release.version)
    stated = known or release
    return NewRelease(
        release,
        entry,
        dataset_schema_version=stated.dataset_schema_version or "",
        census_schema_version=stated.census_schema_version or "",
        dataset_count=stated.dataset_count or 0,
        previous=facts.manifests.get(known.previous or "")
        if known
        else previous_manifest(release.version, facts),
        before=max(earlier, key=lambda listed: listed.version, default=None),
        after=last_release_before_the_bot(facts) or max(older, default=release.version),
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
    passed = {version for version in older if facts.is_ingested(version)}
    chosen = max(passed or older, default=None)
    return facts.manifests[chosen] if chosen else None


def manifest_of(news: NewRelease, schema: SchemaReading) -> Manifest:
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
    return head + tomli_w.dumps(manifest.to_table())


def proposal(news: NewRelease, schema: SchemaReading, facts: Facts) -> ProposeManifest:
    """The manifest, and beside it what was compared, what follows from it, and rules if missing."""
    manifest = manifest_toml(manifest_of(news, schema))
    return ProposeManifest(news.release.version, manifest, _beside(schema, facts))


def _beside(schema: SchemaReading, facts: Facts) -> Mapping[str, str]:
    files: dict[str, str] = {}
    if schema.diff is not None:
        files["diff.json"] = _text(to_json(schema.diff, schema.witnesses))
        files["diff.md"] = render_diff(schema.diff, schema.witnesses)
    if schema.impact is not None:
        files["impact.json"] = _text(schema.impact.to_json())
        files["impact.md"] = render_impact(schema.impact)
    if schema.patch:
        files["lamindb.patch"] = schema.patch
    if schema.rules is not None and schema.new.version not in {*facts.rules, *facts.broken_rules}:
        files[f"rules/{schema.new.version}.json"] = to_text(schema.rules)
    return files


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"
