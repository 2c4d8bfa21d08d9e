"""The launcher `local`, which needs no account: the run's steps as processes of this machine.

They run one by one, each in a process of its own, because LaminDB allows one instance in a process.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runners.contract import Action, RunRequest
from runners.launch.ports import Launched
from runners.run.request import load_job
from runners.run.stopping import StoppedError


class LocalLauncher:
    """Runs the steps on this machine, and returns when they have ended."""

    def __init__(self, request_file: Path, repository: Path, reference: Path) -> None:
        """Raises ContractError for a request whose documents are missing or don't agree."""
        self._common = ["--request", str(request_file), "--repository", str(repository)]
        load_job(request_file, repository=repository, reference=reference)

    def shown(self, request: RunRequest) -> dict[str, Any]:
        return {"launcher": "local", "requests": self._steps(request), "cost_at_most": 0}

    def launch(self, request: RunRequest) -> Launched:
        """Ends with the exit code of the first step that did not end well, else 0."""
        codes = (run_step(step) for step in self._steps(request))
        return Launched(None, next((code for code in codes if code), 0))

    def terminate(self, run_id: str) -> tuple[str, ...]:
        return ()

    def _steps(self, request: RunRequest) -> list[list[str]]:
        """A smoke test goes before an ingest; a verification ends every run."""
        verify = ["verify", *self._common]
        if request.action is Action.VERIFY:
            return [verify]
        return [["ingest", "--smoke", *self._common], ["ingest", *self._common], verify]


def run_step(arguments: Sequence[str]) -> int:
    """The exit code of a step, which is stopped when this process is."""
    with subprocess.Popen([sys.executable, "-m", "runners", *arguments]) as step:
        try:
            return step.wait()
        except StoppedError:
            step.terminate()
            raise
