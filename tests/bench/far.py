"""An ingest whose files and database are far away, and the check before it: cells of round trips,
measured behind proxies.

S3 is moto's, in this process, and busier than Amazon's; its bandwidth is one machine's. What an LTS
would take is a model: what a dataset costs once it is steady, times the datasets of an LTS, and
what is paid once or after them. Must not be read as a measurement of one.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean
from urllib.parse import urlsplit

import plain_s3

from runners.contract import Storage
from runners.ingest.steps import BATCH
from runners.progress import say
from runners.run.journal import WRITTEN

from . import working
from .comparison import Database
from .distance import Distance, proxy
from .intervals import Interval, longest_chain, seconds, together
from .processes import run
from .release import STEADY, VERSION, Place, Release, make, make_templates, settle
from .s3 import BUCKET, Counting, upload
from .statements import Statements

LTS = 1845
"""Datasets of a real one."""

BYTES_PER_SECOND = 125e6
"""A gigabit, which a small machine has."""


@dataclass(frozen=True)
class Cell:
    """Round trips in milliseconds, to S3 and to the database, and so many reading processes."""

    s3: int
    database: int
    readers: int

    @classmethod
    def read(cls, text: str) -> "Cell":
        """Of `30/20/8`. Raises ValueError if that isn't three numbers."""
        s3, database, readers = map(int, text.split("/"))
        return cls(s3, database, readers)

    def __str__(self) -> str:
        return f"{self.s3}/{self.database}/{self.readers}"


PLACES = ((10, 2), (30, 20), (30, 80))
"""Round trips in milliseconds: in a region, and a continent away."""

CELLS = tuple(Cell(s3, database, readers) for s3, database in PLACES for readers in (2, 8))


@dataclass(frozen=True)
class Far:
    """What one cell took. Per dataset: once it is steady, until the last is written.

    `peak_mb`: the most that the ingest's processes held together. `check_minutes`: what `runners
    check` would take for an LTS. `overlap`: in how much of the time of the one that works less, the
    readers or the writer, both do, as long as something was left to read.
    """

    datasets: int
    check_minutes: float
    seconds: float
    peak_mb: float
    seconds_per_dataset: float
    lts_minutes: float
    round_trips_per_dataset: float
    statements_per_dataset: dict[str, float]
    requests_per_file: float
    rounds_per_file: float
    kilobytes_per_file: float
    overlap: float


@dataclass(frozen=True)
class _Seen:
    """What was seen of a check and an ingest."""

    check_minutes: float
    ingest: Interval
    peak_mb: float
    written: Sequence[float]
    reading: Sequence[Interval]
    """Of each file."""
    statements: Statements
    counting: Counting


def measure(
    folder: Path, datasets: int, cells: Sequence[Cell], database: Database
) -> dict[Cell, Far]:
    """What each cell takes for a release of so many datasets of up to 60,000 genes."""
    if datasets < STEADY + BATCH:
        raise SystemExit(f"at least {STEADY + BATCH} datasets are needed, for a batch to measure")
    say(f"making {datasets} datasets for S3")
    templates = make_templates(folder / "templates", 12, is_plain=True)
    release = make(folder / "release", datasets, templates, is_plain=True)
    counting = Counting(plain_s3.moto())
    with plain_s3.serving(counting) as endpoint:
        upload(endpoint, release)
        found = {}
        for cell in cells:
            say(f"S3 {cell.s3} ms, database {cell.database} ms, {cell.readers} readers")
            where = folder / f"{cell.s3}-{cell.database}-{cell.readers}"
            found[cell] = _cell(where, release, cell, counting, endpoint, database)
        return found


