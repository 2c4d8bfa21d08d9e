"""What the bot says, whole: every sentence and every form of it, as a file that a person reads.

    PYTHONPATH=.:tests:tests/bot/comments python -m texts --write   writes them in `expected/`

Whoever changes a sentence writes them anew, and reads what `git diff` says then.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import texts_of_answers
import texts_of_proposals
import texts_of_releases
import texts_of_runs
import texts_of_schemas

EXPECTED = Path(__file__).parent / "expected"
TEXTS: Mapping[str, Mapping[str, str]] = {
    "answers": texts_of_answers.TEXTS,
    "proposals": texts_of_proposals.TEXTS,
    "releases": texts_of_releases.TEXTS,
    "runs": texts_of_runs.TEXTS,
    "schemas": texts_of_schemas.TEXTS,
}
BEGIN = "<<< "


def write(texts: Mapping[str, str]) -> str:
    return "\n".join(f"{BEGIN}{name}\n{text}\n" for name, text in texts.items())


def read(text: str) -> dict[str, str]:
    parts = (part.partition("\n") for part in f"\n{text}".split(f"\n{BEGIN}")[1:])
    return {name: rest.removesuffix("\n") for name, _, rest in parts}


def path(name: str) -> Path:
    return EXPECTED / f"{name}.md"


def kept(name: str) -> dict[str, str]:
    return read(path(name).read_text(encoding="utf-8")) if path(name).exists() else {}


if __name__ == "__main__" and "--write" in sys.argv:
    for name, texts in TEXTS.items():
        path(name).write_text(write(texts), encoding="utf-8")
