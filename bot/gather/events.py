"""Turns GitHub's payloads, and the files that `python -m bot plan` reads, into events.

Of a payload only who did what and where is used; manifests and roles are fetched. What the bot has
no use for gives no event. Payloads are described at
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.errors import BotError
from bot.model.events import CommentCreated, Event, ManifestMerged, RunEnded
from runners.contract import MANIFESTS, RunReport

MANIFEST = re.compile(rf"{re.escape(MANIFESTS)}/(\d{{4}}-\d{{2}}-\d{{2}})\.toml")


def events_of(name: str, payload: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events in a payload; `name` is the payload's kind, as in GITHUB_EVENT_NAME.

    Raises:
        BotError: the payload lacks what GitHub puts into every one of this name.
    """
    try:
        if name == "issue_comment":
            return (_comment(payload),)
        if name == "push":
            return _merges(payload)
    except (KeyError, TypeError, AttributeError) as error:
        raise BotError(f"event {name}: the payload lacks {error}; give GitHub's own.") from error
    return ()


def _comment(payload: Mapping[str, Any]) -> CommentCreated:
    comment = payload["comment"]
    return CommentCreated(
        thread=payload["issue"]["number"],
        comment_id=comment["id"],
        actor=comment["user"]["login"],
        body=comment["body"],
        edited=payload["action"] != "created",
        is_bot=comment["user"]["type"] != "User",
    )


def _merges(payload: Mapping[str, Any]) -> tuple[ManifestMerged, ...]:
    """One per manifest that the push added or changed on the default branch."""
    if payload["ref"] != f"refs/heads/{payload['repository']['default_branch']}":
        return ()
    paths = [
        path for commit in payload["commits"] for path in (*commit["added"], *commit["modified"])
    ]
    matches = (MANIFEST.fullmatch(path) for path in dict.fromkeys(paths))
    actor, commit = payload["sender"]["login"], payload["after"]
    return tuple(ManifestMerged(match[1], actor, commit) for match in matches if match)


def event_from_json(text: str, *, source: str) -> Event:
    """The event in a file for `python -m bot plan`; `source` is the file, for messages.

    Raises:
        BotError: no JSON, an unknown kind, or a field that is missing, unknown or of a wrong type.
    """
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise BotError(f"{source}: not JSON ({error}); write it again.") from error
    if not isinstance(fields, dict):
        raise BotError(f"{source}: not a JSON object; give one with the field event.")
    kind = fields.pop("event", None)
    if kind == "comment_created":
        return CommentCreated(**_fields(fields, source, _COMMENT, optional={"edited", "is_bot"}))
    if kind == "manifest_merged":
        return ManifestMerged(**_fields(fields, source, _MERGE))
    if kind == "run_ended":
        report = _fields(fields, source, {"report": dict})["report"]
        return RunEnded(RunReport.from_mapping(report, source=f"{source}: field report"))
    raise BotError(
        f"{source}: field event: {kind!r} is no event; "
        "use comment_created, manifest_merged or run_ended."
    )


_COMMENT = {
    "thread": int,
    "comment_id": int,
    "actor": str,
    "body": str,
    "edited": bool,
    "is_bot": bool,
}


_MERGE = {"release": str, "actor": str, "commit": str}


_NAMES = {int: "a whole number", str: "text", bool: "true or false", dict: "an object"}


def _fields(
    fields: Mapping[str, Any],
    source: str,
    wanted: Mapping[str, type],
    optional: set[str] | frozenset[str] = frozenset(),
) -> dict[str, Any]:
    for name in fields:
        if name not in wanted:
            raise BotError(f"{source}: field {name}: unknown; use {', '.join(wanted)}.")
    for name, kind in wanted.items():
        if name not in fields and name not in optional:
            raise BotError(f"{source}: field {name}: missing; give {_NAMES[kind]}.")
        # In Python, true is a whole number too.
        if name in fields and type(fields[name]) is not kind:
            raise BotError(f"{source}: field {name}: {fields[name]!r} is not {_NAMES[kind]}.")
    return dict(fields)
