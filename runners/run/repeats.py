"""What of an earlier run is done again. Reads journals; must not touch an instance.

A file that was missing or unreadable may be there now, and a record that stood in its way may be
corrected. A dataset that failed for its content fails again, unless the rules, LaminDB or our code
have changed since; once its file is mended, a run names it (`only`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runners.contract import (
    MENDED_BY_REPEAT,
    OF_THE_INSTANCE,
    Action,
    ContractError,
    Outcome,
    RunRequest,
)
from runners.run.fingerprint import Fingerprint
from runners.run.journal import (
    JOURNAL,
    START,
    WRITTEN,
    JournalLines,
    Line,
    read_journal,
)
from runners.run.request import REQUEST, RunFolder

NOT_DONE = "not done"


def earlier_ingests(request: RunRequest, runs: Path) -> list[RunFolder]:
    """The runs that this one goes on from, oldest first: the one whose failures it does again, the
    one whose failures that one did, and so on.

    Raises:
        ContractError: there is no such run in the folder `runs`, or it is of something else.
    """
    earlier: list[RunFolder] = []
    last = request
    while last.failed_of is not None:
        earlier.append(_earlier_ingest(last, runs))
        last = earlier[-1].request
        if len({run.request.run_id for run in earlier}) < len(earlier):
            raise _refused(request, f"run {last.run_id} names itself; name the run that failed")
    return earlier[::-1]


def _earlier_ingest(request: RunRequest, runs: Path) -> RunFolder:
    name = str(request.failed_of)
    file = runs / name / REQUEST
    if not file.exists():
        raise _refused(request, f"there is no run {name} in {runs}; name one of its folders")
    named = RunRequest.from_file(file)
    for field in ("release", "instance"):
        ours, theirs = getattr(request, field), getattr(named, field)
        if ours != theirs:
            raise _refused(
                request, f"run {name} has {field} {theirs}, not {ours}; name a run that has it"
            )
    if named.action is not Action.INGEST:
        raise _refused(request, f"run {name} only verified; name the run that ingested")
    return RunFolder(named, file.parent, read_journal(file.parent / JOURNAL))


def require_standing(request: RunRequest, earlier: Iterable[RunFolder]) -> None:
    """Refuses a request that goes on from a run that was rolled back, which says nothing any more
    of what the instance holds.

    Raises:
        ContractError: one of the `earlier` runs was.
    """
    for run in earlier:
        if run.was_rolled_back:
            raise _refused(
                request,
                f"run {run.request.run_id} was rolled back, and what it registered isn't there any "
                "more; ask for only_missing instead",
            )


def _refused(request: RunRequest, why: str) -> ContractError:
    return ContractError(f"request {request.run_id}: field failed_of: {why}.")


@dataclass(frozen=True)
class Repeat:
    """Ids of datasets that are done again, by how they ended; and of those that are left alone."""

    again: Mapping[str, str]
    left: tuple[str, ...]
    now: Fingerprint

    def __str__(self) -> str:
        """What is done again, and what not and why."""
        counts = Counter(self.again.values())
        parts = ", ".join(f"{count} {how}" for how, count in sorted(counts.items()))
        sentence = f"{len(self.again)} datasets are done again" + (f" ({parts})" if parts else "")
        if self.left:
            sentence += (
                f"; {len(self.left)} are not, for they failed for their content and no version has "
                f"changed since: {self.now}"
            )
        return sentence


def repeat(dataset_ids: Iterable[str], runs: Sequence[RunFolder], now: Fingerprint) -> Repeat:
    """Which of the datasets are done again after these runs, oldest first, with what is now: of
    those that the first one that began was to do.
    """
    if starts := [start for run in runs if (start := run.journal.first(START))]:
        chosen = set(starts[0]["chosen"])
        dataset_ids = [dataset_id for dataset_id in dataset_ids if dataset_id in chosen]
    last: dict[str, tuple[Line, bool]] = {}
    for run in runs:
        is_same = _fingerprint_of(run.journal) == now.to_mapping()
        for dataset_id, line in run.journal.datasets(WRITTEN).items():
            last[dataset_id] = (line, is_same)
    again: dict[str, str] = {}
    left = []
    for dataset_id in dataset_ids:
        line, is_same = last.get(dataset_id, ({"outcome": NOT_DONE}, False))
        outcome = line["outcome"]
        if outcome == Outcome.FAILED.value and is_same and not _is_of_instance(line):
            left.append(dataset_id)
        elif outcome in {NOT_DONE, Outcome.FAILED.value, *MENDED_BY_REPEAT}:
            again[dataset_id] = outcome
    return Repeat(again, tuple(left), now)


def _is_of_instance(line: Line) -> bool:
    """True if a record of the instance stood in the way, whatever else did."""
    return any(finding["reason"] in OF_THE_INSTANCE for finding in line.get("reasons", ()))


def _fingerprint_of(journal: JournalLines) -> object:
    start = journal.first(START)
    return start.get("combination") if start else None
