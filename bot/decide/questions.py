"""Commands that start no run: look now, open a thread, explain, and what names no release."""

from bot.comments import questions, replies
from bot.comments.schema_diff import explained_diff
from bot.model.commands import Command
from bot.model.effects import Comment, Effect, Plan, React, StartLook
from bot.model.events import CommentCreated
from bot.model.facts import Facts
from bot.model.labels import Reaction
from bot.model.markers import reply_marker


def reply(event: CommentCreated, reaction: Reaction, body: str, reason: str) -> Plan:
    """A reaction and an answer."""
    return Plan((React(event.thread, event.comment_id, reaction), _said(event, body)), reason)


def refuse(event: CommentCreated, body: str, reason: str) -> Plan:
    """An answer that says why not."""
    return reply(event, Reaction.REFUSED, body, reason)


def look_now(command: Command, event: CommentCreated, facts: Facts) -> Plan:
    """A look is started. Where it can't be, the refusal comes first and is the only answer."""
    if not facts.can_look:
        return refuse(event, questions.no_clock(command), "No workflow looks here.")
    effects: tuple[Effect, ...] = (
        React(event.thread, event.comment_id, Reaction.SEEN),
        StartLook(_said(event, questions.look_refused(command))),
        _said(event, questions.looking(event.actor, facts.dashboard)),
    )
    return Plan(effects, f"{event.actor} may say {command}: page and directory are looked at.")


def open_thread(command: Command, event: CommentCreated, facts: Facts) -> Plan:
    """The next look opens the thread, by the answer here: only a look knows what page and directory
    say. The answer comes first, so that where no look can be started the clock's does it.
    """
    release = command.release or ""
    if release in facts.threads:
        body = questions.has_thread(command, facts.threads[release])
        return refuse(event, body, f"{release} has a thread.")
    if release in facts.broken:
        body = replies.broken(command, facts.broken[release])
        return refuse(event, body, f"The manifest of {release} is broken.")
    said = questions.opening(release, event.actor, facts.dashboard, can_look=facts.can_look)
    effects: tuple[Effect, ...] = (
        React(event.thread, event.comment_id, Reaction.SEEN),
        _said(event, said),
        StartLook(_said(event, questions.look_refused(command))),
    )
    return Plan(effects, f"{event.actor} may say {command}: the next look opens it.")


def explain(command: Command, event: CommentCreated, facts: Facts) -> Plan:
    """What changed between the two versions, or which document couldn't be read."""
    if facts.explanation is None or isinstance(facts.explanation, str):
        body = questions.not_explained(command, facts.explanation or "")
        return refuse(event, body, "A schema document can't be read.")
    body = explained_diff(*facts.explanation)
    return reply(event, Reaction.SEEN, body, f"Asked what changed: {' → '.join(command.versions)}.")


def status_of_all(event: CommentCreated, facts: Facts) -> Plan:
    """What is running, where no single release is meant."""
    body = replies.status_of_all(facts.running(), facts.dashboard, event.thread)
    return reply(event, Reaction.DONE, body, "Asked for the status.")


def without_release(command: Command, event: CommentCreated, facts: Facts) -> Plan:
    """A command about a release, in a thread that is about none, or about another."""
    body = questions.no_release(command, facts.threads)
    return refuse(event, body, "It isn't said of which release.")


def _said(event: CommentCreated, body: str) -> Comment:
    return Comment(event.thread, reply_marker(event.comment_id), body)
