"""What became of the releases that the bot knows: corrected, retracted, gone. A part of `watch`.

Pure. What was said of a release before is not said again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.census.directory import DirectoryEntry
from bot.census.release import Release
from bot.comments import correction as known_comment
from bot.corrections import corrections, digest, unreadable
from bot.detection import began
from bot.model.announcement import Announcement, announcement_by_manifest
from bot.model.effects import Comment, Effect, OpenThread, Topic
from bot.model.events import ReleasesRead
from bot.model.facts import Facts
from bot.model.markers import Marker, MarkerKind
from bot.model.releases import COMPARED_FACTS, FactChange


@dataclass(frozen=True, slots=True)
class Finding:
    """What is done about one thing, and the sentence that says so in the plan's reason."""

    sentence: str
    effects: tuple[Effect, ...] = ()


def sightings(event: ReleasesRead, facts: Facts) -> Iterator[Finding]:
    """What became of the releases that have a thread or a manifest."""
    listed = {release.version: release for release in event.page.releases}
    for version in sorted(facts.known()):
        if facts.is_declined(version):
            continue
        entry = event.directory.entries.get(version)
        yield from _retracted(version, entry, facts)
        if version not in facts.threads:
            continue
        if entry is None:
            yield from _asked("unhosted", version, known_comment.unhosted(version, facts), facts)
        release = listed.get(version)
        # Markdown has no end that could be missed: its source is no witness of what isn't there.
        if release is None and event.refusal is None:
            yield from _asked("vanished", version, known_comment.vanished(version, facts), facts)
        if release is not None and _unreadable(release, event, facts) is None:
            yield from _corrected(release, entry, facts)


def _retracted(version: str, entry: DirectoryEntry | None, facts: Facts) -> Iterator[Finding]:
    record = facts.records.get(version)
    told_then = record is not None and record.retracted
    if entry is not None and entry.retracted and not told_then:
        yield from _asked("retracted", version, known_comment.retracted(entry, facts), facts)


_SAID = {
    "retracted": "Retracted: {}.",
    "vanished": "Gone from the release page: {}.",
    "unhosted": "Gone from the release directory: {}.",
}


def _asked(matter: str, version: str, body: str, facts: Facts) -> Iterator[Finding]:
    """A question to a person, once: in the release's thread, or in one of its own."""
    marker = Marker(MarkerKind.ALERT, f"{matter}-{version}")
    if marker in facts.said or marker.key in facts.alerts:
        return
    thread = facts.threads.get(version)
    sentence = _SAID[matter].format(version)
    if thread is not None:
        yield Finding(sentence, (Comment(thread, marker, body),))
    else:
        title = known_comment.title(matter, version)
        yield Finding(sentence, (OpenThread(marker, title, body, Topic.ALERT),))


def unread(event: ReleasesRead, facts: Facts) -> Iterator[str]:
    for release in event.page.releases:
        lost = _unreadable(release, event, facts)
        if lost is not None and not facts.is_declined(release.version):
            yield f"{release.version}: {lost} can't be read any more: waiting."


def _unreadable(release: Release, event: ReleasesRead, facts: Facts) -> str | None:
    record = facts.records.get(release.version)
    return unreadable(release, record, event.page.warnings) if record else None


def _corrected(release: Release, entry: DirectoryEntry | None, facts: Facts) -> Iterator[Finding]:
    version = release.version
    record = facts.records.get(version)
    if record is None:
        yield from _restored(release, entry, facts)
        return
    is_ingested = facts.is_ingested(version)
    changes = corrections(record, release, entry, is_ingested=is_ingested)
    if not changes:
        return
    number = _next_number(MarkerKind.CORRECTION, version, facts)
    said = Comment(
        facts.threads[version],
        Marker(MarkerKind.CORRECTION, f"{version}-{number}-{digest(changes)}"),
        known_comment.corrected(version, changes, facts),
        _updated(record, release, entry),
    )
    yield Finding(f"Corrected: {version} ({_fields(changes)}).", (said,))


def _restored(release: Release, entry: DirectoryEntry | None, facts: Facts) -> Iterator[Finding]:
    """A person broke what was remembered: said once, with what is compared with from now on."""
    if entry is None or any(getattr(release, name) is None for name in COMPARED_FACTS):
        return
    version = release.version
    manifest = facts.manifests.get(version)
    record = Announcement(
        release,
        soma=entry.soma_uri,
        h5ads=entry.h5ads_uri,
        region=entry.soma_region,
        retracted=entry.retracted,
        after=began(facts) or version,
    )
    differs = None
    if manifest is not None:
        is_ingested = facts.is_ingested(version)
        differs = corrections(
            announcement_by_manifest(manifest, record), release, entry, is_ingested=is_ingested
        )
    number = _next_number(MarkerKind.RESTORED, version, facts)
    said = Comment(
        facts.threads[version],
        Marker(MarkerKind.RESTORED, f"{version}-{number}"),
        known_comment.restored(release, differs),
        record,
    )
    yield Finding(f"Remembered anew: {version}.", (said,))


def _next_number(kind: MarkerKind, version: str, facts: Facts) -> int:
    return 1 + sum(one.kind is kind and one.key.startswith(version) for one in facts.said)


def _updated(record: Announcement, release: Release, entry: DirectoryEntry | None) -> Announcement:
    """What is compared with from now on."""
    found = replace(record, release=release, whole=True)
    if entry is None:
        return found
    return replace(found, soma=entry.soma_uri, h5ads=entry.h5ads_uri, region=entry.soma_region)


def _fields(changes: tuple[FactChange, ...]) -> str:
    return ", ".join(dict.fromkeys(one.field for one in changes))
