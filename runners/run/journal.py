"""What a run has done, one JSON line per dataset and step, so that a killed run resumes.

A line is on disk before the next step begins. A line that a kill cut short is dropped when the
journal is opened again: its step is then simply done again. The lines of several runs say how each
dataset ended, and how the instance has grown.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runners.census.store import CensusDataset
from runners.contract import ContractError, DatasetOutcome, Outcome

START, READ, WRITTEN, END, CANCELLED = "start", "read", "written", "end", "cancelled"
RECORDED, COMMITTED = "recorded", "committed"
ROLLBACK, ROLLED_BACK, NOT_ROLLED_BACK = "rollback", "rolled back", "not rolled back"
"""The steps, as the journal names them: of a run, of each of its transactions, and of a rollback:
that its commit is next, and whether it came.
"""

JOURNAL = "journal.jsonl"
"""The journal's file, in the run's folder."""

Line = Mapping[str, Any]


class JournalLines:
    """The lines of a journal in order, whoever wrote them."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = list(lines)

    def first(self, step: str) -> Line | None:
        """The first line of a step of the whole release."""
        release_lines = (
            line for line in self.lines if line["step"] == step and "dataset_id" not in line
        )
        return next(release_lines, None)

    def all(self, step: str) -> list[Line]:
        """Every line of a step."""
        return [line for line in self.lines if line["step"] == step]

    def datasets(self, step: str) -> dict[str, Line]:
        """Dataset id -> the first line that the step wrote for it."""
        first_lines: dict[str, Line] = {}
        for line in self.lines:
            if line["step"] == step and "dataset_id" in line:
                first_lines.setdefault(str(line["dataset_id"]), line)
        return first_lines


def read_journal(path: Path) -> JournalLines:
    """The journal at `path`; without lines if there is none.

    Raises:
        ContractError: a line in its middle is no journal line: somebody edited it.
    """
    raw = path.read_bytes() if path.exists() else b""
    whole = raw[: raw.rfind(b"\n") + 1].splitlines()
    return JournalLines(_parse(line, f"{path}, line {n}") for n, line in enumerate(whole, start=1))


class Journal(JournalLines):
    """A journal that is written to, by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Opens the journal at `path`, made if absent. Errors as in `read_journal`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(read_journal(path).lines)
        self._file = path.open("ab", buffering=0)  # closing writes nothing that has failed
        content = path.read_bytes()
        self._file.truncate(content.rfind(b"\n") + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, step: str, *, dataset_id: str | None = None, **facts: object) -> Line:
        """Adds a line for `step` (of a dataset, or of the whole release), and returns it.

        Raises:
            OSError: the disk refuses it, and none of it is there; names the journal.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": now, "step": step}
        if dataset_id is not None:
            line["dataset_id"] = dataset_id
        line |= facts
        raw = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        end = self._file.seek(0, os.SEEK_END)
        try:
            while raw:
                raw = raw[self._file.write(raw) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(end)  # a part of it would spoil the next line
            error.filename = self._file.name  # Python names none of an open file
            raise
        self.lines.append(line)
        return line


def _parse(line: bytes, place: str) -> Line:
    try:
        parsed = json.loads(line)
    except ValueError as error:
        raise ContractError(
            f"{place}: not JSON ({error}); start a new run, which keeps what is registered."
        ) from error
    if not isinstance(parsed, dict) or "step" not in parsed:
        raise ContractError(f"{place}: field step is missing; start a new run.")
    return parsed


def outcomes_of_journal(
    journal: JournalLines, datasets: Sequence[CensusDataset]
) -> tuple[DatasetOutcome, ...]:
    """The outcome of each of the datasets that the journal knows."""
    return outcomes_of_runs([journal], datasets)


def outcomes_of_runs(
    journals: Sequence[JournalLines], datasets: Sequence[CensusDataset]
) -> tuple[DatasetOutcome, ...]:
    """The outcome of each dataset that the journals (oldest first) know; the last one counts."""
    lines: dict[str, Line] = {}
    for journal in journals:
        lines |= journal.datasets(WRITTEN)
    titles = {dataset.dataset_id: dataset.title for dataset in datasets}
    known_ids = [dataset_id for dataset_id in titles if dataset_id in lines]
    return tuple(_outcome(lines[dataset_id], titles[dataset_id]) for dataset_id in known_ids)


def _outcome(line: Line, title: str) -> DatasetOutcome:
    fields: dict[str, Any] = {
        key: line[key] for key in ("dataset_id", "outcome", "reasons", "notes")
    }
    absent = line.get("absent", ())  # a journal of before has none
    return DatasetOutcome.from_mapping(
        {**fields, "absent": absent, "title": title}, source="journal"
    )


def added_records(journal: JournalLines) -> dict[str, int]:
    """How many records of each kind the run has added, over all its processes."""
    start, end = journal.first(START), journal.first(END)
    if start is None or end is None:
        return {}
    grown = {kind: count - start["counts"][kind] for kind, count in end["counts"].items()}
    return {kind: count for kind, count in grown.items() if count}


def was_cancelled(journal: JournalLines) -> bool:
    """True if the run was asked to end early, and did."""
    return journal.first(CANCELLED) is not None and journal.first(END) is None


def was_rolled_back(journal: JournalLines) -> bool:
    """True if the run was taken back, or may have been: a kill left open whether it was."""
    steps = (ROLLBACK, ROLLED_BACK, NOT_ROLLED_BACK)
    last = [line["step"] for line in journal.lines if line["step"] in steps][-1:]
    return bool(last) and last[0] != NOT_ROLLED_BACK


def summary(dataset_outcomes: Sequence[DatasetOutcome]) -> str:
    """One line: how many datasets ended in which outcome."""
    counts = Counter(outcome.outcome for outcome in dataset_outcomes)
    parts = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
    return ", ".join(parts) or "no datasets"
