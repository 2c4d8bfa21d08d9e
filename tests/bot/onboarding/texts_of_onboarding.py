"""What prepares a repository: files, how they compare, commands; and the App."""

import json
from collections.abc import Callable
from functools import partial
from hashlib import sha1
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.errors import BotError
from bot.onboarding import (
    Code,
    check_words,
    compare,
    compare_blobs,
    files,
    git_steps,
    next_steps,
)
from bot.onboarding.app import app_steps, manifest
from bot.onboarding.files import OWNERS_PLACES, WORKFLOW, called, caller, other_owners

COMMIT = "Ab" * 20
CODES = (
    f"octo/bot@{COMMIT}",
    f"octo/bot@{COMMIT}0",
    f"octo/bot@{COMMIT[1:]}",
    "octo/bot@v1",
    "octo/bot@v2",
    "octo/bot@-v1",
    "octo/bot",
    f"bot@{COMMIT}",
    f"octo/bo t@{COMMIT}",
    f"-octo/bot@{COMMIT}",
)
WORDS = (
    ("octo/cells", "lab/db", ("@a", "@org/team-1")),
    ("octo", "lab/db", ()),
    ("octo/cells", "lab db", ()),
    ("octo/cells", "lab/db", ("@a", "b")),
    ("octo/cells", "lab/db", ("@a/b/c",)),
    ("octo/cells/x", "lab/db", ()),
)


def tagged(repository: str, tag: str) -> str | None:
    return {("octo/bot", "v1"): "d" * 40}.get((repository, tag))


NEEDED = {"a": "1", "b": "2", "c": "3", "d": "4"}


def blob(text: str) -> str:
    return sha1(b"blob %d\0" % len(text.encode()) + text.encode()).hexdigest()


def told(make: Callable[[], object]) -> str:
    try:
        return str(make())
    except BotError as error:
        return f"BotError: {error}"


def in_folder(look: Callable[[Path], str]) -> str:
    with TemporaryDirectory() as folder:
        return look(Path(folder))


def compared(folder: Path) -> str:
    """Of files that are new, the same, others, a folder, and an earlier commit's."""
    (folder / "b").write_text("2", encoding="utf-8")
    (folder / "c").write_bytes(b"\xff")
    (folder / "d").mkdir()
    (folder / "e").write_text("4", encoding="utf-8")
    found = compare({**NEEDED, "e": "5"}, folder, {"a": "0", "b": "2", "c": "2", "e": "4"})
    return str({path: str(state) for path, state in found.items()})


def owned(folder: Path) -> str:
    """Which file of owners counts, as each place gets one, the last first."""
    found = [other_owners(folder)]
    for place in reversed(OWNERS_PLACES):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text("x", encoding="utf-8")
        found.append(other_owners(folder))
    return " ".join(str(one and one.relative_to(folder)) for one in found)


def needed(folder: Path) -> str:
    for name in ("2.0.0.json", "1.0.0.json", "notes.md"):
        (folder / name).write_text(f"{name} ü", encoding="utf-8")
    found = files(Code("octo/bot", "c" * 40), ("@a", "@b"), folder)
    calls = [
        line for line in found[WORKFLOW].splitlines() if "octo/bot" in line or "c" * 40 in line
    ]
    texts = [f"{path}: {text}" for path, text in found.items() if path != WORKFLOW]
    return "\n".join([WORKFLOW, *calls, *texts])


def app(repository: str, launcher: str | None) -> str:
    told = manifest(
        repository, "http://127.0.0.1:1/made", launcher=launcher, web="https://github.com"
    )
    return json.dumps(told, indent=1)


TEXTS = {
    **{f"code: {text}": told(partial(Code.from_text, text, tagged)) for text in CODES},
    **{f"words: {one}": told(partial(check_words, *one)) for one in WORDS},
    "compared": in_folder(compared),
    "compared with blobs": str(
        {
            path: str(state)
            for path, state in compare_blobs(
                {**NEEDED, "e": "ü"}, {"b": blob("2"), "c": blob("2"), "e": blob("ü")}
            ).items()
        }
    ),
    "owners": in_folder(owned),
    "files": in_folder(needed),
    "files without owners": str(
        [*in_folder(lambda folder: " ".join(files(Code("o/b", "c" * 40), (), folder))).split()]
    ),
    "called": str(called(caller(Code("octo/bot", "c" * 40)))),
    "called by a commit and its tag": str(called(caller(Code("octo/bot", "c" * 40, "v1.2.3")))),
    "called by another template": str(
        called(f"uses: octo/bot/.github/workflows/bot.yml@{'d' * 40}\n")
    ),
    "called by a tag": str(called("uses: octo/bot/.github/workflows/bot.yml@v1\n")),
    "steps": "\n".join(next_steps("octo/cells", "lab/db")),
    "steps in a clone": "\n".join(git_steps(Path("he re"), "origin", "What it's for")),
    "steps in a clone with a commit": "\n".join(git_steps(Path("here"), "upstream", None)),
    "App": app("octo/cells", None),
    "App on EC2": app("octo/cells", "ec2"),
    "App of a long name": app("octo/" + "n" * 14 + "." + "n" * 40, None),
    "App of another long name": app("octo/" + "n" * 40, None),
    "App's steps": "\n".join(
        app_steps("octo/cells", "speaks", "Iv1 x", "https://app.test", Path("a b/key.pem"))
    ),
}
