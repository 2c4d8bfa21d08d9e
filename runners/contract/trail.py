"""The audit trail of a run's machines: a line for each thing that was done to one, as JSON."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from runners.contract.document import Document

LAUNCHED = "launched"
ENDED = frozenset({"terminated", "ended"})


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

    A machine of whose end no line speaks counts until now, or to the end of its lifetime.
    """
    known = list(lines)
    ended_at = {(line.run, line.machine): line.at for line in known if line.act in ENDED}
    launched: dict[tuple[str, str | None], TrailLine] = {}
    for line in known:
        if line.act == LAUNCHED and line.price is not None:
            launched.setdefault((line.run, line.machine), line)  # a repeated launch says so again
    return sum(
        (ended_at.get(machine, min(now, line.at + lifetime)) - line.at)
        / timedelta(hours=1)
        * (line.price or 0)
        for machine, line in launched.items()
    )
