"""The audit trail of a run's machines: a line for each thing that was done to one, as JSON."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from runners.contract.document import Document

LAUNCHED = "launched"
BY_ITSELF = "ended"
"""Of an end that nobody here has brought about at that moment: it is seen afterwards."""
ENDED = frozenset({"terminated", BY_ITSELF})


class TrailLine(Document):
    """What was done to a machine, and why. `price` is what an hour of it costs, in US dollars."""

    at: datetime
    run: str
    act: str
    machine: str | None = None
    why: str
    price: Annotated[float, Field(ge=0)] | None = None


def cost(lines: Iterable[TrailLine], now: datetime, lifetime: timedelta) -> float:
    """What the machines of some trails have cost until now, estimated, in US dollars.

    A machine of whose end no line speaks counts until now, or to the end of its lifetime. So does
    one that ended by itself at most: its end may have been seen long afterwards.
    """
    known = list(lines)
    ends = {(line.run, line.machine): line for line in known if line.act in ENDED}
    launched: dict[tuple[str, str | None], TrailLine] = {}
    for line in known:
        if line.act == LAUNCHED and line.price is not None:
            launched.setdefault((line.run, line.machine), line)  # a repeated launch says so again
    return sum(
        _life(line, ends.get(machine), now, lifetime) / timedelta(hours=1) * (line.price or 0)
        for machine, line in launched.items()
    )


def _life(
    launched: TrailLine, end: TrailLine | None, now: datetime, lifetime: timedelta
) -> timedelta:
    life = (end.at if end else now) - launched.at
    if end is None or end.act == BY_ITSELF:
        life = min(life, lifetime)
    return max(life, timedelta(0))  # a launch whose answer was lost may be noted after the end
