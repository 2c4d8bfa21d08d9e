"""What a look makes of releases: new ones, changed ones, those gone, waiting, not believed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from texts_of_plans import NOON, OTHER, RELEASE, manifest, run, told, words

from bot.census.directory import DirectoryEntry, ReleaseDirectory
from bot.census.release import CellCount, Oddity, OddityKind, Release, ReleasePage
from bot.decide.known_releases import changed_facts, digest, unreadable
from bot.decide.new_releases import compare_with_known, manifest_of, manifest_toml, proposal
from bot.decide.plan import plan
from bot.errors import BotError
from bot.model.announcement import Announcement
from bot.model.effects import Draft
from bot.model.events import ReleasesRead, SchemaReading
from bot.model.facts import Facts
from bot.model.markers import Marker, MarkerKind
from bot.model.releases import NewRelease
from runners.contract import SchemaDocument, Status

NEWER = "2026-08-01"
CELLS = {"Homo sapiens": CellCount(1200, 900), "Mus musculus": CellCount(None, 5)}
ROW = {"level": "cells", "method": "scVI", "Homo sapiens": "a", "Mus musculus": None}


def release(version: str = RELEASE, **fields: Any) -> Release:
    given = Release(version, version, "2.4.0", "7.0.0", 1845, CELLS, (ROW,))
    return replace(given, **fields)


def entry(version: str = RELEASE, **fields: Any) -> DirectoryEntry:
    given = DirectoryEntry(version, version, True, False, None, "s3://a/", "us", "s3://b")
    return replace(given, **fields)


RECORD = Announcement(release(), "s3://a", "s3://b", "us", retracted=False, after="2025-01-01")

# --- what differs ---------------------------------------------------------------------------------

CHANGED: Mapping[str, Release] = {
    "nothing": release(),
    "each fact": release(
        build_date="x", census_schema_version="2.5.0", dataset_schema_version="8", dataset_count=1
    ),
    "a fact that is lost": release(dataset_count=None),
    "a fact that was lost": release(build_date=None),
    "counts": release(cell_counts={"Homo sapiens": CellCount(1, 900), "Macaca": CellCount(2, 3)}),
    "a count that is lost": release(cell_counts={**CELLS, "Homo sapiens": CellCount(1200, None)}),
    "another count that is lost": release(
        cell_counts={**CELLS, "Homo sapiens": CellCount(None, 9)}
    ),
    "a count that is known now": release(cell_counts={**CELLS, "Mus musculus": CellCount(7, 5)}),
    "no counts": release(cell_counts={}),
    "embeddings": release(embeddings=(ROW, {**ROW, "method": "NMF"})),
    "embeddings of a method twice": release(embeddings=(ROW, {**ROW, "Homo sapiens": "b"})),
    "no embeddings": release(embeddings=()),
}
ENTRIES = {
    "the same": entry(),
    "elsewhere": entry(soma_uri="s3://c/", h5ads_uri="s3://b/", soma_region=None),
    "nowhere": None,
}
ODD = {
    kind: (Oddity(kind, RELEASE, "x"), Oddity(OddityKind.MISSING_FACT, OTHER, "y"))
    for kind in (OddityKind.UNKNOWN_TABLE, OddityKind.REPEATED_TABLE, OddityKind.MISSING_FACT)
}


def differing(
    now: Release,
    at: DirectoryEntry | None = None,
    *,
    whole: bool = True,
    is_ingested: bool = False,
) -> str:
    found = changed_facts(replace(RECORD, whole=whole), now, at, is_ingested=is_ingested)
    return "\n".join([*map(words, found), digest(found)])


# --- looks ----------------------------------------------------------------------------------------

READING = SchemaReading(SchemaDocument(version="7.0.0", source="x"), {"CL": "1"}, ("Homo sapiens",))
KNOWN = Facts(
    "demo",
    manifests={RELEASE: manifest(RELEASE)},
    threads={RELEASE: 2, OTHER: 3},
    records={RELEASE: RECORD, OTHER: replace(RECORD, release=release(OTHER))},
    rules={"7.0.0": ()},
)
QUIET = ReleasesRead(
    ReleasePage((release(), release(OTHER))),
    ReleaseDirectory({one: entry(one) for one in (RELEASE, OTHER)}, {}),
)


def listed(*releases: Release, **fields: Any) -> ReleasesRead:
    """A look at a page with these."""
    page = ReleasePage(releases, fields.pop("warnings", ()))
    return replace(QUIET, page=page, **fields)


def hosted(*entries: DirectoryEntry) -> ReleaseDirectory:
    return ReleaseDirectory({one.version: one for one in entries}, {})


ALL = hosted(entry(), entry(OTHER), entry(NEWER))
NEW = listed(release(NEWER), release(), release(OTHER), directory=ALL, schemas={NEWER: READING})


def look(event: ReleasesRead = QUIET, facts: Facts = KNOWN) -> str:
    try:
        return told(plan(event, facts))
    except BotError as error:
        return f"BotError: {error}"


def marked(kind: MarkerKind, key: str) -> Facts:
    return replace(KNOWN, markers=frozenset({Marker(kind, key)}))


EMPTY = Facts("demo")
RETRACTED = replace(QUIET, directory=hosted(entry(retracted=True), entry(OTHER)))
CORRECTED = listed(release(dataset_count=1844), release(OTHER))
DRAFT = Draft("6.0.0", "7.0.0", "abc", "text", ("Edit.",), ())
LOOKS = {
    "nothing new": look(),
    "new": look(NEW),
    "new with a draft": look(replace(NEW, schemas={NEWER: replace(READING, draft=DRAFT)})),
    "new without rules": look(NEW, replace(KNOWN, rules={})),
    "new, not hosted": look(replace(NEW, directory=QUIET.directory)),
    "new, not readable": look(listed(release(NEWER, dataset_count=None), *QUIET.page.releases)),
    "new, its schema unread": look(replace(NEW, schemas={}, unread={NEWER: "it is gone."})),
    "new and older": look(listed(release("2024-01-01"), *QUIET.page.releases, directory=ALL)),
    "the first": look(replace(QUIET, schemas={RELEASE: READING}), EMPTY),
    "the first, by manifests": look(NEW, replace(EMPTY, manifests={OTHER: manifest(OTHER)})),
    "an early notice": look(replace(QUIET, directory=ALL)),
    "an early notice again": look(
        replace(QUIET, directory=ALL), replace(KNOWN, notices={NEWER: 8})
    ),
    "an early notice of none": look(
        replace(QUIET, directory=hosted(entry(), entry(OTHER), entry(NEWER, lts=False)))
    ),
    "an early notice of a retracted one": look(
        replace(QUIET, directory=hosted(entry(), entry(OTHER), entry(NEWER, retracted=True)))
    ),
    "the first is early": look(listed(directory=ALL), EMPTY),
    "a notice that is over": look(NEW, replace(KNOWN, notices={NEWER: 8})),
    "a notice that was over": look(
        NEW, replace(marked(MarkerKind.LISTED, NEWER), notices={NEWER: 8})
    ),
    "retracted": look(RETRACTED),
    "retracted again": look(RETRACTED, marked(MarkerKind.ALERT, f"retracted-{RELEASE}")),
    "retracted, announced so": look(
        RETRACTED,
        replace(KNOWN, records={**KNOWN.records, RELEASE: replace(RECORD, retracted=True)}),
    ),
    "retracted without a thread": look(RETRACTED, replace(KNOWN, threads={OTHER: 3})),
    "retracted without a thread, again": look(
        RETRACTED, replace(KNOWN, threads={OTHER: 3}, alerts={f"retracted-{RELEASE}": 7})
    ),
    "retracted and declined": look(RETRACTED, replace(KNOWN, manifests={}, closed=frozenset({2}))),
    "gone from the page": look(listed(release(OTHER))),
    "gone from the page's source": look(listed(release(OTHER), refusal="it is cut.")),
    "gone from the directory": look(replace(QUIET, directory=hosted(entry(OTHER)))),
    "gone from both, again": look(
        listed(release(OTHER), directory=hosted(entry(OTHER))),
        replace(
            KNOWN,
            markers=frozenset(
                Marker(MarkerKind.ALERT, f"{one}-{RELEASE}") for one in ("vanished", "unhosted")
            ),
        ),
    ),
    "corrected": look(CORRECTED),
    "corrected, and gone from the directory": look(
        replace(CORRECTED, directory=hosted(entry(OTHER)))
    ),
    "corrected before": look(CORRECTED, marked(MarkerKind.CORRECTION, f"{RELEASE}-1-x")),
    "corrected and declined": look(CORRECTED, replace(KNOWN, manifests={}, closed=frozenset({2}))),
    "corrected, and ingested": look(CORRECTED, replace(KNOWN, runs=(run(1, Status.PASSED),))),
    "elsewhere": look(replace(QUIET, directory=hosted(entry(soma_uri="s3://c"), entry(OTHER)))),
    "elsewhere, and ingested": look(
        replace(QUIET, directory=hosted(entry(soma_uri="s3://c"), entry(OTHER))),
        replace(KNOWN, runs=(run(1, Status.PASSED),)),
    ),
    "elsewhere, and ingested in part": look(
        replace(QUIET, directory=hosted(entry(soma_uri="s3://c"), entry(OTHER))),
        replace(KNOWN, runs=(run(1, Status.PASSED, limit=1),)),
    ),
    **{
        f"rolled back, {name}": look(
            facts=replace(
                KNOWN,
                runs=(
                    run(1, Status.PASSED, taken_back=NOON + timedelta(hours=9)),
                    run(2, is_lost=True, taken_back=NOON + timedelta(hours=9)),
                    *since,
                ),
            )
        )
        for name, since in {"all": (), "and run since": (run(12, Status.PASSED),)}.items()
    },
    "unread": look(listed(release(dataset_count=None), release(OTHER))),
    "unread and declined": look(
        listed(release(dataset_count=None), release(OTHER)),
        replace(KNOWN, manifests={}, closed=frozenset({2})),
    ),
    "forgotten": look(facts=replace(KNOWN, records={OTHER: KNOWN.records[OTHER]})),
    "forgotten, not merged": look(
        facts=replace(KNOWN, records={OTHER: KNOWN.records[OTHER]}, manifests={})
    ),
    "forgotten again": look(
        facts=replace(
            marked(MarkerKind.RESTORED, f"{RELEASE}-1"), records={OTHER: KNOWN.records[OTHER]}
        )
    ),
    "the page lists nothing": look(listed()),
    "the page lists others": look(listed(release("2030-01-01"))),
    "the page lists others, of one": look(
        listed(release("2030-01-01"), directory=ALL), replace(KNOWN, threads={RELEASE: 2})
    ),
    "the directory has others": look(replace(QUIET, directory=hosted(entry(NEWER)))),
    "the directory has others, of one": look(
        replace(QUIET, directory=hosted(entry(NEWER))), replace(KNOWN, threads={RELEASE: 2})
    ),
}


def news(facts: Facts = KNOWN, event: ReleasesRead = NEW) -> NewRelease:
    (found,) = compare_with_known(event.page, event.directory, facts).news
    return found


ASKED_FOR = replace(EMPTY, asked_for={RELEASE: "octocat"})
WAITING = listed(release(NEWER), release(), release(OTHER), directory=QUIET.directory)
SINCE = {
    "the first is new": news(EMPTY, replace(QUIET, schemas={RELEASE: READING})),
    "the first is the only one": news(EMPTY, listed(release())),
    "an older one is asked for, the newest isn't hosted": news(ASKED_FOR, WAITING),
    "an older one is asked for, the newest can't be read": news(
        ASKED_FOR, listed(release(NEWER, dataset_count=None), release(), release(OTHER))
    ),
    "some are known": news(),
    "some are known, none remembered": news(replace(KNOWN, records={})),
}


def previous(**fields: Any) -> str:
    """What a new release is said to follow."""
    both = {OTHER: manifest(OTHER), RELEASE: manifest(RELEASE)}
    facts = replace(KNOWN, **{"manifests": both, **fields})
    try:
        found = news(facts)
    except BotError as error:
        return f"BotError: {error}"
    earlier = found.before.version if found.before else None
    return f"{found.previous and found.previous.release} {earlier} {found.after}"


PREVIOUS = {
    "newest": previous(),
    "the one that passed": previous(runs=(run(1, Status.PASSED, release=OTHER),)),
    "not the one of which a part passed": previous(
        runs=(run(1, Status.PASSED, release=OTHER, limit=1),)
    ),
    "the one of which the whole passed before a part": previous(
        runs=(
            run(1, Status.PASSED, release=OTHER),
            run(2, Status.PASSED, release=OTHER, limit=1),
        )
    ),
    "named": previous(previous={NEWER: OTHER}),
    "named, not there": previous(previous={NEWER: "2020-01-01"}),
    "named, and none is": previous(previous={NEWER: "2020-01-01"}, manifests={}),
    "none": previous(manifests={}),
    "newer only": previous(manifests={"2027-01-01": manifest("2027-01-01")}),
}


def files(reading: SchemaReading, facts: Facts = KNOWN) -> str:
    found = proposal(news(), reading, facts)
    return "\n".join([found.manifest_toml, *found.beside])


OLDER = SchemaDocument(version="6.0.0", source="y")
MANIFESTS: Mapping[str, Callable[[], str]] = {
    "manifest": lambda: files(READING),
    "manifest with an older document": lambda: files(replace(READING, old=OLDER, patch="p")),
    "manifest of the first": lambda: manifest_toml(
        manifest_of(replace(news(), previous=None, before=None), READING)
    ),
}
TEXTS = {
    **{f"changed: {name}": differing(now) for name, now in CHANGED.items()},
    **{
        f"changed: {name}, not announced whole": differing(now, whole=False)
        for name, now in CHANGED.items()
    },
    **{f"placed: {name}": differing(release(), at) for name, at in ENTRIES.items()},
    "placed: elsewhere, and ingested": differing(release(), ENTRIES["elsewhere"], is_ingested=True),
    **{
        f"unreadable: {name}": "\n".join(
            f"{kind}: {unreadable(now, RECORD, odd)}, "
            f"{unreadable(now, replace(RECORD, whole=False), odd)}"
            for kind, odd in ODD.items()
        )
        for name, now in CHANGED.items()
    },
    **{f"look: {name}": text for name, text in LOOKS.items()},
    **{f"follows: {name}": text for name, text in PREVIOUS.items()},
    "since": "\n".join(f"{name}: {found.after}" for name, found in SINCE.items()),
    **{name: make() for name, make in MANIFESTS.items()},
}
