"""Whoever asked for something hears that it failed, whatever failed.

    python3 -m bot.cli.last_word --event issue_comment --payload FILE --log ADDRESS
    python3 -m bot.cli.last_word --request FILE --log ADDRESS
    python3 -m bot.cli.last_word --look OUTCOME --log ADDRESS

A job's last step says so; a command that fails says so itself, with its reason. What was answered
meanwhile isn't said again. Runs on any Python 3.11, without a package installed.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.adapters.github import last_word
from bot.comments.last_words import UNKNOWN
from bot.settings import Connection, connection


@contextmanager
def or_last_word(
    *, log: str, event: str = "", payload: str = "", request: str = ""
) -> Iterator[None]:
    """What fails within is said, and raised again."""
    try:
        yield
    except Exception as error:
        is_ours = type(error).__module__.split(".")[0] in {"bot", "runners"}
        is_told = is_ours or isinstance(error, OSError)
        why = str(error) if is_told else f"an error of my own ({type(error).__name__})."
        tell(why, log=log, event=event, payload=payload, request=request)
        raise


def tell(
    why: str,
    *,
    log: str,
    event: str = "",
    payload: str = "",
    request: str = "",
    look: str = "",
) -> bool:
    """Says where somebody waits why there is no answer; returns whether that could be done."""
    try:
        told = connection()
        for said in _said(why, log, event, _json(payload), _json(request), look, told):
            last_word.say(said, told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"Nor could that be said: {error}\n")
        return False
    return True


def _said(
    why: str,
    log: str,
    event: str,
    payload: Mapping[str, Any] | None,
    request: Mapping[str, Any] | None,
    look: str,
    told: Connection,
) -> Iterator[last_word.Said]:
    if payload is not None:
        yield from last_word.of_event(event, payload, why, log, told)
    if request is not None:
        yield from last_word.of_run(request, why, log)
    if look:
        yield from last_word.of_look(look, why, log, datetime.now(UTC), told)


def _json(path: str) -> Mapping[str, Any] | None:
    if not path:
        return None
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    return document if isinstance(document, dict) else None


def main() -> None:
    """The last step of a job that failed."""
    parser = argparse.ArgumentParser(prog="python3 -m bot.cli.last_word", description=__doc__)
    for name in ("event", "payload", "request", "look", "log"):
        parser.add_argument(f"--{name}", default="")
    given = vars(parser.parse_args())
    sys.exit(0 if tell(UNKNOWN, **given) else 1)


if __name__ == "__main__":
    main()
