"""How the jobs of a workflow run ended -> what became of the run. Pure."""

import json
from dataclasses import dataclass

from bot.model.progress import Progress

JOBS = ("plan", "smoke", "launch", "work")


@dataclass(frozen=True, slots=True)
class Ending:
    """The `job` that kept the run from its report, `result` in GitHub's words, and its `log`.

    Without a job, none of them failed: only some were repeated, or the run is `lost`. `why` is what
    the run's machine, and who gave it, have said of its end.
    """

    job: str
    result: str
    log: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.job}: {self.result}" if self.job else self.result

    def has_begun(self, progress: Progress) -> bool:
        """Whether the run's machine may have worked: no job before its own failed, or the journal
        says so.
        """
        return self.job in {"work", ""} or progress.began is not None


GIVEN_UP = Ending("wait", "stopped", "")
"""A run in a folder was cancelled before anybody began it."""


def ending_of(jobs: str, log: str) -> Ending:
    """The ending by the jobs' results, as JSON of Actions' context `needs`.

    A job that took longer than it may is `cancelled`, as one that somebody cancels. See
    https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#needs-context
    """
    try:
        needs = json.loads(jobs)
        results = {job: str(needs.get(job, {}).get("result", "skipped")) for job in JOBS}
    except (ValueError, AttributeError):
        return Ending("", "unknown", log)
    ended = ((job, result) for job, result in results.items() if result in FAILED)
    job, result = next(ended, ("", "skipped"))
    return Ending(job, result, log)


FAILED = frozenset({"failure", "cancelled"})
