"""What the reaper did to a machine that nobody needs."""

from enum import StrEnum
from typing import ClassVar

from runners.contract.document import Document


class Act(StrEnum):
    """`terminate` asks GitHub first, and spares a machine on which a job has just begun;
    `cancel_run` ends a workflow run whose job waits for a machine that is gone.
    """

    NOTE = "note"
    TERMINATE = "terminate"
    TERMINATE_EXPIRED = "terminate_expired"
    REMOVE_RUNNER = "remove_runner"
    DROP_HANDOVER = "drop_handover"
    CANCEL_RUN = "cancel_run"


class Reaped(Document):
    """One action of the reaper, a line of what it prints; `why` it was decided on.

    `result` is DONE, SPARED, or the sentence that says why it failed. Run and release are None for
    what belongs to a machine that AWS has forgotten.
    """

    act: Act
    machine: str
    run: str | None = None
    release: str | None = None
    why: str
    result: str

    DONE: ClassVar[str] = "done"
    SPARED: ClassVar[str] = "spared"

    @property
    def has_failed(self) -> bool:
        """Whether `result` says why the action failed."""
        return self.result not in {self.DONE, self.SPARED}
