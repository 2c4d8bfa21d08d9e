"""An ingest of small batches and its mirror, as `python -m runners mirror` does both.

    python mirrored.py FOLDER KEPT EVERY BATCH

`FOLDER` is the run's, with its request; `EVERY` how many seconds the mirror waits.
"""

import sys
from pathlib import Path

from runners.run.run_storage import Mirror, run, run_storage_at
from runners.run.stopping import ends_in_time

STEP = (
    "from runners.cli.commands import main; from runners.ingest import steps; "
    "steps.BATCH = {batch}; main()"
)

if __name__ == "__main__":
    folder, kept, every, batch = sys.argv[1:]
    words = ["ingest", "--request", f"{folder}/request.json", "--workers", "1"]
    command = [sys.executable, "-c", STEP.format(batch=batch), *words]
    with ends_in_time():
        mirror = Mirror(Path(folder), run_storage_at(kept))
        sys.exit(run(mirror, command, every=float(every), unkept=60))
