"""GitHub's self-hosted runners, of a repository or of its organisation
(https://docs.github.com/en/rest/actions/self-hosted-runners).

The token needs `administration: write` (for an organisation `organization_self_hosted_runners`),
which no `GITHUB_TOKEN` can have: an App's or a person's. Must never repeat a POST blindly, nor let
a token or a registration into an error.
"""

from collections.abc import Callable
from typing import Any

import httpx

from runners.launch.configuration import Configuration
from runners.launch.fleet import Fleet, Runner
from runners.launch.ports import LaunchError, NameTakenError, runner_named

_TRIES = 4
_PAGE = 100
_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class GitHub:
    """Lists, registers and removes the fleet's runners."""

    def __init__(
        self, configuration: Configuration, client: httpx.Client, sleep: Callable[[float], None]
    ) -> None:
        """`client` has GitHub's address and the token; `sleep` waits between tries."""
        self._fleet = Fleet.of(configuration)
        self._group = configuration.ec2.runner_group if configuration.ec2 else 1
        owner = configuration.repository.partition("/")[0]
        scope = f"orgs/{owner}" if configuration.organisation else f"repos/{self._fleet.repository}"
        self._path = f"{scope}/actions/runners"
        self._client = client
        self._sleep = sleep

    def runners(self) -> tuple[Runner, ...]:
        runners: list[Runner] = []
        page = 1
        while True:
            answer = self._get(page)
            entries = answer["runners"]
            runners += [_runner(entry) for entry in entries if self._fleet.host_of(entry["name"])]
            if page * _PAGE >= answer["total_count"] or not entries:
                return tuple(runners)
            page += 1

    def register(self, name: str) -> str:
        """The JIT configuration of a new runner.

        After an answer that was lost the runner may be there, but its configuration is not shown
        again: it is removed, and only then asked for anew.
        """
        body = {"name": name, "runner_group_id": self._group, "labels": ["self-hosted", name]}
        trouble = ""
        for attempt in range(_TRIES):
            self._sleep(_PAUSE * attempt)
            try:
                answer = self._client.post(f"{self._path}/generate-jitconfig", json=body)
            except httpx.TransportError as error:
                trouble = type(error).__name__
            else:
                if answer.status_code == httpx.codes.CREATED:
                    return str(answer.json()["encoded_jit_config"])
                if answer.status_code == httpx.codes.CONFLICT:
                    raise NameTakenError(f"GitHub has a runner {name}.")
                if not _is_passing(answer):
                    raise _refusal(answer, "registering a runner")
                trouble = str(answer.status_code)
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
        raise _refusal(answer, "removing a runner")

    def _get(self, page: int) -> Any:
        path = f"{self._path}?per_page={_PAGE}&page={page}"
        answer = self._request_with_retries("GET", path, "listing runners")
        if answer.status_code != httpx.codes.OK:
            raise _refusal(answer, "listing runners")
        return answer.json()

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
            self._sleep(_pause(answer, attempt))
        raise LaunchError(f"{action_text}: GitHub does not answer ({trouble}); try again later.")


def _is_passing(answer: httpx.Response) -> bool:
    """Whether the same request may be answered otherwise in a while."""
    limited = answer.status_code == httpx.codes.FORBIDDEN and "retry-after" in answer.headers
    return limited or answer.status_code == 429 or answer.status_code >= 500


def _pause(answer: httpx.Response, attempt: int) -> float:
    header = answer.headers.get("retry-after", "")
    return min(float(header) if header.isdigit() else _PAUSE * 2**attempt, _LONGEST_PAUSE)


def _refusal(answer: httpx.Response, action: str) -> LaunchError:
    return LaunchError(
        f"{action}: GitHub refuses ({answer.status_code}); RUNNERS_TOKEN must be a token of an "
        "App or a person with administration rights, and not have expired."
    )


def _runner(raw: Any) -> Runner:
    return Runner(
        id=raw["id"], name=raw["name"], is_online=raw["status"] == "online", is_busy=raw["busy"]
    )
