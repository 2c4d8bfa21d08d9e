"""A marker -> the bot's own comment that has it: people may write markers, too."""

from bot.model.markers import Marker, last_marker
from bot.model.ports import ThreadComment, Threads


def own_comment(thread: int, marker: Marker, threads: Threads) -> ThreadComment | None:
    """The bot's first comment with this marker."""
    own_comments = (comment for comment in threads.comments(thread) if comment.by_bot)
    return next((comment for comment in own_comments if last_marker(comment.body) == marker), None)
