"""A Markdown file with TOML between two lines of `+++` before it <-> its facts and its text."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from bot.errors import BotError

FENCE = "+++\n"


def joined(facts: Mapping[str, object], body: str) -> str:
    """The file's text. The body comes back from `split` as it went in."""
    return f"{FENCE}{tomli_w.dumps(facts)}{FENCE}{body}"


def split(path: Path) -> tuple[dict[str, Any], str]:
    """The file's facts and its text. Raises BotError if a person broke it."""
    try:
        text = path.read_bytes().decode("utf-8")
        head, facts, body = text.split(FENCE, 2)
        if head:
            raise ValueError("there is text before the first +++")
        return tomllib.loads(facts), body
    except (OSError, ValueError) as error:
        raise BotError(
            f"{path}: can't be read as a thread's file ({error}); put it right or remove it."
        ) from error
