"""The commands that the documents say, in the order in which they stand: those of blocks, and those
within a sentence.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
PROGRAM = re.compile(
    r"(\w+=\S+ )*((\S*/)?python3?|bot|runners|cxg-bot|cxg-ingest|make|gh|aws|docker|git|pip|uv|dask"
    r"|lamin|apt-get|export|runners/launch/\S+\.sh) \S"
)
"""How code within a sentence begins that is a command."""


@dataclass(frozen=True)
class Line:
    """A command line, and the page where it stands."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)


def lines() -> Iterator[Line]:
    """The commands of all blocks."""
    for page in PAGES:
        for _, language, block in FENCE.findall(page.read_text(encoding="utf-8")):
            for text in commands_of(language, block):
                yield Line(page.name, text)


def commands() -> Iterator[Line]:
    """All commands, those within a sentence too."""
    for page in PAGES:
        for text in commands_in(page.read_text(encoding="utf-8")):
            yield Line(page.name, text)


def commands_in(page: str) -> Iterator[str]:
    end = 0
    for found in FENCE.finditer(page):
        yield from _within(page[end : found.start()])
        yield from commands_of(found[2], found[3])
        end = found.end()
    yield from _within(page[end:])


def _within(sentences: str) -> Iterator[str]:
    codes = (" ".join(code.split()) for code in CODE.findall(sentences))
    yield from (code for code in codes if PROGRAM.match(code))


def commands_of(language: str, block: str) -> Iterator[str]:
    """The command lines of a block; in a console they stand after `$ `, among what they print."""
    joined = [line.strip() for line in re.sub(r"\\\n *", "", block).split("\n")]
    if language == "bash":
        yield from (line for line in joined if line and not line.startswith("#"))
    elif language == "console":
        yield from (line.removeprefix("$ ") for line in joined if line.startswith("$ "))
