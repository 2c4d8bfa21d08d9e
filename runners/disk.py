"""Errors of this machine's files that a person can mend, as sentences."""

import errno

from runners.contract import ContractError

REMEDIES = {
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


def explained(error: OSError) -> ContractError | None:
    """The error as a sentence that names the file; None of what is no fault of the disk."""
    remedy = REMEDIES.get(error.errno or 0)
    if remedy is None:
        return None
    name = error.filename or "a file"
    return ContractError(f"{name}: {error.strerror}; {remedy}, and run it again.")
