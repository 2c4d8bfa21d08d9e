"""Documents of our own, short, in each form that the real ones have; and the real ones beside them.

A folder holds `specs`, `lts-pages` and `release-directory`, with what is true of them in
`spec-truth` and `lts-truth`. The real ones are in CORPUS, which a clone doesn't have.
"""

import os
from collections.abc import Iterator
from pathlib import Path

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
