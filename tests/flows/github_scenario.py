"""The same scenario on GitHub: the double keeps what the folders keep; its events are payloads.

Issues are numbered as threads are: pull requests, which share their numbers, are left out.
"""

import re
from pathlib import Path

from fake_github import people
from fake_github.server import Server
from fake_github.state import ACTIONS, Delivery, Issue

from bot.adapters.github.client import RetryPolicy
from bot.adapters.github.ports import Github, github
from bot.engine import handle
from bot.gather.events import events_of
from bot.model.events import CommentCreated, Event, ManifestMerged, RunEnded
from bot.model.ports import Ports
from flows.scenario import (
    SETTINGS,
    Scenario,
    answers_have_rows,
    asked,
    is_table,
    report,
    rules_json,
    unsigned,
)
from runners.contract import DatasetOutcome, Manifest, RunRequest

PERMISSIONS = {
    "issues": "write",
    "pull_requests": "write",
    "contents": "write",
    "actions": "write",
    "checks": "write",
}
WORKFLOWS = ("check.yml", "commands.yml", "detect.yml", "ingest.yml", "reap.yml", "verify.yml")
AT_ONCE = RetryPolicy(backoff=0.01, secondary=0.01, pace=0, sleep=lambda _: None)


class GithubScenario(Scenario):
    """Hears what stands on GitHub; what the double found broken fails the test."""

    def __init__(self, home: Path, server: Server) -> None:
        self.server = server
        self.fake = server.fake
        self.fake.run_names = dict.fromkeys(
            WORKFLOWS, lambda inputs: str(inputs.get("title", "detect"))
        )
        for login, role in SETTINGS.roles.items():
            self.fake.user(login, role.name.lower())
        for login in ("stranger", "mallory"):
            self.fake.user(login)
        super().__init__(home)
        self.set(
            github=self.fake.full_name,
            github_token=self.fake.token(PERMISSIONS),
            github_api=self.fake.address,
            bot=ACTIONS,
            runs=str(home / "runs"),
        )

    def set(self, **settings: object) -> None:
        super().set(**settings)
        self.adapters: Github = github(self.settings, AT_ONCE)

    def has_rules(self, version: str, *asked: dict[str, object]) -> None:
        files = {f"runners/rules/{version}.json": rules_json(asked)}
        self._commit(files)

    def has_manifest(self, text: str) -> None:
        release = Manifest.from_toml(text, source="").release
        self._commit({f"runners/releases/{release}.toml": text})

    def _commit(self, files: dict[str, str]) -> None:
        """Long ago: nobody hears of it."""
        fake = self.fake
        fake.branches["main"] = fake.commit(files, "Long ago", fake.branches["main"])

    # --- what happens -----------------------------------------------------------------------------

    def says(self, actor: str, text: str, *, thread: int = 1) -> CommentCreated:
        people.comment(self.fake, actor, self._issue(thread).number, text)
        (event,) = self.delivered()
        assert isinstance(event, CommentCreated)
        return event

    def merges(self, actor: str, release: str) -> ManifestMerged:
        pull = next(
            pull for pull in self._pulls() if pull.pull and pull.pull.head.endswith(release)
        )
        people.merge(self.fake, actor, pull.number)
        (event,) = self.delivered()
        assert isinstance(event, ManifestMerged)
        return event

    def ends(self, run_id: str, *outcomes: DatasetOutcome) -> RunEnded:
        run = next(r for r in self.fake.runs.values() if r.title.startswith(f"{run_id} "))
        folder = self.home / "runs" / run_id
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(run.inputs["request"])
        request = next(r.request for r in self.adapters.runs.all() if r.request.run_id == run_id)
        told = report(request, *outcomes)
        (folder / "report.json").write_text(told.to_json())
        people.end(self.fake, run, "success")
        event = RunEnded(told)
        self.happens(event)
        return event

    def delivered(self) -> list[Event]:
        """What waits for the bot, handled; runs that were started only wait."""
        waiting, self.fake.outbox = self.fake.outbox, []
        events = [e for one in waiting for e in self.events_of(one)]
        for event in events:
            self.happens(event)
        return events

    def events_of(self, delivery: Delivery) -> tuple[Event, ...]:
        """What a job of Actions makes of the event."""
        changed = self.adapters.repository.changed_manifests
        return events_of(delivery.name, delivery.payload, changed)

    def happens(self, event: Event) -> None:
        handle(event, self.ports(), self.settings)
        assert self.server.broken == []

    def ports(self) -> Ports:
        ports = self.adapters.ports()
        return Ports(
            ports.threads,
            ports.roles,
            ports.repository,
            ports.runs,
            self.pages,
            self.tally,
            ports.upstream,
            ports.clock,
            now=lambda: self.now,
        )

    # --- what the bot did -------------------------------------------------------------------------

    def _issues(self) -> list[Issue]:
        return [issue for issue in self.fake.issues.values() if issue.pull is None]

    def _pulls(self) -> list[Issue]:
        return [issue for issue in self.fake.issues.values() if issue.pull is not None]

    def _issue(self, thread: int) -> Issue:
        return self._issues()[thread - 1]

    def heard(self) -> str:
        """As in the folders: by the number that the thread would have there."""
        threads = {str(one.number): n for n, one in enumerate(self._issues(), 1)}
        # What links to a workflow run here is a mere name in the folders.
        told = re.sub(r"\[(`[^`]+`)\]\(http[^)]+/actions/runs/\d+\)", r"\1", super().heard())
        return re.sub(r"(?<=thread )\d+", lambda found: str(threads.get(found[0], found[0])), told)

    def _proposals(self) -> list[tuple[str, str]]:
        heads = [pull.pull.head for pull in self._pulls() if pull.pull]
        found = [head.removeprefix("census/") for head in heads if head.startswith("census/")]
        return [(f"proposes {release}", f"{release}.toml") for release in found]

    def _threads(self) -> list[tuple[str, str]]:
        numbered = list(enumerate(self._issues(), 1))
        opened = [
            (f"opens thread {one.number}", f"{one.title}\n{unsigned(one.body)}")
            for _, one in numbered
        ]
        labels = [(f"labels thread {one.number}", ", ".join(one.labels)) for _, one in numbered]
        reactions = [
            (f"reacts to comment {said.id}", " ".join(sign for _, sign in said.reactions))
            for _, one in numbered
            for said in one.comments
            if said.user.login != ACTIONS
        ]
        return opened + labels + reactions

    def _runs(self) -> list[tuple[str, str]]:
        requests = [
            RunRequest.from_json(run.inputs["request"], source="input")
            for run in self.fake.runs.values()
            if "request" in run.inputs
        ]
        return [(f"starts {request.run_id}", asked(request)) for request in requests]

    def _said(self) -> list[tuple[str, str]]:
        return [
            (f"says in {n}, comment {said.id}", unsigned(said.body))
            for n, one in enumerate(self._issues(), 1)
            for said in one.comments
            if said.user.login == ACTIONS and not is_table(said.body)
        ]

    def is_told_whole(self) -> None:
        for issue in self.fake.issues.values():
            answers_have_rows([c.body for c in issue.comments if c.user.login == ACTIONS])
