"""The commit of a tag, as git on this machine may ask GitHub for it."""

import subprocess

from bot.errors import BotError

SECONDS = 60


def commit_of(repository: str, tag: str, web: str) -> str | None:
    """The whole commit of a tag of OWNER/NAME on the GitHub at `web`; None where there is no such
    tag.

    Raises:
        BotError: git can't read it.
    """
    address, ref = f"{web}/{repository}", f"refs/tags/{tag}"
    # of a tag with a text of its own, `^{}` is the commit: https://git-scm.com/docs/git-ls-remote
    command = ["git", "ls-remote", address, ref, f"{ref}^{{}}"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        # what git said is cut, and bytes, where its time ran out
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
        lines = [line for line in said.splitlines() if line.strip()]
        why = lines[-1] if lines else type(error).__name__
        raise BotError(
            f"{address}: git can't read its tags ({why}); give --code a commit instead."
        ) from error
    commits = [line.split("\t")[0] for line in found.stdout.splitlines()]
    return commits[-1] if commits else None
