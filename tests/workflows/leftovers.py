"""What an earlier play has left in its folder: files, and processes that may still write some."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from bot.errors import BotError

OF_SHELLS = (b"PWD=", b"OLDPWD=")
"""Where somebody stands, who needn't be at work there."""


def start_over(home: Path) -> None:
    """Takes the folder away. Raises BotError while processes of an earlier play work in it."""
    if numbers := at_work_in(home):
        listed = " ".join(map(str, numbers))
        raise BotError(
            f"{home}: an earlier play, or what it has started, is still at work there; wait until "
            f"it has ended, or end it by `kill {listed}`, and play again."
        )
    if home.exists():
        shutil.rmtree(home)


def at_work_in(home: Path) -> list[int]:
    """The processes that have a place within the folder by their environment, and plays of it,
    without this one and those that it is a child of.
    """
    own = set(_ancestors(os.getpid()))
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            if _plays(process, home.resolve()) or _has_place(process, home.resolve()):
                found.append(int(process.name))
    return sorted(set(found) - own)


def _has_place(process: Path, home: Path) -> bool:
    place = f"={home}/".encode()
    values = (process / "environ").read_bytes().split(b"\0")
    return any(place in one and not one.startswith(OF_SHELLS) for one in values)


def _plays(process: Path, home: Path) -> bool:
    """Whether its command line names the folder as its home, from where it stands."""
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    named = [word for before, word in pairwise(words) if before == "--home"]
    return any(((process / "cwd").readlink() / word).resolve() == home for word in named)


def _ancestors(number: int) -> Iterator[int]:
    while number > 1:
        yield number
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: a name may hold parentheses
        after_name = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        number = int(after_name.split()[1])
