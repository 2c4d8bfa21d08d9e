"""Announces outside GitHub what was said there: at least once, and never endlessly.

A webhook can't be asked what it has taken. So a text that a person must act on is written with what
it owes; that is announced, and taken out of the text. A job that dies in between, or a webhook that
fails, leaves it to the same event's repetition and to the next look, for MOST_TRIES in all.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.comments.outside import announced
from bot.errors import BotError
from bot.model.debt import Debt, debt_in, with_debt, without_debt
from bot.model.effects import Comment, Effect, OpenThread, UpsertComment
from bot.model.own_comments import own_comment
from bot.model.ports import Ports, Threads


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the bot's: a thread's own, or a comment in it."""

    thread: int
    body: str
    comment: int | None = None


def owed(effect: Effect, ports: Ports) -> Debt | None:
    """What is to be announced of the effect: what is new, or was said and not announced."""
    line = announced(effect) if ports.outside else None
    if line is None:
        return None
    text = _text_of(effect, ports.threads)
    if text is None or _says_another_state(text, effect):
        return Debt(line)
    debt = debt_in(text.body)
    return debt.again() if debt else None


def with_its_debt(effect: Effect, debt: Debt | None) -> Effect:
    """The effect whose text says what it owes."""
    if debt is None or not isinstance(effect, OpenThread | Comment | UpsertComment):
        return effect
    return replace(effect, body=with_debt(effect.body, debt))


def announce(effect: Effect, debt: Debt, ports: Ports) -> None:
    """Announces what the effect has said. An error leaves the debt, and is none of the event's."""
    with suppress(BotError, KeyError):  # a text that is gone owes nothing
        text = _text_of(effect, ports.threads)
        if text is not None:
            _pay(text, debt, ports)


def announce_rest(ports: Ports) -> None:
    """Announces what others have left owing."""
    if ports.outside is None:
        return
    with suppress(BotError, KeyError):
        for text in _own_texts(ports.threads):
            debt = debt_in(text.body)
            again = debt.again() if debt else None
            if again is not None:
                _pay(text, again, ports)


def _pay(text: Text, debt: Debt, ports: Ports) -> None:
    """Counts the try before it is made, so that dying in it can't be repeated for ever."""
    if ports.outside is None:
        return
    owing = with_debt(text.body, debt)
    if owing != text.body:
        _write(replace(text, body=owing), ports.threads)
    address = ""
    with suppress(BotError):
        address = ports.threads.address(text.thread)
    if ports.outside.announce(f"{debt.line}\n{address}".rstrip()):
        now = _current(text, ports.threads)
        _write(replace(now, body=without_debt(now.body)), ports.threads)


def _current(text: Text, threads: Threads) -> Text:
    """The text as it is now: somebody may have changed it while the webhook was asked."""
    if text.comment is None:
        return replace(text, body=threads.texts()[text.thread])
    bodies = {comment.comment_id: comment.body for comment in threads.comments(text.thread)}
    return replace(text, body=bodies[text.comment])


def _write(text: Text, threads: Threads) -> None:
    if text.comment is None:
        threads.rewrite(text.thread, text.body)
    else:
        threads.edit(text.thread, text.comment, text.body)


def _text_of(effect: Effect, threads: Threads) -> Text | None:
    """Where the effect's text stands; None if it wasn't said yet."""
    match effect:
        case OpenThread(marker):
            number = threads.marked().get(marker)
            texts = threads.texts()
            return Text(number, texts[number]) if number is not None and number in texts else None
        case Comment(thread, marker) | UpsertComment(thread, marker):
            found = own_comment(thread, marker, threads)
            return None if found is None else Text(thread, found.body, found.comment_id)
    return None


def _says_another_state(text: Text, effect: Effect) -> bool:
    """What changes within a text is no other state; its first line is."""
    return isinstance(effect, UpsertComment) and _head(text.body) != _head(effect.body)


def _head(body: str) -> str:
    return body.split("\n", 1)[0]


def _own_texts(threads: Threads) -> Iterator[Text]:
    texts = threads.texts()
    for number in sorted(set(threads.marked().values())):
        yield Text(number, texts[number])
        for comment in threads.comments(number):
            if comment.by_bot:
                yield Text(number, comment.body, comment.comment_id)
