"""Documents of our own, short, in each form that the real ones have; and the real ones beside them.

A folder holds `specs`, `lts-pages`, `release-directory` and `curation-api`, with what is true of
them in `spec-truth` and `lts-truth`. The real ones are in CORPUS, which a clone doesn't have. Ours
tell of three schema versions, the last of them a draft, and of a release page on four days.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

OURS = Path(__file__).parent
CORPUS = Path(os.environ.get("CORPUS") or OURS.parents[2] / "shared" / "corpus")
FOLDERS = [folder for folder in (OURS, CORPUS) if folder.is_dir()]


def found(pattern: str) -> Iterator[Path]:
    """The files of this name in each folder, ours first."""
    for folder in FOLDERS:
        yield from sorted(folder.glob(pattern))


def name(path: Path) -> str:
    """Of a test: whose file it is, and its name."""
    return f"{'ours' if OURS in (path, *path.parents) else 'real'}-{path.stem}"


def text(version: str) -> str:
    """The schema document of a version, ours or a real one: their numbers differ."""
    return next(found(f"specs/{version}.md")).read_text()


def here(*cases: tuple[Any, ...], count: int = 2) -> list[tuple[Any, ...]]:
    """The cases whose first `count` values are versions of which the documents are there."""
    held = {path.stem for path in found("specs/*.md")}
    return [case for case in cases if held.issuperset(case[:count])]


def need(*versions: str) -> pytest.MarkDecorator:
    """Skips a test of what only these real documents say, where they aren't there."""
    absent = not here(versions, count=len(versions))
    return pytest.mark.skipif(absent, reason=f"no corpus at {CORPUS}: set CORPUS")
