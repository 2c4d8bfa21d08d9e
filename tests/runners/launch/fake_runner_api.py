"""GitHub's runner API for tests: stateful, small, and replaceable by any better double.

Knows JIT registration, listing, removal, taken names, busy runners, tokens, and answers that are
lost; and workflow runs whose job waits. It doesn't model how labels match, groups, rate limits (but
by a fault), or runners that end themselves.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from launch.fake_aws import Fault, Quiet, due, served

TOKEN = "ghs_a-token-that-may-administer"
OWNER, REPOSITORY = "laminlabs", "laminlabs/census-bot"


# https://docs.github.com/en/rest/actions/self-hosted-runners#list-runner-applications-for-a-repository
APPLICATION = {
    "os": "linux",
    "architecture": "x64",
    "download_url": "https://github.com/actions/runner/releases/download/v2.340.0/a.tar.gz",
    "filename": "actions-runner-linux-x64-2.340.0.tar.gz",
    "sha256_checksum": "c0ffee" + "0" * 58,
}


@dataclass
class FakeRunnerApi:
    """`online_after` is how often a new runner is listed before it is online; None for never.
    `jobs` are by their workflow runs, whose own status is `run_status`, unless it is the job's. The
    first `unlisted_looks` lists of runners are of a moment before there was any.
    """

    address: str = ""
    online_after: int | None = 1
    unlisted_looks: int = 0
    runners: dict[int, dict[str, Any]] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    refused: bool = False
    listed: dict[int, int] = field(default_factory=dict)
    application: dict[str, str] = field(default_factory=lambda: dict(APPLICATION))
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)

    def named(self, name: str) -> dict[str, Any]:
        (found,) = [runner for runner in self.runners.values() if runner["name"] == name]
        return found

    def names(self) -> list[str]:
        return sorted(runner["name"] for runner in self.runners.values())

    def act(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """The answer to a request, after its effect."""
        place = urlsplit(path)
        scope = rf"/(?:repos/{REPOSITORY}|orgs/{OWNER})/actions/runners"
        if method == "POST" and re.fullmatch(f"{scope}/generate-jitconfig", place.path):
            return self.register(json.loads(body))
        if method == "GET" and re.fullmatch(scope, place.path):
            return self.listing({k: int(v[0]) for k, v in parse_qs(place.query).items()})
        if method == "DELETE" and (found := re.fullmatch(rf"{scope}/(\d+)", place.path)):
            return self.remove(int(found[1]))
        if method == "GET" and re.fullmatch(f"{scope}/downloads", place.path):
            return 200, [
                {"os": "osx", "architecture": "x64", "download_url": "x", "filename": "x"},
                self.application,
            ]
        if found := re.fullmatch(rf"/repos/{REPOSITORY}/actions/runs(/\d+/\w+)?", place.path):
            return self.workflow_runs(method, found[1] or "", parse_qs(place.query))
        return 404, {"message": "Not Found"}

    def workflow_runs(self, method: str, rest: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        """Workflow runs that go on, of one job each
        (https://docs.github.com/en/rest/actions/workflow-runs).
        """
        if not rest:
            ids = [
                {"id": number}
                for number, job in self.jobs.items()
                if [job.get("run_status", job["status"])] == query["status"]
            ]
            return 200, {"total_count": len(ids), "workflow_runs": ids}
        number, word = int(rest.split("/")[1]), rest.split("/")[2]
        if number not in self.jobs:
            return (409, {"message": "It is completed"}) if word == "cancel" else (404, {})
        if (method, word) == ("POST", "cancel"):
            del self.jobs[number]
            return 202, {}
        return 200, {"total_count": 1, "jobs": [self.jobs[number]]}

    def register(self, asked: dict[str, Any]) -> tuple[int, Any]:
        if not {"name", "runner_group_id", "labels"} <= asked.keys() or not asked["labels"]:
            return 422, {"message": "Invalid request"}
        if asked["name"] in self.names():
            return 409, {"message": "Already exists"}
        number = len(self.secrets) + 1
        labels = [{"name": label} for label in asked["labels"]]
        runner = {
            "id": number,
            "name": asked["name"],
            "status": "offline",
            "busy": False,
            "labels": labels,
        }
        self.runners[number] = runner
        self.secrets.append(f"JIT-SECRET-{number}")
        return 201, {"runner": runner, "encoded_jit_config": self.secrets[-1]}

    def listing(self, query: dict[str, int]) -> tuple[int, Any]:
        if self.unlisted_looks:
            self.unlisted_looks -= 1
            return 200, {"total_count": 0, "runners": []}
        for number, runner in self.runners.items():
            self.listed[number] = self.listed.get(number, 0) + 1
            if self.online_after is not None and self.listed[number] > self.online_after:
                runner["status"] = "online"
        size, page = query.get("per_page", 30), query.get("page", 1)
        shown = list(self.runners.values())[size * (page - 1) : size * page]
        return 200, {"total_count": len(self.runners), "runners": shown}

    def remove(self, number: int) -> tuple[int, Any]:
        if number not in self.runners:
            return 404, {"message": "Not Found"}
        if self.runners[number]["busy"]:
            return 422, {"message": "Runner is currently running a job and cannot be deleted."}
        del self.runners[number]
        return 204, None


@contextmanager
def fake_runner_api() -> Iterator[FakeRunnerApi]:
    state = FakeRunnerApi()
    with served(_handler(state)) as address:
        state.address = address
        yield state


def _handler(state: FakeRunnerApi) -> type[Quiet]:
    class Handler(Quiet):
        def answer(self) -> None:
            body = self.body()
            action = {"GET": "list", "POST": "register", "DELETE": "remove"}[self.command]
            if self.path.endswith("/downloads"):
                action = "downloads"
            if "/actions/runs" in self.path:
                action = {"GET": "jobs", "POST": "cancel"}[self.command]
            state.calls.append(action)
            if state.refused or self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.tell(403, {"message": "Resource not accessible by integration"})
                return
            fault = due(state.faults, action)
            if fault is None:
                self.tell(*state.act(self.command, self.path, body))
                return
            if fault.after:
                state.act(self.command, self.path, body)
            if fault.hook:
                fault.hook()
            message = fault.code or "the double was told to"
            self.tell(fault.status, {"message": message}, fault.headers)

        def tell(
            self, status: int, document: Any, headers: Mapping[str, str] | None = None
        ) -> None:
            text = b"" if document is None else json.dumps(document).encode()
            self.send(status, "application/json", text, headers)

    return Handler
