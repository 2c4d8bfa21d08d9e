"""The last look at page and directory <-> a hidden line of the dashboard.

Pure. What page and directory said is kept here, so that the dashboard can be made anew without
reading them. A line proves nothing by itself: whoever reads one must know that the bot wrote it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from bot.model.markers import LOOK, hidden_line, hidden_text


@dataclass(frozen=True, slots=True)
class Look:
    """When a look was, how it `ended`, and how many in a row have left something unread.

    The rest is what the last look said that could read page and directory, at `read_at`:
    `datasets` of each release that is listed, its `cells` without duplicates where the page has
    them of all its organisms, those that are `waiting` to be hosted or to become
    readable, those that are `retracted`, and those that are `withdrawn`: known, and listed or
    hosted no longer.
    """

    at: datetime
    ended: str
    failures: int = 0
    read_at: datetime | None = None
    datasets: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[str, int] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    retracted: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()


_LOOK = TypeAdapter(Look)


def hidden_look(look: Look) -> str:
    """The look as one line that Markdown doesn't show."""
    return hidden_line("look", json.dumps(_LOOK.dump_python(look, mode="json")))


def look_in(body: str) -> Look | None:
    """The look in the last line that holds one; None if there is none, or a person broke it."""
    text = hidden_text(LOOK, body)
    try:
        return _LOOK.validate_json(text) if text else None
    except ValidationError:
        return None
