"""The hidden last line by which the bot finds its threads and comments again.

A marker proves nothing by itself: whoever reads one must know that the bot wrote the text.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class MarkerKind(StrEnum):
    """Of threads: release, manifest, notice, alert, dashboard. Of comments: alert, the rest."""

    RELEASE = "release"
    MANIFEST = "manifest"
    REPLY = "reply"
    RESULT = "result"
    MERGED = "merged"
    NOTICE = "notice"
    LISTED = "listed"
    CORRECTION = "correction"
    STATUS = "status"
    CHECKED = "checked"
    COMPARED = "compared"
    REAPED = "reaped"
    ALERT = "alert"
    SETTLED = "settled"
    RESTORED = "restored"
    AUDIT = "audit"
    BEGUN = "begun"
    DASHBOARD = "dashboard"
    UNANSWERED = "unanswered"
    ROLLED_BACK = "rolled-back"


LINE = re.compile(rf"<!-- cellxgene-ingestion-bot: ({'|'.join(MarkerKind)}) ([0-9a-z-]+) -->")


@dataclass(frozen=True, slots=True)
class Marker:
    """`release`, `manifest` and its version; `reply` and a comment.

    `result`, `status`, `rolled-back` and a run; `begun`, a run and who started it; `merged` and a
    commit; `checked`, `compared` and a pull request; `reaped`, a machine and an act; `notice`,
    `listed` and a version; `correction`, `restored`, a version and which one; `alert`, `settled`
    and the matter; `audit` and which one of its thread; `unanswered` and a comment, a commit, a run
    or the look before; `dashboard`, of which there is one. The key is of digits, small letters and
    hyphens.
    """

    kind: MarkerKind
    key: str

    def __str__(self) -> str:
        return f"<!-- cellxgene-ingestion-bot: {self.kind} {self.key} -->"


NOT_BEGUN = ("refused", "failed")
"""How the key of `begun` ends where the run didn't begin."""

LOOK = re.compile(r"<!-- cellxgene-ingestion-bot: look (\{.*\}) -->")
"""The hidden line of the dashboard that has the last look."""

DASHBOARD = Marker(MarkerKind.DASHBOARD, "releases")
"""Of the one thread that tells how every release stands."""


def sign(body: str, marker: Marker, hidden: str | None = None) -> str:
    """The body with the marker as its last line, and before it a hidden line, if one is given."""
    above = f"{hidden}\n" if hidden else ""
    return f"{body.rstrip()}\n\n{above}{marker}\n"


def hidden_line(name: str, text: str) -> str:
    """The JSON as one line that Markdown doesn't show, and that nothing in it can end."""
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
    return f"<!-- cellxgene-ingestion-bot: {name} {safe} -->"


def hidden_text(line: re.Pattern[str], body: str) -> str | None:
    """What the last such line of the body hides."""
    match = next(filter(None, map(line.fullmatch, reversed(body.splitlines()))), None)
    return match[1] if match else None


def find(body: str) -> Marker | None:
    """The marker in the last line; anywhere else one may have been quoted."""
    lines = body.rstrip().splitlines()
    return _read(lines[-1]) if lines else None


def last_marker(body: str) -> Marker | None:
    """The last line that is a marker, in a text of the bot's own: a person may have added to it.

    The bot writes everything that it quotes within a line, so no quoted marker is a line.
    """
    markers = (_read(line) for line in reversed(body.splitlines()))
    return next((marker for marker in markers if marker is not None), None)


def _read(line: str) -> Marker | None:
    match = LINE.fullmatch(line)
    return Marker(MarkerKind(match[1]), match[2]) if match else None


def reply_marker(comment_id: int) -> Marker:
    """The marker of what the bot says to this comment."""
    return Marker(MarkerKind.REPLY, str(comment_id))
