"""A run's job that works on where no workflow run waits for it, as it is kept beside the run."""

from datetime import datetime
from enum import StrEnum

from runners.contract.document import Document, RunId
from runners.contract.report import Machine

REMOTE_JOB = "job.json"
"""Its file in the run's folder: the launch writes it first, and whoever looks at the job later."""


class JobState(StrEnum):
    """How far a job is. Launching: it was about to be asked for, and may be there or not.

    Stopping: it was asked to end, and is asked again until it has.
    """

    LAUNCHING = "launching"
    WORKING = "working"
    STOPPING = "stopping"
    ENDED = "ended"


class RemoteJob(Document):
    """The job `name` of `run`, as it was at `seen_at`. Times are UTC.

    It has ended by `expires_at`, whoever looks or doesn't. `reason` is why it ended, in the words
    of AWS and of the job itself, None for one that ended well; `log` is where a person reads its
    log.
    """

    run: RunId
    name: str
    state: JobState
    launched_at: datetime
    expires_at: datetime
    seen_at: datetime
    machine: Machine
    reason: str | None = None
    log: str | None = None

    def is_alive(self, now: datetime) -> bool:
        """Whether it may still write, as far as this says."""
        return self.state is not JobState.ENDED and now < self.expires_at
