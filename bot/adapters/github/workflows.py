"""The repository's workflow files by what they are for, and their runs.

This repository has a file for each purpose. Another one that calls bot.yml has one file for all of
them, whose name its jobs know (the setting `workflow`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from github.GithubException import UnknownObjectException
from github.GithubObject import NotSet
from github.Repository import Repository
from github.Workflow import Workflow
from github.WorkflowRun import WorkflowRun

from bot.adapters.github.client import RetryPolicy, make_once, with_clear_refusals
from bot.errors import BotError
from runners.contract import Action

DISPATCH = "workflow_dispatch"
NEWEST = 100
MOST_LISTED = 1000
MOST_COUNTED = 20
LOOK_JOB = "Detect"
"""The job of detect.yml. A called one has the callers' names before its own, parted by slashes."""
GOING_ON = ("requested", "waiting", "pending", "queued", "in_progress")
"""A workflow run's status before its end, in the order in which a run may have them."""
FAILED = frozenset({"failure", "timed_out", "startup_failure"})
WATCH_TITLE = "Watch runs"
BY_HAND = "disabled_manually"
TITLE = re.compile(
    r"(?P<run_id>(?P<release>\d{4}-\d{2}-\d{2})-(?P<action>ingest|verify)-[a-z0-9-]{1,60})"
    r" in (?P<instance>\S+)(?: for (?P<who>\S+))?"
)
"""What a workflow run that works on a request is called."""


@dataclass(frozen=True, slots=True)
class WorkflowFiles:
    """The names of the workflow files; `called` is the one of a repository that calls bot.yml."""

    called: str | None = None

    def of(self, action: Action) -> str:
        """The file whose runs work on such requests."""
        return self.called or f"{action}.yml"

    @property
    def detect(self) -> str:
        """The file whose schedule looks for releases."""
        return self.called or "detect.yml"

    @property
    def watch(self) -> str:
        """The file that says how far runs are, and ends machines."""
        return self.called or "reap.yml"

    @property
    def dispatched(self) -> tuple[str, ...]:
        """The files whose runs work on requests, each once."""
        return tuple(dict.fromkeys(self.of(action) for action in Action))

    @property
    def needed(self) -> tuple[str, ...]:
        """The files that must be there, each once; what they call lies beside them."""
        others = (self.called or name for name in ("commands.yml", "check.yml"))
        return tuple(dict.fromkeys((*self.scheduled, *others, *self.dispatched)))

    @property
    def scheduled(self) -> tuple[str, ...]:
        """The files that the clock starts, each once."""
        return tuple(dict.fromkeys((self.detect, self.watch)))


@dataclass(frozen=True, slots=True)
class GithubWorkflows:
    """The workflows of the repository by their files. What has no file has had no runs."""

    repo: Repository
    files: WorkflowFiles
    patience: RetryPolicy

    def by_run_id(self) -> dict[str, list[WorkflowRun]]:
        """Run id -> the newest workflow runs that were dispatched for it, oldest first."""
        by_run_id: dict[str, list[WorkflowRun]] = {}
        for workflow_run in sorted(self._dispatched(), key=lambda run: run.id):
            title = TITLE.fullmatch(workflow_run.display_title)
            if title is not None:
                by_run_id.setdefault(title["run_id"], []).append(workflow_run)
        return by_run_id

    def address_of(self, run_id: str) -> str | None:
        """Where a browser finds the log of the newest workflow run that works on the run."""
        workflow_runs = self.by_run_id().get(run_id)
        return workflow_runs[-1].html_url if workflow_runs else None

    def _dispatched(self) -> Iterator[WorkflowRun]:
        for name in self.files.dispatched:
            yield from self._newest_or_going_on(name)

    def _newest_or_going_on(self, name: str) -> Iterable[WorkflowRun]:
        """The newest dispatches, and older ones that go on: others may follow in these days.

        GitHub lists 1,000 at most of one status. See
        https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
        """
        newest = {run.id: run for run in self._runs(name, DISPATCH, NEWEST)}
        older = {
            run.id: run
            for status in (GOING_ON if len(newest) == NEWEST else ())
            for run in self._runs(name, DISPATCH, MOST_LISTED, status)
        }
        return {**newest, **older}.values()

    def failures(self) -> int:
        """How many of the last looks for releases have failed in a row.

        Where one file is for everything, its looks are the jobs of that name in the runs that the
        clock started. One that was cancelled or skipped says nothing.
        """
        event, failures = ("schedule" if self.files.called else None), 0
        for run in self._runs(self.files.detect, event, MOST_COUNTED, status="completed"):
            conclusion = self._look_in(run)
            if conclusion == "success":
                break
            failures += conclusion in FAILED
        return failures

    def _look_in(self, run: WorkflowRun) -> str | None:
        """How the look ended, which is one job among others where one file is for everything.

        A run that couldn't start has no jobs. See
        https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
        """
        if not self.files.called or run.conclusion == "success":
            return run.conclusion
        looks = (job for job in run.jobs() if job.name.split(" / ")[-1] == LOOK_JOB)
        look = next(looks, None)
        return run.conclusion if look is None else look.conclusion

    def dispatch(self, name: str, inputs: Mapping[str, str], is_done: Callable[[], bool]) -> None:
        """Starts the workflow; after an answer that was lost, `is_done` tells if it was started.

        Raises:
            BotError: the repository has no such file.
        """
        workflow, target = self._workflow(name), self.repo.default_branch

        def make() -> bool:
            return workflow.create_dispatch(target, dict(inputs), throw=True) is not None

        try:
            make_once(make, lambda: is_done() or None, self.patience)
        except UnknownObjectException as error:
            raise BotError(
                f".github/workflows/{name} isn't on the default branch; copy it from the "
                "documentation."
            ) from error

    @with_clear_refusals
    def watch(self) -> None:
        """Asks for a look at the runs that go on. A second one waits for the first, or is dropped.

        A job's own token may do this, unlike most events:
        https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
        """
        inputs = {"title": WATCH_TITLE} if self.files.called else {}
        self.dispatch(self.files.watch, inputs, lambda: False)

    @with_clear_refusals
    def keep_alive(self) -> tuple[str, ...]:
        """Enables the workflows that the clock starts, and returns them.

        GitHub disables the schedules of a public repository after 60 days without activity. One
        that a person has disabled stays so. See
        https://docs.github.com/en/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows
        https://docs.github.com/en/rest/actions/workflows#enable-a-workflow
        """
        return tuple(name for name in self.files.scheduled if self._enabled(name))

    def _enabled(self, name: str) -> bool:
        workflow = self._workflow(name)
        try:
            if workflow.state == BY_HAND:
                return False
        except UnknownObjectException:
            return False
        if not workflow.enable():
            raise BotError(f"{name} can't be enabled; enable it by hand, under Actions.")
        return True

    def _workflow(self, name: str) -> Workflow:
        return self.repo.get_workflow(name)

    def _runs(
        self, name: str, event: str | None, most: int, status: str | None = None
    ) -> Iterator[WorkflowRun]:
        runs = self._workflow(name).get_runs(event=event or NotSet, status=status or NotSet)
        try:
            yield from islice(runs, most)
        except UnknownObjectException:
            return
