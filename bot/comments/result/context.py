"""What a result is told beside, as plain values. Must not gather it."""

from dataclasses import dataclass

from runners.contract import RunReport


@dataclass(frozen=True, slots=True)
class Context:
    """`earlier` is the last run of this release before, `before` that of the previous release.

    `page` is the address of the whole report, as the thread's readers can open it.
    """

    earlier: RunReport | None = None
    before: RunReport | None = None
    page: str | None = None


ALONE = Context()
