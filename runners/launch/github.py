"""GitHub's self-hosted runners, of a repository or of its organisation
(https://docs.github.com/en/rest/actions/self-hosted-runners).

The token needs `administration: write` (for an organisation `organization_self_hosted_runners`),
which no `GITHUB_TOKEN` can have: an App's or a person's; to reap, `actions: write` as well. Must
never repeat a POST blindly, nor let a token or a registration into an error.
"""

import time
from collections.abc import Callable
from itertools import count
from math import ceil
from typing import Any

import httpx

from runners.contract.launch_toml import Configuration
from runners.launch.fleet import Fleet, Runner, WaitingJob
from runners.launch.ports import Application, LaunchError, NameTakenError, runner_named

_RELEASES = "https://github.com/actions/runner/releases/download"
_TRIES = 4
_PAGE = 100
_PAUSE = 1.0
_LIMITED_PAUSE = 60.0
_LONGEST_PAUSE = 180.0
"""Seconds: twice as long each time; where GitHub limits the rate and doesn't say for how long; and
at most. A launch that waits pays for its machine."""


class GitHub:
    """Lists, registers and removes the fleet's runners."""

    def __init__(
        self, configuration: Configuration, client: httpx.Client, sleep: Callable[[float], None]
    ) -> None:
        """`client` has GitHub's address and the token; `sleep` waits between tries."""
        self._fleet = Fleet.of(configuration)
        self._group = configuration.ec2.runner_group if configuration.ec2 else 1
        self._pin = configuration.ec2.runner if configuration.ec2 else None
        owner = configuration.repository.partition("/")[0]
        scope = f"orgs/{owner}" if configuration.organisation else f"repos/{self._fleet.repository}"
        self._path = f"{scope}/actions/runners"
        self._workflow_runs = f"repos/{self._fleet.repository}/actions/runs"
        self._client = client
        self._sleep = sleep

    def runners(self) -> tuple[Runner, ...]:
        entries = self._list(self._path, "runners", "listing runners")
        return tuple(_runner(entry) for entry in entries if self._fleet.host_of(entry["name"]))

    def waiting_jobs(self) -> tuple[WaitingJob, ...]:
        """Of the workflow runs that go on; one whose job waits is `queued` or `in_progress`
        (https://docs.github.com/en/rest/actions/workflow-runs).
        """
        runs = {
            run["id"]
            for status in ("queued", "in_progress")
            for run in self._list(
                f"{self._workflow_runs}?status={status}", "workflow_runs", "listing workflow runs"
            )
        }
        return tuple(
            WaitingJob(run_id, label)
            for run_id in sorted(runs)
            for job in self._list(f"{self._workflow_runs}/{run_id}/jobs", "jobs", "listing jobs")
            for label in job["labels"]
            if job["status"] == "queued" and self._fleet.host_of(label)
        )

    def cancel(self, workflow_run: int) -> None:
        action_text, path = (
            "cancelling a workflow run",
            f"{self._workflow_runs}/{workflow_run}/cancel",
        )
        answer = self._request_with_retries("POST", path, action_text)
        over = (httpx.codes.CONFLICT, httpx.codes.NOT_FOUND)  # it has ended, or was deleted
        if answer.status_code not in (httpx.codes.ACCEPTED, *over):
            raise self._refusal(answer, action_text)

    def application(self) -> Application:
        """GitHub names one version, the newest, with its checksum
        (https://docs.github.com/en/rest/actions/self-hosted-runners#list-runner-applications-for-a-repository).
        """
        if self._pin is not None:
            file = f"v{self._pin.version}/actions-runner-linux-x64-{self._pin.version}.tar.gz"
            return Application(f"{_RELEASES}/{file}", self._pin.sha256)
        action_text = "asking for the newest runner"
        answer = self._request_with_retries("GET", f"{self._path}/downloads", action_text)
        if answer.status_code != httpx.codes.OK:
            raise self._refusal(answer, action_text)
        for one in answer.json():
            if (one["os"], one["architecture"]) == ("linux", "x64") and one.get("sha256_checksum"):
                return Application(one["download_url"], one["sha256_checksum"])
        raise LaunchError(
            f"{action_text}: GitHub names none for Linux with a checksum; pin one as "
            "[launch.ec2.runner] (version, sha256)."
        )

    def register(self, name: str) -> str:
        """The JIT configuration of a new runner. Its label is its own name alone: with
        `self-hosted` any job of the repository might get it; GitHub adds none by itself.

        After an answer that was lost the runner may be there, but its configuration is not shown
        again: it is removed, and only then asked for anew. It may be listed late; until then its
        name is taken.
        """
        body = {"name": name, "runner_group_id": self._group, "labels": [name]}
        trouble, may_be_ours = "", False
        for attempt in range(_TRIES):
            self._sleep(_PAUSE * attempt)
            try:
                answer = self._client.post(f"{self._path}/generate-jitconfig", json=body)
            except httpx.TransportError as error:
                trouble, may_be_ours = type(error).__name__, True
            else:
                is_taken = answer.status_code == httpx.codes.CONFLICT
                if answer.status_code == httpx.codes.CREATED:
                    return str(answer.json()["encoded_jit_config"])
                if is_taken and not may_be_ours:
                    raise NameTakenError(f"GitHub has a runner {name}.")
                if not (is_taken or _is_passing(answer)):
                    raise self._refusal(answer, "registering a runner")
                trouble = str(answer.status_code)
                if _is_limit(answer):
                    self._wait(answer, attempt, "registering a runner")
                else:
                    may_be_ours = True
            if lost := runner_named(self.runners(), name):
                self.remove(lost.id)
        raise LaunchError(f"registering a runner: GitHub does not answer ({trouble}); try later.")

    def remove(self, runner_id: int) -> bool:
        answer = self._request_with_retries(
            "DELETE", f"{self._path}/{runner_id}", "removing a runner"
        )
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:  # a job is running on it
            return False
        if answer.status_code in (httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND):
            return True
        raise self._refusal(answer, "removing a runner")

    def _list(self, path: str, name: str, action_text: str) -> list[Any]:
        """All pages of a list; `name` is what GitHub's answer calls it."""
        found: list[Any] = []
        for page in count(1):
            more = f"{'&' if '?' in path else '?'}per_page={_PAGE}&page={page}"
            answer = self._request_with_retries("GET", path + more, action_text)
            if answer.status_code != httpx.codes.OK:
                raise self._refusal(answer, action_text)
            entries = answer.json()[name]
            found += entries
            if page * _PAGE >= answer.json()["total_count"] or not entries:
                break
        return found

    def _request_with_retries(self, method: str, path: str, action_text: str) -> httpx.Response:
        """The answer to a request that may safely be repeated; `action_text` names it in errors."""
        trouble = ""
        for attempt in range(_TRIES):
            try:
                answer = self._client.request(method, path)
            except httpx.TransportError as error:
                trouble = type(error).__name__
                self._sleep(_PAUSE * 2**attempt)
                continue
            if not _is_passing(answer):
                return answer
            trouble = str(answer.status_code)
            self._wait(answer, attempt, action_text)
        raise LaunchError(f"{action_text}: GitHub does not answer ({trouble}); try again later.")

    def _wait(self, answer: httpx.Response, attempt: int, action_text: str) -> None:
        """Waits as long as GitHub wants. Raises LaunchError: that is too long."""
        seconds = _pause(answer, attempt)
        if seconds > _LONGEST_PAUSE:
            raise LaunchError(
                f"{action_text}: GitHub takes no more requests for {ceil(seconds / 60)} minutes "
                f"({answer.status_code}); try again then."
            )
        self._sleep(seconds)

    def _refusal(self, answer: httpx.Response, action_text: str) -> LaunchError:
        status, repository = answer.status_code, self._fleet.repository
        if answer.is_redirect:
            said = f"GitHub has moved it ({status}); correct repository in [launch]."
        elif status == httpx.codes.NOT_FOUND:
            said = (
                f"GitHub knows no {repository} that RUNNERS_TOKEN may administer ({status}); "
                "correct repository in [launch], or the token's rights."
            )
        elif status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            said = (
                f"GitHub refuses ({status}); RUNNERS_TOKEN must be a token of an App or a person "
                "with administration rights, and not have expired."
            )
        else:
            said = f"GitHub refuses ({status}: {_message(answer)}); correct [launch], or try again."
        return LaunchError(f"{action_text}: {said}")


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return "without a reason"


