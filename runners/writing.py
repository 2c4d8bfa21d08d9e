"""The one writer of a run: what an outage rolled back is done again, by a writer made anew.

A writer remembers ids, and what was rolled back has none. Must not know what is written.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from runners.retries import retry_outages

if TYPE_CHECKING:
    from runners.registry.writer import Writer

Result = TypeVar("Result")


class Writing:
    """Does steps with a writer that `ready` connects and prepares, first and after an outage."""

    def __init__(self, ready: "Callable[[], Writer]", *, seconds: float) -> None:
        """`seconds`: how long a step is tried again."""
        self._ready = ready
        self._seconds = seconds
        self._writer: Writer | None = None

    def do(self, step: "Callable[[Writer], Result]") -> Result:
        """What the step returns, which may be done several times and must be done once.

        Raises:
            OutageError: database or storage did not answer for all that time.
        """
        return retry_outages(lambda: self._once(step), seconds=self._seconds)

    def _once(self, step: "Callable[[Writer], Result]") -> Result:
        from runners.registry import outages  # Django, which takes a second

        writer, self._writer = self._writer, None
        with outages.raise_outages():
            writer = writer or self._ready()
            result = step(writer)
        self._writer = writer
        return result
