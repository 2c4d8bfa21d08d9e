"""Looks at page and directory that fail in a row: counted, and a person is asked once. Pure."""

from bot.comments import alert as notice_comment
from bot.model.effects import CloseThread, Comment, CountFailures, Effect, OpenThread, Topic
from bot.model.facts import Facts
from bot.model.markers import Marker, MarkerKind

PATIENCE = 3
"""So many looks fail in a row before a person is asked."""


def tallied(stuck: list[str], facts: Facts) -> tuple[Effect, ...]:
    """What a look does that ended with these complaints; without any, the matter is over."""
    marker = _matter(facts)
    asked = facts.alerts.get(marker.key)
    if not stuck:
        return _over(asked, marker, facts)
    failures = facts.failures + 1
    if failures < PATIENCE or asked is not None:
        return (CountFailures(failures),)
    body = notice_comment.failing(stuck, failures)
    opened = OpenThread(marker, notice_comment.FAILING, body, Topic.ALERT)
    return (CountFailures(failures), opened)


def _over(asked: int | None, marker: Marker, facts: Facts) -> tuple[Effect, ...]:
    counted = (CountFailures(0),) if facts.failures else ()
    if asked is None:
        return counted
    # What was said tells that it was done: it comes last.
    settled = Marker(MarkerKind.SETTLED, marker.key)
    return (*counted, CloseThread(asked), Comment(asked, settled, notice_comment.WORKING))


def _matter(facts: Facts) -> Marker:
    """The row of failures that is going on, or would be the next."""
    settled = sum(one.kind is MarkerKind.SETTLED for one in facts.said)
    return Marker(MarkerKind.ALERT, f"detection-{settled + 1}")
