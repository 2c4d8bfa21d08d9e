"""A field of a schema document as it is read, without a document around it."""

from bot.schema.field_table import requirement
from bot.schema.spec import Field, Lines

CURATOR = "Curator MUST annotate."


def field_of(
    value: str,
    *,
    name: str = "a",
    component: str = "obs",
    annotator: str = "curator",
    annotation: str = CURATOR,
    type_: str = "str",
    key: str | None = None,
) -> Field:
    """A field whose value says this; `name` is its key, too, if nothing else is."""
    stated = requirement(annotation)
    key = name if key is None else key
    lines = Lines(1, 2)
    return Field(component, name, key, annotator, annotation, stated, type_, value, (), lines)
