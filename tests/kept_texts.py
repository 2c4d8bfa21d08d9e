"""What the bot says, whole: every sentence in every form of it, in files for a person to read.

    PYTHONPATH=.:tests python -m kept_texts --write   writes them anew, in each `expected/`

Whoever changes a sentence writes them anew, and reads what `git diff` says then. The texts are made
by the modules `texts_of_NAME.py` of a folder of tests, and kept there in `expected/NAME.md`; a file
`test_NAME_whole.py` has the tests, by `tests_of`.
"""

import sys
from collections.abc import Callable, Mapping
from difflib import unified_diff
from importlib import import_module
from pathlib import Path

import pytest

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


def tests_of(folder: Path) -> tuple[Callable[[str, str], None], Callable[[], None]]:
    """The tests of a folder: each text is the one that was read, and no other was."""
    texts, kept = texts_of(folder), kept_in(folder)
    cases = [(file, name) for file, some in texts.items() for name in some]

    @pytest.mark.parametrize(("file", "name"), cases, ids=lambda one: str(one).replace(" ", "-"))
    def test_it_says_what_was_read(file: str, name: str) -> None:
        said, read = texts[file][name], kept[file].get(name)
        if said != read:
            difference = unified_diff((read or "").splitlines(), said.splitlines(), lineterm="")
            pytest.fail("\n".join(["it says otherwise than was read:", *difference]), pytrace=False)

    def test_nothing_was_read_that_is_said_no_longer() -> None:
        assert {(file, name) for file in texts for name in kept[file]} == set(cases)

    return test_it_says_what_was_read, test_nothing_was_read_that_is_said_no_longer


def write(folder: Path) -> None:
    for name, texts in texts_of(folder).items():
        parts = (f"{BEGIN}{one}\n{text}\n" for one, text in texts.items())
        (folder / "expected").mkdir(exist_ok=True)
        (folder / "expected" / f"{name}.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__" and "--write" in sys.argv:
    for folder in {path.parent for path in HERE.rglob("texts_of_*.py")}:
        write(folder)
