"""What the bot says, whole: every sentence in every form of it, in files for a person to read.

    PYTHONPATH=.:tests python -m kept_texts --write   writes them anew, in each `expected/`

Whoever changes a sentence writes them anew, and reads what `git diff` says then. The texts are made
by the modules `texts_of_NAME.py` of a folder of tests, and kept there in `expected/NAME.md`.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
BEGIN = "<<< "
Texts = Mapping[str, Mapping[str, str]]


def texts_of(folder: Path) -> Texts:
    """Of each file, what it has to say by name."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    modules = sorted(path.stem for path in folder.glob("texts_of_*.py"))
    return {one.removeprefix("texts_of_"): import_module(one).TEXTS for one in modules}


def kept_in(folder: Path) -> Texts:
    """Of each file, what it says."""
    return {path.stem: _read(path) for path in (folder / "expected").glob("*.md")}


def _read(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in f"\n{text}".split(f"\n{BEGIN}")[1:])
    return {name: rest.removesuffix("\n") for name, _, rest in parts}


def write(folder: Path) -> None:
    for name, texts in texts_of(folder).items():
        parts = (f"{BEGIN}{one}\n{text}\n" for one, text in texts.items())
        (folder / "expected").mkdir(exist_ok=True)
        (folder / "expected" / f"{name}.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__" and "--write" in sys.argv:
    for folder in {path.parent for path in HERE.rglob("texts_of_*.py")}:
        write(folder)
