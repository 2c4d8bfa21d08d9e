"""LaminDB's curator, the same with its quadratic line mended, and ours, on the same files.

Seconds per dataset cover reading, validating and writing. Marginal ones leave out what is paid
once: imports, sources, gene records. Each side works in an instance of its own.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from lamindb_setup.core.hashing import hash_file

from runners.contract import Outcome
from runners.progress import say
from runners.run.journal import WRITTEN

from . import working
from .files import HUMAN
from .processes import Taken, run
from .release import Release, make, make_templates, settle

TEMPLATES = 12
Database = Callable[[str], str | None]
"""The address of a new database of that name; None for SQLite."""


@dataclass(frozen=True)
class Side:
    """Measured: `marginal` and `whole` are seconds per dataset, without and with set-up."""

    datasets: int
    marginal: float
    whole: float
    peak_mb: float
    statements: float


def compare(
    folder: Path, counts: Mapping[str, int], databases: Mapping[str, Database]
) -> tuple[dict[str, dict[str, Side]], float]:
    """Database kind -> side -> what was measured; and the seconds of hashing a file.

    `counts` are the datasets of each side.
    """
    most = max(counts.values())
    say(f"making {most} human files of 60,000 genes")
    templates = make_templates(folder / "templates", TEMPLATES, [HUMAN], is_plain=True)
    release = make(folder / "release", most, templates, is_plain=True)
    found: dict[str, dict[str, Side]] = {}
    for kind, database in databases.items():
        for side, count in counts.items():
            say(f"{kind}, {side}: {count} datasets")
            where = folder / f"{kind}-{side}"
            found.setdefault(kind, {})[side] = _measure(side, release, count, where, database)
    return found, _hashing(release)


def _measure(side: str, release: Release, count: int, folder: Path, database: Database) -> Side:
    notes = folder / "readers"
    variables = {working.NOTES: str(notes)}
    place = settle(folder, release.manifest(), database(f"{side}-{count}"), **variables)
    name, _, workers = side.partition("-")
    if name != "ours":
        files = map(str, release.paths()[:count])
        arguments = (str(release.folder), name, *files)
        taken = run(place, "tests.bench.curator", *arguments)
        times = json.loads(taken.output.splitlines()[-1])
        return _side(count, median(times[1:]), taken)
    words = place.command("ingest", "--workers", workers)[2:]
    taken = run(place, words[0], *words[1:])
    times = _written(place.journal.lines)
    return _side(count, working.seconds_per_dataset(times, working.read(notes)), taken)


def _side(count: int, marginal: float, taken: Taken) -> Side:
    return Side(count, marginal, taken.seconds / count, taken.peak_mb, taken.statements / count)


def _written(lines: Sequence[Mapping[str, object]]) -> list[float]:
    """When each dataset was, in seconds since the epoch."""
    written = [line for line in lines if line["step"] == WRITTEN]
    outcomes = {line["outcome"] for line in written}
    assert outcomes == {Outcome.REGISTERED}, f"not all registered: {outcomes}"
    return [datetime.fromisoformat(str(line["at"])).timestamp() for line in written]


def _hashing(release: Release) -> float:
    """Seconds that LaminDB takes to hash one of the files; on S3 it asks for the ETag instead."""
    start = time.perf_counter()
    paths = release.paths()[:20]
    for path in paths:
        hash_file(path)
    return (time.perf_counter() - start) / len(paths)
