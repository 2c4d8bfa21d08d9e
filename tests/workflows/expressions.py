"""The expressions of a workflow file, evaluated as GitHub does. Pure.

    evaluate("needs.plan.result == 'success' && !cancelled()", contexts, functions)

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions

Doesn't know: filters (`needs.*.result`), `hashFiles`, numbers but whole ones, and the functions
that no job's condition here uses. What it doesn't know is refused, never taken for something else.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+\b)"
    r"|(?P<sign>&&|\|\||==|!=|!|\(|\)|,|\.|\[|\])|(?P<name>[A-Za-z_][\w-]*))"
)
LITERALS = {"true": True, "false": False, "null": None}

Functions = Mapping[str, Callable[..., Any]]


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """What the expression is worth, with or without its `${{ }}`.

    A context's value that isn't there is null. Raises ValueError at what it can't read.
    """
    told = text.strip()
    if told.startswith("${{") and told.endswith("}}"):
        told = told[3:-2]
    reader = _Reader(_tokens(told), contexts, {**PURE, **functions})
    value = reader.either()
    reader.expect("")
    return value


def is_true(value: Any) -> bool:
    """Falsy are false, 0, -0, "", '' and null."""
    return value not in (False, 0, "", None)


def are_equal(left: Any, right: Any) -> bool:
    """Loosely: text without its case, and what differs in type as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(are_equal(one, what) for one in where)
    return str(what or "").casefold() in str(where or "").casefold()


PURE: Functions = {
    "contains": _contains,
    "startsWith": lambda text, start: str(text).casefold().startswith(str(start).casefold()),
    "format": lambda text, *values: str(text).format(*values),
    "fromJSON": json.loads,
}


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"can't be read: {text[at:]!r}")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return [*found, ("end", "")]


@dataclass
class _Reader:
    """Reads the tokens from the left; both sides of `&&` and `||` are read in any case."""

    tokens: list[tuple[str, str]]
    contexts: Mapping[str, Any]
    functions: Functions

    def next_is(self, text: str) -> bool:
        if self.tokens[0] != ("sign", text):
            return False
        self.tokens.pop(0)
        return True

    def expect(self, text: str) -> None:
        kind, found = self.tokens[0]
        if found != text or kind not in {"sign", "end"}:
            raise ValueError(f"{found!r} instead of {text!r}")
        self.tokens.pop(0)

    def either(self) -> Any:
        value = self.both()
        while self.next_is("||"):
            right = self.both()
            value = value if is_true(value) else right
        return value

    def both(self) -> Any:
        value = self.comparison()
        while self.next_is("&&"):
            right = self.comparison()
            value = right if is_true(value) else value
        return value

    def comparison(self) -> Any:
        value = self.negation()
        while True:
            if self.next_is("=="):
                value = are_equal(value, self.negation())
            elif self.next_is("!="):
                value = not are_equal(value, self.negation())
            else:
                return value

    def negation(self) -> Any:
        if self.next_is("!"):
            return not is_true(self.negation())
        return self.value()

    def value(self) -> Any:
        value = self.without_properties()
        while self.next_is("."):
            _, part = self.tokens.pop(0)
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def without_properties(self) -> Any:
        kind, text = self.tokens.pop(0)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if (kind, text) == ("sign", "("):
            value = self.either()
            self.expect(")")
            return value
        if kind != "name":
            raise ValueError(f"{text!r} isn't a value")
        if text in LITERALS:
            return LITERALS[text]
        if self.next_is("("):
            return self.called(text)
        if text not in self.contexts:
            raise ValueError(f"the context {text} isn't known")
        return self.contexts[text]

    def called(self, name: str) -> Any:
        arguments = []
        while not self.next_is(")"):
            arguments.append(self.either())
            self.next_is(",")
        if name not in self.functions:
            raise ValueError(f"{name}() isn't known")
        return self.functions[name](*arguments)
