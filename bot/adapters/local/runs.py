"""Runs as folders: the bot writes `request.json`, the machine `journal.jsonl` and `report.json`.

A run is going on while it has no report. A file `cancel` in its folder asks the machine to end the
run after the batch that it is writing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.files import write, write_folder
from bot.comments.markdown import moment
from bot.errors import BotError, BusyError
from bot.model.ports import Run
from runners.contract import RunReport, RunRequest

CANCEL = "cancel"
"""The name that the machine looks for."""


@dataclass(frozen=True, slots=True)
class LocalRuns:
    """The runs in a folder, each in a folder of its own that has the run's id as its name."""

    folder: Path

    def all(self) -> tuple[Run, ...]:
        runs = (self._run(path) for path in self.folder.glob("[!.]*/request.json"))
        return tuple(sorted(runs, key=lambda run: (run.since, run.request.run_id)))

    def start(self, request: RunRequest) -> None:
        folder = self.folder / request.run_id
        if (folder / "request.json").is_file():
            return
        for run in self.all():
            if run.report is None and run.request.instance == request.instance:
                raise BusyError(
                    f"{request.run_id} isn't started: {run.request.run_id} is going on in "
                    f"{request.instance} since {moment(run.since)}; wait for its report."
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

    def publish(self, run_id: str, files: Mapping[str, str]) -> str:
        """Writes files beside the run's report; returns a thread page's link to the first."""
        for name, text in files.items():
            write(self.folder / run_id / name, text)
        return f"../../{self.folder.name}/{run_id}/{next(iter(files))}"

    def _run(self, path: Path) -> Run:
        request = RunRequest.from_json(path.read_text(encoding="utf-8"), source=str(path))
        since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        report = path.with_name("report.json")
        if not report.is_file():
            return Run(request, since)
        text = report.read_text(encoding="utf-8")
        return Run(request, since, RunReport.from_json(text, source=str(report)))