def _is_passing(answer: httpx.Response) -> bool:
    """Whether the same request may be answered otherwise in a while."""
    return _is_limit(answer) or answer.status_code >= 500


def _is_limit(answer: httpx.Response) -> bool:
    """Whether GitHub limits the rate; of a secondary limit the message alone may tell
    (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
    """
    if answer.status_code != httpx.codes.FORBIDDEN:
        return answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    return "retry-after" in answer.headers or _is_used_up(answer) or "rate limit" in answer.text


def _is_used_up(answer: httpx.Response) -> bool:
    return str(answer.headers.get("x-ratelimit-remaining")) == "0"


def _pause(answer: httpx.Response, attempt: int) -> float:
    """The seconds before the request may be repeated."""
    wanted, reset = (answer.headers.get(n, "") for n in ("retry-after", "x-ratelimit-reset"))
    if wanted.isdigit():
        return float(wanted)
    if _is_limit(answer) and _is_used_up(answer) and reset.isdigit():
        return max(0.0, float(reset) - time.time()) + 1
    return _LIMITED_PAUSE if _is_limit(answer) else _PAUSE * 2**attempt


def _runner(raw: Any) -> Runner:
    return Runner(
        id=raw["id"], name=raw["name"], is_online=raw["status"] == "online", is_busy=raw["busy"]
    )
