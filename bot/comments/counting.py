"""Numbers, times and lists as a sentence wants them."""

from collections.abc import Sequence
from datetime import datetime


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 dataset`, `1,845 datasets`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def moment(when: datetime) -> str:
    """A UTC time to the minute."""
    return when.strftime("%Y-%m-%d %H:%M UTC")


def duration(start: datetime, end: datetime) -> str:
    """`42 s`, `3 min 5 s`, `2 h 10 min`."""
    seconds = max(0, round((end - start).total_seconds()))
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
