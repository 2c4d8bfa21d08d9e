"""What the instance itself keeps of a run's transactions, each in the commit of the rows that it is
about, so that it is there exactly if they are. Must not read a database or a journal.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runners.contract import ContractError, Document, RunRequest
from runners.records.baseline import Baseline
from runners.records.transaction_log import TransactionRecord


class Opening(Document):
    """What a run began with: its journal's line `start`, and what the instance held.

    `since`: the number of the first transaction that is kept in the instance; those before it, of
    code that kept none, are in the journal alone.
    """

    request: RunRequest
    start: Mapping[str, Any]
    holdings: Baseline
    since: int


class KeptTransaction(Document):
    """A transaction's record, by its digest; `at` is when it was journalled."""

    number: int
    at: str
    digest: str
    record: TransactionRecord


@dataclass(frozen=True)
class KeptRun:
    """All that an instance keeps of a run; nothing of one that wrote nothing."""

    opening: Opening | None = None
    transactions: Mapping[int, KeptTransaction] = field(default_factory=dict)


def digest(record: TransactionRecord) -> str:
    """A digest of a transaction's record, however a database orders its fields."""
    fields = json.loads(record.model_dump_json())
    text = json.dumps(fields, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:22]


def kept(record: TransactionRecord, at: str) -> KeptTransaction:
    """The record as the instance keeps it."""
    return KeptTransaction(number=record.number, at=at, digest=digest(record), record=record)


def require_unchanged(run_id: str, transaction: KeptTransaction) -> None:
    """Refuses a record that isn't the one that was kept.

    Raises:
        ContractError: somebody has changed it.
    """
    if (
        digest(transaction.record) != transaction.digest
        or transaction.record.number != transaction.number
    ):
        raise ContractError(
            f"instance: what it keeps of transaction {transaction.number} of run {run_id} (a row "
            "of lamindb_jsonvalue) was changed; restore that row."
        )
