"""`make mutants`: see the package."""

import json
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from math import inf
from pathlib import Path
from queue import SimpleQueue

import rich_click as click

from mutants.areas import SOURCES, area_of, groups_of_tests, modules
from mutants.faults import Fault, Faults
from mutants.trial import Answer, Copy

CHECKOUT = Path(__file__).resolve().parents[2]
ACCEPTED = Path(__file__).with_name("accepted.toml")


@dataclass(frozen=True)
class Mutant:
    area: str
    path: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.path}:{self.fault}"

    @property
    def lasting_name(self) -> str:
        """The fault by the code of its line, whose number moves."""
        return f"{self.path}: {self.fault.code}: {str(self.fault).partition(': ')[2]}"


def sample(seed: int, area: str, count: int) -> Iterator[Mutant]:
    """As many of an area's faults: first a module by its length, then one of its lines."""
    choice = random.Random(f"{seed} {area}")
    paths = modules(CHECKOUT)[area]
    lengths = [len((CHECKOUT / path).read_text().splitlines()) for path in paths]
    seen: set[str] = set()
    while len(seen) < count:
        path = choice.choices(paths, lengths)[0]
        faults = Faults((CHECKOUT / path).read_text())
        if lines := faults.lines():
            mutant = Mutant(area, path, choice.choice(faults.at(choice.choice(lines))))
            if str(mutant) not in seen:
                seen.add(str(mutant))
                yield mutant


def invented(file: Path) -> list[list[Mutant]]:
    """Those that a reader of the code has thought of: `[{"path": ..., "old": ..., "new": ...}]`.

    By area. `old` stands once in the file, and `new` takes its place.
    """
    areas: dict[str, list[Mutant]] = {}
    try:
        entries = [(one["path"], one["old"], one["new"]) for one in json.loads(file.read_text())]
        texts = {path: (CHECKOUT / path).read_text() for path, _, _ in entries}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.UsageError(
            f"{file}: is no list of faults ({error!r}); give path, old and new of each."
        ) from error
    for path, old, new in entries:
        text = texts[path]
        if text.count(old) != 1:
            raise click.UsageError(
                f"{file}: {path} has this {text.count(old)} times, and must have it once: {old!r}"
            )
        line = text[: text.index(old)].count("\n")
        code = text.splitlines()[line].strip()
        fault = Fault(line + 1, code, old, new, partial(text.replace, old, new))
        areas.setdefault(area_of(path), []).append(Mutant(area_of(path), path, fault))
    return [*areas.values()]


@dataclass(frozen=True)
class Limits:
    """Seconds of one call of pytest, and of one fault; and the moment after which none is asked."""

    call: float
    fault: float
    until: float


def noticed_by(copy: Copy, mutant: Mutant, limits: Limits, near: bool) -> str:
    """By what; empty if by nothing in its time. What never ends is noticed, too."""
    seconds, end = limits.call, time.monotonic() + limits.fault
    for files in groups_of_tests(CHECKOUT, mutant.path, is_near=near):
        if time.monotonic() > end:
            break
        with copy.broken(mutant.path, mutant.fault.text):
            answer, file = copy.ask(files, seconds)
        if answer is Answer.LATE and copy.ask(files, seconds)[0] is Answer.PASSED:
            return f"never ends: {files[0]}"
        if answer is Answer.FAILED and copy.is_sound(file, seconds):
            return file
    return ""


def accepted() -> dict[str, str]:
    """Faults by their lasting names -> why each may stand."""
    entries = tomllib.loads(ACCEPTED.read_text())["accepted"]
    return {
        f"{e['path']}: {e['line']}: {e['before']}  ->  {e['after']}": e["reason"] for e in entries
    }


def in_turn(areas: list[list[Mutant]]) -> list[Mutant]:
    """One of each area after the other, so that a sample that is cut short is of them all."""
    rounds = zip_longest(*areas)
    return [mutant for mutants in rounds for mutant in mutants if mutant]


def _ask_all(mutants: list[Mutant], jobs: int, limits: Limits, near: bool) -> dict[Mutant, str]:
    """By what each is noticed; without those whose turn comes too late."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(jobs):
            copies.put(Copy(CHECKOUT, Path(folder) / str(number)))

        def ask(mutant: Mutant) -> str | None:
            copy = copies.get()
            try:
                if time.monotonic() > limits.until:
                    return None
                by = noticed_by(copy, mutant, limits, near)
            finally:
                copies.put(copy)
            click.echo(f"{'noticed  ' if by else 'UNNOTICED'} {mutant}  [{by}]")
            return by

        answers = zip(mutants, pool.map(ask, mutants), strict=True)
        return {mutant: by for mutant, by in answers if by is not None}


@click.command()
@click.option("--seed", default=0, show_default=True)
@click.option("--count", default=40, show_default=True, help="Of all areas together.")
@click.option("--area", type=click.Choice(list(SOURCES)), help="Of this one alone.")
@click.option("--jobs", default=2, show_default=True)
@click.option("--seconds", default=900.0, show_default=True, help="Of one call of pytest.")
@click.option("--each", default=inf, help="Seconds after which a fault counts as unnoticed.")
@click.option("--minutes", default=inf, help="After which no further fault is asked about.")
@click.option("--near", is_flag=True, help="Ask few tests beyond the module's own.")
@click.option(
    "--faults", type=click.Path(path_type=Path), help="Ask about those of this JSON file."
)
def main(
    seed: int,
    count: int,
    area: str | None,
    jobs: int,
    seconds: float,
    each: float,
    minutes: float,
    near: bool,
    faults: Path | None,
) -> None:
    """Breaks code on purpose, in a copy; says which faults no test notices."""
    areas = [area] if area else list(SOURCES)
    limits = Limits(seconds, each, time.monotonic() + 60 * minutes)
    drawn = [[*sample(seed, a, -(-count // len(areas)))] for a in areas] if not faults else []
    mutants = in_turn(invented(faults) if faults else drawn)
    noticed = _ask_all(mutants, jobs, limits, near)
    reasons = accepted()
    left = [m for m, by in noticed.items() if not by and m.lasting_name not in reasons]
    total, caught = Counter(m.area for m in noticed), Counter(m.area for m in noticed if noticed[m])
    for one in dict.fromkeys(mutant.area for mutant in mutants):
        click.echo(f"{one}: {caught[one]} of {total[one]} noticed")
    click.echo(f"{faults or f'seed {seed}'}: {len(left)} neither noticed nor accepted")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
