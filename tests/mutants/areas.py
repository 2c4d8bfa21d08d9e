"""Which tests are asked about a fault of which module: those that lie where it does, those that
name it or a module that imports it, then the wider ones of its area.

What this doesn't know: what a test really runs. A fault that another area's test alone would notice
counts as unnoticed.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCES = {
    "bot": ("bot",),
    "adapters": ("bot/adapters/github",),
    "schema": ("bot/schema",),
    "census": ("bot/census",),
    "comments": ("bot/comments",),
    "runners": ("runners",),
    "validation": ("runners/validation", "runners/rules", "runners/h5ad"),
    "registry": ("runners/registry",),
    "verification": ("runners/verification",),
    "launch": ("runners/launch",),
}
"""Area -> its folders. A module is of the area that names the deepest folder above it."""

_FLOWS = ("tests/flows", "tests/runners/launch/test_set_up.py")
WIDER = {
    "bot": (*_FLOWS, "tests/docs", "tests/workflows"),
    "adapters": (*_FLOWS, "tests/workflows"),
    "schema": ("tests/flows", "tests/docs"),
    "census": ("tests/flows",),
    "comments": ("tests/flows", "tests/docs"),
    "runners": ("tests/runners", "tests/flows"),
    "validation": ("tests/runners",),
    "registry": ("tests/runners",),
    "verification": ("tests/runners",),
    "launch": ("tests/runners/launch", "tests/flows", "tests/workflows/test_machines.py"),
}
NOT_ASKED = (  # they read text alone, or run none of our code
    "tests/test_imports.py",
    "tests/mutants/",
    *(f"tests/workflows/test_{name}.py" for name in ("clean_pip", "expressions", "meaning")),
    "tests/workflows/test_which_jobs_start.py",
)
SLOW = re.compile(r"instances import|import instances|import act\b|github_scenario|: World\b")
"""In the text of tests that need an instance, a sample of files or whole workflows."""


def modules(root: Path) -> dict[str, list[str]]:
    """Area -> paths of its modules that have statements, in order."""
    found: dict[str, list[str]] = {area: [] for area in SOURCES}
    for top in ("bot", "runners"):
        for file in sorted((root / top).rglob("*.py")):
            if file.stat().st_size:
                path = file.relative_to(root).as_posix()
                found[area_of(path)].append(path)
    return found


def area_of(path: str) -> str:
    above = {
        folder: area
        for area, folders in SOURCES.items()
        for folder in folders
        if path.startswith(f"{folder}/")
    }
    return above[max(above, key=len)]


def groups_of_tests(root: Path, path: str, *, is_near: bool) -> list[list[str]]:
    """The test files to ask about a module, in groups; a later group only if none before fails.

    `is_near`: of the wider ones only the bot's flows that take no time.
    """
    texts = _texts(root, "tests", "test_*.py")
    folder, names = _mirror(root, path), _named(path)
    users = [
        _named(user)
        for user, text in _texts(root, path.split("/")[0]).items()
        if user != path and names.search(text)
    ]
    near = [file for file in texts if Path(file).parent.is_relative_to(folder)]
    if folder.parent.name == "tests":  # all of bot, or of runners
        near = [file for file in near if Path(file).parent == folder]
    naming = [file for file in texts if names.search(texts[file])]
    using = [file for file in texts if any(user.search(texts[file]) for user in users)]
    wide = [file for file in texts if file.startswith(WIDER[area_of(path)])]
    if is_near:
        wide = [file for file in wide if path.startswith("bot/") and not SLOW.search(texts[file])]
    own = [file for file in near if file in naming]
    close = (own, near, naming, using)
    quick = {file for file, text in texts.items() if not SLOW.search(text)}
    return list(
        _groups(
            *([f for f in part if f in quick] for part in close),
            *([f for f in part if f not in quick] for part in close),
            *([f for f in wide if (f in quick) is is_quick] for is_quick in (True, False)),
        )
    )


@cache
def _texts(root: Path, folder: str, pattern: str = "*.py") -> dict[str, str]:
    """Path -> text of the files below a folder, in order."""
    files = sorted((root / folder).rglob(pattern))
    paths = {file.relative_to(root).as_posix(): _text(file) for file in files}
    return {path: text for path, text in paths.items() if not path.startswith(NOT_ASKED)}


def _text(file: Path) -> str:
    """The file's text; with those that make what it compares, where it compares whole texts."""
    makers = sorted(file.parent.glob("texts_of_*.py")) if file.stem.endswith("_whole") else []
    return "\n".join(one.read_text() for one in (file, *makers))


def _mirror(root: Path, path: str) -> Path:
    """The deepest folder of tests that has the name of one of the module's."""
    folders = (Path("tests") / folder for folder in Path(path).parents)
    return next(folder for folder in folders if (root / folder).is_dir())


def _named(path: str) -> re.Pattern[str]:
    """A text that imports the module, or names its file."""
    module = Path(path).with_suffix("")
    module = module.parent if module.name == "__init__" else module
    dotted, package = ".".join(module.parts), ".".join(module.parts[:-1])
    imported = rf"from {re.escape(package)} import [^\n]*\b{module.name}\b"
    return re.compile(rf"\b{re.escape(dotted)}\b|{imported}|{re.escape(path)}")


def _groups(*groups: list[str]) -> Iterator[list[str]]:
    asked: set[str] = set()
    for group in groups:
        if new := [file for file in group if file not in asked]:
            asked.update(new)
            yield new
