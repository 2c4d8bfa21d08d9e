"""A run's journal, made whole by what the instance keeps of the run.

A journal may lag behind: a machine was lost after a commit and before its journal was mirrored. Or
the instance may: it was restored to an earlier state, or the run was taken back by another machine.
Must not read a database.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from runners.contract import ContractError, RunRequest
from runners.records.baseline import BASELINE, store_baseline
from runners.records.proof import KeptRun, digest
from runners.records.transaction_log import TransactionRecord
from runners.run.journal import COMMITTED, RECORDED, START, Journal, JournalLines, Line

IS_KEPT = "is_kept"
"""Of a run's START: the instance keeps all its transactions. Runs of older code have none."""


def complete(folder: Path, journal: Journal, request: RunRequest, kept: KeptRun) -> str | None:
    """Writes what the run's folder lacks; says what that was.

    Raises: as `missing_lines`.
    """
    lines = list(missing_lines(journal, request, kept))
    if kept.opening and not (folder / BASELINE).exists():
        store_baseline(folder, kept.opening.holdings)
    for line in lines:
        journal.write(**line)
    return shortage(request.run_id, lines)


def shortage(run_id: str, lines: Collection[Line]) -> str | None:
    """What a journal lacked, for a person; None if that is only whether commits came about."""
    numbers = [line["number"] for line in lines if line["step"] == RECORDED]
    if not numbers and all(line["step"] != START for line in lines):
        return None
    named = ", ".join(map(str, numbers)) or "none"
    return (
        f"run {run_id}: its journal is short: it lacks transactions that the instance holds "
        f"({named})"
    )


def missing_lines(
    journal: JournalLines, request: RunRequest, kept: KeptRun
) -> Iterator[dict[str, Any]]:
    """The lines that the journal lacks of what the instance keeps.

    Raises:
        ContractError: the two are not of the same run, or neither has all of it.
    """
    _require_same_run(journal, request, kept)
    recorded = recordings(journal)
    if kept.opening is not None:
        if journal.first(START) is None:
            yield {**kept.opening.start, "step": START}
        _require_unkept(request.run_id, recorded, kept.opening.since)
    committed = {line["number"] for line in journal.all(COMMITTED)}
    _require_kept(request.run_id, recorded, committed, kept)
    for number, transaction in sorted(kept.transactions.items()):
        if number not in recorded:
            fields = transaction.record.model_dump(mode="json")
            yield {"step": RECORDED, "at": transaction.at, **fields}
        if number not in committed:
            yield {"step": COMMITTED, "number": number}


def recordings(journal: JournalLines, source: str = "journal") -> dict[int, TransactionRecord]:
    """What the journal has recorded, by number; of one number the last."""
    records = {}
    for line in journal.all(RECORDED):
        fields = {name: value for name, value in line.items() if name not in ("at", "step")}
        record = TransactionRecord.from_mapping(fields, source=source)
        records[record.number] = record
    return records


def first_kept(journal: JournalLines) -> int:
    """The number from which on an instance that keeps nothing of the run yet will keep all: those
    before are of older code. What was recorded since was never committed.
    """
    unkept = [number for number, record in recordings(journal).items() if not record.is_kept]
    return max(unkept, default=0) + 1


def is_forgotten(journal: JournalLines, kept: KeptRun) -> bool:
    """True if the instance keeps nothing of a run whose journal says that it kept something."""
    committed = {line["number"] for line in journal.all(COMMITTED)}
    return not kept.transactions and any(
        record.is_kept and number in committed for number, record in recordings(journal).items()
    )


def _require_same_run(journal: JournalLines, request: RunRequest, kept: KeptRun) -> None:
    if kept.opening is None:
        return
    start, other = journal.first(START), kept.opening
    if other.request != request or (start is not None and start["at"] != other.start["at"]):
        raise ContractError(
            f"request {request.run_id}: field run_id: the instance holds what another run of this "
            f"name wrote (begun {other.start['at']}); start this one under another id, or go on "
            "with that one in its own folder."
        )


def _require_unkept(run_id: str, recorded: Mapping[int, TransactionRecord], since: int) -> None:
    """Refuses a journal that lacks what no instance keeps."""
    if lacking := sorted(set(range(1, since)) - recorded.keys()):
        raise ContractError(
            f"run {run_id}: its journal lacks transactions ({_named(lacking)}) that were made "
            "before the instance kept any; bring the whole journal back."
        )


def _require_kept(
    run_id: str,
    recorded: Mapping[int, TransactionRecord],
    committed: Collection[int],
    kept: KeptRun,
) -> None:
    """Refuses where the instance lacks what the journal has, or has it otherwise."""
    gone = [
        number
        for number, record in recorded.items()
        if record.is_kept and number in committed and number not in kept.transactions
    ]
    if gone:
        raise ContractError(
            f"run {run_id}: its journal has transactions ({_named(gone)}) that the instance holds "
            "no more: the run was taken back by another machine, or the database is an earlier "
            "state of itself. Nothing was changed; start a new run."
        )
    for number, transaction in kept.transactions.items():
        if number in recorded and digest(recorded[number]) != transaction.digest:
            raise ContractError(
                f"run {run_id}: transaction {number} is another in its journal than in the "
                "instance; bring back the journal that was written here, or remove it: the "
                "instance keeps all of it."
            )


def _named(numbers: Collection[int]) -> str:
    shown = ", ".join(map(str, sorted(numbers)[:10]))
    return f"{shown}, ..." if len(numbers) > 10 else shown
