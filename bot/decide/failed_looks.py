"""Looks at page and directory that fail in a row: counted, and a person is asked once."""

from bot.comments import alert as notice_comment
from bot.model.effects import CloseThread, Comment, CountFailures, Effect, OpenThread
from bot.model.facts import Facts
from bot.model.labels import Topic
from bot.model.markers import Marker, MarkerKind

FAILURES_TOLERATED = 3


def count_failed_looks(stuck: list[str], facts: Facts) -> tuple[Effect, ...]:
    """What a look does that ended with these complaints; without any, the matter is over."""
    marker = _matter(facts)
    alert = facts.alerts.get(marker.key)
    if not stuck:
        return _over(alert, marker, facts)
    failures = facts.failures + 1
    if failures < FAILURES_TOLERATED or alert is not None:
        return (CountFailures(failures),)
    body = notice_comment.failing(stuck, failures)
    opened = OpenThread(marker, notice_comment.FAILING, body, Topic.ALERT)
    return (CountFailures(failures), opened)


def _over(alert: int | None, marker: Marker, facts: Facts) -> tuple[Effect, ...]:
    counted = (CountFailures(0),) if facts.failures else ()
    if alert is None:
        return counted
    # What was said tells that it was done: it comes last.
    settled = Marker(MarkerKind.SETTLED, marker.key)
    return (*counted, CloseThread(alert), Comment(alert, settled, notice_comment.WORKING))


def _matter(facts: Facts) -> Marker:
    """The row of failures that is going on, or would be the next."""
    settled = sum(marker.kind is MarkerKind.SETTLED for marker in facts.markers)
    return Marker(MarkerKind.ALERT, f"detection-{settled + 1}")
