"""What the page or the directory says of a release now that it didn't say when it was announced.

Pure. What can't be read is never a change; `unreadable` names it.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha1

from bot.census.directory import DirectoryEntry
from bot.census.release import CellCount, Oddity, OddityKind, Release
from bot.model.announcement import Announcement
from bot.model.releases import COMPARED_FACTS, FactChange


def unreadable(release: Release, record: Announcement, oddities: Iterable[Oddity]) -> str | None:
    """The first fact that was told of the release and can't be read any more."""
    for name in COMPARED_FACTS:
        if getattr(release, name) is None and getattr(record.release, name) is not None:
            return name
    if record.whole and not _counts_are_readable(record.release, release):
        return "cell_counts"
    kinds = {one.kind for one in oddities if one.version == release.version}
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


def corrections(
    record: Announcement, release: Release, entry: DirectoryEntry | None, *, is_ingested: bool
) -> tuple[FactChange, ...]:
    """Every fact that differs; where an ingested release lies isn't told, as nobody reads it."""
    old = record.release
    found = [
        FactChange(name, label, _shown(getattr(old, name)), _shown(getattr(release, name)))
        for name, label in COMPARED_FACTS.items()
    ]
    if record.whole:
        found += [*_cells(old, release), *_embeddings(old, release)]
    if entry is not None and not is_ingested:
        found += _storage(record, entry)
    return tuple(one for one in found if one.old != one.new)


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
    found: dict[str, str] = {}
    for row in release.embeddings:
        name = f"{row.get('method')} ({row.get('level')})"
        told = _embedding(row)
        found[name] = f"{found[name]}; {told}" if name in found else told
    return found


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
    told = "\n".join(f"{one.what}\t{one.old}\t{one.new}" for one in changes)
    return sha1(told.encode()).hexdigest()[:8]
