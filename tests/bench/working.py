"""When readers work: each notes from when to when it was at a file, in one file for all of them."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from runners.census.store import CensusDataset
from runners.ingest.steps import BATCH
from runners.validation.pools import LOCAL_POOL
from runners.validation.readers import Readers, validate_in_process
from runners.validation.validated import ValidatedDataset

from .intervals import Interval
from .release import STEADY

NOTES = "BENCH_READERS"
"""The environment variable that names the file, if there is to be one."""


def noted(
    schema_version: str, reference: Path, dataset: CensusDataset, address: str
) -> ValidatedDataset:
    """What a reader does, and a note of it: appended in one write, so that notes don't mix."""
    start = time.time()
    try:
        return validate_in_process(schema_version, reference, dataset, address)
    finally:
        with Path(os.environ[NOTES]).open("a", encoding="utf-8") as notes:
            notes.write(f"{start} {time.time()}\n")


def watch() -> None:
    """From now on, readers of this process note when they work."""
    Readers.__init__.__defaults__ = (LOCAL_POOL, noted)


def read(notes: Path) -> list[Interval]:
    """What was noted, in seconds since the epoch."""
    lines = notes.read_text(encoding="utf-8").splitlines()
    return [(float(start), float(end)) for start, end in map(str.split, lines)]


def seconds_per_dataset(written: Sequence[float], reading: Sequence[Interval]) -> float:
    """What one more dataset takes, by the slower of writer and readers, once the first batch is
    written, and with it what all need.

    Between two written ones alone it would be too little: by then more was read than written.
    """
    first_batch = written[BATCH - 1]
    later = [ended for _, ended in reading if ended > first_batch]
    by_writer = (written[-1] - written[STEADY - 1]) / (len(written) - STEADY)
    return max(by_writer, (max(later) - first_batch) / len(later))
