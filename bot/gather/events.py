"""Turns GitHub's payloads, and the files that `python -m bot plan` reads, into events.

Of a payload only who did what and where is used; manifests and roles are fetched. What the bot has
no use for gives no event. Payloads are described at
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import BotError
from bot.model.events import GHOST, CommentCreated, Event, ManifestMerged, RunEnded
from runners.contract import RunReport

Changed = Callable[[str, str], Mapping[str, str]]


def events_of(name: str, payload: Mapping[str, Any], changed: Changed) -> tuple[Event, ...]:
    """The events in a payload; `name` is the payload's kind, as in GITHUB_EVENT_NAME.

    `changed` gives the manifests that are new or others from one commit to another, by release,
    with git's names for their texts: what a job is told of a push names no files. See
    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#push

    Raises:
        BotError: the payload lacks what GitHub puts into every one of this name.
    """
    try:
        if name == "issue_comment":
            return (_comment(payload),)
        if name == "push":
            return _merges(payload, changed)
    except (KeyError, TypeError, AttributeError) as error:
        raise BotError(f"event {name}: the payload lacks {error}; give GitHub's own.") from error
    return ()


def _comment(payload: Mapping[str, Any]) -> CommentCreated:
    comment = payload["comment"]
    # Null, if the account was deleted since.
    user = comment["user"] or {"login": GHOST, "type": "User"}
    return CommentCreated(
        thread=payload["issue"]["number"],
        comment_id=comment["id"],
        actor=user["login"],
        body=comment["body"] or "",
        edited=payload["action"] != "created",
        is_bot=user["type"] != "User",
    )


def _merges(payload: Mapping[str, Any], changed: Changed) -> tuple[ManifestMerged, ...]:
    """One per manifest that the push added or changed on the default branch."""
    before, after = payload["before"], payload["after"]
    if payload["ref"] != f"refs/heads/{payload['repository']['default_branch']}":
        return ()
    if not after.strip("0"):  # the branch was deleted
        return ()
    actor = payload["sender"]["login"]
    return tuple(
        ManifestMerged(release, actor, after, blob)
        for release, blob in changed(before, after).items()
    )


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
