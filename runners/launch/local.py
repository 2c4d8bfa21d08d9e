"""The launcher that needs no account: the run's steps as processes of this machine, one by one.

Each step is a process of its own because LaminDB allows one instance in a process. Must not know
what the steps do.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from runners.contract import Action
from runners.job import Job
from runners.stopping import StoppedError


def run(job: Job, request_file: Path, repository: Path) -> int:
    """The exit code of the first step that did not end well, else 0.

    A smoke test goes before an ingest; a verification ends every run.
    """
    common = ["--request", str(request_file), "--repository", str(repository)]
    steps = [["verify", *common]]
    if job.request.action is Action.INGEST:
        steps = [["ingest", "--smoke", *common], ["ingest", *common], *steps]
    for step in steps:
        if code := _process(step):
            return code
    return 0


def _process(arguments: Sequence[str]) -> int:
    """The exit code of a step, which is stopped when this process is."""
    with subprocess.Popen([sys.executable, "-m", "runners", *arguments]) as step:
        try:
            return step.wait()
        except StoppedError:
            step.terminate()
            raise
