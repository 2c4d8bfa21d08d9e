"""A scratch repository on GitHub, by its API alone, and how long to wait for what it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from bot.model.markers import MarkerKind, last_marker

Found = TypeVar("Found")
FEWEST = 3
PAGES = 20


class LiveError(Exception):
    """Something isn't as it must be; a sentence."""


@dataclass(frozen=True)
class Scratch:
    """`pause` lets the world go on: it sleeps for `seconds`, or has the double's events carried out
    (then 0).
    """

    name: str
    client: httpx.Client
    pause: Callable[[], object]
    seconds: float

    def ask(self, method: str, place: str, body: Any = None, **query: Any) -> Any:
        """What GitHub answers. Raises LiveError where it refuses."""
        answer = self.client.request(method, f"/repos/{self.name}{place}", json=body, params=query)
        if not answer.is_success:
            message = answer.text[:300]
            raise LiveError(f"{method} {place}: GitHub answered {answer.status_code} ({message})")
        return answer.json() if answer.content else None

    def listed(self, place: str, key: str | None = None, **query: Any) -> Iterator[Any]:
        for number in range(1, PAGES + 1):
            told = self.ask("GET", place, per_page=30, page=number, **query)
            entries = told[key] if key else told
            yield from entries
            if len(entries) < 30:
                return

    def wait(self, what: str, look: Callable[[], Found | None], minutes: float) -> Found:
        """What `look` finds. Raises LiveError if it finds nothing within so many minutes."""
        tries = max(FEWEST, round(minutes * 60 / self.seconds)) if self.seconds else FEWEST
        for _ in range(tries):
            if (found := look()) is not None:
                return found
            self.pause()
        raise LiveError(f"{what}: not within {minutes:g} minutes")

    def variables(self) -> dict[str, str]:
        return {one["name"]: one["value"] for one in self.listed("/actions/variables", "variables")}

    def marked(self, kind: MarkerKind) -> list[Any]:
        """The issues and pull requests that the bot has opened so."""
        issues = self.listed("/issues", state="all")
        return [one for one in issues if _kind(one["body"]) is kind]

    def comments(self, thread: int, kind: MarkerKind) -> list[Any]:
        told = self.listed(f"/issues/{thread}/comments")
        return [one for one in told if _kind(one["body"]) is kind]

    def runs(self) -> list[Any]:
        """Every workflow run, of files that are there."""
        names = [one["id"] for one in self.listed("/actions/workflows", "workflows")]
        places = [f"/actions/workflows/{name}/runs" for name in names]
        return [run for place in places for run in self.listed(place, "workflow_runs")]

    def artifact(self, name: str) -> bytes | None:
        """The newest artifact of this name, a zip; without our token where GitHub keeps it."""
        told = self.ask("GET", "/actions/artifacts", name=name)["artifacts"]
        if not told:
            return None
        place = self.client.get(told[0]["archive_download_url"]).headers["Location"]
        answer = httpx.get(place, trust_env=False, timeout=120)
        return answer.content if answer.is_success else None

    def blob(self, path: str) -> str | None:
        """Git's name for a file of the default branch."""
        answer = self.client.get(f"/repos/{self.name}/contents/{quote(path)}")
        return str(answer.json()["sha"]) if answer.is_success else None


def _kind(body: str | None) -> MarkerKind | None:
    marker = last_marker(body or "")
    return marker.kind if marker else None
