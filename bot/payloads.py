"""GitHub's event payloads -> the bot's events. Pure.

Believes of a payload who did what and where; never what a manifest says or who may do what: that is
fetched. Whatever isn't understood is no event.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.errors import BotError
from bot.events import CommentCreated, Event, ManifestMerged

MANIFEST = re.compile(r"runners/releases/(\d{4}-\d{2}-\d{2})\.toml")


def events_of(name: str, payload: Mapping[str, Any]) -> tuple[Event, ...]:
    """What has happened by the event NAME (as GITHUB_EVENT_NAME says it).

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
    found = (MANIFEST.fullmatch(path) for path in dict.fromkeys(paths))
    actor, commit = payload["sender"]["login"], payload["after"]
    return tuple(ManifestMerged(one[1], actor, commit) for one in found if one)
