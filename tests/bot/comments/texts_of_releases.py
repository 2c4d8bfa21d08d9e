"""What the bot says of releases by itself: announced, corrected, retracted, in the dashboard."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from texts_of_answers import BY_MERGE, FACTS, MANIFEST, OPEN, PASSED, RELEASE

from bot.census.directory import DirectoryEntry, Retraction
from bot.census.release import CellCount, Oddity, OddityKind, Release
from bot.comments import alert, correction, dashboard, outside
from bot.comments import release as announcement
from bot.comments.pull_requests import OpenRules
from bot.model.effects import Comment, OpenThread, UpsertComment
from bot.model.events import SchemaReading
from bot.model.facts import Facts
from bot.model.labels import Label, Topic
from bot.model.look import Look
from bot.model.markers import Marker, MarkerKind
from bot.model.release_state import ReleaseState, State
from bot.model.releases import FactChange, NewRelease
from runners.contract import Action, SchemaDocument

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GONE = Retraction("2026-03-01", "wrong *cells*", "https://why.test", "2026-02-08")
ENTRY = DirectoryEntry(RELEASE, RELEASE, True, False, None, "s3://soma", "us-west-2", "s3://h5ads")
COUNTS = {"Homo sapiens": CellCount(1200, None), "Mus musculus": CellCount(None, 1100)}
NEW = Release(RELEASE, RELEASE, "2.4.0", "7.0.0", 1845, COUNTS)
OLD = Release("2025-06-01", None, None, "7.0.0", 1800, {"Macaca": CellCount(1, 0)})
READING = SchemaReading(SchemaDocument(version="7.0.0", source="x"), {}, ())


def news(**fields: Any) -> NewRelease:
    given = NewRelease(NEW, ENTRY, "7.0.0", "2.4.0", 1845, None, OLD, "2025-06-01")
    return replace(given, **fields)


def announced(
    of: NewRelease,
    reading: SchemaReading = READING,
    *,
    on_merge: bool = True,
    undecided: OpenRules | None = None,
    oddities: tuple[Oddity, ...] = (),
) -> str:
    text = announcement.body(
        of,
        reading,
        instance="demo",
        oddities=oddities,
        manifest_path="m.toml",
        ingest_on_merge=on_merge,
        undecided=undecided,
    )
    return f"# {announcement.title(of)}\n\n{text}"


def beside(text: str) -> str:
    """What the text says more than the announcement of a release without news."""
    known = PLAINLY.split("\n\n")
    return "\n\n".join(part for part in text.split("\n\n") if part not in known)


PLAINLY = announced(news())
BARE = news(
    before=None,
    entry=replace(ENTRY, soma_region=None, retracted=True, lts=False, release_build="2026-01-31"),
    release=replace(NEW, build_date=None, cell_counts={}),
    dataset_count=1,
)
FOLLOWING = news(previous=MANIFEST, entry=replace(ENTRY, retracted=True, retraction=GONE))
MANY_ORGANISMS = news(
    release=replace(NEW, cell_counts={f"O{n}": CellCount(n, n) for n in range(22)}), before=None
)
ODD = tuple(
    Oddity(OddityKind.MISSING_FACT, version, f"*{number}*")
    for number, version in enumerate(["2025-06-01", *[RELEASE] * 31])
)
EDITED = replace(
    READING,
    old=SchemaDocument(version="6.0.0", source="y"),
    edits=tuple(f"Edit *{number}*." for number in range(21)),
    overdue=("Old *one*.",),
    unpatched=(*(f"obs.{number}" for number in range(13)), "obs.0"),
)
ANNOUNCED = {
    "alone": announced(BARE, on_merge=False),
    "after a manifest": announced(FOLLOWING),
    "retracted without why": announced(
        news(entry=replace(ENTRY, retracted=True, retraction=Retraction(None, None, None, None)))
    ),
    "built otherwise": announced(news(entry=replace(ENTRY, release_build="2026-01-31"))),
    "many organisms": announced(MANY_ORGANISMS),
    "undecided": announced(news(), undecided=OPEN),
    "without rules": announced(news(), undecided=OpenRules("7.0.0", None)),
    "with broken rules": announced(news(), undecided=OpenRules("7.0.0", None, "no *JSON*")),
    "odd": announced(news(), oddities=ODD),
    "as odd as is shown": announced(news(), oddities=ODD[:31]),
    "edits": announced(news(), EDITED),
    "overdue edits only": announced(news(), replace(EDITED, edits=(), unpatched=())),
    "twenty edits": announced(
        news(), replace(EDITED, edits=EDITED.edits[1:], overdue=(), unpatched=EDITED.unpatched[:12])
    ),
}

CHANGES = (
    FactChange("dataset_count", "Datasets", "1,845", "1,844"),
    FactChange("storage.soma", "Storage", None, "s3://*new*"),
    FactChange("storage.h5ads", "Storage", "", "s3://new"),
)
PLAIN = FactChange("build_date", "Built", "2026-02-01", "2026-02-02")
SCHEMA = FactChange("dataset_schema_version", "Dataset schema", "7.0.0", "7.1.0")
INGESTED = replace(FACTS, ingest_on_merge=False)
NONE = Facts("demo")
CORRECTED = {
    "page and directory": correction.corrected(RELEASE, CHANGES, INGESTED),
    "page": correction.corrected(RELEASE, CHANGES[:1], FACTS),
    "directory": correction.corrected(RELEASE, CHANGES[1:], NONE),
    "no manifest holds it": correction.corrected(RELEASE, (PLAIN,), NONE),
    "the schema, merged": correction.corrected(
        RELEASE, (SCHEMA,), Facts("demo", manifests={RELEASE: MANIFEST})
    ),
    "as many as are shown": correction.corrected(RELEASE, (PLAIN,) * 60, NONE),
    "more than are shown": correction.corrected(RELEASE, (PLAIN,) * 61, NONE),
    "restored, not merged": correction.restored(replace(NEW, build_date="*then*"), None),
    "restored, differs": correction.restored(NEW, (*CHANGES, *(PLAIN,) * 58)),
    "restored, the same": correction.restored(NEW, ()),
    "retracted": correction.retracted(replace(ENTRY, retraction=GONE), NONE),
    "retracted without why": correction.retracted(
        replace(ENTRY, retraction=Retraction(None, None, None, None)), FACTS
    ),
    "retracted, nothing known": correction.retracted(
        ENTRY, Facts("demo", manifests={RELEASE: MANIFEST})
    ),
    "vanished while it runs": correction.vanished(
        RELEASE, Facts("demo", manifests={RELEASE: MANIFEST}, runs=(PASSED, BY_MERGE))
    ),
    "vanished while another runs": correction.vanished(
        "2025-06-01", Facts("demo", manifests={"2025-06-01": MANIFEST}, runs=(BY_MERGE,))
    ),
    "unhosted": correction.unhosted(RELEASE, FACTS),
    "title": correction.title("gone", RELEASE),
}
REASONS = ["page " * 130, *(f"page *{number}*" for number in range(20))]
ALERTS = {
    "notice": f"{alert.title(ENTRY)}\n\n{alert.body(ENTRY)}",
    "notice, built before": alert.body(replace(ENTRY, release_build="*2026*", soma_region=None)),
    "listed": alert.listed(RELEASE),
    "failing": alert.failing(REASONS[:20], 1),
    "failing for many reasons": alert.failing(REASONS, 1200),
}


def states() -> Iterator[ReleaseState]:
    """Every state with and without thread and proposal, and of runs that do one or the other."""
    for number, state in enumerate(State, 1):
        release = f"2026-{number:02}-01"
        yield ReleaseState(release, state, 1845, 1200, number, number + 20, Action.INGEST)
        yield ReleaseState(release, state, None, 0, number, None, Action.VERIFY)
        yield ReleaseState(release, state, 1000, action=Action.INGEST)


LOOK = Look(NOON, "It found *nothing*.")
LONG_LOOK = Look(NOON, "It found *much*. " * 40)
LATER = NOON + timedelta(days=3)


def shown(*some: ReleaseState, look: Look | None = LOOK, now: datetime = LATER) -> str:
    return dashboard.body(some, look, now, ingest_on_merge=False)


def sized(*sizes: tuple[int | None, int | None]) -> list[ReleaseState]:
    return [
        ReleaseState(f"20{30 - number}-02-01", State.VERIFIED, datasets, thread=1, cells=cells)
        for number, (datasets, cells) in enumerate(sizes)
    ]


DASHBOARD = {
    "every state": shown(*states()),
    "its merge starts": dashboard.body(list(states())[3:4], LOOK, NOON, ingest_on_merge=True),
    "nothing known": shown(look=None),
    "a look long ago": shown(now=LATER + timedelta(seconds=1)),
    "a failed look": shown(look=replace(LOOK, failures=1, read_at=NOON)),
    "failed looks": shown(look=replace(LOOK, failures=2, read_at=NOON - timedelta(days=1))),
    "looks that all failed": shown(look=replace(LOOK, failures=1200)),
    "a long look": shown(look=LONG_LOOK),
    "one bar": shown(*sized((10, None))),
    "two bars": shown(*sized((0, 999_999), (10, 999_998))),
    "millions": shown(*sized((1, 1_000_000), (None, None), (2, 1_250_000))),
}
RELEASED = Marker(MarkerKind.RELEASE, RELEASE)
ALERT = Marker(MarkerKind.ALERT, RELEASE)
LONG = "**What** `is` <it> \\*here\\*" + " long" * 99 + "\nand so on"
OUTSIDE = {
    "release": outside.announced(OpenThread(RELEASED, "Census", "", Label.PROPOSED)),
    "alert": outside.announced(OpenThread(ALERT, "Census & more", "", Topic.ALERT)),
    "notice": outside.announced(OpenThread(ALERT, "Census", "", Topic.NOTICE)),
    "alert in a thread": outside.announced(Comment(1, ALERT, LONG)),
    "another comment": outside.announced(Comment(1, RELEASED, LONG)),
    "result": outside.announced(UpsertComment(1, Marker(MarkerKind.RESULT, "r"), "## A\nB")),
    "status": outside.announced(UpsertComment(1, Marker(MarkerKind.STATUS, "r"), "## A\nB")),
}
TEXTS = {
    "announced": PLAINLY,
    **{f"announced: {name}": beside(text) for name, text in ANNOUNCED.items()},
    **{f"corrected: {name}": text for name, text in CORRECTED.items()},
    **{f"alert: {name}": text for name, text in ALERTS.items()},
    **{f"dashboard: {name}": text for name, text in DASHBOARD.items()},
    **{f"outside: {name}": str(text) for name, text in OUTSIDE.items()},
}
