"""A simulated LTS: as many datasets as a real one, registered, annotated, collected, verified."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runners.progress import say
from runners.run.journal import WRITTEN

from .comparison import Database
from .processes import run
from .release import make, settle


@dataclass(frozen=True)
class Simulated:
    """What `ingest` with two readers, and then `verify`, took for so many datasets."""

    datasets: int
    outcomes: dict[str, int]
    minutes: float
    peak_mb: float
    statements: int
    gigabytes: float
    verify_seconds: float
    verify_statements: int


def simulate(
    folder: Path, datasets: int, templates: Sequence[Path], database: Database
) -> Simulated:
    """Registers a release of so many datasets with the real command; making it isn't counted."""
    say(f"making a release of {datasets:,} datasets")
    release = make(folder / "release", datasets, templates, is_plain=False)
    place = settle(folder / "place", release.manifest(), database(f"lts-{datasets}"))
    size = sum(path.stat().st_size for path in release.paths() if path.exists())
    say(f"registering them ({size / 1e9:.1f} GB)")
    _, _, *words = place.command("ingest", "--workers", "2")
    taken = run(place, *words)
    _, _, *words = place.command("verify")
    verified = run(place, *words, may_fail=True)  # it names the datasets that are broken on purpose
    say(verified.output)
    outcomes = Counter(str(line["outcome"]) for line in place.journal.datasets(WRITTEN).values())
    return Simulated(
        datasets=datasets,
        outcomes=dict(outcomes),
        minutes=taken.seconds / 60,
        peak_mb=taken.peak_mb,
        statements=taken.statements,
        gigabytes=size / 1e9,
        verify_seconds=verified.seconds,
        verify_statements=verified.statements,
    )
