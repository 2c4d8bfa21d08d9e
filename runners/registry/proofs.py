"""A run's transactions as the instance keeps them: a row of LaminDB's JsonValue each, written by
the transaction that it is about.

A JsonValue without a feature annotates nothing and is shown nowhere; a tracked run's name their
LaminDB Run. Import it once an instance is connected.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import lamindb as ln

from runners.contract import RunRequest
from runners.records.proof import KeptRun, KeptTransaction, Opening, require_unchanged
from runners.registry import tracking

KIND = "cellxgene-ingestion-bot"
OPENING, TRANSACTION = "opening", "transaction"
"""A value's fields, one of which it has beside kind, run and release."""


def keep(request: RunRequest, transaction: KeptTransaction, opening: Opening | None = None) -> None:
    """Keeps a transaction, by itself, in one statement; before a run's first its opening."""
    parts: dict[str, Opening | KeptTransaction] = {TRANSACTION: transaction}
    if opening is not None:
        parts = {OPENING: opening, **parts}
    rows = [_row(request, name, part) for name, part in parts.items()]
    ln.models.JsonValue.objects.bulk_create(rows)


def _row(request: RunRequest, name: str, part: Opening | KeptTransaction) -> Any:
    value = {
        "kind": KIND,
        "run": request.run_id,
        "release": request.release,
        name: part.model_dump(mode="json"),
    }
    own_digest = part.digest if isinstance(part, KeptTransaction) else None
    row = ln.models.JsonValue(value=value, hash=own_digest)
    tracking.claim(row)
    return row


def kept_run(run_id: str) -> KeptRun:
    """What the instance keeps of a run.

    Raises:
        ContractError: somebody has changed it.
    """
    values = _values(run=run_id).order_by("id").values_list("value", flat=True)
    source = f"instance, what it keeps of run {run_id}"
    opening = None
    transactions = {}
    for value in values:
        if OPENING in value:
            opening = Opening.from_mapping(value[OPENING], source=source)
        else:
            transaction = KeptTransaction.from_mapping(value[TRANSACTION], source=source)
            require_unchanged(run_id, transaction)
            transactions[transaction.number] = transaction
    return KeptRun(opening, transactions)


def runs_of(release: str) -> Mapping[str, RunRequest]:
    """Run id -> request, of all runs of the release that the instance keeps."""
    openings = _values(release=release, opening__isnull=False).order_by("id")
    requests = [
        RunRequest.from_mapping(value[OPENING]["request"], source="instance")
        for value in openings.values_list("value", flat=True)
    ]
    return {request.run_id: request for request in requests}


def forget(run_ids: Sequence[str]) -> None:
    """Deletes what is kept of runs, in the transaction that takes back what they wrote."""
    for run_id in run_ids:
        own = _values(run=run_id)
        own._raw_delete(own.db)


def _values(**fields: Any) -> Any:
    wanted = {f"value__{name}": value for name, value in {"kind": KIND, **fields}.items()}
    return ln.models.JsonValue.objects.filter(feature=None, **wanted)
