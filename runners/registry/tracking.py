"""Whose new records are: a LaminDB Run of our Transform, and a space.

Terms, features, schemas and references stay where everybody can use them: a space holds the
release's artifacts and collections, and the Run. Import it once an instance is connected.
"""

from datetime import UTC, datetime
from typing import Any

import lamindb as ln

from runners.contract import ContractError, RunRequest

TRANSFORM = "cellxgene-ingestion-bot"
COMPLETED, ABORTED = 0, 2
"""LaminDB's codes of how a run ended, which it has no setter for."""

_space: Any = None


def begin_tracking(request: RunRequest) -> None:
    """From now on new records belong to the request's Run and space, where it asks for them.

    A run that goes on finds the Run that it began.

    Raises:
        ContractError: the instance has no such space.
    """
    global _space
    _space = _find_space(request)
    if request.track:
        transform = ln.Transform.filter(key=TRANSFORM).first() or _claim_and_save(
            ln.Transform(key=TRANSFORM, kind="pipeline")
        )
        # `ln.track` goes on with a user's last run of a transform, which may be another
        ln.context._run = ln.Run.filter(
            transform=transform, name=request.run_id
        ).first() or _claim_and_save(
            ln.Run(transform=transform, name=request.run_id, status="started")
        )


def _find_space(request: RunRequest) -> Any:
    if request.space is None:
        return None
    space = ln.Space.filter(name=request.space).one_or_none()
    if space is None:
        names = ", ".join(ln.Space.objects.order_by("name").values_list("name", flat=True))
        raise ContractError(
            f"request {request.run_id}: field space: {request.instance} has no space "
            f"{request.space!r}; name one of {names}."
        )
    return space


def _claim_and_save(record: Any) -> Any:
    claim(record)
    return record.save()


def claim(record: Any) -> None:
    """Gives a record that isn't saved yet to the Run and the space."""
    if not isinstance(record, ln.Run | ln.Transform):
        record.run = ln.context.run
    if _space is not None:
        record.space = _space


def finish_tracking(*, completed: bool) -> None:
    """Notes in the Run, if there is one, that it has ended."""
    run = ln.context.run
    if run is not None:
        run.finished_at = datetime.now(UTC)
        run._status_code = COMPLETED if completed else ABORTED
        run.save()
