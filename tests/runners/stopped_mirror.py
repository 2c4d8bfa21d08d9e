"""A mirror in a process of its own, told to stop as soon as its step is under way.

    python stopped_mirror.py RUN_FOLDER KEPT PATIENCE CODE

The process that is told to stop ends itself after some seconds, so no test may be that process.
"""

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from runners.run.run_storage import Mirror, RunStorage, run, run_storage_at
from runners.run.stopping import ends_in_time


@dataclass
class StopsFirst:
    """Sends the signal when something is first kept."""

    kept: RunStorage
    is_sent: bool = False

    def fetch(self, runs: Path, beginning: str) -> None:
        self.kept.fetch(runs, beginning)

    def put(self, file: Path) -> None:
        self.kept.put(file)
        if not self.is_sent:
            self.is_sent = True
            signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    folder, home, patience, code = sys.argv[1:]
    mirror = Mirror(Path(folder), StopsFirst(run_storage_at(home)), patience=float(patience))
    with ends_in_time():
        sys.exit(run(mirror, [sys.executable, "-c", code]))
