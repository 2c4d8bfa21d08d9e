"""A person's decisions in reviewed rules: kept where rules are made anew, and those still missing.

An answer goes with its question: what is asked otherwise, or elsewhere, is asked again.
"""

import json
from collections.abc import Iterator
from typing import Any

from bot.errors import BotError
from runners.contract import ContractError, Decisions, Judgement


class AnswersError(ValueError):
    """The text isn't rules; one sentence without its place."""


def with_answers(rules: str, reviewed: str) -> str:
    """The rules' text with every answer of the reviewed one to the same question, and its mended
    rules.

    Raises:
        AnswersError: the reviewed text isn't rules.
    """
    new_rules = json.loads(rules)
    try:
        before = Decisions.from_json(reviewed, source="it")
    except ContractError as error:
        problem = str(error).removeprefix("it: ")
        raise AnswersError(f"can't be read as rules: {problem}") from error
    questions = {_question(judgement): judgement.id for judgement in before.judgements}
    for judgement in Decisions.from_mapping(new_rules, source="new").judgements:
        old_id = questions.get(_question(judgement))
        if old_id is not None:
            new_rules["answers"][judgement.id] = before.answers.get(old_id, "")
    new_rules["overrides"] = [override.model_dump(mode="json") for override in before.overrides]
    return json.dumps(new_rules, indent=1, ensure_ascii=False) + "\n"


def _question(judgement: Judgement) -> tuple[str, str, str]:
    """What makes a question the same: its choices, with what each does, too."""
    choices = [choice.model_dump(mode="json") for choice in judgement.choices]
    return judgement.id, judgement.text, json.dumps(choices)


def with_proposals(rules: str) -> str:
    """The rules' text with the proposed answer to every judgement that nobody has answered."""
    values = json.loads(rules)
    for judgement in Decisions.from_mapping(values, source="new").unanswered():
        proposed = [choice.answer for choice in judgement.choices if choice.proposed]
        values["answers"][judgement.id] = next(iter(proposed), "")
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def open_judgements(text: str, *, source: str) -> tuple[str, ...]:
    """What a person must still say, each with its place, and answers that are none of the choices.

    Raises:
        BotError: the text is broken.
    """
    decisions = _decisions(text, source)
    left = [f"{judgement.place}: {judgement.text}" for judgement in decisions.unanswered()]
    return (*left, *decisions.problems(source))


def _decisions(text: str, source: str) -> Decisions:
    try:
        return Decisions.from_json(text, source=source)
    except ContractError as error:
        problem = str(error).removeprefix(f"{source}: ")
        raise BotError(f"{source}: can't be read as rules: {problem}") from error


def explained(text: str, *, source: str) -> Iterator[tuple[str, str, str]]:
    """Each rule with its value and with who has decided it: the document, LaminDB's module, a
    person's answer or mended rule, or nobody yet.

    Raises:
        BotError: the text is broken.
    """
    decisions = _decisions(text, source)
    try:
        values = json.loads(text)
        columns = {
            name: (_summary(column), _by(name, column, values["lines"]))
            for name, column in values["columns"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BotError(f"{source}: can't be read as rules ({error!r}); correct it.") from error
    yield from ((f"columns/{name}", *said) for name, said in columns.items())
    for judgement in decisions.judgements:
        answer = decisions.answers.get(judgement.id, "")
        who = "answered by a person" if answer else "open: proposed, and nobody has answered"
        yield judgement.id, answer or _proposed(judgement), who
    for override in decisions.overrides:
        yield override.path, json.dumps(override.value), f"mended by a person: {override.because}"


def _by(name: str, column: dict[str, Any], lines: dict[str, list[int]]) -> str:
    first, last = lines[f"columns.{name}"]
    document = f"the document, lines {first}-{last}"
    return f"{document}; LaminDB's module knows it" if "lamindb" in column else document


def _proposed(judgement: Judgement) -> str:
    return next((choice.answer for choice in judgement.choices if choice.proposed), "")


def _summary(column: dict[str, Any]) -> str:
    """What a column is, in a line."""
    entries = [entry for each in column.get("terms", {}).values() for entry in each]
    kinds = dict.fromkeys(f"{e.get('prefix', '')}{e['ontology']}" for e in entries)
    parts = [column["slot"], column.get("dtype", "categorical")]
    parts += [f"terms of {', '.join(kinds)}"] if kinds else []
    parts += [f"values {', '.join(column['values'])}"] if "values" in column else []
    parts += [f"keys of uns['{column['keys_of']}']"] if "keys_of" in column else []
    parts += [f"between {column['delimiter']!r}"] if "delimiter" in column else []
    parts += ["in some datasets"] if "present_where" in column else []
    parts += ["may be absent"] if "optional" in column else []
    registry = column.get("registry")
    return "; ".join([*parts, f"annotated ({registry})" if registry else "not annotated"])