def _cell(
    folder: Path,
    release: Release,
    cell: Cell,
    counting: Counting,
    endpoint: str,
    database: Database,
) -> Far:
    statements = Statements()
    with ExitStack() as stack:
        s3 = Distance(cell.s3 / 1000, BYTES_PER_SECOND)
        near = stack.enter_context(proxy(_port(endpoint), s3))
        address = database(folder.name)
        assert address is not None, "there is no proxy for SQLite"
        distance = Distance(0, BYTES_PER_SECOND)
        port = stack.enter_context(proxy(_port(address), distance, statements.watching))
        root = f"s3://{BUCKET}/cell-census/{VERSION}"
        manifest = release.manifest(Storage(soma=f"{root}/soma", h5ads=f"{root}/h5ads"))
        notes = folder / "readers"
        place = settle(
            folder,
            manifest,
            address.replace(f":{_port(address)}/", f":{port}/"),
            **plain_s3.variables(f"http://127.0.0.1:{near}"),
            **{working.NOTES: str(notes)},
        )
        distance.round_trip = cell.database / 1000  # an instance is made once, and not by a run
        readers = ("--workers", str(cell.readers))
        check = ("runners", "check", str(folder / f"{VERSION}.toml"), *readers)
        check_minutes = _check_minutes(place, check, notes)
        notes.unlink()
        counting.clear()
        start = time.time()
        _, _, *words = place.command("ingest", *readers)
        taken = run(place, *words)
        end = time.time()
    lines = [line for line in place.journal.lines if line["step"] == WRITTEN]
    written = [datetime.fromisoformat(str(line["at"])).timestamp() for line in lines]
    assert len(written) == len(release.ids), "not every dataset was written"
    seen = _Seen(
        check_minutes,
        (start, end),
        taken.peak_mb,
        written,
        working.read(notes),
        statements,
        counting,
    )
    return _found(seen, s3.round_trip)


def _found(seen: _Seen, round_trip: float) -> Far:
    start, end = seen.ingest
    first, last, count = seen.written[STEADY - 1], seen.written[-1], len(seen.written)
    marginal = count - STEADY
    per_dataset = working.seconds_per_dataset(seen.written, seen.reading)
    exchanges = seen.statements.exchanges
    kinds = Counter(each.kind for each in exchanges if first < each.answered <= last)
    files = list(seen.counting.of_files().values())
    to_read = min(seen.reading)[0], max(done for _, done in seen.reading)
    writing = list(transactions(seen.statements, to_read))
    return Far(
        datasets=count,
        check_minutes=seen.check_minutes,
        seconds=end - start,
        peak_mb=seen.peak_mb,
        seconds_per_dataset=per_dataset,
        lts_minutes=_lts(first - start, per_dataset, end - last, count) / 60,
        round_trips_per_dataset=sum(first < at <= last for at in seen.statements.waits) / marginal,
        statements_per_dataset={kind: n / marginal for kind, n in kinds.most_common()},
        requests_per_file=mean(map(len, files)),
        rounds_per_file=mean(longest_chain(asked, 0.9 * round_trip) for asked in files),
        kilobytes_per_file=seen.counting.bytes / len(files) / 1000,
        overlap=seconds(together(seen.reading, writing))
        / min(seconds(seen.reading), seconds(writing)),
    )


def _check_minutes(place: Place, words: Sequence[str], notes: Path) -> float:
    """Of an LTS, by when a check had a file's result."""
    start = time.time()
    run(place, *words)
    end = time.time()
    read = sorted(ended for _, ended in working.read(notes))
    per_file = (read[-1] - read[STEADY - 1]) / (len(read) - STEADY)
    return _lts(read[STEADY - 1] - start, per_file, end - read[-1], len(read)) / 60


def _lts(first: float, per_dataset: float, after: float, count: int) -> float:
    """Seconds of an LTS: until it is steady as here, the others by dataset, and what follows (of
    which most is by study, so that all is taken so) by dataset, too.
    """
    return first + (LTS - STEADY) * per_dataset + after * LTS / count


def transactions(statements: Statements, window: Interval) -> Iterator[Interval]:
    """From each BEGIN to its COMMIT within the window, which is when the writer works."""
    start, end = window
    begun: float | None = None
    for exchange in sorted(statements.exchanges, key=lambda each: each.sent):
        verb = exchange.kind.partition(" ")[0]
        if verb == "BEGIN":
            begun = exchange.sent
        elif verb in ("COMMIT", "ROLLBACK") and begun is not None:
            if start < exchange.answered and begun < end:
                yield max(begun, start), min(exchange.answered, end)
            begun = None


def _port(address: str) -> int:
    port = urlsplit(address).port
    assert port, f"{address} names no port"
    return port


def keys(found: Mapping[Cell, Far]) -> dict[str, object]:
    """What stands in the report: of cells with the most readers, by their distances."""
    most = max(cell.readers for cell in found)
    chosen = {(cell.s3, cell.database): far for cell, far in found.items() if cell.readers == most}
    values: dict[str, object] = {
        f"far_lts_minutes_{s3}_{database}": far.lts_minutes
        for (s3, database), far in chosen.items()
    }
    values |= {f"far_check_minutes_{s3}": far.check_minutes for (s3, _), far in chosen.items()}
    last = chosen[max(chosen)]
    values |= {
        "round_trips_per_dataset": last.round_trips_per_dataset,
        "rounds_per_file": last.rounds_per_file,
        "overlap": last.overlap,
    }
    return values
