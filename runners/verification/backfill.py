"""What is missing of each release that an instance holds, and the commands that fill it in.

A release that doesn't pass stops all that is newer: its datasets' chains go on in those.
"""

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from runners.contract import MANIFESTS, RunReport, Status, Verdict
from runners.verification.verify import MENDED_BY_INGEST

SHOWN = 3
"""So many ids of datasets are shown."""

Words = tuple[str, ...]


@dataclass(frozen=True)
class ReleaseState:
    """How a release stands in an instance: `registered` of its `datasets` have a file there.

    `missing` are the ids of those that have none, and whose failure nobody has accepted; `failed`
    the titles of the checks that its verification didn't pass, as far as there was one. `commands`
    fill in what is missing: what follows `python -m runners`, in their order. `problem` is why
    nothing more can be said of it; where it `is_left`, nobody can fill it in: there is no manifest
    of it, or there are no rules for it.
    """

    release: str
    registered: int
    datasets: int | None = None
    missing: tuple[str, ...] = ()
    verdict: Verdict | None = None
    failed: tuple[str, ...] = ()
    report: str | None = None
    problem: str | None = None
    commands: tuple[Words, ...] = ()
    is_left: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is known to be missing."""
        if self.problem is not None:
            return False
        return not self.missing if self.verdict is None else self.verdict is Verdict.PASSED

    def lacks(self) -> str:
        """What is missing of it, in a few words."""
        some = ", ".join(self.missing[:SHOWN])
        more = f" and {len(self.missing) - SHOWN:,} more" if self.missing[SHOWN:] else ""
        datasets = f"{len(self.missing)} of {self.datasets} datasets ({some}{more})"
        checks = f"not passed: {'; '.join(self.failed)}"
        return "; ".join([datasets] * bool(self.missing) + [checks] * bool(self.failed))

    def to_line(self) -> str:
        """A line of JSON; its commands as a shell takes them."""
        return json.dumps({**asdict(self), "commands": [shown(words) for words in self.commands]})


def shown(words: Sequence[str]) -> str:
    return shlex.join(["python", "-m", "runners", *words])


def commands(
    release: str, instance: str, repository: Path, runs: Path, report: RunReport | None
) -> tuple[Words, ...]:
    """What fills in a release of which something is missing; nothing, where by its `report` no
    ingest would mend what is wrong.
    """
    checks = report.checks if report else ()
    wrong = {check.name for check in checks if check.status in (Status.FAILED, Status.UNCHECKED)}
    if wrong and not wrong & MENDED_BY_INGEST:
        return ()
    of = ("--new", release, "--instance", instance)
    where = ("--repository", str(repository), "--runs", str(runs))
    return ("ingest", *of, "--only-missing", *where), ("verify", *of, *where)


def describe(states: Sequence[ReleaseState]) -> Iterator[str]:
    """The sentences on what is missing of all releases, the oldest first."""
    gaps = [one for one in states if one.problem is None and not one.is_whole]
    if not gaps:
        is_known = all(one.verdict is not None for one in states if one.problem is None)
        whole = (
            "Nothing is missing" if is_known else "No dataset is missing (--verify sees the rest)"
        )
        problems = any(one.problem is not None for one in states)
        yield f"{whole}, but for what is said above." if problems else f"{whole}."
        return
    yield "What is missing, the oldest first:"
    for one in gaps:
        how = "" if one.commands else f"; no ingest mends that: {one.report} has the details"
        yield f"{one.release}: {one.lacks()}{how}"
        yield from (f"  {shown(words)}" for words in one.commands)
    yield (
        "--backfill --yes does these commands in turn, and stops at the first that doesn't end "
        "well."
    )


def fill_in(
    states: Sequence[ReleaseState], step: Callable[[Words], int], say: Callable[[str], None]
) -> int:
    """Does the releases' commands by `step`, the oldest release first, until one ends otherwise
    than with 0; what it ended with. What is whole is passed over, and what nobody can fill in:
    there is no manifest of it, or there are no rules for it.
    """
    for one in states:
        if one.is_whole or one.is_left:
            continue
        if not one.commands:
            say(f"{one.release}: stopped here: {one.problem or one.lacks()}. {_NEXT}")
            return 1
        for words in one.commands:
            say(f"$ {shown(words)}")
            if code := step(words):
                say(f"{one.release}: stopped here: the last command ended with {code}. {_NEXT}")
                return code
    return 0


_NEXT = (
    f"Mend it, or accept the failure in its manifest ({MANIFESTS}), and say the same again: what "
    "is done stays as it is."
)
