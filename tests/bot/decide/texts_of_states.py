"""How releases stand after each event, what is remembered of a look, and failed looks in a row."""

from dataclasses import replace
from typing import Any

from texts_of_plans import (
    BROKEN,
    DONE,
    FACTS,
    NOON,
    OTHER,
    OWN,
    PROGRESS,
    RELEASE,
    manifest,
    run,
    words,
)

from bot.census.directory import DirectoryEntry, ReleaseDirectory
from bot.census.release import CellCount, Release, ReleasePage
from bot.decide.dashboard import cells_of, concerns_dashboard, looked, release_states
from bot.decide.failed_looks import count_failed_looks
from bot.model.effects import CancelRun, Comment, CountFailures, Plan, SetLabel, StartRun
from bot.model.events import (
    CommentCreated,
    DetectionFailed,
    Event,
    ReleasesRead,
    RunGoesOn,
)
from bot.model.facts import Facts
from bot.model.labels import Label
from bot.model.look import Look
from bot.model.markers import Marker, MarkerKind
from bot.model.places import bucket_of, foreign_places
from bot.model.ports import Run
from bot.model.progress import Progress
from runners.contract import Action, Status, Verdict

LOOK = Look(NOON, "Read.", read_at=NOON, datasets={"2026-08-01": 7}, cells={RELEASE: 5})
STATE_FACTS = Facts(
    "demo",
    manifests={RELEASE: manifest(RELEASE)},
    threads={RELEASE: 2, "2026-08-01": 4},
    proposals={"2026-08-01": 5},
    notices={"2026-09-01": 6},
    alerts={"retracted-2024-01-01": 7},
    broken={"2024-01-01": "no"},
)
QUIET = DetectionFailed("no page")


def state(facts: Facts = STATE_FACTS, look: Look | None = LOOK, event: Event = QUIET) -> str:
    return "\n".join(map(words, release_states(event, facts, look)))


def with_runs(*runs: Run) -> Facts:
    return replace(STATE_FACTS, runs=runs)


STATES = {
    "known": state(),
    "without a look": state(look=None),
    "waiting": state(look=replace(LOOK, waiting=("2026-10-01",))),
    "declined": state(replace(STATE_FACTS, closed=frozenset({2, 4}))),
    "retracted": state(look=replace(LOOK, retracted=(RELEASE,), withdrawn=(RELEASE,))),
    "withdrawn": state(look=replace(LOOK, withdrawn=(RELEASE, "2026-10-01"))),
    **{
        f"ended, {one}": state(with_runs(run(1, one, DONE, BROKEN)))
        for one in (Status.PASSED, Status.FAILED, Status.UNCHECKED)
    },
    "a part": state(with_runs(run(1, Status.PASSED, DONE, limit=1))),
    "a part that failed": state(with_runs(run(1, Status.FAILED, limit=1))),
    "running": state(with_runs(run(1, Status.PASSED, DONE), run(2))),
    "lost": state(with_runs(run(1, is_lost=True))),
    **{f"{one}, without its report": state(with_runs(run(1, last_verdict=one))) for one in Verdict},
    "a part, without its report": state(with_runs(run(1, last_verdict=Verdict.PASSED, limit=1))),
    "verified after it": state(
        with_runs(run(1, Status.PASSED, DONE, DONE), run(2, Status.PASSED, action=Action.VERIFY))
    ),
    "broken, running": state(with_runs(run(1, release="2024-01-01"))),
    "broken, ended": state(with_runs(run(1, Status.PASSED, release="2024-01-01"))),
    "lost before it began": state(with_runs(run(5, is_lost=True, has_begun=False))),
    "verified, then lost before it began": state(
        with_runs(run(1, Status.PASSED, DONE), run(5, is_lost=True, has_begun=False))
    ),
    "lost, then lost before it began": state(
        with_runs(run(1, is_lost=True), run(5, is_lost=True, has_begun=False))
    ),
    "verified, then waits to begin": state(
        with_runs(run(1, Status.PASSED, DONE), run(5, has_begun=False))
    ),
    "goes on": state(with_runs(run(5)), event=RunGoesOn(OWN, PROGRESS)),
    "goes on unread": state(with_runs(run(5)), event=RunGoesOn(OWN, None)),
    "goes on with nothing": state(with_runs(run(5)), event=RunGoesOn(OWN, Progress())),
    "another goes on": state(with_runs(run(6)), event=RunGoesOn(OWN, PROGRESS)),
}


