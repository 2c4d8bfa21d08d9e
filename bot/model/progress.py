"""A run's journal -> how far it is. Pure; a line that makes no sense is passed over."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

MOMENT = "at"


@dataclass(frozen=True, slots=True)
class Progress:
    """Datasets that were `read` and those `written`, from the first line to the `newest`, of those
    that were `chosen` when the run began.
    """

    read: int = 0
    written: int = 0
    began: datetime | None = None
    newest: datetime | None = None
    is_registered: bool = False
    chosen: int | None = None

    def stage(self) -> str:
        """What the run is doing, in words for the status comment."""
        if self.began is None:
            return "waiting for its machine, or in its smoke test"
        return "verifying" if self.is_registered else "reading and registering"

    def rate(self) -> float | None:
        """Datasets an hour, once there are enough to say."""
        if self.began is None or self.newest is None or self.written < 2:
            return None
        hours = (self.newest - self.began).total_seconds() / 3600
        return self.written / hours if hours > 0 else None

    def left(self, total: int) -> timedelta | None:
        """The time that the rest of `total` will take at this rate."""
        rate = self.rate()
        return None if rate is None else timedelta(hours=max(0, total - self.written) / rate)


def progress_of(journal: str) -> Progress:
    """What the journal's whole lines say; the last may still be being written."""
    lines = [_parsed(line) for line in journal.splitlines(keepends=True) if line.endswith("\n")]
    moments = [when for when in map(_moment, lines) if when is not None]
    steps = [(line.get("step"), line.get("dataset_id")) for line in lines]
    return Progress(
        read=len({dataset for step, dataset in steps if step == "read"}),
        written=len({dataset for step, dataset in steps if step == "written"}),
        began=moments[0] if moments else None,
        newest=moments[-1] if moments else None,
        is_registered=("end", None) in steps,
        chosen=next((len(ids) for ids in map(_chosen, lines) if ids is not None), None),
    )


def _chosen(line: Mapping[str, Any]) -> Sequence[Any] | None:
    ids = line.get("chosen")
    return ids if isinstance(ids, list) else None


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        values = json.loads(line)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _moment(line: Mapping[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(line.get(MOMENT)))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
