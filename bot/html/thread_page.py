"""A thread -> one HTML page that needs nothing else: plain, readable, in light and in dark.

Pure. Must not let through any HTML that a person wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from bot.comments.markdown import moment, one_line
from bot.html.rendering import framed, to_html

SIGNS = {"eyes": "👀", "rocket": "🚀", "hooray": "🎉", "confused": "😕"}


@dataclass(frozen=True, slots=True)
class PageComment:
    """A comment as it is shown; `comment_id` is 0 for the thread's first text."""

    comment_id: int
    author: str
    by_bot: bool
    created: datetime
    edited: datetime | None
    reactions: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class PageThread:
    """A thread as it is read: its first text, then the comments in order."""

    number: int
    title: str
    labels: Sequence[str]
    first: PageComment
    comments: tuple[PageComment, ...]


def render(thread: PageThread) -> str:
    """The whole page."""
    title = escape(one_line(thread.title))
    labels = "".join(f'<span class="label">{escape(one_line(x))}</span>' for x in thread.labels)
    articles = "\n".join(_article(comment) for comment in (thread.first, *thread.comments))
    body = f"<h1>{title} <small>#{thread.number}</small></h1>\n<p>{labels}</p>\n{articles}"
    return framed(f"{title} · thread {thread.number}", body)


def _article(comment: PageComment) -> str:
    kind = ' <span class="label">bot</span>' if comment.by_bot else ""
    edited = f", edited {moment(comment.edited)}" if comment.edited else ""
    place = f"comment {comment.comment_id}" if comment.comment_id else "opened this thread"
    anchor = f' id="comment-{comment.comment_id}"' if comment.comment_id else ""
    signs = "".join(
        f'<span class="label" title="{escape(name)}">{SIGNS.get(name, escape(name))}</span>'
        for name in comment.reactions
    )
    footer = f"<footer>{signs}</footer>\n" if signs else ""
    return (
        f"<article{anchor}>\n<header><b>{escape(one_line(comment.author))}</b>{kind} · {place} · "
        f"{moment(comment.created)}{edited}</header>\n"
        f"<div>\n{to_html(comment.body, by_bot=comment.by_bot)}</div>\n{footer}</article>"
    )
