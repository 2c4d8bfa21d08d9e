"""Releases that the bot has announced: corrected, retracted or gone since -> what is said of it.

Compares what was announced with what page and directory say now. What can't be read is never a
change; what was said before is not said again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha1

from bot.census.directory import DirectoryEntry
from bot.census.release import CellCount, Oddity, OddityKind, Release
from bot.comments import correction as known_comment
from bot.comments import replies
from bot.decide.new_releases import last_release_before_the_bot
from bot.model.announcement import Announcement, announcement_by_manifest
from bot.model.effects import Comment, Effect, OpenThread, SetLabel
from bot.model.events import ReleasesRead
from bot.model.facts import Facts
from bot.model.labels import Label, Topic
from bot.model.markers import Marker, MarkerKind
from bot.model.releases import COMPARED_FACTS, FactChange

_SENTENCES = {
    "retracted": "Retracted: {}.",
    "vanished": "Gone from the release page: {}.",
    "unhosted": "Gone from the release directory: {}.",
}


def unreadable(release: Release, record: Announcement, oddities: Iterable[Oddity]) -> str | None:
    """The first fact that was announced of the release and can't be read any more."""
    for name in COMPARED_FACTS:
        if getattr(release, name) is None and getattr(record.release, name) is not None:
            return name
    if record.whole and not _counts_are_readable(record.release, release):
        return "cell_counts"
    kinds = {oddity.kind for oddity in oddities if oddity.version == release.version}
    lost = len(release.embeddings) < len(record.release.embeddings)
    if OddityKind.UNKNOWN_TABLE in kinds and lost:
        return "embeddings"
    # What is left of another entry, whose heading and facts were lost, would look like this.
    is_another = release != record.release and OddityKind.REPEATED_TABLE in kinds
    return "a table that stands twice" if record.whole and is_another else None


def _counts_are_readable(old: Release, new: Release) -> bool:
    if old.cell_counts and not new.cell_counts:
        return False
    pairs = [(count, new.cell_counts.get(name)) for name, count in old.cell_counts.items()]
    return not any(now is not None and _is_lost(then, now) for then, now in pairs)


def _is_lost(then: CellCount, now: CellCount) -> bool:
    return (now.total is None and then.total is not None) or (
        now.unique is None and then.unique is not None
    )


def changed_facts(
    record: Announcement, release: Release, entry: DirectoryEntry | None, *, is_ingested: bool
) -> tuple[FactChange, ...]:
    """Every fact that differs; where an ingested release lies is left out, as nobody reads it."""
    old = record.release
    facts_of_both = [
        FactChange(name, label, _shown(getattr(old, name)), _shown(getattr(release, name)))
        for name, label in COMPARED_FACTS.items()
    ]
    if record.whole:
        facts_of_both += [*_cells(old, release), *_embeddings(old, release)]
    if entry is not None and not is_ingested:
        facts_of_both += _storage(record, entry)
    return tuple(fact for fact in facts_of_both if fact.old != fact.new)


def _cells(old: Release, new: Release) -> list[FactChange]:
    organisms = dict.fromkeys([*old.cell_counts, *new.cell_counts])
    return [
        FactChange(
            "cell_counts",
            f"Cells of {name}: total (unique)",
            _count(old.cell_counts.get(name)),
            _count(new.cell_counts.get(name)),
        )
        for name in organisms
    ]


def _embeddings(old: Release, new: Release) -> list[FactChange]:
    then, now = (_by_method(release) for release in (old, new))
    return [
        FactChange("embeddings", f"Embedding {name}", then.get(name), now.get(name))
        for name in dict.fromkeys([*then, *now])
    ]


def _by_method(release: Release) -> dict[str, str]:
    """Each embedding's organisms and names, by its method and level."""
    embeddings: dict[str, str] = {}
    for row in release.embeddings:
        name = f"{row.get('method')} ({row.get('level')})"
        names = _embedding(row)
        embeddings[name] = f"{embeddings[name]}; {names}" if name in embeddings else names
    return embeddings


def _embedding(row: Mapping[str, str | None]) -> str:
    names = {k: v for k, v in row.items() if k not in ("method", "level") and v is not None}
    return ", ".join(f"{organism}: {name}" for organism, name in sorted(names.items()))


def _storage(record: Announcement, entry: DirectoryEntry) -> list[FactChange]:
    return [
        FactChange("storage.soma", "SOMA", _place(record.soma), _place(entry.soma_uri)),
        FactChange("storage.h5ads", "H5ADs", _place(record.h5ads), _place(entry.h5ads_uri)),
        FactChange("storage.region", "Region", record.region, entry.soma_region),
    ]


def _place(uri: str) -> str:
    return uri.rstrip("/")


def _shown(value: int | str | None) -> str | None:
    return f"{value:,}" if isinstance(value, int) else value


def _count(count: CellCount | None) -> str | None:
    if count is None:
        return None
    total, unique = (_shown(value) or "?" for value in (count.total, count.unique))
    return f"{total} ({unique})"


