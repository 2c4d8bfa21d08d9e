"""How many processes read at once: a rule by where the files are.

Must not know what is read.
"""

import os
from collections.abc import Iterable
from pathlib import Path

PER_CORE_FAR = 4
"""A reader of S3 waits most of its time for an answer: with 30 ms to S3 and 20 ms to the database,
two cores (which were S3 and the database, too) did 238 datasets a minute with 4 readers, 407 to 474
with 8, and 401 with 16, by `make bench`, part `far`.
"""

BYTES_PER_READER = 2**30
"""A reader of the sample's files needs a fifth of that; larger files weren't measured."""

MEMORY = Path("/proc/meminfo")


def readers_for(addresses: Iterable[str]) -> int:
    """One for each core; where files are remote, more, but for what memory is free."""
    cores = os.cpu_count() or 1
    if not any(address.startswith("s3://") for address in addresses):
        return cores
    return max(cores, min(PER_CORE_FAR * cores, free_bytes() // BYTES_PER_READER))


def free_bytes() -> int:
    """What this machine can still give without swapping.

    https://man7.org/linux/man-pages/man5/proc_meminfo.5.html; where there is no such file, as on
    macOS, all that it has.
    """
    try:
        lines = MEMORY.read_text(encoding="ascii").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
