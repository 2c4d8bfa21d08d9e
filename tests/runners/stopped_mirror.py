"""A mirror in a process of its own, told to stop as soon as its step is under way.

    python stopped_mirror.py RUN_FOLDER KEPT PATIENCE CODE [hangs]

The process that is told to stop ends itself after some seconds, so no test may be that process.
"""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from runners.run.run_storage import Mirror, RunStorage, run, run_storage_at
from runners.run.stopping import ends_in_time

ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT
"""A child has, and its exit code stays for whoever waits for it."""


@dataclass
class StopsFirst:
    """Sends the signal when something is first kept. One that `hangs` then holds up the unwinding
    until the step has ended, as an upload does that waits for its threads.
    """

    kept: RunStorage
    hangs: bool
    is_sent: bool = False

    def fetch(self, runs: Path, beginning: str) -> None:
        self.kept.fetch(runs, beginning)

    def put(self, file: Path) -> None:
        self.kept.put(file)
        if not self.is_sent:
            self.is_sent = True
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                while self.hangs and os.waitid(os.P_ALL, 0, ENDED) is None:
                    time.sleep(0.01)


if __name__ == "__main__":
    folder, home, patience, code, *hangs = sys.argv[1:]
    kept = StopsFirst(run_storage_at(home), hangs=bool(hangs))
    mirror = Mirror(Path(folder), kept, patience=float(patience))
    with ends_in_time():
        sys.exit(run(mirror, [sys.executable, "-c", code]))
