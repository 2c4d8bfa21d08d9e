"""Where a demo plays, and which runs are there."""

from dataclasses import dataclass
from pathlib import Path

from runners.contract import ROLLED_BACK, RunRequest

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

    def last_word_on(self, release: str) -> Path:
        """That of the release's runs that has reported last of all its datasets."""
        reported = [run for run in self.asked(f"{release}-*") if (run / "report.json").exists()]
        whole = [run for run in reported if not _is_part(run)]
        return (whole or reported)[-1]

    def waiting(self) -> list[Path]:
        """Those that nobody has done yet."""
        return [run for run in self.asked() if not (run / "report.json").exists()]


def _written(file: Path) -> float:
    return file.stat().st_mtime


def _is_part(run: Path) -> bool:
    return RunRequest.from_file(run / "request.json").is_part
