"""A scenario: a repository, a page, people. What the bot says in it must be read.

Everything is the embedded bot's own but the pages, which stand in a dictionary.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path

import pytest

from bot.adapters.local.ports import LocalFailureCount, LocalRoles
from bot.adapters.local.repository import LocalRepository
from bot.adapters.local.runs import CANCEL, LocalRuns
from bot.adapters.local.threads import LocalThreads
from bot.comments import audit
from bot.engine import detect, handle
from bot.errors import BotError
from bot.model.announcement import LINE
from bot.model.audit_entry import LINE as ASKED
from bot.model.audit_entry import audit_entry_in
from bot.model.commands import Role
from bot.model.events import CommentCreated, Event, ManifestMerged, RunEnded
from bot.model.markers import LOOK, MarkerKind, last_marker
from bot.model.ports import Page, Ports
from bot.settings import Settings
from flows import world
from runners.contract import (
    CheckResult,
    DatasetOutcome,
    Finding,
    Outcome,
    Reason,
    RunReport,
    RunRequest,
    Status,
    verdict_of,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = Settings(
    instance="demo",
    bot="bot",
    release_page=world.PAGE,
    release_page_source=world.SOURCE,
    release_directory=world.DIRECTORY,
    schema_document=world.TEMPLATE,
    witnesses={},
    dashboard=False,
    roles={"maintainer": Role.MAINTAIN, "writer": Role.WRITE},
)


@dataclass
class StubPages:
    """Pages that can be changed; what isn't there answers as a server would."""

    texts: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> Page:
        if address not in self.texts:
            raise BotError(f"{address}: answered 404 Not Found; correct the address.")
        return Page(address, self.texts[address].encode())


def rules_json(asked: Iterable[Mapping[str, object]]) -> str:
    """A rules file with these judgements; what one has as `answer` stands among the answers."""
    judgements = [
        {
            "id": f"{judgement['place']}: {number}",
            "lines": [1, 2],
            "choices": [{"answer": "in none", "effect": "nothing is annotated"}],
            **{key: value for key, value in judgement.items() if key != "answer"},
        }
        for number, judgement in enumerate(asked)
    ]
    answers = {
        judgement["id"]: given.get("answer", "")
        for judgement, given in zip(judgements, asked, strict=True)
    }
    return json.dumps({"judgements": judgements, "answers": answers})


class Scenario:
    """Say and do something, then ask what was `heard`; what wasn't asked for fails the test."""

    def __init__(self, home: Path, settings: Settings = SETTINGS) -> None:
        self.home = home
        self.settings = settings
        self.pages = StubPages()
        self.threads = LocalThreads(home / "threads", settings.bot, now=lambda: NOON)
        self.repository = LocalRepository(home / "repository", home / "proposals", home / "rules")
        for version in ("6.0.0", "7.0.0"):
            self.has_rules(version)
        self.runs = LocalRuns(home / "runs")
        self.tally = LocalFailureCount(home / "detection.json")
        self.now = NOON
        self._known: dict[str, str] = {}

    # --- what is given ----------------------------------------------------------------------------

    def has_releases(self, *entries: str, hosted: tuple[str, ...]) -> None:
        self.pages.texts[world.PAGE] = world.page(*entries)
        self.pages.texts[world.DIRECTORY] = world.directory(hosted)

    def has_document(self, version: str, text: str | None = None) -> None:
        self.pages.texts[world.TEMPLATE.format(version=version)] = text or world.document(version)

    def has_rules(self, version: str, *asked: dict[str, object]) -> None:
        """The rules on the default branch, with what they ask of a person."""
        folder = self.home / "rules"
        folder.mkdir(exist_ok=True)
        (folder / f"{version}.json").write_text(rules_json(asked))

    def set(self, **settings: object) -> None:
        self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]

    # --- what happens -----------------------------------------------------------------------------

    def the_clock_strikes(self) -> str:
        """Detection; returns the plan's reason."""
        return detect(self.ports(), self.settings).reason

    def is_refused(self) -> str:
        """Detection that can't read or believe what it must; returns the one sentence."""
        with pytest.raises(BotError) as refusal:
            self.the_clock_strikes()
        assert "\n" not in str(refusal.value)
        return str(refusal.value)

    def says(self, actor: str, text: str, *, thread: int = 1) -> CommentCreated:
        """A comment, and the bot's reaction to it; returns the event, to be delivered again."""
        number = self.threads.say(thread, actor, text)
        event = CommentCreated(thread, number, actor, text)
        self.happens(event)
        return event

    def merges(self, actor: str, release: str) -> ManifestMerged:
        event = ManifestMerged(release, actor, self.repository.merge(release))
        self.happens(event)
        return event

    def ends(self, run_id: str, *outcomes: DatasetOutcome) -> RunEnded:
        """The machine writes the run's report, and the bot reads it."""
        return self.reports(report(self._request(run_id), *outcomes))

    def ends_early(self, run_id: str, *outcomes: DatasetOutcome) -> RunEnded:
        """The machine was asked to stop, and reports what it has done."""
        told = report(self._request(run_id), *outcomes)
        return self.reports(told.model_copy(update={"cancelled": True}))

    def _request(self, run_id: str) -> RunRequest:
        return next(r.request for r in self.runs.all() if r.request.run_id == run_id)

    def reports(self, told: RunReport) -> RunEnded:
        """The machine has written this report, and the bot reads it."""
        run_id = told.request.run_id
        (self.home / "runs" / run_id / "report.json").write_text(told.to_json())
        event = RunEnded(self.runs.report(run_id))
        self.happens(event)
        return event

    def happens(self, event: Event) -> None:
        handle(event, self.ports(), self.settings)
        for request in (self.home / "runs").glob("*/request.json"):
            os.utime(request, (NOON.timestamp(), NOON.timestamp()))

    def ports(self) -> Ports:
        roles = LocalRoles(self.settings.roles)
        return Ports(
            self.threads,
            roles,
            self.repository,
            self.runs,
            self.pages,
            self.tally,
            now=lambda: self.now,
        )

    # --- what the bot did -------------------------------------------------------------------------

    def heard(self) -> str:
        """All that the bot said and did since this was last asked, as a transcript."""
        now = dict(self._all())
        news = [self._told(name, text) for name, text in now.items() if self._differs(name, text)]
        self._known = now
        return "\n".join(news)

    def _differs(self, name: str, text: str) -> bool:
        return bool(text) and self._known.get(name) != text

    def _told(self, name: str, text: str) -> str:
        again = " again" if name in self._known and "says" in name else ""
        return f"[{name}{again}] {text}"

    def _all(self) -> list[tuple[str, str]]:
        return [*self._proposals(), *self._threads(), *self._runs(), *self._said()]

    def _proposals(self) -> list[tuple[str, str]]:
        files = sorted((self.home / "proposals").glob("*/*"))
        return [(f"proposes {f.parent.name}", f.name) for f in files if f.suffix == ".toml"]

    def _threads(self) -> list[tuple[str, str]]:
        read = [self.threads.read(number) for number in self.threads.numbers()]
        opened = [(f"opens thread {one.number}", f"{one.title}\n{one.first.body}") for one in read]
        labels = [(f"labels thread {one.number}", ", ".join(one.labels)) for one in read]
        reactions = [
            (f"reacts to comment {said.comment_id}", " ".join(said.reactions))
            for one in read
            for said in one.comments
            if not said.by_bot
        ]
        return [(name, unsigned(text)) for name, text in opened] + labels + reactions

    def _runs(self) -> list[tuple[str, str]]:
        started = [(f"starts {run.request.run_id}", asked(run.request)) for run in self.runs.all()]
        stopped = (self.home / "runs").glob(f"*/{CANCEL}")
        return started + [(f"stops {path.parent.name}", "early") for path in sorted(stopped)]

    def _said(self) -> list[tuple[str, str]]:
        return [
            (f"says in {number}, comment {said.comment_id}", unsigned(said.body))
            for number in self.threads.numbers()
            for said in self.threads.comments(number)
            if said.by_bot and not is_table(said.body)
        ]

    def is_told_whole(self) -> None:
        """Every answer has its row in its thread's table, and every row its answer."""
        for thread in self.threads.numbers():
            answers_have_rows(
                [comment.body for comment in self.threads.comments(thread) if comment.by_bot]
            )


