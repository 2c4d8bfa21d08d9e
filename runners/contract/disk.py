"""Errors of this machine's files that a person can mend, as sentences."""

import errno

from runners.contract.document import ContractError

REMEDIES = {
    errno.ENOENT: "name one that is there, or a place where it can be made",
    errno.ENOTDIR: "name another, or take away the file that stands there or above it",
    errno.EEXIST: "name another, or take away what is there",
    errno.ENOTEMPTY: "name another, or take away what is there",
    errno.EISDIR: "name a file",
    errno.ENOSPC: "free some space on its disk",
    errno.EDQUOT: "free some of this user's space on its disk",
    errno.EFBIG: "let files of this user grow further",
    errno.EROFS: "name a place that can be written",
    errno.EACCES: "give this user the right to it, or name another",
    errno.EPERM: "give this user the right to it, or name another",
    errno.ENAMETOOLONG: "name a shorter one",
    errno.EMFILE: "let this user open more files (ulimit -n)",
    errno.ENFILE: "let this machine open more files",
}
LIMITS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE}
"""Those of disk, user and machine, whichever file it is."""


def explained(error: OSError) -> ContractError | None:
    """The error as a sentence that names the file. None of what names no file and is no limit of
    disk, user or machine: a connection's, or a fault of ours, whose trace is wanted.
    """
    names = [name for name in (error.filename2, error.filename) if name is not None]
    if error.errno is None or not (names or error.errno in LIMITS):
        return None
    name = names[0] if names else "a file"
    remedy = REMEDIES.get(error.errno, "see what lies there, or name another")
    return ContractError(f"{name}: {error.strerror}; {remedy}, and run it again.")
