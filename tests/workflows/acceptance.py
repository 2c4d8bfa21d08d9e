"""How a person accepts what a run has found failing: by the lines that its result says. Pure."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping

from fake_github.state import ACTIONS, Comment

from bot.errors import BotError

LINES = re.compile(r"add this to `([^`]+)`.*?```toml\n(.*?)\n```", re.DOTALL)


def accepted(comments: Iterable[Comment], files: Mapping[str, str], because: str) -> dict[str, str]:
    """The manifest that the bot's newest result names, as it is in `files`, with the lines that the
    result says, and why: path -> text. Raises BotError where there is nothing to accept.
    """
    found = [match for one in comments if _is_bots(one) for match in LINES.finditer(one.body)]
    if not found:
        raise BotError(
            "No result there says how to accept a failure: one of the whole release does, where a "
            "dataset failed."
        )
    path, lines = found[-1].groups()
    if path not in files:
        raise BotError(f"{path} isn't on the default branch.")
    if both := _datasets(lines) & _datasets(files[path]):
        raise BotError(f"{path} accepts {', '.join(sorted(both))} already.")
    # A line's text as JSON is one of TOML's strings: https://toml.io/en/v1.0.0#string
    why = json.dumps(because, ensure_ascii=False)
    added = lines.replace('because = ""', f"because = {why}")
    return {path: f"{files[path].rstrip()}\n\n{added}\n"}


def _is_bots(one: Comment) -> bool:
    return one.user.login == ACTIONS


def _datasets(text: str) -> set[str]:
    return {one["dataset_id"] for one in tomllib.loads(text).get("accepted", [])}
