"""A document of `runners.contract` as tables: its fields and those of every document in it."""

import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from reference_tables import cell, table

WORDS = {"str": "text", "int": "number", "float": "number", "bool": "`true` or `false`"}
PREFIX = re.compile(r"\b(?:[a-z_]+\.)+")


def documents_page(document: type[BaseModel]) -> str:
    """The document, then those that its fields hold, each with its docstring and fields."""
    return "\n\n".join(_section(one) for one in _reached(document, {}))


def _reached(
    document: type[BaseModel], found: dict[type[BaseModel], None]
) -> dict[type[BaseModel], None]:
    """The documents in the order in which fields name them."""
    if document not in found:
        found[document] = None
        for field in document.model_fields.values():
            for one in _models(field.annotation):
                _reached(one, found)
    return found


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)


def _section(document: type[BaseModel]) -> str:
    rows = [[f"`{n}`", _kind(f.annotation), _default(f)] for n, f in document.model_fields.items()]
    said = inspect.cleandoc(document.__doc__ or "")
    return f"### {document.__name__}\n\n{said}\n\n" + table(["field", "holds", "without it"], rows)


def _kind(annotation: object) -> str:
    """A field's type in words."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(one) for one in arguments if one is not type(None))
    if origin is tuple:
        return f"list of: {_kind(arguments[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of: {_kind(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return cell(", ".join(f"`{one.value}`" for one in annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    name = getattr(annotation, "__name__", str(annotation))
    return WORDS.get(name, PREFIX.sub("", name))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must stand"
    value = field.default
    if value is None or value is PydanticUndefined or value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
