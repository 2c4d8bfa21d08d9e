"""Where a demo plays, and which runs are there."""

from dataclasses import dataclass
from pathlib import Path

from bot.adapters.local.ports import local
from bot.adapters.local.runs import LocalRuns
from bot.model.markers import Marker, MarkerKind, last_marker
from bot.settings import load_settings
from runners.contract import ROLLED_BACK, RunRequest, manifest_path

OLDER, NEWER = "2020-01-15", "2020-07-15"
"""The sample's releases: before any real one, so that nobody takes them for real."""


@dataclass(frozen=True)
class DemoFolder:
    """Where a demo plays: a folder that it may write to, and no other."""

    home: Path

    @property
    def world(self) -> Path:
        return self.home / "world"

    @property
    def repository(self) -> Path:
        return self.home / "repository"

    def run(self, run_id: str) -> Path:
        return self.home / "runs" / run_id

    def asked(self, runs: str = "*") -> list[Path]:
        """The folders of the runs of such names that were asked for, in that order, but for those
        that somebody has taken back.
        """
        files = sorted(self.home.glob(f"runs/{runs}/request.json"), key=_written)
        return [file.parent for file in files if not file.with_name(ROLLED_BACK).exists()]

    def runs_of(self, release: str) -> list[Path]:
        """Those of the release's ingests."""
        return self.asked(f"{release}-ingest-*")

    def is_merged(self, release: str) -> bool:
        """Whether its manifest is there, where a person may have changed it since."""
        return (self.repository / manifest_path(release)).is_file()

    def untold(self) -> list[Path]:
        """Those whose result isn't in their release's thread yet, if that has one."""
        threads = local(load_settings(self.home / "bot.toml")).threads
        marked = threads.marked()
        said = {
            last_marker(comment.body)
            for number in marked.values()
            for comment in threads.comments(number)
            if comment.by_bot
        }
        return [
            run
            for run in self.asked()
            if Marker(MarkerKind.RELEASE, _release(run)) in marked
            and Marker(MarkerKind.RESULT, run.name) not in said
        ]

    def is_first(self, release: str) -> bool:
        """Whether one run of it was ever asked for, be it rolled back or not."""
        return len(list(self.home.glob(f"runs/{release}-*/request.json"))) == 1

    def last_word_on(self, release: str) -> Path | None:
        """That of the release's runs that has reported last of all its datasets; else of some."""
        reported = [run for run in self.asked(f"{release}-*") if (run / "report.json").exists()]
        whole = [run for run in reported if not _is_part(run)]
        return next(reversed(whole or reported), None)

    def waiting(self) -> list[Path]:
        """Those that are still to be done."""
        runs = LocalRuns(self.home / "runs")
        unreported = [run for run in self.asked() if not (run / "report.json").exists()]
        return [run for run in unreported if runs.given_up(run.name) is None]


def _written(file: Path) -> float:
    return file.stat().st_mtime


def _release(run: Path) -> str:
    return RunRequest.from_file(run / "request.json").release


def _is_part(run: Path) -> bool:
    return RunRequest.from_file(run / "request.json").is_part
