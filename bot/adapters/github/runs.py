"""Runs as workflow runs of GitHub Actions, with what the machine writes of them into the store.

A run is started by a workflow dispatch whose input is the request. The machine writes the request
into the store when it begins; until then, the workflow run's title alone says which run it is.
Where a job works on by itself, its record in the store says so when the workflow run has ended.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from github.WorkflowRun import WorkflowRun

from bot.adapters.github.client import RetryPolicy, login_of, with_clear_refusals
from bot.adapters.github.workflows import TITLE, GithubWorkflows
from bot.adapters.stored_runs import RunStore
from bot.errors import BotError, BusyError
from bot.model.commands import Command, parse
from bot.model.ports import Run
from runners.contract import (
    REMOTE_JOB,
    ROLLED_BACK,
    Action,
    ContractError,
    RemoteJob,
    RunReport,
    RunRequest,
    TrailLine,
    Verdict,
    cost,
    manifest_path,
)
from runners.contract.launch_toml import EC2_HOURS, MOST_HOURS

LONGEST_EC2, LONGEST_JOB = timedelta(hours=EC2_HOURS), timedelta(hours=MOST_HOURS)
"""How long a machine and a Processing job can live: [launch] takes no more hours."""

REQUEST, REPORT = "request.json", "report.json"
LEFT = "left.json"
"""What a run left for those of other releases, as the machine names it."""


def title_of(request: RunRequest) -> str:
    """What the workflow run is called: enough to know the run by, until the store has it."""
    suffix = f" for {request.requested_by}" if request.requested_by else ""
    return f"{request.run_id} in {request.instance}{suffix}"


@dataclass(frozen=True, slots=True)
class GithubRuns:
    """The repository's runs; `store` has what the machine wrote of them. `now` is the clock.

    `bot` is the login that dispatches; `accepted` gives the runs that the bot has accepted for a
    release, or where none is meant, by its own answers, each with what was asked: whoever may
    dispatch a workflow can give it any title. `results` gives what the bot has said that each of a
    release's runs came to, None of one that never began: GitHub deletes artifacts, and so reports,
    long before threads.
    """

    workflows: GithubWorkflows
    store: RunStore
    patience: RetryPolicy
    bot: str
    accepted: Callable[[str | None], Mapping[str, str]]
    results: Callable[[str], Mapping[str, Verdict | None]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @with_clear_refusals
    def all(self) -> tuple[Run, ...]:
        """All runs, oldest first. One whose workflow run ended without a report is lost, unless a
        job works on it or its result was said.

        What the machine hasn't written yet, and the bot hasn't accepted, is none.
        """
        runs = self._stored()
        accepted, results = cache(self.accepted), cache(self.results)
        for run_id, workflow_runs in self.workflows.by_run_id().items():
            first = self._first(workflow_runs)
            request = runs[run_id].request if run_id in runs else _request(first)
            release = request.release
            if run_id not in runs:
                # of the threads about no release there are many, and the first look rarely fails
                asked = accepted(release).get(run_id) or accepted(None).get(run_id)
                if asked is None:
                    continue
                request = _completed(request, asked)
            # The machine writes the request first; artifacts are kept at the end, if at all.
            known = runs.get(run_id) or Run(
                request, first.created_at, is_lost=True, has_begun=not self.store.is_live
            )
            is_lost = known.is_lost and first.status == "completed"
            said = results(release) if is_lost else {}
            verdict = said.get(run_id)
            runs[run_id] = replace(
                known,
                since=first.created_at,
                is_lost=is_lost and verdict is None,
                address=first.html_url,
                last_verdict=verdict,
                has_begun=known.has_begun and (verdict is not None or run_id not in said),
            )
        # Two that were asked for in the same second: the smaller number was first.
        return tuple(sorted(runs.values(), key=lambda run: (run.since, run.request.run_id)))

    @with_clear_refusals
    def start(self, request: RunRequest) -> None:
        """Dispatches the run's workflow, unless that was done before.

        Raises:
            BusyError: another run goes on in the instance.
        """
        if self._is_dispatched(request.run_id):
            return
        runs = {run.request.run_id: run for run in self.all()}
        for run in runs.values():
            if run.is_going_on() and run.request.instance == request.instance:
                raise BusyError(
                    f"{request.run_id} isn't started: {run.request.run_id} is going on in "
                    f"{request.instance}; wait for its end."
                )
        inputs = {"title": title_of(request), "request": request.to_line()}
        self.workflows.dispatch(
            self.workflows.files.of(request.action),
            inputs,
            lambda: self._is_dispatched(request.run_id),
        )

    @with_clear_refusals
    def workflow_of(self, run_id: str) -> int | None:
        """The workflow run that works on the run: the first one, if a dispatch came twice."""
        workflow_runs = self.workflows.by_run_id().get(run_id)
        return self._first(workflow_runs).id if workflow_runs else None

    @with_clear_refusals
    def is_named(self, request: RunRequest, workflow_run: int) -> bool:
        """Whether the workflow run's title says the request's run and instance."""
        workflows = self.workflows.by_run_id().get(request.run_id, [])
        named = (TITLE.fullmatch(one.display_title) for one in workflows if one.id == workflow_run)
        return any(title is not None and title["instance"] == request.instance for title in named)

    def _first(self, workflows: Sequence[WorkflowRun]) -> WorkflowRun:
        """The one that works: the bot's own, if a person has dispatched it by hand before."""
        own = (one for one in workflows if login_of(one.actor) == self.bot)
        return next(own, workflows[0])

    def _is_dispatched(self, run_id: str) -> bool:
        """Whether the bot has dispatched the run."""
        workflows = self.workflows.by_run_id().get(run_id, [])
        return any(login_of(one.actor) == self.bot for one in workflows)

    @with_clear_refusals
    def cancel(self, run_id: str) -> None:
        """Asks GitHub to stop the run's workflow runs that haven't ended.

        A job that works on by itself is ended by the look that is asked for, which knows by the
        bot's answer in the thread that it is to be.

        Raises:
            BotError: GitHub doesn't take it; PyGithub says so by False, whatever the reason.
        """
        job = self.job(run_id)
        if job is not None and job.is_alive(self.now()):
            self.workflows.watch()
        for _ in range(self.patience.attempts):
            workflow_runs = self.workflows.by_run_id().get(run_id, [])
            if all(run.cancel() for run in workflow_runs if run.status != "completed"):
                return
            self.patience.sleep(self.patience.backoff)
        raise BotError(f"{run_id} can't be cancelled; cancel its workflow run by hand.")

    def report(self, run_id: str) -> RunReport | None:
        """The machine's report, if it has written one. Raises BotError if it can't be read."""
        files = self.store.modified()
        return self._report(run_id) if f"{run_id}/{REPORT}" in files else None

    def job(self, run_id: str) -> RemoteJob | None:
        """What works on the run where no workflow run waits for it, as it was last seen."""
        path = f"{run_id}/{REMOTE_JOB}"
        return self._job(path) if path in self.store.modified() else None

    def journal(self, run_id: str) -> str | None:
        """The machine's journal so far; None where nothing was kept of it, or not yet."""
        path = f"{run_id}/journal.jsonl"
        return self.store.text(path) if path in self.store.modified() else None

    def cost(self, run_id: str, now: datetime) -> float | None:
        """What the run's machines have cost, by their audit trail: a file of lines, or an object a
        line. None where no price is known, or the trail can't be read.
        """
        try:
            lines = [
                TrailLine.from_json(line, source=path)
                for path in self.store.modified()
                if path == f"{run_id}/machines.jsonl" or path.startswith(f"{run_id}/machines/")
                for line in self.store.text(path).splitlines()
            ]
        except (BotError, ContractError):
            return None
        if not any(line.price is not None for line in lines):
            return None
        of_ec2 = [line for line in lines if (line.machine or "").startswith("i-")]
        others = [line for line in lines if line not in of_ec2]
        return cost(of_ec2, now, LONGEST_EC2) + cost(others, now, LONGEST_JOB)

    def are_read_live(self) -> bool:
        """Whether a run's journal can be read while the run goes on."""
        return self.store.is_live

    def kept(self, release: str) -> Iterator[tuple[str, str]]:
        """Path and text of what was kept of the release's runs, and what others left: what a run of
        it goes on from.
        """
        for path in self.store.modified():
            if path.startswith(f"{release}-") or path.endswith(f"/{LEFT}"):
                with suppress(BotError):  # what can't be read can't be gone on from
                    yield path, self.store.text(path)

    def _stored(self) -> dict[str, Run]:
        """The runs in the store. One that no recent workflow run speaks of isn't going on.

        One that can't be read, that another version of this software has kept for example, keeps no
        other from being read: without its request it isn't there, without its report it is lost.
        """
        files = self.store.modified()
        runs: dict[str, Run] = {}
        for path in files:
            run_id, _, name = path.partition("/")
            if name == REQUEST:
                with suppress(BotError, ContractError):
                    runs[run_id] = self._read(run_id, files)
        return runs

    def _read(self, run_id: str, files: Mapping[str, datetime]) -> Run:
        path = f"{run_id}/{REQUEST}"
        request = RunRequest.from_json(self.store.text(path), source=path)
        report = None
        if f"{run_id}/{REPORT}" in files:
            with suppress(BotError, ContractError):
                report = self._report(run_id)
        job, place = None, f"{run_id}/{REMOTE_JOB}"
        if place in files:
            with suppress(BotError, ContractError):
                job = self._job(place)
        is_alive = job is not None and job.is_alive(self.now())
        is_lost = report is None and not is_alive
        taken_back = files.get(f"{run_id}/{ROLLED_BACK}")
        return Run(request, files[path], report, is_lost, job=job, taken_back=taken_back)

    def _job(self, path: str) -> RemoteJob:
        return RemoteJob.from_json(self.store.text(path), source=path)

    def _report(self, run_id: str) -> RunReport:
        path = f"{run_id}/{REPORT}"
        return RunReport.from_json(self.store.text(path), source=path)


def _request(run: WorkflowRun) -> RunRequest:
    """The request as far as the title tells it."""
    title = TITLE.fullmatch(run.display_title)
    assert title is not None
    return RunRequest(
        run_id=title["run_id"],
        action=Action(title["action"]),
        release=title["release"],
        manifest=manifest_path(title["release"]),
        instance=title["instance"],
        requested_by=title["who"],
    )


def _completed(request: RunRequest, asked: str) -> RunRequest:
    """The request with the part of the release that a command names which asked for it."""
    command = parse(asked)
    if not isinstance(command, Command):
        return request
    return request.model_copy(update=command.part)
