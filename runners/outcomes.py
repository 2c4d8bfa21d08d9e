"""What the journals of runs say: the outcome of each dataset, and how the instance has grown."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from runners.census.store import CensusDataset
from runners.contract import DatasetOutcome, Outcome
from runners.journal import CANCELLED, END, START, WRITTEN, Line, Record


def outcomes(journal: Record, datasets: Sequence[CensusDataset]) -> tuple[DatasetOutcome, ...]:
    """What the journal says of each of the datasets that it knows."""
    return told([journal], datasets)


def told(
    journals: Sequence[Record], datasets: Sequence[CensusDataset]
) -> tuple[DatasetOutcome, ...]:
    """What the journals of several runs, oldest first, say of the datasets: the last word."""
    lines: dict[str, Line] = {}
    for journal in journals:
        lines |= journal.datasets(WRITTEN)
    titles = {dataset.dataset_id: dataset.title for dataset in datasets}
    known = [dataset_id for dataset_id in titles if dataset_id in lines]
    return tuple(_outcome(lines[dataset_id], titles[dataset_id]) for dataset_id in known)


def _outcome(line: Line, title: str) -> DatasetOutcome:
    fields: dict[str, Any] = {
        key: line[key] for key in ("dataset_id", "outcome", "reasons", "notes")
    }
    return DatasetOutcome.from_mapping({**fields, "title": title}, source="journal")


def changes(journal: Record) -> dict[str, int]:
    """How many records of each kind the run has added, over all its processes."""
    start, end = journal.first(START), journal.first(END)
    if start is None or end is None:
        return {}
    grown = {kind: count - start["counts"][kind] for kind, count in end["counts"].items()}
    return {kind: count for kind, count in grown.items() if count}


def was_cancelled(journal: Record) -> bool:
    """True if the run was asked to end early, and did."""
    return journal.first(CANCELLED) is not None and journal.first(END) is None


def summary(found: Sequence[DatasetOutcome]) -> str:
    """One line: how many datasets ended in which outcome."""
    counts = Counter(outcome.outcome for outcome in found)
    parts = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
    return ", ".join(parts) or "no datasets"
