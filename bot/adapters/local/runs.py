"""Runs as folders: the bot writes `request.json`, the machine `journal.jsonl` and `report.json`.

A run that the bot was asked for is going on while it has no report. One that a person has started
by hand is while its process lives: it keeps a file locked. A file `cancel` in a run's folder asks
the machine to end it after the batch that it is writing; one that nobody works on has then ended.
"""

import fcntl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.files import write, write_folder
from bot.comments.markdown import moment
from bot.errors import BotError, BusyError
from bot.model.ports import Run
from runners.contract import ROLLED_BACK, RunReport, RunRequest, lock_name

CANCEL = "cancel"
"""The name that the machine looks for."""


@dataclass(frozen=True, slots=True)
class LocalRuns:
    """The runs in a folder, each in a folder of its own that has the run's id as its name."""

    folder: Path

    def all(self) -> tuple[Run, ...]:
        found = (self._run(path) for path in self.folder.glob("[!.]*/request.json"))
        return tuple(sorted(filter(None, found), key=lambda run: (run.since, run.request.run_id)))

    def start(self, request: RunRequest) -> None:
        folder = self.folder / request.run_id
        if (folder / "request.json").is_file():
            return
        for run in self.all():
            if run.is_going_on() and run.request.instance == request.instance:
                raise BusyError(
                    f"{request.run_id} isn't started: {run.request.run_id} is going on in "
                    f"{request.instance} since {moment(run.since)}; wait for its report, or end it "
                    "by `/cancel`."
                )
        write_folder(folder, {"request.json": request.to_json()})

    def cancel(self, run_id: str) -> None:
        folder = self.folder / run_id
        if (folder / "request.json").is_file() and not (folder / "report.json").is_file():
            write(folder / CANCEL, "")

    def report(self, run_id: str) -> RunReport:
        """The report of the run. Raises BotError if there is no such run, or none yet."""
        runs = {run.request.run_id: run for run in self.all()}
        if run_id not in runs:
            raise BotError(
                f"{self.folder}: there is no run {run_id}; there is "
                f"{', '.join(sorted(runs)) or 'none so far'}."
            )
        report = runs[run_id].report
        if report is None:
            raise BotError(
                f"{self.folder / run_id / 'report.json'}: isn't there; the run goes on since "
                f"{moment(runs[run_id].since)}. Wait for it, or start it again to resume it."
            )
        return report

    def given_up(self, run_id: str) -> RunRequest | None:
        """The request of a run that was cancelled and of which nothing says that it began."""
        folder = self.folder / run_id
        if not (folder / CANCEL).is_file() or _has_begun(folder):
            return None
        runs = (run for run in self.all() if run.request.run_id == run_id)
        return next((run.request for run in runs if run.is_lost), None)

    def publish(self, run_id: str, files: Mapping[str, str]) -> str:
        """Writes files beside the run's report; returns a thread page's link to the first."""
        for name, text in files.items():
            write(self.folder / run_id / name, text)
        return f"../../{self.folder.name}/{run_id}/{next(iter(files))}"

    def _run(self, path: Path) -> Run | None:
        """The run; None of one that a person has started and that didn't begin."""
        request = RunRequest.from_json(path.read_text(encoding="utf-8"), source=str(path))
        since, note = _written(path), path.with_name(ROLLED_BACK)
        taken_back = _written(note) if note.is_file() else None
        report = path.with_name("report.json")
        if not report.is_file():
            run = self._unreported(request, since, path.parent)
            return replace(run, taken_back=taken_back) if run else None
        text = report.read_text(encoding="utf-8")
        reported = RunReport.from_json(text, source=str(report))
        return Run(request, since, reported, taken_back=taken_back)

    def _unreported(self, request: RunRequest, since: datetime, folder: Path) -> Run | None:
        is_asked_for = request.requested_by is not None
        if is_asked_for and not (folder / CANCEL).is_file():
            return Run(request, since)
        if self._is_at_work(request):
            return Run(request, since)
        has_begun = _has_begun(folder)
        if not (is_asked_for or has_begun):
            return None
        return Run(request, since, is_lost=True, has_begun=has_begun)

    def _is_at_work(self, request: RunRequest) -> bool:
        """Whether a process writes the run to its instance now."""
        try:
            with (self.folder / lock_name(request.instance)).open(encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return file.read().strip() == request.run_id
        except OSError:
            pass
        return False


def _has_begun(folder: Path) -> bool:
    journal = folder / "journal.jsonl"
    return journal.is_file() and journal.stat().st_size > 0


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
