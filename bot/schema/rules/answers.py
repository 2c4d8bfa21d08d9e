"""A person's answers in reviewed rules: kept where rules are made anew, and those still missing.

An answer goes with its question: what is asked otherwise, or elsewhere, is asked again.
"""

import json

from bot.errors import BotError


class AnswersError(ValueError):
    """The text isn't rules; one sentence without its place."""


def with_answers(rules: str, reviewed: str) -> str:
    """The rules' text with every answer of the reviewed one to the same judgement.

    Raises:
        AnswersError: the reviewed text isn't rules.
    """
    new_rules = json.loads(rules)
    answers = _answers(reviewed)
    for judgement in new_rules["judgements"]:
        answer = answers.get((judgement["place"], judgement["text"]))
        if answer is not None:
            judgement["answer"] = answer
    return json.dumps(new_rules, indent=1, ensure_ascii=False) + "\n"


def _answers(reviewed: str) -> dict[tuple[str, str], str]:
    try:
        judgements = json.loads(reviewed).get("judgements", [])
        return {
            (judgement["place"], judgement["text"]): judgement["answer"]
            for judgement in judgements
            if judgement.get("answer")
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AnswersError(f"can't be read as rules ({error!r}); correct it.") from error


def open_judgements(text: str, *, source: str) -> tuple[str, ...]:
    """What a person must still say, each with its place. Raises BotError if the text is broken."""
    try:
        judgements = json.loads(text).get("judgements", [])
        return tuple(
            f"{judgement['place']}: {judgement['text']}"
            for judgement in judgements
            if not judgement.get("answer")
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BotError(f"{source}: can't be read as rules ({error!r}); correct it.") from error
