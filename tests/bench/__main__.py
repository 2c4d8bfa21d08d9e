"""`python -m tests.bench`: measures, prints side by side, and writes `.bench/results.json`."""

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import postgres

from runners.progress import say
from runners.run.stopping import ends_in_time

from . import far, lts, report, s3, verification
from .comparison import Database, compare
from .release import REPOSITORY, make_templates

RESULTS = REPOSITORY / ".bench" / "results.json"
PARTS = ("comparison", "lts", "s3", "far", "verification")
TEMPLATES = 40
NEEDED = 5e6
"""Bytes of disk for each dataset of the simulated LTS."""


def main() -> None:
    """Measures the parts that are asked for, and keeps the results of the others."""
    options = _options()
    free, wanted = shutil.disk_usage(options.folder or tempfile.gettempdir()).free, options.lts
    if free < wanted * NEEDED:
        raise SystemExit(f"{free / 1e9:.0f} GB free: name a --folder with more, or a smaller --lts")
    with ends_in_time(), _folder(options.folder) as folder, _databases(folder) as databases:
        for part in options.part or PARTS:
            measured = PARTS_OF[part](folder / part, databases, options)
            _keep(measured)
            shutil.rmtree(folder / part)
    say(f"numbers in {RESULTS.relative_to(REPOSITORY)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="by default all")
    parser.add_argument("--released", type=int, default=3, help="files for the released curator")
    parser.add_argument("--fixed", type=int, default=11, help="files for the mended curator")
    parser.add_argument("--ours", type=int, default=600, help="files for ours")
    parser.add_argument("--lts", type=int, default=1845, help="datasets of the simulated LTS")
    parser.add_argument("--lts-postgresql", type=int, default=200, help="the same on PostgreSQL")
    parser.add_argument("--s3", type=int, default=6, help="files on S3")
    parser.add_argument("--far", type=int, default=700, help="datasets of each cell far away")
    parser.add_argument(
        "--cells",
        type=far.Cell.read,
        nargs="*",
        default=far.CELLS,
        help="S3/DATABASE/READERS: round trips in ms, and processes (30/20/8)",
    )
    parser.add_argument("--folder", type=Path, help="for the files, instead of a temporary one")
    return parser.parse_args()


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=wanted) as folder:
        yield Path(folder)


@contextmanager
def _databases(folder: Path) -> Iterator[Mapping[str, Database]]:
    """How to make a database of each kind."""
    (folder / "postgresql").mkdir()
    with postgres.server(folder / "postgresql") as address:
        yield {
            "sqlite": lambda name: None,
            "postgresql": lambda name: postgres.create(address, name),
        }


def _comparison(
    folder: Path, databases: Mapping[str, Database], options: argparse.Namespace
) -> dict[str, object]:
    counts = {
        "released": options.released,
        "fixed": options.fixed,
        "ours-1": options.ours,
        "ours-2": options.ours,
    }
    found, hashed = compare(folder, counts, databases)
    for line in report.compared(found):
        say(line)
    say(f"of which hashing the file: {hashed:.3f} s (on S3 its ETag is taken)")
    return {**report.speedups(found), "hashing_seconds": hashed}


def _lts(
    folder: Path, databases: Mapping[str, Database], options: argparse.Namespace
) -> dict[str, object]:
    say(f"making {TEMPLATES} templates of up to 60,000 genes")
    templates = make_templates(folder / "templates", TEMPLATES)
    counts = {"sqlite": options.lts, "postgresql": options.lts_postgresql}
    measured: dict[str, object] = {}
    for kind, count in counts.items():
        line, keys = report.simulated(
            kind, lts.simulate(folder / kind, count, templates, databases[kind])
        )
        say(line)
        measured |= keys
    return measured


def _s3(
    folder: Path, databases: Mapping[str, Database], options: argparse.Namespace
) -> dict[str, object]:
    line, keys = report.asked(s3.ask(folder, options.s3))
    say(line)
    return keys


def _far(
    folder: Path, databases: Mapping[str, Database], options: argparse.Namespace
) -> dict[str, object]:
    found = far.measure(folder, options.far, options.cells, databases["postgresql"])
    for line in report.far(found):
        say(line)
    return {**far.keys(found), **report.cells(found), **_released_far(options.cells)}


def _released_far(cells: Sequence[far.Cell]) -> dict[str, object]:
    """By the last comparison near; without one that is said."""
    released = _kept().get("sides_postgresql", {}).get("released")
    if released is None:
        say("the released curator so far away: measure the comparison first")
        return {}
    measured: dict[str, object] = {}
    for line, keys in report.released_far(cells, released["marginal"], released["statements"]):
        say(line)
        measured |= keys
    return measured


def _verification(
    folder: Path, databases: Mapping[str, Database], options: argparse.Namespace
) -> dict[str, object]:
    found = verification.measure(folder)
    say(report.verified(verification.DATASETS, found))
    return {**found}


PARTS_OF = {
    "comparison": _comparison,
    "lts": _lts,
    "s3": _s3,
    "far": _far,
    "verification": _verification,
}


def _kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def _keep(measured: Mapping[str, object]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**_kept(), **measured}, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
