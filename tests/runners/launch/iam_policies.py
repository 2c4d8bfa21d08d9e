"""Whether policies allow an action on a resource, as IAM decides it
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).

Knows the elements and condition operators that this repository's stack uses, and fails at others.
Not modelled: boundaries, service control policies, session policies, policy variables.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

Statement: TypeAlias = Mapping[str, Any]
Context: TypeAlias = Mapping[str, str]

_ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}


def allows(statements: Iterable[Statement], action: str, resource: str, context: Context) -> bool:
    """Whether a statement allows it, and none denies it."""
    effects = {
        statement["Effect"]
        for statement in statements
        if _applies(statement, action, resource, context)
    }
    return effects == {"Allow"}


def _applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    if unknown := statement.keys() - _ELEMENTS:
        raise NotImplementedError(f"element {unknown} of a policy")
    return (
        any(_matches(pattern.lower(), action.lower()) for pattern in _list(statement["Action"]))
        and any(_matches(pattern, resource) for pattern in _list(statement.get("Resource", "*")))
        and holds(statement.get("Condition", {}), context)
    )


def holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether all conditions hold; a key that isn't in the context fails most of them
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
    """
    known = {key.lower(): value for key, value in context.items()}
    return all(
        _holds(operator, [str(value) for value in _list(values)], known.get(key.lower()))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda pattern, value: pattern == value,
    "StringLike": lambda pattern, value: _matches(pattern, value),
    "ArnEquals": lambda pattern, value: _matches(pattern, value),
    "ArnLike": lambda pattern, value: _matches(pattern, value),
    "Bool": lambda pattern, value: pattern.lower() == value.lower(),
}


def _holds(operator: str, values: list[str], found: str | None) -> bool:
    if operator == "Null":
        return (found is None) == (values == ["true"])
    name = operator.removesuffix("IfExists")
    if found is None:
        return name != operator or name.startswith("StringNot")
    if name == "StringNotEquals":
        return found not in values
    if name == "StringNotLike":
        return not any(_matches(pattern, found) for pattern in values)
    return any(_OPERATORS[name](value, found) for value in values)


def _matches(pattern: str, value: str) -> bool:
    parts = (re.escape(part) if part not in "*?" else {"*": ".*", "?": "."}[part]
             for part in re.split(r"([*?])", pattern) if part)  # fmt: skip
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