def digest(changes: Iterable[FactChange]) -> str:
    """Eight characters that tell one set of changes from another."""
    text = "\n".join(f"{change.what}\t{change.old}\t{change.new}" for change in changes)
    return sha1(text.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Response:
    """What is done about one thing, and the sentence that says so in the plan's reason."""

    sentence: str
    effects: tuple[Effect, ...] = ()


def changes_of_known_releases(event: ReleasesRead, facts: Facts) -> Iterator[Response]:
    """What became of the releases that have a thread or a manifest."""
    listed = {release.version: release for release in event.page.releases}
    for version in sorted(facts.known()):
        if facts.is_declined(version):
            continue
        entry = event.directory.entries.get(version)
        yield from _retracted(version, entry, facts)
        if version not in facts.threads:
            continue
        yield from _rolled_back(version, facts)
        if entry is None:
            yield from _ask_once("unhosted", version, known_comment.unhosted(version, facts), facts)
        release = listed.get(version)
        # Markdown has no end that could be missed: its source is no witness of what isn't there.
        if release is None and event.refusal is None:
            yield from _ask_once("vanished", version, known_comment.vanished(version, facts), facts)
        if release is not None and _unreadable(release, event, facts) is None:
            yield from _corrected(release, entry, facts)


def _retracted(version: str, entry: DirectoryEntry | None, facts: Facts) -> Iterator[Response]:
    record = facts.records.get(version)
    was_retracted = record is not None and record.retracted
    if entry is not None and entry.retracted and not was_retracted:
        yield from _ask_once("retracted", version, known_comment.retracted(entry, facts), facts)


def _rolled_back(version: str, facts: Facts) -> Iterator[Response]:
    """What a person has taken back by hand, which no command has told the thread."""
    thread = facts.threads[version]
    marked = {
        Marker(MarkerKind.ROLLED_BACK, r.request.run_id): r for r in facts.taken_back(version)
    }
    new = {marker: run for marker, run in marked.items() if marker not in facts.markers}
    if not new:
        return
    effects: list[Effect] = []
    if not facts.runs_of(version):
        effects = [SetLabel(thread, Label.MERGED)]
    # What was said tells that it was done: it comes last.
    effects += [Comment(thread, marker, replies.rolled_back(run)) for marker, run in new.items()]
    yield Response(f"Rolled back: {version} ({', '.join(m.key for m in new)}).", tuple(effects))


def _ask_once(matter: str, version: str, body: str, facts: Facts) -> Iterator[Response]:
    """A question to a person, once: in the release's thread, or in one of its own."""
    marker = Marker(MarkerKind.ALERT, f"{matter}-{version}")
    if marker in facts.markers or marker.key in facts.alerts:
        return
    thread = facts.threads.get(version)
    sentence = _SENTENCES[matter].format(version)
    if thread is not None:
        yield Response(sentence, (Comment(thread, marker, body),))
    else:
        title = known_comment.title(matter, version)
        yield Response(sentence, (OpenThread(marker, title, body, Topic.ALERT),))


def unread(event: ReleasesRead, facts: Facts) -> Iterator[str]:
    """A sentence for each known release of which a fact can't be read any more."""
    for release in event.page.releases:
        lost = _unreadable(release, event, facts)
        if lost is not None and not facts.is_declined(release.version):
            yield f"{release.version}: {lost} can't be read any more: waiting."


def _unreadable(release: Release, event: ReleasesRead, facts: Facts) -> str | None:
    record = facts.records.get(release.version)
    return unreadable(release, record, event.page.warnings) if record else None


def _corrected(release: Release, entry: DirectoryEntry | None, facts: Facts) -> Iterator[Response]:
    version = release.version
    record = facts.records.get(version)
    if record is None:
        yield from _restored(release, entry, facts)
        return
    is_ingested = facts.is_ingested(version)
    changes = changed_facts(record, release, entry, is_ingested=is_ingested)
    if not changes:
        return
    number = _next_number(MarkerKind.CORRECTION, version, facts)
    comment = Comment(
        facts.threads[version],
        Marker(MarkerKind.CORRECTION, f"{version}-{number}-{digest(changes)}"),
        known_comment.corrected(version, changes, facts),
        _updated(record, release, entry),
    )
    yield Response(f"Corrected: {version} ({_fields(changes)}).", (comment,))


def _restored(release: Release, entry: DirectoryEntry | None, facts: Facts) -> Iterator[Response]:
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
        after=last_release_before_the_bot(facts) or version,
    )
    differs = None
    if manifest is not None:
        is_ingested = facts.is_ingested(version)
        differs = changed_facts(
            announcement_by_manifest(manifest, record), release, entry, is_ingested=is_ingested
        )
    number = _next_number(MarkerKind.RESTORED, version, facts)
    comment = Comment(
        facts.threads[version],
        Marker(MarkerKind.RESTORED, f"{version}-{number}"),
        known_comment.restored(release, differs),
        record,
    )
    yield Response(f"Remembered anew: {version}.", (comment,))


def _next_number(kind: MarkerKind, version: str, facts: Facts) -> int:
    return 1 + sum(
        marker.kind is kind and marker.key.startswith(version) for marker in facts.markers
    )


def _updated(record: Announcement, release: Release, entry: DirectoryEntry | None) -> Announcement:
    """What is compared with from now on."""
    updated = replace(record, release=release, whole=True)
    if entry is None:
        return updated
    return replace(updated, soma=entry.soma_uri, h5ads=entry.h5ads_uri, region=entry.soma_region)


def _fields(changes: tuple[FactChange, ...]) -> str:
    return ", ".join(dict.fromkeys(change.field for change in changes))
