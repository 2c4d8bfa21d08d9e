"""What was measured, as a table for the screen and as keys for `.bench/results.json`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from .comparison import Side
from .far import LTS, Cell, Far
from .lts import Simulated
from .s3 import Asked

HEAD = (
    f"{'':24} {'datasets':>8} {'s/dataset':>10} {'with set-up':>11} {'MB':>6} {'SQL':>6} {'x':>6}"
)


def compared(found: Mapping[str, Mapping[str, Side]]) -> Iterator[str]:
    """The sides, one beneath the other; x is how many times the released curator's speed."""
    yield HEAD
    for kind, sides in found.items():
        for name, side in sides.items():
            ratio = sides["released"].marginal / side.marginal
            yield (
                f"{kind + ', ' + name:24} {side.datasets:>8} {side.marginal:>10.3f} "
                f"{side.whole:>11.3f} {side.peak_mb:>6.0f} {side.statements:>6.0f} {ratio:>6.1f}"
            )


def speedups(found: Mapping[str, Mapping[str, Side]]) -> dict[str, object]:
    """The ratios; SQLite's under the plain names."""
    keys: dict[str, object] = {}
    for kind, sides in found.items():
        ours = min(side.marginal for name, side in sides.items() if name.startswith("ours"))
        suffix = "" if kind == "sqlite" else f"_{kind}"
        for other in ("released", "fixed"):
            keys[f"speedup_vs_{other}{suffix}"] = sides[other].marginal / ours
        keys[f"sides_{kind}"] = {name: asdict(side) for name, side in sides.items()}
    return keys


def simulated(kind: str, found: Simulated) -> tuple[str, dict[str, object]]:
    """A sentence, and the keys; SQLite's under the plain names."""
    line = (
        f"{kind}: {found.datasets:,} datasets ({found.gigabytes:.1f} GB) in {found.minutes:.1f} "
        f"minutes, {found.peak_mb:.0f} MB, {found.statements:,} statements; verified in "
        f"{found.verify_seconds:.1f} s, {found.verify_statements} statements"
    )
    suffix = "" if kind == "sqlite" else f"_{kind}"
    keys: dict[str, object] = {
        f"lts_minutes{suffix}": found.minutes,
        f"lts_peak_mb{suffix}": found.peak_mb,
        f"lts{suffix}": asdict(found),
    }
    return line, keys


def asked(found: Asked) -> tuple[str, dict[str, object]]:
    """A sentence, and the keys."""
    line = (
        f"S3: {found.requests:.1f} requests and {found.bytes_ratio:.1%} of the bytes a dataset "
        f"({found.datasets} files of {found.megabytes:.0f} MB)"
    )
    keys: dict[str, object] = {
        "s3_requests_per_dataset": found.requests,
        "s3_bytes_ratio": found.bytes_ratio,
        "s3": asdict(found),
    }
    return line, keys


def verified(datasets: int, found: Mapping[str, float]) -> str:
    return (
        f"verification of {datasets:,} datasets: {found['verify_seconds']:.1f} s in "
        f"{found['verify_statements']:.0f} statements; the runbook's loop: "
        f"{found['runbook_verify_seconds']:.1f} s"
    )


def far(found: Mapping[Cell, Far]) -> Iterator[str]:
    """A line for each cell."""
    for cell, each in found.items():
        most = ", ".join(
            f"{n:.1f} {kind}" for kind, n in list(each.statements_per_dataset.items())[:6]
        )
        yield (
            f"S3 {cell.s3} ms, database {cell.database} ms, {cell.readers} readers: "
            f"{each.seconds_per_dataset:.3f} s a dataset ({each.datasets} datasets), so that an "
            f"LTS would take {each.lts_minutes:.1f} minutes (a model) and its check "
            f"{each.check_minutes:.1f}; {each.peak_mb:,.0f} MB; "
            f"{each.round_trips_per_dataset:.2f} round trips a dataset ({most}); "
            f"{each.requests_per_file:.1f} requests in {each.rounds_per_file:.1f} rounds and "
            f"{each.kilobytes_per_file:,.0f} kB a file; overlap {each.overlap:.0%}"
        )


def cells(found: Mapping[Cell, Far]) -> dict[str, object]:
    """All that was measured, by cell."""
    return {"far": {str(cell): asdict(each) for cell, each in found.items()}}


def released_far(
    cells: Iterable[Cell], marginal: float, statements: float
) -> Iterator[tuple[str, dict[str, object]]]:
    """A sentence and the keys for each distance of a database: the released curator there.

    Not measured, since it would take days: `marginal` seconds of a dataset near PostgreSQL, and a
    round trip more for each of its statements. Its reading from S3 isn't in it.
    """
    for milliseconds in sorted({cell.database for cell in cells}):
        hours = LTS * (marginal + statements * milliseconds / 1000) / 3600
        line = (
            f"the released curator, whose {statements:.0f} statements a dataset are each a round "
            f"trip of {milliseconds} ms: {hours:.0f} hours an LTS (extrapolated from near, without "
            f"its reading from S3)"
        )
        yield line, {f"released_far_lts_hours_{milliseconds}": hours}
