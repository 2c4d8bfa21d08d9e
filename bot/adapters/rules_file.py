"""The text of a version's rules -> what it leaves to a person."""

import json

from bot.errors import BotError


def open_judgements(text: str, *, source: str) -> tuple[str, ...]:
    """What a person must still say, each with its place. Raises BotError if the text is broken."""
    try:
        asked = json.loads(text).get("judgements", [])
        return tuple(f"{one['place']}: {one['text']}" for one in asked if not one.get("answer"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BotError(f"{source}: can't be read as rules ({error!r}); correct it.") from error
