"""The validator's `schema_definition.yaml`: the values and delimiters that it takes.

Only what it lists outright is compared: an enumeration, a delimiter. Must not judge who is right.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bot.schema.facts import LITERAL, Kind, allowed_values, cardinality
from bot.schema.spec import Field, Spec
from bot.schema.witness.model import FORMLESS, WitnessError

TITLE = re.compile(r"\bversion (\d+\.\d+\.\d+)\b")
DELIMITER = re.compile(r"delimiter '(.*)'")


def compare_definition(spec: Spec, text: str) -> tuple[str, ...]:
    """Where it takes otherwise. Raises WitnessError if it isn't this version's definition."""
    try:
        told = yaml.safe_load(text)
        of = TITLE.search(str(told["title"]))
        if of is None or of[1] == spec.version:
            return _compared(spec, told["components"])
    except (yaml.YAMLError, *FORMLESS) as error:
        raise WitnessError(f"isn't a schema definition ({type(error).__name__})") from error
    raise WitnessError(f"is of {of[1]}, not {spec.version}")


def _compared(spec: Spec, told: Mapping[str, Any]) -> tuple[str, ...]:
    components = {str(name): dict(_fields(one)) for name, one in told.items()}
    return tuple(
        f"{field.component}.{field.name} (line {field.lines.first}): {says}"
        for field in spec.fields()
        if (one := components.get(field.component, {}).get(field.name)) is not None
        for says in (*_values(field, one), *_delimiters(field, one))
    )


def _fields(component: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in ("columns", "keys"):
        yield from (component.get(part) or {}).items()


def _values(field: Field, one: Mapping[str, Any]) -> Iterator[str]:
    """Compares the values that hold for the whole field; those of a condition are left alone."""
    listed = {str(value) for value in one.get("enum") or ()}
    if not listed:
        return
    named = set(LITERAL.findall(field.value))
    allowed = {text for kind, text in allowed_values(field) if kind is Kind.SPECIAL_VALUE}
    if more := sorted(listed - named):
        yield f"it takes {', '.join(more)}, which the document doesn't name"
    if fewer := sorted(allowed - listed):
        yield f"it doesn't take {', '.join(fewer)}"


def _delimiters(field: Field, one: Mapping[str, Any]) -> Iterator[str]:
    listed = set(_found(one, "delimiter"))
    stated = {found[1] for fact in cardinality(field) if (found := DELIMITER.fullmatch(fact))}
    if listed != stated:
        yield f"its delimiter is {_shown(listed)}, the document's {_shown(stated)}"


def _found(value: object, key: str) -> Iterator[str]:
    """Every value of that key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [str(inner)] if name == key else _found(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _found(inner, key)


def _shown(delimiters: set[str]) -> str:
    return ", ".join(f"'{one}'" for one in sorted(delimiters)) or "none"
