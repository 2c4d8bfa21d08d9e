"""What is announced outside GitHub: one line for each state that a person must act on.

Plain text in Slack's spelling, where `<`, `>` and `&` would mean something. See
https://docs.slack.dev/messaging/formatting-message-text
"""

import re

from bot.comments.markdown import one_line
from bot.model.effects import Comment, Effect, OpenThread, UpsertComment
from bot.model.labels import Label, Topic
from bot.model.markers import MarkerKind

MARKUP = re.compile(r"^#+ |[*`]|\\(?=[^\w\s])")
LONGEST = 300


def announced(effect: Effect) -> str | None:
    """The line on what the effect says; None if nobody must act on it."""
    match effect:
        case OpenThread(marker, title, label=Label.PROPOSED) if marker.kind is MarkerKind.RELEASE:
            return _plain(f"📬 New release, to be reviewed: {title}.")
        case OpenThread(_, title, label=Topic.ALERT):
            return _plain(f"🚨 A person must look: {title}.")
        case Comment(_, marker, body) if marker.kind is MarkerKind.ALERT:
            return _plain(body.split("\n", 1)[0])
        case UpsertComment(_, marker, body) if marker.kind is MarkerKind.RESULT:
            return _plain(body.split("\n", 1)[0])
    return None


def _plain(text: str) -> str:
    line = one_line(MARKUP.sub("", text), LONGEST)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
