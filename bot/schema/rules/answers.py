"""Answers that a person gave in reviewed rules, kept where the rules are made anew.

Pure. An answer goes with its question: what is asked otherwise, or elsewhere, is asked again.


The text of a version's rules -> what it leaves to a person."""

import json

from bot.errors import BotError


class AnswersError(ValueError):
    """The text isn't rules; one sentence without its place."""


def with_answers(rules: str, reviewed: str) -> str:
    """The rules' text with every answer of the reviewed one to the same judgement.

    Raises:
        AnswersError: the reviewed text isn't rules.
    """
    made = json.loads(rules)
    given = _answers(reviewed)
    for one in made["judgements"]:
        answer = given.get((one["place"], one["text"]))
        if answer is not None:
            one["answer"] = answer
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _answers(reviewed: str) -> dict[tuple[str, str], str]:
    try:
        asked = json.loads(reviewed).get("judgements", [])
        return {(one["place"], one["text"]): one["answer"] for one in asked if one.get("answer")}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AnswersError(f"can't be read as rules ({error!r}); correct it.") from error


def open_judgements(text: str, *, source: str) -> tuple[str, ...]:
    """What a person must still say, each with its place. Raises BotError if the text is broken."""
    try:
        asked = json.loads(text).get("judgements", [])
        return tuple(f"{one['place']}: {one['text']}" for one in asked if not one.get("answer"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BotError(f"{source}: can't be read as rules ({error!r}); correct it.") from error