def release_of(version: str, count: int | None = 9, *unique: int | None) -> Release:
    cells = {f"O{number}": CellCount(9, one) for number, one in enumerate(unique)}
    return Release(version, version, "2.4.0", "7.0.0", count, cells)


def hosted(version: str, *, retracted: bool = False, lts: bool = True) -> DirectoryEntry:
    return DirectoryEntry(version, version, lts, retracted, None, "s3://a", None, "s3://b")


READ = ReleasesRead(
    ReleasePage((release_of(RELEASE, 12, 3, 4), release_of("2027-01-01"), release_of(OTHER, None))),
    ReleaseDirectory({one: hosted(one) for one in (RELEASE, OTHER)}, {}),
)


def look_of(
    event: ReleasesRead | DetectionFailed,
    facts: Facts = FACTS,
    before: Look | None = None,
    *counts: int,
    known: Facts | None = None,
) -> str:
    decided = Plan(tuple(CountFailures(number) for number in counts), "Because.")
    now = NOON.replace(microsecond=5)
    return words(looked(event, decided, known or facts, facts, before, now))


GONE_FROM_PAGE = replace(FACTS, threads={RELEASE: 2, OTHER: 3, "2020-01-01": 4})
LOOKS = {
    "read": look_of(READ),
    "read, in parts": look_of(
        replace(READ, unread={"2028-01-01": "no"}), replace(FACTS, failures=1), None, 1, 2
    ),
    "gone": look_of(READ, GONE_FROM_PAGE),
    "gone from the page's source": look_of(
        replace(
            READ,
            refusal="no",
            directory=ReleaseDirectory({**READ.directory.entries, "2020-01-01": hosted("x")}, {}),
        ),
        GONE_FROM_PAGE,
    ),
    "retracted": look_of(
        replace(
            READ,
            directory=ReleaseDirectory(
                {one: hosted(one, retracted=True) for one in (RELEASE, OTHER, "2029-01-01")}, {}
            ),
        )
    ),
    "failed": look_of(QUIET, FACTS, LOOK, 3),
    "failed first": look_of(QUIET),
}


def failed(times: int, *stuck: str, **fields: Any) -> str:
    effects = count_failed_looks(list(stuck), Facts("demo", failures=times, **fields))
    return "\n".join(map(words, effects))


SETTLED = frozenset({Marker(MarkerKind.SETTLED, "detection-1"), Marker(MarkerKind.REPLY, "1")})
FAILED = {
    "nothing": failed(0),
    "over, untold": failed(2),
    "over": failed(5, alerts={"detection-1": 8}),
    "over, of an older row": failed(5, alerts={"detection-1": 8}, markers=SETTLED),
    "the first": failed(0, "why"),
    "the second": failed(1, "why"),
    "the third": failed(2, "why", "and why"),
    "the fourth": failed(3, "why", alerts={"detection-1": 8}),
    "the third of another row": failed(2, "why", alerts={"detection-1": 8}, markers=SETTLED),
}
CONCERNED = CommentCreated(2, 5, "octocat", "x")
PLACES = ("s3://ours", "s3://our", "s3://ours/soma/", "s3://ours/h5ads", "s3://ours/soma/x", "")
TEXTS = {
    **{f"states: {name}": text for name, text in STATES.items()},
    **{f"look: {name}": text for name, text in LOOKS.items()},
    **{f"failed: {name}": text for name, text in FAILED.items()},
    "cells": " ".join(
        str(cells_of(release_of("x", 1, *some))) for some in ((), (None,), (0,), (1, 2), (1, None))
    ),
    "concerns the dashboard": " ".join(
        str(concerns_dashboard(CONCERNED, Plan(effects, "")))
        for effects in (
            (),
            (Comment(2, Marker(MarkerKind.REPLY, "5"), "x"),),
            (StartRun(OWN),),
            (CancelRun("r"),),
            (SetLabel(2, Label.MERGED),),
        )
    )
    + f" {concerns_dashboard(QUIET, Plan((), ''))}",
    "places": "\n".join(
        f"{place}: {foreign_places(manifest(RELEASE), (place,))}" for place in PLACES
    ),
    "places above": str(foreign_places(manifest(RELEASE, "s3://ours/a/../b"), ("s3://ours",))),
    "buckets": " ".join(map(bucket_of, ("s3://a/b/c", "s3://a", "/a/b/c/", "a/b", "/a"))),
}
