"""`init` in a clone: what is written there, what is left so, and what an earlier commit had."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import rich_click as click

from bot.adapters.files import check_place, write
from bot.adapters.local.repository import OWN_RULES
from bot.errors import BotError
from bot.onboarding import Code, State, compare, files, git_steps
from bot.onboarding.files import (
    TEMPLATE,
    WORKFLOW,
    called,
    caller,
    other_owners,
    owner_lines,
    with_call_of,
)

OWN = OWN_RULES.parents[1]
FIRST, NEWER = "Let the CELLxGENE bot live here", "Take a newer commit of the CELLxGENE bot"
"""The messages of the commits that a person makes."""
DONE = {State.NEW: "wrote", State.EARLIER: "renewed"}


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone's top folder, and the remote that it is pushed to."""

    folder: Path
    remote: str

    @classmethod
    def at(cls, folder: Path, repository: str, web: str) -> "Clone":
        """That of the repository on the GitHub at `web`; one of another is only noted.

        Raises:
            BotError: the folder is none, or it can't be pushed.
        """
        top = _git(folder, "rev-parse", "--show-toplevel").strip()
        if not top or Path(top).resolve() != folder.resolve():
            raise BotError(
                f"{folder}: is no clone's top folder; clone your repository, and name that."
            )
        remotes = dict(_remotes(folder))
        if not remotes:
            raise BotError(
                f"{folder}: has no remote that it could be pushed to; say `git -C "
                f"{quote(str(folder))} remote add origin {web}/{repository}.git`, "
                "and this again."
            )
        named = [name for name, url in remotes.items() if _is_of(repository, url)]
        if not named:
            see = "see `git remote --verbose`"
            click.echo(f"note: no remote of {folder} names {repository}; {see}.")
        usual = [name for name in named or remotes if name == "origin"]
        return cls(folder, (usual or named or list(remotes))[0])

    def steps(self, message: str) -> Iterator[str]:
        """The commands of git that are left; none where all is committed and pushed."""
        if _git(self.folder, "status", "--porcelain", "--", ".github", "runners"):
            yield from git_steps(self.folder, self.remote, message)
        elif _git(self.folder, "rev-list", "--max-count=1", "HEAD", "--not", "--remotes"):
            yield from git_steps(self.folder, self.remote, None)


def put(clone: Clone, code: Code, owners: Sequence[str], *, update: bool, yes: bool) -> bool:
    """Whether there is something to write; says how each file stands, and writes with `yes`.

    With `update`, what is as the commit had it by which the bot is called there becomes as the new
    one has it.

    Raises:
        OSError: one of the files can't be written; then none was.
    """
    folder = clone.folder
    theirs, lines = other_owners(folder) if owners else None, owner_lines(owners)
    texts = files(code, () if theirs else owners, OWN_RULES)
    states = compare(texts, folder, earlier(folder))
    wanted = [State.NEW, State.EARLIER] if update else [State.NEW]
    to_write = [path for path, state in states.items() if state in wanted]
    for path in to_write:
        check_place(folder / path)
    for path, state in states.items():
        if yes and state in wanted:
            write(folder / path, texts[path])
        click.echo(f"{DONE[state] if yes and state in wanted else state}: {path}")
    if theirs and lines in theirs.read_text(encoding="utf-8", errors="replace"):
        click.echo(f"{State.SAME}: {theirs.relative_to(folder)}")
    elif theirs:
        click.echo(f"{theirs}: is there, and left so; it wants, at its end:\n{lines.rstrip()}")
    _say_left(folder, code, states, update=update)
    return bool(to_write)


def earlier(folder: Path) -> Mapping[str, str]:
    """By path, what the commit had of each file by which the bot is called in the folder. Of one
    that this checkout doesn't have, only the workflow file, by today's template.

    Its call may have been renewed since, by a tool that leaves the second pin as it was.
    """
    workflow = folder / WORKFLOW
    text = workflow.read_text("utf-8", errors="replace") if workflow.is_file() else ""
    code = called(text)
    if code is None:
        return {}
    names = [f"runners/rules/{file.name}" for file in OWN_RULES.glob("*.json")]
    found = {name: _git(OWN, "show", f"{code.commit}:{name}") for name in (TEMPLATE, *names)}
    return {**found, WORKFLOW: with_call_of(caller(code, found.pop(TEMPLATE) or None), text)}


def _say_left(folder: Path, code: Code, states: Mapping[str, State], *, update: bool) -> None:
    if State.EARLIER in states.values() and not update:
        click.echo("Say --update to renew what is as an earlier commit had it.")
    left = [path for path, state in states.items() if state is State.OTHER]
    if left:
        click.echo("Somebody may have changed what is left so. To have the newer there, too:")
    for path in left:
        if path == WORKFLOW:
            click.echo(f"  write {code.commit} in both places where {path} names a commit")
        elif path.startswith("runners/"):
            click.echo(f"  diff {quote(str(folder / path))} {quote(str(OWN / path))}")


def _is_of(repository: str, address: str) -> bool:
    """Whether the address of a remote, in any form that git takes, ends in OWNER/NAME."""
    end = rf"[/:]{re.escape(repository)}(\.git)?/?"
    return re.search(rf"{end}$", address, re.IGNORECASE) is not None


def _remotes(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and address of each remote that is pushed to."""
    for line in _git(folder, "remote", "--verbose").splitlines():
        name, _, rest = line.partition("\t")
        if rest.endswith(" (push)"):
            yield name, rest.removesuffix(" (push)")


def _git(folder: Path, *words: str) -> str:
    """What git prints; nothing where it refuses."""
    command = ["git", "-C", str(folder), *words]
    found = subprocess.run(command, capture_output=True, check=False)
    return found.stdout.decode("utf-8", errors="replace") if found.returncode == 0 else ""
