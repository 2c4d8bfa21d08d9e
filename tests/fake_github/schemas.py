"""What GitHub's own document says about a request, an answer and an event.

A problem is a sentence. Must not know the double's state.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from fake_github.trim import OPENAPI

BASE = "urn:github"
DEVIATIONS = {
    "issues/add-labels": "PyGithub sends a bare list of names, which GitHub takes.",
}
"""Operations whose request bodies aren't as the document says, and why that is right."""

ANYWHERE = frozenset({401, 403, 404, 422, 429, 500, 502, 503})
"""What GitHub answers to any request, in its document or not."""


@dataclass(frozen=True)
class Operation:
    """One of GitHub's operations, and the path's parameters in a request."""

    id: str
    template: str
    told: Mapping[str, Any]

    def parameters(self, place: str) -> dict[str, Any]:
        given = (_followed(one) for one in self.told.get("parameters", []))
        return {value["name"]: value for value in given if value["in"] == place}


@cache
def document() -> dict[str, Any]:
    """The document in JSON Schema's dialect: `nullable` and `oneOf` are OpenAPI 3.0's."""
    read: dict[str, Any] = _modern(json.loads(OPENAPI.read_text(encoding="utf-8")))
    return read


def _modern(node: Any) -> Any:
    """`oneOf` becomes `anyOf`: GitHub's own alternatives overlap."""
    if isinstance(node, list):
        return [_modern(one) for one in node]
    if not isinstance(node, dict):
        return node
    told = {("anyOf" if key == "oneOf" else key): _modern(one) for key, one in node.items()}
    if isinstance(told.get("$ref"), str):
        told["$ref"] = told["$ref"].replace("#/", f"{BASE}#/", 1)
    if told.pop("nullable", False) is True:
        return {"anyOf": [told, {"type": "null"}]}
    return told


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], Operation]]:
    found = []
    for template, methods in document()["paths"].items():
        # A path within a repository may hold slashes; everything else may not.
        pattern = re.sub(r"\{(\w+)\}", _group, template)
        for method, told in methods.items():
            one = Operation(told["operationId"], template, told)
            found.append((method.upper(), re.compile(pattern), one))
    return sorted(found, key=lambda one: one[2].template.count("{"))


def _group(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'.+' if found[1] in {'path', 'ref'} else '[^/]+'})"


def operation(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation that GitHub would carry out, and the path's parameters."""
    for wanted, pattern, one in _patterns():
        found = pattern.fullmatch(path) if wanted == method else None
        if found is not None:
            return one, found.groupdict()
    return None


def request_problems(
    one: Operation, path: Mapping[str, str], query: Mapping[str, str], body: Any
) -> list[str]:
    """What GitHub's document has against the request."""
    known = one.parameters("query")
    told = [f"query {name}: unknown" for name in query if name not in known]
    pairs = [(known[name], value) for name, value in query.items() if name in known]
    pairs += [(spec, path[name]) for name, spec in one.parameters("path").items() if name in path]
    for spec, value in pairs:
        told += _problems(spec["schema"], _typed(spec["schema"], value), spec["name"])
    return told + _body_problems(one, body)


def _body_problems(one: Operation, body: Any) -> list[str]:
    asked = one.told.get("requestBody")
    if asked is None:
        return ["body: this operation takes none"] if body is not None else []
    if body is None:
        return ["body: missing"] if asked.get("required") else []
    if one.id in DEVIATIONS and isinstance(body, list):
        return []
    schema = asked["content"]["application/json"]["schema"]
    known = _fields(schema)
    extra = [f"body {name}: unknown" for name in body if name not in known] if known else []
    return extra + _problems(schema, body, "body")


def answer_problems(one: Operation, status: int, body: Any) -> list[str]:
    """What GitHub's document has against the answer."""
    answers = one.told["responses"]
    if str(status) not in answers:
        return [] if status in ANYWHERE else [f"status {status}: not in the document"]
    content = _followed(answers[str(status)]).get("content", {}).get("application/json")
    if content is None:
        return [] if body is None or status >= 300 else [f"status {status}: has no body"]
    return _problems(content["schema"], body, f"{one.id} {status}")


def event_problems(name: str, payload: Mapping[str, Any]) -> list[str]:
    """What GitHub's webhook schemas have against an event; `name` as in `x-webhooks`."""
    told = document()["x-webhooks"][name]["post"]["requestBody"]
    return _problems(told["content"]["application/json"]["schema"], payload, name)


def _fields(schema: Mapping[str, Any]) -> set[str]:
    """The names that an object of the schema may have; empty if it doesn't say."""
    schema = _followed(schema)
    alternatives = (_fields(one) for key in ("anyOf", "allOf") for one in schema.get(key, []))
    return set(schema.get("properties", {})).union(*alternatives)


def _typed(schema: Mapping[str, Any], value: str) -> Any:
    kinds = json.dumps(_followed(schema))
    if value.lstrip("-").isdecimal() and '"integer"' in kinds:
        return int(value)
    return value == "true" if value in {"true", "false"} and '"boolean"' in kinds else value


def _problems(schema: Mapping[str, Any], value: Any, where: str) -> list[str]:
    return [f"{where} {told}" for told in _told(json.dumps(schema), json.dumps(value))]


@lru_cache(10_000)  # the same is asked and answered again and again
def _told(schema: str, value: str) -> tuple[str, ...]:
    return tuple(
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in _validator(schema).iter_errors(json.loads(value))
    )


@cache
def _validator(schema: str) -> Draft202012Validator:
    resource = DRAFT202012.create_resource(document())
    registry = Registry().with_resource(BASE, resource)
    return Draft202012Validator(json.loads(schema), registry=registry)


def _followed(node: Mapping[str, Any]) -> Mapping[str, Any]:
    pointer = node.get("$ref")
    if pointer is None:
        return node
    found: Any = document()
    for part in pointer.split("#/")[1].split("/"):
        found = found[part]
    return _followed(found)