def is_table(body: str) -> bool:
    """Whether it is the table of what was asked, which `heard` leaves out."""
    marker = last_marker(body)
    return marker is not None and marker.kind is MarkerKind.AUDIT


def rows_of(bodies: list[str]) -> list[str]:
    """The rows of a thread's tables, whole, in their order."""
    lines = "\n".join(filter(is_table, bodies)).splitlines()
    return [line for line in lines if audit.ROW.fullmatch(line)]


def answers_have_rows(bodies: list[str]) -> None:
    rows = [found[1] for row in rows_of(bodies) if (found := audit.ROW.fullmatch(row))]
    told = [last_marker(body) for body in bodies if audit_entry_in(body) is not None]
    assert rows == [f"{one.kind} {one.key}" for one in told if one is not None]


def unsigned(body: str) -> str:
    """The text without the marker that it must end in, and without what is hidden before it."""
    marker = last_marker(body)
    assert marker is not None, "the bot says nothing without a marker"
    hidden = (ASKED, LINE, LOOK)
    return reduce(
        lambda text, line: line.sub("", text), hidden, body.replace(str(marker), "")
    ).rstrip()


def asked(request: RunRequest) -> str:
    """What a request asks, short."""
    part = [f"only {' '.join(request.only)}"] if request.only else []
    part += [f"collection {name}" for name in request.collection]
    part += [f"organism {name}" for name in request.organism]
    part += [f"limit {request.limit}"] if request.limit else []
    part += [f"what failed in {request.failed_of}"] if request.failed_of else []
    who = f"for {request.requested_by}, thread {request.thread}, {request.manifest}"
    return f"{request.action} in {request.instance} {who}; {', '.join(part) or 'all'}"


def good(dataset_id: str, outcome: Outcome = Outcome.REGISTERED) -> DatasetOutcome:
    return DatasetOutcome(dataset_id=dataset_id, title=f"Atlas {dataset_id}", outcome=outcome)


def bad(dataset_id: str) -> DatasetOutcome:
    return DatasetOutcome(
        dataset_id=dataset_id,
        title=f"Broken {dataset_id}",
        outcome=Outcome.UNREADABLE,
        reasons=(Finding(reason=Reason.FILE_UNREADABLE, detail="truncated file"),),
    )


def report(request: RunRequest, *outcomes: DatasetOutcome) -> RunReport:
    """A report with one check: that every dataset was registered."""
    done = sum(outcome.outcome is not Outcome.UNREADABLE for outcome in outcomes)
    check = CheckResult(
        name="artifacts",
        title="One artifact per dataset",
        status=Status.PASSED if done == len(outcomes) else Status.FAILED,
        expected=str(len(outcomes)),
        found=str(done),
    )
    return RunReport(
        request=request,
        started_at=NOON,
        ended_at=NOON + timedelta(minutes=3, seconds=5),
        verdict=verdict_of((check,)),
        outcomes=outcomes,
        checks=(check,),
        changes={"artifacts": done},
        versions={"lamindb": "2.12.1"},
    )
