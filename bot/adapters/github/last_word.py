"""Says on GitHub that the bot failed, with a token and Python's own library alone.

Settings may be wrong, packages missing: whoever asked for something hears of it for all that.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bot.comments import last_words
from bot.model.labels import Topic
from bot.model.markers import DASHBOARD, LOOK, Marker, MarkerKind, hidden_text, last_marker, sign
from bot.settings import Connection

SECONDS = 30
PAGE = 100
LONGEST_LOOK = timedelta(minutes=20)
"""The time that detect.yml gives its job: a look that is remembered since then may be its own."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said once in a thread, unless one of `unless` is there."""

    thread: int
    marker: Marker
    body: str
    unless: tuple[Marker, ...] = ()


def say(said: Said, connection: Connection) -> None:
    """Comments in the thread. Raises OSError where GitHub doesn't take it."""
    place = f"/issues/{said.thread}/comments"
    found = {last_marker(body) for body in _own_bodies(place, connection)}
    if not found & {said.marker, *said.unless}:
        _ask(connection, place, {"body": sign(said.body, said.marker)})


def of_event(
    name: str, payload: Mapping[str, Any], why: str, log: str, connection: Connection
) -> Iterator[Said]:
    """What is said of an event that wasn't handled, where somebody waits for an answer."""
    if name == "issue_comment":
        comment, issue = payload["comment"], payload["issue"]
        line = (comment.get("body") or "").split("\n", 1)[0].strip("\r")
        if _is_thread(issue) and not _is_bots(comment) and line.startswith("/"):
            key = str(comment["id"])
            marker, answered = Marker(MarkerKind.UNANSWERED, key), Marker(MarkerKind.REPLY, key)
            body = last_words.unanswered(line, why, log)
            yield Said(issue["number"], marker, body, (answered,))
    if name == "push":
        # https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
        for pull in _ask(connection, f"/commits/{payload['after']}/pulls"):
            if _is_thread(pull):
                marker = Marker(MarkerKind.UNANSWERED, payload["after"])
                yield Said(pull["number"], marker, last_words.unhandled_merge(why, log))


def of_run(request: Mapping[str, Any], why: str, log: str) -> Iterator[Said]:
    """What is said of a run whose result couldn't be."""
    run_id, thread = request.get("run_id"), request.get("thread")
    if isinstance(run_id, str) and isinstance(thread, int):
        told = Marker(MarkerKind.RESULT, run_id)
        marker = Marker(MarkerKind.UNANSWERED, run_id)
        yield Said(thread, marker, last_words.unsaid(run_id, why, log), (told,))


def of_look(
    ended: str, why: str, log: str, now: datetime, connection: Connection
) -> Iterator[Said]:
    """What is said of a look's job that failed, in the dashboard, unless the look told it there.

    `ended` is how the look's command did: `skipped` if it was never begun. Once after each look
    that is remembered there. Nowhere before the first one, which opens it.
    """
    query = urlencode({"state": "all", "labels": str(Topic.DASHBOARD), "per_page": PAGE})
    issues = _ask(connection, f"/issues?{query}")
    boards = [issue for issue in issues if _is_bots(issue) and _marker_of(issue) == DASHBOARD]
    # Of two, one was the bot's under another login.
    looks = ((_last_look(issue), issue["number"]) for issue in boards)
    at, number = max(looks, default=("", None))
    is_new = at and now - datetime.fromisoformat(at) < LONGEST_LOOK
    if number is None or (is_new and ended != "skipped"):
        return
    key = "-".join(["look", *re.findall(r"\d+", at)])
    yield Said(number, Marker(MarkerKind.UNANSWERED, key), last_words.unlooked(why, log))


def _last_look(issue: Mapping[str, Any]) -> str:
    """When the look was that the dashboard remembers; nothing if a person broke its line."""
    try:
        at = json.loads(hidden_text(LOOK, issue["body"]) or "{}").get("at", "")
        return datetime.fromisoformat(at).astimezone(UTC).isoformat()
    except ValueError:
        return ""


def _marker_of(issue: Mapping[str, Any]) -> Marker | None:
    return last_marker(issue.get("body") or "")


def _is_bots(what: Mapping[str, Any]) -> bool:
    """Whether a bot wrote it. By whose token it would be is what may have failed."""
    return (what.get("user") or {}).get("type") == "Bot"


def _is_thread(issue: Mapping[str, Any]) -> bool:
    marker = _marker_of(issue)
    is_kind = marker is not None and marker.kind in {MarkerKind.RELEASE, MarkerKind.MANIFEST}
    return _is_bots(issue) and is_kind


def _own_bodies(place: str, connection: Connection) -> Iterator[str]:
    page, comments = 1, list[Any]()
    while page == 1 or len(comments) == PAGE:
        comments = _ask(connection, f"{place}?per_page={PAGE}&page={page}")
        yield from (comment["body"] or "" for comment in comments if _is_bots(comment))
        page += 1


def _ask(connection: Connection, path: str, body: Mapping[str, str] | None = None) -> Any:
    """GitHub's answer, as JSON. Raises OSError where it refuses."""
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {connection.token}",
        "Content-Type": "application/json",
        "User-Agent": "cellxgene-ingestion-bot",
    }
    address = f"{connection.api}/repos/{connection.repository}{path}"
    data = json.dumps(body).encode() if body is not None else None
    try:
        with urlopen(Request(address, data, headers), timeout=SECONDS) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise OSError(f"GitHub answered {error.code} to {path}") from error
