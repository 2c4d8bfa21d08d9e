"""What every document is: frozen, checked on the way in, and its errors are for a person."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

UNKNOWN, MISSING = "extra_forbidden", "missing"
"""https://docs.pydantic.dev/latest/errors/validation_errors/"""

ReleaseVersion = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
SchemaVersion = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
RunId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,79}$")]
DatasetId = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]*$")]


class ContractError(Exception):
    """A document that can't be used; its text is one sentence for a person."""


class Document(BaseModel):
    """Frozen, and strict about fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def from_json(cls, text: str, *, source: str) -> Self:
        """The document in `text`; `source` (a path or address) names it in errors.

        Raises:
            ContractError: no JSON, or a field that is missing, unknown or of a wrong form.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ContractError(f"{source}: not JSON ({error}); write it again.") from error
        return cls.from_mapping(raw, source=source)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The document in the JSON file at `path`. Raises ContractError as `from_json` does."""
        return cls.from_json(text_of(path), source=str(path))

    @classmethod
    def from_mapping(cls, raw: object, *, source: str) -> Self:
        """The document in parsed JSON or TOML; errors as in `from_json`."""
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            given = raw if isinstance(raw, dict) else {}
            absent = [name for name in cls.model_fields if name not in given]
            problem = _problem(error.errors(), absent)
            raise ContractError(f"{source}: field {problem}.") from error

    def to_json(self) -> str:
        """Indented JSON with a final newline; equal documents give equal text."""
        return self.model_dump_json(indent=2) + "\n"

    def to_line(self) -> str:
        """One line of JSON without what is as it is by default: the shortest text of it."""
        return self.model_dump_json(exclude_defaults=True)

    def to_mapping(self) -> dict[str, object]:
        """Plain values without the fields that are None, as TOML wants them."""
        return self.model_dump(mode="json", exclude_none=True)


def _problem(errors: Sequence[ErrorDetails], absent: Sequence[str]) -> str:
    """The first error, in words; of a field that isn't known, before any that is missing: it may be
    that one, misspelt, or another that is `absent`.
    """
    first = next((error for error in errors if error["type"] == UNKNOWN), errors[0])
    place = first["loc"]
    name = ".".join(map(str, place)) or "(whole document)"
    if first["type"] == UNKNOWN:
        beside = [
            e["loc"][-1] for e in errors if e["type"] == MISSING and e["loc"][:-1] == place[:-1]
        ]
        known = [*map(str, beside), *(absent if len(place) == 1 else ())]
        near = get_close_matches(str(place[-1]), known, n=1)
        remedy = f"rename it to {near[0]}" if near else "leave it out"
        return f"{name}: there is none of that name; {remedy}"
    problem = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == MISSING:
        return f"{name}: {problem}; add it"
    return f"{name}: {problem} (got {_short(first['input'])}); correct it"


def text_of(path: Path) -> str:
    """The text of the file at `path`. Raises ContractError: it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: can't be read ({error}); name a file that can.") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
